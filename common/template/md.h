/* The inside of the Markdown printer; nothing but markdown.c and md_*.c
 * includes this.
 *
 * Everything is printed at the end of one growing text.  A handler remembers
 * where it began; what the reference does with the string that a handler
 * returned (look at its first and last unit, indent it, throw it away) is done
 * with the end of the text. */
#ifndef MD_H
#define MD_H

#include "markdown.h"

/* The constructs that what is being printed stands in.  Those that no rule
 * asks for by name are all C_OTHER. */
enum md_construct {
	C_OTHER,
	C_PHRASING,
	C_BLOCKQUOTE,
	C_LIST,
	C_LIST_ITEM,
	C_FLOW_ELEMENT,
	C_ATX,	/* a heading of one line: headingAtx */
	C_LANG, /* codeFencedLangGraveAccent */
	C_META, /* codeFencedMetaGraveAccent */
	C_LABEL,
	C_REFERENCE,
	C_LITERAL, /* destinationLiteral: <url> */
	C_RAW,	   /* destinationRaw: url */
	C_TITLE,   /* titleQuote */
	C__MAX
};

#define MD_IN(construct) (1u << (construct))

/* Where we are.  md_handle() puts it back, so handlers only enter. */
struct md_place {
	uint32_t constructs; /* the set of those entered: MD_IN() */
	uint32_t newest;     /* the last four, a byte each, newest lowest */
	unsigned jsx;	     /* flow elements since the last quote or item */
	unsigned zeros;	     /* whether the last three indices are 0, as bits */
};

/* What an emphasis of style 2.1 wants of its neighbours (templatedx.md 5.6). */
struct md_attention {
	bool before, after;
};

/* All that a handler's result depends on beside its node, and changes. */
struct md_state {
	struct md_place place;
	char bullet;	  /* of the list that is being printed, or 0 */
	char bullet_used; /* of the list that came last, or 0 */
	struct md_attention attention;
};

/* The units next to what is printed, at most two on a side. */
struct md_side {
	uint16_t units[2];
	unsigned n;
};

struct md_edge {
	struct md_side before, after;
};

/* What decides whether a marker beside a unit can be one. */
enum md_kind { MD_LETTER, MD_SPACE, MD_SYMBOL, MD_KIND__MAX };

/* Results of peeking, by node and state. */
struct md_memo {
	struct md_glimpse **slots;
	size_t n, size;
};

struct md {
	struct arena *arena; /* for as long as we print */
	struct err *err;
	enum markdown_style style;
	struct buf out;	   /* UTF-16 units */
	struct buf text;   /* scratch: a text that is written anew */
	struct buf hits;   /* of md_safe(): one byte for each unit */
	struct buf pieces; /* of style 2.2: the rows that are being printed */
	struct md_state state;
	struct md_memo memo;
	size_t index; /* of the child that is printed, in its parent */
	unsigned depth;
	uint64_t steps;	    /* units that were written or moved */
	uint8_t first[128]; /* the first pattern of a unit */
};

typedef int md_handler(struct md *m, const struct node *n,
    const struct node *parent, const struct md_edge *e);

/* markdown.c: the second takes another handler than the kind's. */
md_handler md_handle;
int md_handle_with(struct md *m, md_handler *handler, const struct node *n,
    const struct node *parent, const struct md_edge *e);
int md_flow(struct md *m, const struct node *parent, bool jsx);
int md_phrasing(
    struct md *m, const struct node *parent, const struct md_edge *e);

/* Child I is next; ZEROS are the parent's own. */
void md_enter_child(struct md *m, unsigned zeros, size_t i);

/* md_join.c: what is put between child I and the next. */
const char *md_separator(struct md *m, const struct node *parent, size_t i);

/* HTML in a row must not begin like a block.  Before N, puts a space in place
 * of the line end of the text from START, which ends with BEFORE. */
void md_join_html(
    struct md *m, const struct node *n, size_t start, struct md_side *before);

