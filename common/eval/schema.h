/* JSON Schema, draft 2020-12: core, applicator, unevaluated and validation
 * vocabularies.  Nothing is fetched: a $ref stays inside its document, or names
 * the meta-schemas of the draft.  `format` and `content…` say nothing about
 * validity.  docs/json-schema.md tells what differs. */
#ifndef SCHEMA_H
#define SCHEMA_H

#include "../base/arena.h"
#include "../base/err.h"

#include <jansson.h>

/* Checks VALUE against SCHEMA.  *REASON is where and why it fails, .p NULL when
 * it is valid; in the arena.  An error means that the schema itself cannot be
 * used: an unknown $ref, a bad pattern, nested too deep, too much work. */
int schema_check(const json_t *schema, const json_t *value, struct arena *a,
    struct str *reason, struct err *err) MUST_USE;

/* Numbers are equal by their value, objects in any order.  Adds its work to
 * *STEPS. */
bool schema_equal(const json_t *a, const json_t *b, size_t *steps);

#endif
