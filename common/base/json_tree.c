/* Builds Jansson trees from JSON text.  Jansson's own reader refuses numbers
 * and surrogates that JavaScript takes, and is slower. */
#include "json.h"

#include "xalloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *
no_memory(struct json_in *in, json_t *partial)
{
	json_decref(partial);
	(void)fail(in->err, ERR_INTERNAL, "out of memory");
	return NULL;
}

static json_t *
tree_string(struct json_in *in)
{
	struct str s;

	if (json_in_string(in, &s) != 0)
		return NULL;
	return json_stringn_nocheck(s.p, s.len);
}

static json_t *
tree_number(struct json_in *in)
{
	double d;

	if (json_in_number(in, &d) != 0)
		return NULL;
	if (fabs(d) <= 9007199254740992.0 && d == (double)(json_int_t)d)
		return json_integer((json_int_t)d);
	return isfinite(d) ? json_real(d) : json_null();
}

static json_t *
tree_literal(struct json_in *in, json_t *value)
{
	return json_in_literal(in) == 0 ? value : NULL;
}

/* Reads the member whose key was read.  The key stays where it is while the
 * value is read, unless it lies in the reader's scratch. */
static int
tree_member(struct json_in *in, json_t *object, struct str key)
{
	char *copy = NULL;
	json_t *value;
	int rc = -1;

	if (key.p == in->scratch.data)
		key.p = copy = xstrndup(key.p, key.len);
	value = json_in_tree(in);
	if (value != NULL)
		rc =
		    json_object_setn_new_nocheck(object, key.p, key.len, value);
	free(copy);
	return rc;
}

static json_t *
tree_object(struct json_in *in)
{
	json_t *object;
	struct str key;
	int more;

	if (json_in_enter(in) != 0)
		return NULL;
	object = json_object();
	while ((more = json_in_key(in, &key)) > 0)
		if (tree_member(in, object, key) != 0)
			return no_memory(in, object);
	if (more == 0)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *
tree_array(struct json_in *in)
{
	json_t *array, *item;
	int more;

	if (json_in_enter(in) != 0)
		return NULL;
	array = json_array();
	while ((more = json_in_item(in)) > 0) {
		item = json_in_tree(in);
		if (item == NULL || json_array_append_new(array, item) != 0)
			return no_memory(in, array);
	}
	if (more == 0)
		return array;
	json_decref(array);
	return NULL;
}

json_t *
json_in_tree(struct json_in *in)
{
	switch (json_in_peek(in)) {
	case JSON_IN_OBJECT:
		return tree_object(in);
	case JSON_IN_ARRAY:
		return tree_array(in);
	case JSON_IN_STRING:
		return tree_string(in);
	case JSON_IN_NUMBER:
		return tree_number(in);
	case JSON_IN_TRUE:
		return tree_literal(in, json_true());
	case JSON_IN_FALSE:
		return tree_literal(in, json_false());
	case JSON_IN_NULL:
		return tree_literal(in, json_null());
	case JSON_IN_BAD:
	case JSON_IN_END:
		break;
	}
	return tree_literal(in, NULL); /* says what is wrong */
}

json_t *
json_read(struct str text, struct err *err)
{
	struct json_in in;
	json_t *tree;

	json_in_init(&in, text, err);
	tree = json_in_tree(&in);
	if (tree != NULL && json_in_finish(&in) != 0) {
		json_decref(tree);
		tree = NULL;
	}
	json_in_free(&in);
	return tree;
}

void
json_set_str(json_t *object, const char *key, struct str text)
{
	json_t *value =
	    json_stringn_nocheck(text.len != 0 ? text.p : "", text.len);

	(void)json_object_set_new_nocheck(object, key, value);
}
