/* The registered tags (templatedx.md 4): one table says which there are, for
 * which kinds of prompt, and what each does. */
#ifndef TAGS_H
#define TAGS_H

#include "transform.h"

struct tag;

/* One use of a tag. */
struct tag_call {
	struct render *render;
	const struct tag *tag;
	const struct node *node;
	struct js props; /* its evaluated attributes */
	struct site site;
};

/* The tag of that name, or NULL when the instance has none. */
const struct tag *tag_find(enum instance instance, struct str16 name);

/* The names of all tags of an instance, in alphabetical order, for errors. */
const char *tag_list(struct arena *a, enum instance instance);

/* A name that begins with a small letter is no component: it is printed as it
 * is. */
bool tag_is_lower(struct str16 name);

/* Promises the nodes that take the tag's place. */
struct promise *tag_run(const struct tag_call *call) NONNULL;

#endif
