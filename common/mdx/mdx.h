/* Markdown with JSX and expressions, as text, to the tree that a client would
 * have sent (templatedx.md 1.2, 1.3 and 6).
 *
 * CommonMark without raw HTML, indented code and autolinks.  Trees live in the
 * arena and keep nothing of the text.  Every node has a position, but only
 * those of files know which (node.span); expressions have the parameters of an
 * arrow function.  Errors are ERR_PROMPT. */
#ifndef MDX_H
#define MDX_H

#include "../base/ast.h"

/* 1-based; columns count units of UTF-16.  A line of 0 is no place. */
struct mdx_place {
	size_t line, column;
};

/* One use of a tag, or an import or export. */
struct mdx_use {
	const struct node *node;
	struct mdx_place at;
	const struct mdx_use *parent; /* the element around it, or NULL */
};

struct mdx_doc {
	struct node *root;
	const struct mdx_use *const *uses; /* in no particular order */
	size_t n_uses;
};

/* A body, or a document with its frontmatter. */
int mdx_parse(struct arena *a, struct str16 text, struct node **root,
    struct err *err) MUST_USE;

/* The same for a file in UTF-8; comments are dropped (1.4).  The message of an
 * error begins with "line:column: " when the place is known. */
int mdx_document(struct arena *a, struct str text, struct node **root,
    struct err *err) MUST_USE;

/* The same with more to tell; FAILED is the place of an error. */
int mdx_read(struct arena *a, struct str text, struct mdx_doc *out,
    struct mdx_place *failed, struct err *err) MUST_USE;

#endif
