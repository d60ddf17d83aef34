/* Names a dataset row by what it asks (protocol.md 3.9): a digest of canonical
 * JSON, which has to agree byte for byte with the reference's.  It refuses to
 * know where rows come from. */
#include "item_name.h"

#include "../base/crypt.h"
#include "../base/limits.h"

#include <inttypes.h>
#include <stdio.h>

enum { DIGITS = 12 };

/* An empty array says something: it has a digest. */
static bool
says_nothing(struct js v)
{
	return v.type == JS_UNDEFINED || v.type == JS_NULL ||
	       (v.type == JS_STRING && v.string.len == 0) ||
	       (v.type == JS_OBJECT && v.object->n == 0);
}

void
item_name(struct arena *a, struct js input, int64_t index, char *out)
{
	uint8_t digest[CRYPT_MD5_LEN];
	struct buf b;

	if (says_nothing(input)) {
		(void)snprintf(out, ITEM_NAME_LEN + 1, "%" PRId64, index);
		return;
	}
	buf_init(&b, LIMIT_LINE_BYTES);
	js_canonical(a, &b, input);
	crypt_md5((struct str){b.data, b.len}, digest);
	buf_free(&b);
	hex_print(out, digest, DIGITS / 2);
}
