/* Text on its way to nodes: first to tokens (mdx_inline.c), among which links
 * (mdx_link.c) and emphasis (mdx_attention.c) are found, then to a tree
 * (mdx_tree.c).  Nothing here looks at a token more than a few times. */
#ifndef MDX_INLINE_H
#define MDX_INLINE_H

#include "mdx_int.h"

#define NONE SIZE_MAX

enum mdx_token_kind {
	TOKEN_TEXT,  /* from the chunk, maybe behind a backslash */
	TOKEN_UNITS, /* what a reference stands for */
	TOKEN_NODE,  /* a finished node; NULL for one that is dropped */
	TOKEN_RUN,   /* of asterisks or underscores */
	TOKEN_LABEL, /* `[` or `![`, which may turn out to be text */
	TOKEN_OPEN,  /* a link or an image begins */
	TOKEN_CLOSE, /* and ends */
	TOKEN_TAG
};

/* Emphasis that begins at the end of a run, or ends at its start. */
struct mdx_mark {
	bool strong;
	size_t from, to; /* of the whole */
	size_t next;	 /* NONE at the end */
};

struct mdx_run {
	unsigned marker;
	bool can_open, can_close;
	size_t previous, next;	   /* runs that are still in play */
	size_t opens;		   /* marks, the outermost first */
	size_t closes, last_close; /* the innermost first */
};

struct mdx_start {
	bool image, inactive;
	size_t text;	 /* where the label's text begins */
	size_t last_run; /* in play when it began */
	size_t link;	 /* the label of a link before it */
};

struct mdx_token {
	enum mdx_token_kind kind;
	bool seen; /* ends with a line end that was looked at before */
	size_t from, to;
	union {
		bool escaped;
		struct {
			uint16_t units[2];
			size_t n_units;
		};
		struct node *node;
		struct mdx_tag *tag;
		struct mdx_run run;
		struct mdx_start start;
	};
};

enum mdx_frame_kind { FRAME_TEXT, FRAME_SPAN, FRAME_TAG };

/* A node that is open while the tree is made. */
struct mdx_frame {
	enum mdx_frame_kind kind;
	struct node *node;
	const struct mdx_tag *tag; /* innermost */
	const char *name;
	size_t from, to;
	struct mdx_place start;
};

struct mdx_inline {
	struct mdx *m;
	const struct mdx_pending *pending;
	struct mdx_chunk c;
	size_t i, text; /* the text that is not a token yet begins there, */
	bool escaped;	/* behind a backslash */
	size_t seen;	/* how far was looked in vain */
	struct mdx_token *tokens;
	size_t n, cap;
	struct mdx_mark *marks;
	size_t n_marks, cap_marks;
	size_t *labels; /* those that may still become links */
	size_t n_labels, cap_labels;
	size_t last_link;	    /* label of a link, or NONE */
	size_t first_run, last_run; /* in play */

	/* Runs of backticks by length, made when the first is met. */
	size_t *code_heads, *code_next, *code_at;
	size_t longest_code;

	/* Room for making trees. */
	struct mdx_frame *frames;
	size_t cap_frames;
	uint16_t *units;
	size_t cap_units;
};

struct mdx_token *mdx_push(
    struct mdx_inline *in, enum mdx_token_kind kind, size_t from, size_t to);

/* Makes a token of the text up to END. */
void mdx_flush(struct mdx_inline *in, size_t end);

/* --- mdx_link.c */

void mdx_open_label(struct mdx_inline *in);
void mdx_close_label(struct mdx_inline *in);

/* --- mdx_attention.c */

void mdx_read_run(struct mdx_inline *in);

/* Pairs the runs behind BOTTOM (NONE for all); those left over are text. */
void mdx_pair_runs(struct mdx_inline *in, size_t bottom);

/* --- mdx_code.c */

bool mdx_read_code(struct mdx_inline *in);

/* --- mdx_tree.c */

int mdx_build(struct mdx_inline *in, size_t number);

#endif
