/* What the files of the cache of answers share. */
#ifndef ANSWERS_INT_H
#define ANSWERS_INT_H

#include "../base/buf.h"
#include "../store/cache.h"
#include "answers.h"
#include "tool_int.h"

struct answers {
	enum answers_mode mode; /* never ANSWERS_OFF */
	struct engine *engine;
	struct cache *cache;
	struct timer rest;
	struct buf question; /* the one that was printed last */
	struct answer *open; /* that are asked for now, or wait */
};

/* --- questions: answer_question.c */

/* Prints everything that determines the answer as one JSON object; returns
 * where in it the messages begin, which are its last member. */
size_t question_print(
    struct buf *b, const struct ask *ask, const struct toolset *tools) MUST_USE;

/* The hash of what ASK is about: the prompt and the row, in whatever words. */
void question_about(
    struct arena *a, const struct ask *ask, uint8_t hash[CRYPT_HASH_LEN]);

/* --- how they differ: answer_near.c */

/* Looks at one that was kept, and remembers the nearest. */
struct nearest {
	struct arena *arena;
	json_t *here;
	size_t n;	  /* differences of the nearest; 0: none was seen */
	const char *text; /* in words */
};
void nearest_look(void *nearest, struct str kept);

/* --- answers as bytes: answer_pieces.c */

struct pieces_out {
	struct buf bytes;
	size_t text;	      /* where the length of the last text is, or 0 */
	enum event_type last; /* of that text */
};
void pieces_add(struct pieces_out *r, const struct piece *piece) NONNULL;
void pieces_end(
    struct pieces_out *r, const char *provider, const char *model) NONNULL;

/* Reads what was written; it may borrow from BYTES.  -1: it is no whole answer.
 */
struct pieces {
	struct piece *items;
	size_t n;
	const char *provider, *model;
};
int pieces_read(
    struct arena *a, struct str bytes, struct pieces *r) MUST_USE NONNULL;

#endif
