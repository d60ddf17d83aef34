/* The filters that expressions may call (templatedx.md 3.7). */
#ifndef FILTER_H
#define FILTER_H

#include "ops.h"

/* No filter looks at more arguments than these. */
enum { FILTER_ARGS = 3 };

struct filter {
	const char *name;
	int (*call)(
	    struct ops *o, const struct js args[FILTER_ARGS], struct js *out);
};

/* NULL when there is none of that name. */
const struct filter *filter_find(struct str16 name);

/* Calls it with N arguments: missing ones are undefined, what is too much is
 * ignored. */
int filter_call(const struct filter *f, struct ops *o, const struct js *args,
    size_t n, struct js *out) MUST_USE;

#endif
