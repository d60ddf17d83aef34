/* Finds the body of a ForEach function in its text, and puts another in its
 * place.  It refuses to know what is in it. */
#include "body.h"

#include "../base/utf.h"

#include <string.h>

struct str16
body_text(struct str16 source)
{
	size_t i = 0;

	while (i + 1 < source.len &&
	       (source.p[i] != '=' || source.p[i + 1] != '>'))
		i++;
	if (i + 1 >= source.len)
		return (struct str16){source.p, 0};
	source =
	    str16_trim((struct str16){source.p + i + 2, source.len - i - 2});
	if (source.len < 2 || source.p[0] != '(' ||
	    source.p[source.len - 1] != ')')
		return source;
	return str16_trim((struct str16){source.p + 1, source.len - 2});
}

struct str16
body_replace(
    struct arena *a, struct str16 source, struct str16 body, struct str16 text)
{
	size_t before = (size_t)(body.p - source.p), n = 0;
	size_t after = source.len - before - body.len;
	uint16_t *out = arena_array(a, source.len + text.len + 1, sizeof(*out));

	memcpy(out, source.p, before * sizeof(*out));
	n += before;
	out[n++] = '\n';
	if (text.len > 0)
		memcpy(out + n, text.p, text.len * sizeof(*out));
	n += text.len;
	memcpy(out + n, body.p + body.len, after * sizeof(*out));
	return (struct str16){out, n + after};
}

static bool
ends_name(struct str16 s, size_t i)
{
	return i == s.len || js_is_space(s.p[i]) || s.p[i] == '/' ||
	       s.p[i] == '>' || s.p[i] == '{';
}

bool
body_mentions(struct str16 source, struct str16 name)
{
	size_t i;

	for (i = 0; i + name.len < source.len; i++)
		if (source.p[i] == '<' &&
		    str16_eq(
			(struct str16){source.p + i + 1, name.len}, name) &&
		    ends_name(source, i + 1 + name.len))
			return true;
	return false;
}
