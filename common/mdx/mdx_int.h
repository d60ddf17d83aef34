/* What the parts of the parser share.
 *
 * Blocks first (mdx_block.c): lines are dealt out to containers, and the text
 * of paragraphs and headings is put aside.  Then that text (mdx_inline.c),
 * because whether `[a]` is a link depends on definitions that may come later.
 *
 * Texts are UTF-16.  Tabs are expanded once: what follows a tab up to the next
 * multiple of four columns are units of value VIRTUAL, which count as spaces
 * and are dropped again when a value is taken (NUL cannot occur: it becomes
 * U+FFFD, as CommonMark wants). */
#ifndef MDX_INT_H
#define MDX_INT_H

#include "mdx.h"
#include "arrow.h"
#include "mdx_chunk.h"
#include "../base/limits.h"

/* From P to END of the text. */
struct mdx_span {
	size_t p, end;
};

/* A line without its end, which is EOL units long (0 at the end of text); AT
 * is where it begins when tabs are not expanded. */
struct mdx_line {
	size_t start, end, eol, at;
};

/* A JSX tag. */
struct mdx_tag {
	struct str16 name; /* .p is NULL for a fragment */
	bool close, self_closing;
	const struct attr *attrs;
	size_t n_attrs;
	struct mdx_place start, end;
	const struct mdx_use *use;
};

/* What is open around the place that is being read. */
enum mdx_open_kind { OPEN_ROOT, OPEN_QUOTE, OPEN_LIST, OPEN_ITEM, OPEN_TAG };

struct mdx_open {
	enum mdx_open_kind kind;
	struct node *node;
	const struct mdx_tag *tag; /* of the element; the innermost one for
				      any other kind */
	struct mdx_place start;
};

/* A list or block quote on the way down to the current line. */
struct mdx_container {
	struct node *list, *item; /* NULL for a quote */
	unsigned marker;
	size_t size; /* columns that its lines are indented by */
	bool initial_blank, further_blank;
};

enum mdx_tail_mark {
	TAIL_END,   /* of a line */
	TAIL_BLANK, /* of a blank line */
	TAIL_QUOTE, /* a prefix */
	TAIL_EXIT   /* of a container */
};

struct mdx_tail {
	enum mdx_tail_mark mark;
	size_t line; /* whose end it is */
};

enum mdx_leaf_kind { LEAF_NONE, LEAF_PARAGRAPH, LEAF_CODE };

/* The block at the end of the current containers that may go on. */
struct mdx_leaf {
	enum mdx_leaf_kind kind;
	struct node *node; /* of code */
	struct mdx_place start;
	struct mdx_chunk text; /* of a paragraph; lines of code */
	unsigned marker;       /* of a fence */
	size_t fence, indent;
	bool stops; /* the text ends where another line of code could begin */
};

/* Text that waits for its turn. */
struct mdx_pending {
	struct node *node;
	struct mdx_chunk text;
	size_t from;		   /* where it begins, behind definitions */
	const struct mdx_tag *tag; /* innermost element around it */
	size_t depth;
	const char *kind;     /* of the node, as errors call it */
	struct mdx_place end; /* of the node, when it is not that of the text */
};

struct mdx_def {
	struct str16 id;
	struct mdx_def *next;
};

#define MDX_DEF_BUCKETS 1024

struct mdx {
	struct arena *arena, *work;
	struct err *err;
	struct mdx_place failed; /* where, if that is known */
	struct str16 types[NODE__MAX];
	bool is_file; /* comments are dropped, uses and positions are noted */
	struct str16 text; /* with tabs expanded */
	struct mdx_line *lines;
	size_t n_lines;
	size_t steps; /* spent on looking ahead in vain */