/* md_row.c: rows and emphases in style 2.1; md_mix.c: in style 2.2. */
int md_row(struct md *m, const struct node *parent, const struct md_edge *e);
int md_mix(struct md *m, const struct node *parent, const struct md_edge *e);
md_handler md_row_attention, md_mix_attention;

/* What must become a reference at one end of an emphasis, so that its marker is
 * read as one. */
struct md_encode {
	bool inside, outside;
};
struct md_encode md_encode(
    enum md_kind outside, enum md_kind inside, char sign);

/* A part of a row in style 2.2: a text, or a marker of an emphasis. */
struct md_piece {
	enum { MD_TEXT, MD_OPEN, MD_CLOSE } type;
	size_t from, len; /* of a text, in units */
	size_t span;	  /* from one marker to the other, in pieces */
	unsigned size;	  /* how many signs the marker has */
	bool underscores; /* the signs are these, not asterisks */
	bool encode_first, encode_last; /* of a text: as references */
	enum md_kind first, last;
	bool single, ends_line;
};

/* md_marks.c: chooses the signs of N pieces between what E says, and what must
 * be encoded, so that as much emphasis as can be is read as such. */
void md_choose_marks(
    struct md *m, struct md_piece *pieces, size_t n, const struct md_edge *e);

/* md_peek.c: the first unit that N would begin with (templatedx.md 5.4), none
 * when it would be empty. */
int md_peek(struct md *m, const struct node *n, const struct node *parent,
    struct md_side *first);

/* md_out.c: writing.  Places and lengths are in units. */
size_t md_len(const struct md *m);
uint16_t *md_units(const struct md *m);
void md_put(struct md *m, const uint16_t *units, size_t n);
void md_puts(struct md *m, const char *ascii);
void md_fill(struct md *m, char c, size_t n);
void md_text(struct md *m, struct str16 text);
void md_cut(struct md *m, size_t len);

/* Writes a character reference; puts one in place of the unit at AT; puts in
 * what JavaScript makes of no unit, NaN. */
void md_put_reference(struct md *m, uint32_t code);
void md_refer(struct md *m, size_t at);
void md_refer_to_nothing(struct md *m, size_t at);

/* What is put before a line: TEXT and PAD spaces, or BLANK when it is empty. */
struct md_prefix {
	const char *text, *blank;
	size_t pad;
};

/* Puts a prefix before each line of the text from START. */
void md_indent(struct md *m, size_t start, const struct md_prefix *first,
    const struct md_prefix *rest);

/* The last units of the text from START, and the first of what follows. */
struct md_side md_before(const struct md *m, size_t start);
struct md_side md_side(const char *ascii);

/* The first and the last character of the text from START: a unit or, in style
 * 2.2, a surrogate pair. */
struct md_side md_first(const struct md *m, size_t start);
struct md_side md_last(const struct md *m, size_t start);

enum md_kind md_kind(uint16_t unit);
enum md_kind md_first_kind(const struct md_side *side);
enum md_kind md_last_kind(const struct md_side *side);

void md_enter(struct md *m, enum md_construct construct);
bool md_is_eol(uint32_t unit);
bool md_is_pair(const uint16_t *units);
bool md_has_eol(const uint16_t *units, size_t n);

/* The `value` of a node as text; 0 is empty. */
struct str16 md_value(struct md *m, const struct node *n);

/* md_safe.c: escaping.  Units of ENCODE become references, not escapes. */
void md_safe_init(struct md *m);
void md_safe(
    struct md *m, struct str16 text, const struct md_edge *e, char encode);

/* Joins the lines of the text from START that would begin a block. */
void md_join_lines(struct md *m, size_t start);

/* md_block.c, md_inline.c, md_jsx.c: one function for each kind of node. */
md_handler md_root, md_paragraph, md_heading, md_blockquote, md_list;
md_handler md_list_item, md_code, md_definition, md_thematic_break, md_verbatim;
md_handler md_plain, md_attention, md_inline_code, md_break, md_link, md_image;
md_handler md_link_reference, md_image_reference;
md_handler md_element, md_expression;

/* Whether a heading is printed as text with a line below it. */
bool md_is_setext(struct md *m, const struct node *heading);

#endif
