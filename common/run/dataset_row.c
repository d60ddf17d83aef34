/* Makes a row of a dataset out of JSON (protocol.md 3.2).  It refuses to know
 * where the text comes from. */
#include "dataset_int.h"

#include "../base/json.h"
#include "../base/utf.h"

static int
keep_tree(struct json_in *in, struct arena *a, json_t **out)
{
	*out = json_in_tree(in);
	if (*out == NULL)
		return -1;
	(void)json_own(a, *out);
	return 0;
}

static int
skip_object(struct json_in *in)
{
	struct str key;
	int more;

	if (json_in_enter(in) != 0)
		return -1;
	while ((more = json_in_key(in, &key)) > 0)
		if (row_skip(in) != 0)
			return -1;
	return more;
}

static int
skip_array(struct json_in *in)
{
	int more;

	if (json_in_enter(in) != 0)
		return -1;
	while ((more = json_in_item(in)) > 0)
		if (row_skip(in) != 0)
			return -1;
	return more;
}

/* Other than json_in_skip() it looks at what it passes over: what is not asked
 * for must be JSON too. */
int
row_skip(struct json_in *in)
{
	struct str text;
	double number;

	switch (json_in_peek(in)) {
	case JSON_IN_OBJECT:
		return skip_object(in);
	case JSON_IN_ARRAY:
		return skip_array(in);
	case JSON_IN_STRING:
		return json_in_string(in, &text);
	case JSON_IN_NUMBER:
		return json_in_number(in, &number);
	default:
		return json_in_literal(in);
	}
}

static int
read_member(struct json_in *in, struct arena *a, struct str key,
    struct dataset_row *row)
{
	if (str_is(key, "input"))
		return json_in_js(in, a, &row->input);
	if (str_is(key, "expected_output"))
		return keep_tree(in, a, &row->expected);
	if (str_is(key, "metadata"))
		return keep_tree(in, a, &row->metadata);
	return row_skip(in);
}

enum row_kind
row_read(struct json_in *in, struct arena *a, struct dataset_row *row)
{
	struct str key;
	int more;

	row->input = JS_UNDEF;
	row->expected = row->metadata = NULL;
	if (json_in_peek(in) != JSON_IN_OBJECT)
		return row_skip(in) == 0 ? ROW_NO_INPUT : ROW_NO_JSON;
	if (json_in_enter(in) != 0)
		return ROW_NO_JSON;
	while ((more = json_in_key(in, &key)) > 0)
		if (read_member(in, a, key, row) != 0)
			return ROW_NO_JSON;
	if (more < 0)
		return ROW_NO_JSON;
	if (row->input.type != JS_OBJECT && row->input.type != JS_ARRAY)
		return ROW_NO_INPUT;
	return ROW_GOOD;
}