	struct mdx_open *open;
	size_t n_open, cap_open;
	struct mdx_container *stack;
	size_t n_stack, cap_stack;
	struct mdx_leaf leaf;
	/* What stands between the last content and here (mdx_spread.c); ends of
	 * containers belong to TAIL_AT. */
	struct mdx_tail *tail;
	size_t n_tail, cap_tail, tail_at;
	size_t opened_at;   /* where the current line opens containers, or 0 */
	size_t n_continued; /* containers that the current line continues */
	size_t plain_until; /* lines before it may not open containers */
	bool lazy;	    /* the current line continues a paragraph lazily */
	size_t line;	    /* the current one */
	bool in_expression; /* between braces */

	struct mdx_pending *pending;
	size_t n_pending, cap_pending;

	const struct mdx_use **uses;
	size_t n_uses;

	/* The first tag that does not match, and how many texts came before. */
	const char *mismatch;
	struct mdx_place mismatch_at;
	size_t mismatch_after;

	/* No title that ends with a marker (by its low bits) begins at FROM or
	 * behind, in the text that is being read. */
	struct {
		const struct mdx_chunk *chunk;
		size_t from[4];
	} untitled;

	struct mdx_def *defs[MDX_DEF_BUCKETS];
	size_t n_defs, longest_def;
	uint16_t *scratch;
	size_t cap_scratch;
};

/* --- mdx.c */

