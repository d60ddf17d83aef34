/* Measures text as terminals show it: East Asian characters take two columns,
 * accents that combine none.  It refuses to know terminals. */
#include "width.h"

#include "utf.h"

#include <uniwidth.h>

/* A character as it is shown. */
static uint32_t
shown(uint32_t c)
{
	bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);

	if (c >= 0xd800 && c <= 0xdfff) /* half a character */
		control = true;
	/* Marks that turn the direction of all that follows. */
	if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
		control = true;
	return c == UTF8_BAD || control ? 0xfffd : c;
}

static size_t
columns_of(uint32_t c)
{
	int n = uc_width(c, "UTF-8");

	return n < 0 ? 1 : (size_t)n;
}

size_t
width_of(struct str text)
{
	size_t i = 0, n = 0;

	while (i < text.len)
		n += columns_of(shown(wtf8_next(text, &i)));
	return n;
}

void
width_fit(struct buf *b, struct str text, size_t columns)
{
	bool cut = width_of(text) > columns;
	size_t i = 0, room = cut && columns > 0 ? columns - 1 : columns;
	char bytes[4];
	uint32_t c;

	while (i < text.len) {
		c = shown(wtf8_next(text, &i));
		if (columns_of(c) > room)
			break;
		room -= columns_of(c);
		buf_add(b, bytes, utf8_put(bytes, c));
	}
	if (cut && columns > 0)
		buf_adds(b, "\u2026");
}

void
width_clean(struct buf *b, struct str text)
{
	char bytes[4];
	size_t i = 0;
	uint32_t c;

	while (i < text.len) {
		c = wtf8_next(text, &i);
		if (c != '\n' && c != '\t')
			c = shown(c);
		buf_add(b, bytes, utf8_put(bytes, c));
	}
}
