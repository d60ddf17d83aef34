/* YAML as a tree of nodes with their places: what libyaml parses, with anchors
 * resolved and nothing typed.  The frontmatter of a prompt and our own
 * configuration give the scalars their types themselves. */
#ifndef YAML_TREE_H
#define YAML_TREE_H

#include "arena.h"
#include "err.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml {
	enum yaml_kind kind;
	bool plain;	/* a scalar without quotes or block style */
	struct str tag; /* explicit and resolved, .p NULL when there is none */
	struct str value;    /* of a scalar: UTF-8 */
	size_t line, column; /* from 1 */
	size_t start, end;   /* of a scalar: its characters, from 0 */
	struct yaml **items; /* sequence: items; mapping: key, value, key, … */
	size_t n;	     /* number of items; a mapping has n / 2 pairs */
};

/* Parses one document; a last line without an end is given one, as js-yaml
 * does.  *ROOT is NULL when there is none (empty, or only comments).  An error
 * (ERR_PROMPT) ends in "(line:column)".  An alias is the same node again; the
 * number of nodes that it expands to is limited. */
int yaml_read(struct arena *a, struct str text, struct yaml **root,
    struct err *err) MUST_USE;

/* The same with the error's line aside, so that a caller may name a file and
 * put the line behind it; the message ends before the place then. */
int yaml_read_at(struct arena *a, struct str text, struct yaml **root,
    size_t *line, struct err *err) MUST_USE;

#endif