int mdx_fail(struct mdx *m, struct mdx_place at, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
int mdx_too_deep(struct mdx *m);

/* --- mdx_node.c */

struct node *mdx_node(struct mdx *m, enum node_kind kind);
void mdx_adopt(struct mdx *m, struct node *parent, struct node *child);
struct node *mdx_expression(
    struct mdx *m, enum node_kind kind, struct str16 value);
struct node *mdx_element(
    struct mdx *m, enum node_kind kind, const struct mdx_tag *tag);
bool mdx_is_comment(struct str16 value);

/* What a node or attribute of a file stands at; else NULL. */
const struct ast_span *mdx_locate(
    struct mdx *m, struct mdx_place start, struct mdx_place end);

/* For errors: `<name>`. */
const char *mdx_tag_text(struct mdx *m, const struct mdx_tag *tag);

/* Notes a node that those who read whole files look at, and that it lies in
 * the element of PARENT. */
const struct mdx_use *mdx_note(struct mdx *m, const struct node *node,
    struct mdx_place at, const struct mdx_tag *parent);

/* --- mdx_line.c */

void mdx_split(struct mdx *m, struct str16 text);
size_t mdx_skip_space(const struct mdx *m, size_t p, size_t end);
bool mdx_is_blank(const struct mdx *m, size_t p, size_t end);
struct mdx_place mdx_place_at(const struct mdx *m, size_t line, size_t p);
struct mdx_place mdx_line_end(const struct mdx *m, size_t line);

/* Behind the end of the line before LINE. */
struct mdx_place mdx_line_start(const struct mdx *m, size_t line);

/* --- mdx_block.c */

int mdx_blocks(struct mdx *m);
int mdx_push_open(struct mdx *m, struct mdx_open open);
const char *mdx_open_name(enum mdx_open_kind kind);
struct node *mdx_parent(const struct mdx *m);

/* Closes containers, and what is open in them, down to N of them. */
void mdx_close_containers(struct mdx *m, size_t n);

/* Moves *P behind the prefixes that LINE has for the open containers; *N is
 * how many it has, and the result whether it has all. */
bool mdx_continue_containers(struct mdx *m, size_t line, size_t *p, size_t *n);

/* What is left of a line from P on begins with the marker of a container. */
bool mdx_opens_container(const struct mdx *m, size_t line, size_t p);

/* --- mdx_spread.c */

/* The end of LINE, or something else (where LINE does not count). */
void mdx_tail_add(struct mdx *m, enum mdx_tail_mark mark, size_t line);
void mdx_tail_insert(struct mdx *m, enum mdx_tail_mark mark, size_t line);

/* The end of a list and its last item, or of a quote when LIST is NULL: where
 * they are. */
void mdx_tail_exit(struct mdx *m, struct node *list, struct mdx_place *end,
    struct mdx_place *item_end);

/* A further item of LIST begins: the end of the one before it, or FALLBACK. */
struct mdx_place mdx_tail_item(
    struct mdx *m, struct node *list, struct mdx_place fallback);
bool mdx_tail_divides(const struct mdx *m);

/* --- mdx_list.c */

/* A marker at the beginning of what a line has left. */
struct mdx_marker {
	bool ordered, blank;
	unsigned marker;
	double start;
	size_t next; /* where the content begins */
	size_t size;
};

bool mdx_list_marker(const struct mdx *m, struct mdx_span rest, bool interrupt,
    const struct mdx_container *same, struct mdx_marker *out);
bool mdx_thematic_break(const struct mdx *m, size_t p, size_t end);

/* --- mdx_leaf.c */

/* Continues the leaf with, or begins one at, what the line has from P on. */
int mdx_leaf_line(struct mdx *m, size_t p);
void mdx_leaf_close(struct mdx *m, bool lazily);
void mdx_begin_leaf(struct mdx *m);

/* --- mdx_match.c: tags that do not match */

/* Remembers what is wrong, unless something before text NUMBER was. */
void mdx_mismatch(
    struct mdx *m, size_t number, struct mdx_place at, const char *fault);

/* What is wrong with a closing tag when OPEN is the innermost one (NULL for
 * none), or NULL; and that a tag is not closed before the end of BEFORE (NULL
 * for the document). */
const char *mdx_closing_fault(
    struct mdx *m, const struct mdx_tag *tag, const struct mdx_tag *open);
const char *mdx_unclosed_text(
    struct mdx *m, const struct mdx_tag *tag, const char *before);

/* Something is still open where BEFORE (or the document) ends. */
void mdx_unclosed(
    struct mdx *m, const struct mdx_open *open, const char *before);

/* --- mdx_flow.c */

/* Tags and expressions that fill lines: 1 when there were, 0 when this is
 * something else, -1 for an error. */
int mdx_flow(struct mdx *m, size_t p);

/* --- mdx_esm.c */

int mdx_esm(struct mdx *m, size_t p);

/* --- mdx_define.c */

/* Takes the definitions off the beginning of a paragraph; the result is
 * where the rest begins. */
size_t mdx_take_definitions(
    struct mdx *m, struct mdx_chunk *text, struct node *parent);

/* Scanners of parts of links: the end, or 0 when there is none. */
size_t mdx_destination(struct mdx *m, const struct mdx_chunk *c, size_t i,
    unsigned limit, struct str16 *url);
size_t mdx_title(
    struct mdx *m, const struct mdx_chunk *c, size_t i, struct str16 *title);
size_t mdx_label(const struct mdx_chunk *c, size_t i);
size_t mdx_skip_white(const struct mdx_chunk *c, size_t i);

/* Titles of a new text are looked for. */
void mdx_forget_titles(struct mdx *m, const struct mdx_chunk *c);

/* The folded label (valid until the next call) when it has a definition, and
 * how the tree shows it. */
bool mdx_is_defined(struct mdx *m, struct str16 label, struct str16 *id);
struct str16 mdx_shown_id(struct mdx *m, struct str16 id);

/* --- mdx_tag.c */

/* A tag at the `<` at *I, which is moved behind it: 1, or 0 when it is none,
 * or -1 for an error. */
bool mdx_is_id_start(unsigned c);
bool mdx_is_id_part(unsigned c);
bool mdx_is_id_point(uint32_t c, bool first);
int mdx_tag(
    struct mdx *m, struct mdx_chunk *c, size_t *i, struct mdx_tag **out);

/* --- mdx_expr.c */

enum mdx_expr_kind { EXPR_PLAIN, EXPR_ATTRIBUTE, EXPR_SPREAD };

/* The expression behind the brace at *I, which is moved behind the other. */
int mdx_expr(struct mdx *m, struct mdx_chunk *c, size_t *i,
    enum mdx_expr_kind kind, struct str16 *value);

/* --- mdx_inline.c */

int mdx_inlines(struct mdx *m);

#endif
