/* Shared by the files that read a tree: an object of JSON read by a table of
 * its members. */
#ifndef AST_IN_H
#define AST_IN_H

#include "ast.h"
#include "json.h"

#define NAME(literal)                                                          \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}

struct reader {
	struct json_in *in;
	struct arena *a;
	unsigned depth;
	struct node **stack; /* children of the nodes that are being read */
	size_t n, cap;
	struct str16 types[NODE__MAX]; /* shared by the nodes of a kind */
};

/* A member that is read by its own function, which gets what it fills in, a
 * field at OFFSET or all, and returns 0, -1 on failure, or 1 when the rest of
 * the object is of no use. */
struct member {
	struct str key;
	int (*read)(struct reader *r, void *to);
	size_t offset;
};

/* Reads the object that comes next into OF; members that are not named are
 * passed over. */
int ast_in_members(struct reader *r, const struct member *members, size_t n,
    void *of) MUST_USE;

/* A struct str16; absent when it is no string. */
int ast_in_text(struct reader *r, void *to) MUST_USE;

/* Whether the next value is this string. */
int ast_in_is(struct reader *r, const char *text, bool *out) MUST_USE;

/* `data`: a const struct arrow *, of data.estree; NULL when there is none. */
int ast_in_data(struct reader *r, void *to) MUST_USE;

#endif
