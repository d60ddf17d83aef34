/* The value of JSON that is not finished yet (protocol.md D2): what AI SDK's
 * fixJson and parsePartialJson give for every prefix of a text. */
#ifndef PARTIAL_H
#define PARTIAL_H

#include "../base/base.h"

#include <jansson.h>

enum partial { PARTIAL_FAILED, PARTIAL_REPAIRED, PARTIAL_SUCCESSFUL };

/* *VALUE is a new reference, or NULL when there is none. */
enum partial partial_parse(struct str text, json_t **value);

#endif
