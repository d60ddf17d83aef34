/* Escapes text for HTML.  It refuses to know where in a page it stands. */
#include "html.h"

#include "utf.h"

#include <string.h>

static const char *
entity(uint32_t cp)
{
	switch (cp) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static bool
is_control(uint32_t cp)
{
	return (cp < ' ' && cp != '\n' && cp != '\t') ||
	       (cp >= 0x7f && cp < 0xa0);
}

void
html_print(struct buf *b, struct str text)
{
	const char *escape;
	char bytes[4];
	uint32_t cp;
	size_t i = 0;

	while (i < text.len) {
		cp = utf8_next(text, &i);
		escape = entity(cp);
		if (escape != NULL) {
			buf_adds(b, escape);
			continue;
		}
		if (cp == UTF8_BAD || is_control(cp))
			cp = 0xfffd;
		buf_add(b, bytes, utf8_put(bytes, cp));
	}
}

void
html_puts(struct buf *b, const char *text)
{
	if (text != NULL)
		html_print(b, (struct str){text, strlen(text)});
}
