/* Operations on the texts that evals compare.  They see code points; words are
 * what stands between white space.  It refuses to know languages: tokens of
 * metrics are made in tokens.c. */
#include "text.h"

#include "../base/utf.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>

static bool
is_ascii(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.p[i] >= 0x80)
			return false;
	}
	return true;
}

static struct str
ascii_lower(struct arena *a, struct str text)
{
	char *copy = arena_alloc(a, text.len + 1);

	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];

		copy[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	copy[text.len] = '\0';
	return (struct str){copy, text.len};
}

/* Takes what libunistring allocated. */
static struct str
take(struct arena *a, uint8_t *mapped, size_t len)
{
	struct str out;

	if (mapped == NULL)
		abort();
	out = (struct str){arena_strndup(a, (const char *)mapped, len), len};
	free(mapped);
	return out;
}

struct str
text_lower(struct arena *a, struct str text)
{
	uint8_t *mapped;
	size_t len;

	if (is_ascii(text))
		return ascii_lower(a, text);
	text = utf8_clean(a, text);
	mapped =
	    u8_tolower((const uint8_t *)text.p, text.len, "", NULL, NULL, &len);
	return take(a, mapped, len);
}

struct str
text_fold(struct arena *a, struct str text)
{
	uint8_t *mapped;
	size_t len;

	if (is_ascii(text))
		return ascii_lower(a, text);
	text = utf8_clean(a, text);
	mapped = u8_casefold(
	    (const uint8_t *)text.p, text.len, "", NULL, NULL, &len);
	return take(a, mapped, len);
}

bool
text_is_space(uint32_t cp)
{
	if (cp < 0x80)
		return cp == ' ' || (cp >= 0x09 && cp <= 0x0d) ||
		       (cp >= 0x1c && cp <= 0x1f);
	return cp == 0x85 || cp == 0xa0 || cp == 0x1680 ||
	       (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 ||
	       cp == 0x202f || cp == 0x205f || cp == 0x3000;
}

struct str
text_word(struct str text, size_t *i)
{
	size_t start = *i, at;

	while (*i < text.len) {
		start = *i;
		if (!text_is_space(utf8_next(text, i)))
			break;
		start = *i;
	}
	if (start == text.len)
		return (struct str){NULL, 0};
	while (*i < text.len) {
		at = *i;
		if (text_is_space(utf8_next(text, i))) {
			*i = at;
			break;
		}
	}
	return (struct str){text.p + start, *i - start};
}

struct str
text_trim(struct str text)
{
	size_t i = 0, start = 0, end = 0;
	struct str word = text_word(text, &i);

	if (word.p == NULL)
		return (struct str){text.p, 0};
	start = (size_t)(word.p - text.p);
	for (; word.p != NULL; word = text_word(text, &i))
		end = i;
	return (struct str){text.p + start, end - start};
}

size_t
text_length(struct str text)
{
	size_t i = 0, n = 0;

	for (; i < text.len; n++)
		(void)utf8_next(text, &i);
	return n;
}

size_t
text_words(struct str text)
{
	size_t i = 0, n = 0;

	while (text_word(text, &i).p != NULL)
		n++;
	return n;
}

bool
text_contains(struct str text, struct str part)
{
	return part.len == 0 ||
	       (text.len != 0 &&
		   memmem(text.p, text.len, part.p, part.len) != NULL);
}

bool
text_starts(struct str text, struct str part)
{
	return part.len == 0 ||
	       (part.len <= text.len && memcmp(text.p, part.p, part.len) == 0);
}

bool
text_ends(struct str text, struct str part)
{
	return part.len == 0 ||
	       (part.len <= text.len &&
		   memcmp(text.p + text.len - part.len, part.p, part.len) == 0);
}

const char *
text_cut(struct arena *a, struct str text, size_t max)
{
	size_t i = 0, n = 0;

	for (; i < text.len && n < max; n++)
		(void)utf8_next(text, &i);
	if (i < text.len) {
		text = utf8_clean(a, (struct str){text.p, i});
		return arena_printf(a, "%.*s…", (int)text.len, text.p);
	}
	text = utf8_clean(a, text);
	return arena_strndup(a, text.len != 0 ? text.p : "", text.len);
}
