/* Character references and escapes. */
#ifndef MDX_ENTITY_H
#define MDX_ENTITY_H

#include "../base/arena.h"

struct mdx_entity {
	const char *name;
	uint16_t units[2]; /* the second is 0 when there is none */
	bool legacy;	   /* HTML knows it without a semicolon too */
};

extern const struct mdx_entity mdx_entities[];
extern const size_t mdx_n_entities;

/* The reference at the `&` at I of TEXT: where it ends, or 0 when there is
 * none. */
size_t mdx_reference(
    struct str16 text, size_t i, uint16_t out[2], size_t *n_out);

bool mdx_is_punctuation(unsigned c);

/* TEXT with escapes and references decoded. */
struct str16 mdx_decode(struct arena *a, struct str16 text);

/* The value of an attribute: it has no escapes, and its references are read as
 * HTML does. */
struct str16 mdx_decode_attribute(struct arena *a, struct str16 text);

#endif
