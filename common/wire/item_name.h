/* The name of a dataset row (protocol.md 3.9), stable over runs. */
#ifndef ITEM_NAME_H
#define ITEM_NAME_H

#include "../base/js.h"

/* OUT holds at least ITEM_NAME_LEN + 1 bytes: 12 hex digits of an MD5, or the
 * decimal INDEX for null, "" and {}. */
enum { ITEM_NAME_LEN = 24 };
void item_name(struct arena *a, struct js input, int64_t index, char *out);

#endif
