/* A tree as Markdown: what mdast-util-to-markdown with its MDX extension and
 * default options prints (templatedx.md 5), oddities included. */
#ifndef MARKDOWN_H
#define MARKDOWN_H

#include "../base/ast.h"

/* Which release is followed: 2.1.2, which AgentMark was locked to, or 2.2.3,
 * which a fresh installation gets (templatedx.md 12). */
enum markdown_style { MARKDOWN_2_1, MARKDOWN_2_2 };

/* The Markdown of ROOT's children (templatedx.md 5), in the arena; UTF-16.
 * It ends in a line end unless it is empty.  Fails with ERR_PROMPT on a node
 * that Markdown has no form for, on a tree that is too deep, and when the
 * result would be larger than LIMIT_RENDER_BYTES. */
int markdown_print(struct arena *a, const struct node *root,
    enum markdown_style style, struct str16 *out, struct err *err) MUST_USE;

#endif
