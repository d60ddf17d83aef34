/* Media in what traces carry. */
#ifndef TRACE_MEDIA_H
#define TRACE_MEDIA_H

#include "../base/base.h"

#include <jansson.h>

/* VALUE without texts of base64, data: URLs too, of more than MOST bytes: a
 * note stands in their place.  A new reference. */
json_t *trace_strip(const json_t *value, int64_t most) MUST_USE;

#endif
