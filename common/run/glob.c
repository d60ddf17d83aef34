/* Matches names with patterns, in time that grows with the product of their
 * lengths at most.  It refuses to know what is named. */
#include "glob.h"

#include <string.h>

static unsigned char
folded(char c, bool fold)
{
	if (fold && c >= 'A' && c <= 'Z')
		return (unsigned char)(c - 'A' + 'a');
	return (unsigned char)c;
}

/* Behind one character of UTF-8. */
static const char *
next(const char *s)
{
	s++;
	while (((unsigned char)*s & 0xc0) == 0x80)
		s++;
	return s;
}

/* Only the last * can be worth another try: what an earlier one would take
 * more of, the last one takes as well. */
bool
glob_match(const char *pattern, const char *text, bool fold)
{
	const char *star = NULL, *from = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			from = text;
		} else if (*pattern == '?') {
			pattern++;
			text = next(text);
		} else if (*pattern != '\0' &&
			   folded(*pattern, fold) == folded(*text, fold)) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star;
			text = from = next(from);
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool
glob_is_pattern(const char *text)
{
	return strpbrk(text, "*?") != NULL;
}
