/* The words of a reason: where a value is, what it is, what was expected.  What
 * is printed is short, whatever the value. */
#include "schema_int.h"

#include "../base/json.h"
#include "../base/utf.h"

/* Characters of a text that are shown. */
enum { SHOWN_CHARS = 60 };

static void
print_token(struct buf *b, struct str key)
{
	size_t i;

	for (i = 0; i < key.len; i++) {
		if (key.p[i] == '~')
			buf_adds(b, "~0");
		else if (key.p[i] == '/')
			buf_adds(b, "~1");
		else
			buf_addc(b, key.p[i]);
	}
}

void
schema_print_path(struct buf *b, const struct path *path)
{
	if (path == NULL)
		return;
	schema_print_path(b, path->up);
	if (path->is_name)
		return;
	buf_addc(b, '/');
	if (path->key.p != NULL)
		print_token(b, path->key);
	else
		buf_addf(b, "%zu", path->index);
}

void
schema_print_text(struct buf *b, struct str text)
{
	size_t i = 0, n;

	for (n = 0; n < SHOWN_CHARS && i < text.len; n++)
		(void)wtf8_next(text, &i);
	json_print_string(b, (struct str){text.p, i});
	if (i < text.len)
		buf_adds(b, "…");
}

void
schema_print_value(struct buf *b, const json_t *value)
{
	size_t n;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		n = json_object_size(value);
		buf_addf(b, "an object of %zu member%s", n, n == 1 ? "" : "s");
		return;
	case JSON_ARRAY:
		n = json_array_size(value);
		buf_addf(b, "an array of %zu item%s", n, n == 1 ? "" : "s");
		return;
	case JSON_STRING:
		schema_print_text(b, json_str(value));
		return;
	case JSON_INTEGER:
	case JSON_REAL:
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		break;
	}
	json_print(b, value);
}

void
schema_print_types(struct buf *b, unsigned types)
{
	static const struct {
		unsigned type;
		const char *name;
	} names[] = {
	    {TYPE_STRING, "a string"},
	    {TYPE_NUMBER, "a number"},
	    {TYPE_INTEGER, "an integer"},
	    {TYPE_BOOLEAN, "a boolean"},
	    {TYPE_OBJECT, "an object"},
	    {TYPE_ARRAY, "an array"},
	    {TYPE_NULL, "null"},
	};
	const char *before = "";
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		if ((types & names[i].type) == 0)
			continue;
		types &= ~names[i].type;
		buf_addf(b, "%s%s", before, names[i].name);
		before = (types & (types - 1)) != 0 ? ", " : " or ";
	}
}
