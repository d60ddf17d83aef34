/* Finds what a JSON pointer names (RFC 6901).  It refuses to change anything.
 */
#include "pointer.h"

#include "buf.h"

#include <string.h>

/* A token without its escapes; false when they are wrong. */
static bool
unescape(struct buf *b, struct str token)
{
	for (size_t i = 0; i < token.len; i++) {
		char c = token.p[i];

		if (c == '~') {
			if (++i == token.len || token.p[i] < '0' ||
			    token.p[i] > '1')
				return false;
			c = token.p[i] == '0' ? '~' : '/';
		}
		buf_addc(b, c);
	}
	return true;
}

static const json_t *
array_item(const json_t *array, struct str token)
{
	size_t index = 0;

	if (token.len == 0 || token.len > 9 ||
	    (token.p[0] == '0' && token.len > 1))
		return NULL;
	for (size_t i = 0; i < token.len; i++) {
		if (token.p[i] < '0' || token.p[i] > '9')
			return NULL;
		index = index * 10 + (size_t)(token.p[i] - '0');
	}
	return json_array_get(array, index);
}

static const json_t *
member(const json_t *value, struct str token)
{
	const json_t *found = NULL;
	struct buf key;

	if (json_is_array(value))
		return array_item(value, token);
	buf_init(&key, token.len + 1);
	if (unescape(&key, token))
		found = json_object_getn(value, buf_str(&key), key.len);
	buf_free(&key);
	return found;
}

const json_t *
json_follow(const json_t *value, const char *pointer)
{
	const char *p = pointer;

	while (value != NULL && *p == '/') {
		size_t len = strcspn(++p, "/");

		value = member(value, (struct str){p, len});
		p += len;
	}
	return *p == '\0' ? value : NULL;
}
