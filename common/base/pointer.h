/* JSON pointers, RFC 6901. */
#ifndef POINTER_H
#define POINTER_H

#include "base.h"

#include <jansson.h>

/* What POINTER names in VALUE, borrowed; NULL when there is nothing. */
const json_t *json_follow(const json_t *value, const char *pointer);

#endif
