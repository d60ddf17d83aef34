/* UTF-8, WTF-8 and UTF-16, and what JavaScript calls white space.
 *
 * JavaScript's strings are UTF-16 and may hold lone surrogates; as UTF-8 those
 * become three bytes each (WTF-8).  Invalid UTF-8 becomes U+FFFD, one for each
 * maximal wrong part, as a JavaScript text decoder does. */
#ifndef UTF_H
#define UTF_H

#include "arena.h"
#include "buf.h"

/* UTF-8 (or WTF-8, whose lone surrogates survive) to UTF-16, in the arena. */
struct str16 utf16_from(struct arena *a, struct str text);

/* An ASCII literal as UTF-16, in the arena. */
struct str16 utf16_lit(struct arena *a, const char *ascii);

/* UTF-16 to WTF-8: paired surrogates are joined, lone ones stay. */
void utf8_add16(struct buf *b, struct str16 s);
struct str utf8_from(struct arena *a, struct str16 s);

/* Appends one code point (a lone surrogate as three bytes); returns the number
 * of bytes written, at most 4. */
size_t utf8_put(char out[4], uint32_t cp);

/* The code point at *I of S, which is moved behind it; a lone surrogate is
 * returned as itself. */
uint32_t utf16_next(struct str16 s, size_t *i);

/* The same for UTF-8, strictly: UTF8_BAD for a maximal wrong part, of which an
 * encoded surrogate is three.  wtf8_next() takes surrogates: a pair of them is
 * joined, a lone one returned as itself. */
#define UTF8_BAD UINT32_MAX
uint32_t utf8_next(struct str s, size_t *i);
uint32_t wtf8_next(struct str s, size_t *i);

/* Appends WTF-8 and joins the halves of a character that the seam has parted.
 */
void wtf8_add(struct buf *b, struct str text) NONNULL;

/* Copies TEXT with every invalid part and every lone surrogate replaced by
 * U+FFFD; returns TEXT itself when it is valid UTF-8. */
struct str utf8_clean(struct arena *a, struct str text);
bool utf8_valid(struct str text);

/* All of S, which is borrowed. */
struct str str_from(const char *s) NONNULL;

bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *b);
bool str16_eq(struct str16 a, struct str16 b);
bool str16_is(struct str16 s, const char *ascii);

/* By UTF-16 code units: below, equal or above zero. */
int str16_cmp(struct str16 a, struct str16 b);

/* JavaScript's white space and line ends (templatedx.md 3.1). */
bool js_is_space(uint32_t unit);
struct str16 str16_trim(struct str16 s);

#endif
