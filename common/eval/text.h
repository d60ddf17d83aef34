/* Text of outputs, in Unicode code points: lower case, white space, lengths,
 * and short quotations for reasons.  Bytes that are no UTF-8 count as U+FFFD.
 */
#ifndef EVAL_TEXT_H
#define EVAL_TEXT_H

#include "../base/arena.h"

/* Texts, borrowed. */
struct texts {
	const struct str *p;
	size_t n;
};

/* Lower case by Unicode's full mapping, and folded so that texts which differ
 * only in case are equal; valid UTF-8, in the arena or TEXT itself. */
struct str text_lower(struct arena *a, struct str text);
struct str text_fold(struct arena *a, struct str text);

/* White space as Python's str.split() knows it, which the reference
 * implementations of most metrics use. */
bool text_is_space(uint32_t cp);
struct str text_trim(struct str text);

/* The next word at *I, which is moved behind it; .p is NULL at the end. */
struct str text_word(struct str text, size_t *i);

size_t text_length(struct str text); /* code points */
size_t text_words(struct str text);

bool text_contains(struct str text, struct str part);
bool text_starts(struct str text, struct str part);
bool text_ends(struct str text, struct str part);

/* TEXT cut to MAX code points, with an ellipsis when something is missing. */
const char *text_cut(struct arena *a, struct str text, size_t max);

/* How many code points of a text a reason quotes. */
enum { TEXT_QUOTE = 80 };

#endif
