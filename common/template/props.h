/* What a component is given, and what becomes of its expressions (templatedx.md
 * 1.6). */
#ifndef PROPS_H
#define PROPS_H

#include "../base/ast.h"

struct props {
	const struct attr *attrs;
	size_t n_attrs;
	const struct node *children; /* of the tag */
};

void props_adopt(struct arena *a, struct node *parent, struct node *child);

/* The attributes of a tag in a component whose props are PROPS (or NULL). */
const struct attr *props_substitute(struct arena *a, const struct props *props,
    const struct attr *attrs, size_t n);

/* Adds to TO what the expression FROM becomes, when it asks for props. */
bool props_expression(struct arena *a, const struct props *props,
    const struct node *from, struct node *to);

#endif
