/* Markdown with JSX and expressions, as text, to the tree that a client would
 * have sent (templatedx.md 1.2, 1.3 and 6).
 *
 * CommonMark without raw HTML, indented code and autolinks.  Trees live in the
 * arena and borrow from the text.  Every node has a position; expressions have
 * the parameters of an arrow function.  Errors are ERR_PROMPT. */
#ifndef MDX_H
#define MDX_H

#include "../base/ast.h"

/* A body, or a document with its frontmatter. */
int mdx_parse(struct arena *a, struct str16 text, struct node **root,
    struct err *err) MUST_USE;

/* The same for a file in UTF-8; comments are dropped (1.4).  The message of an
 * error begins with "line:column: " when the place is known. */
int mdx_document(struct arena *a, struct str text, struct node **root,
    struct err *err) MUST_USE;

#endif
