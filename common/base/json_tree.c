/* Builds Jansson trees from JSON text.  Jansson's own reader refuses numbers
 * and surrogates that JavaScript takes, and is slower. */
#include "json.h"

#include "xalloc.h"

#include <math.h>
#include <stdlib.h>

enum { SMALL = 64 };

/* Small integers are frequent: equal ones share one value. */
struct builder {
	struct json_in *in;
	json_t *small[SMALL];
};

static json_t *build(struct builder *t);

static json_t *
no_memory(struct builder *t, json_t *partial)
{
	json_decref(partial);
	(void)fail(t->in->err, ERR_INTERNAL, "out of memory");
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
tree_number(struct builder *t)
{
	double d;
	size_t i;

	if (json_in_number(t->in, &d) != 0)
		return NULL;
	if (!(d >= 0 && d < SMALL && d == floor(d)))
		return json_of_number(d);
	i = (size_t)d;
	if (t->small[i] == NULL)
		t->small[i] = json_integer((json_int_t)i);
	return json_incref(t->small[i]);
}

static json_t *
tree_literal(struct json_in *in, json_t *value)
{
	return json_in_literal(in) == 0 ? value : NULL;
}

/* Reads the member whose key was read.  The key stays where it is while the
 * value is read, unless it lies in the reader's scratch. */
static int
tree_member(struct builder *t, json_t *object, struct str key)
{
	char *copy = NULL;
	json_t *value;
	int rc = -1;

	if (key.p == t->in->scratch.data)
		key.p = copy = xstrndup(key.p, key.len);
	value = build(t);
	if (value != NULL)
		rc =
		    json_object_setn_new_nocheck(object, key.p, key.len, value);
	free(copy);
	return rc;
}

static json_t *
tree_object(struct builder *t)
{
	json_t *object;
	struct str key;
	int more;

	if (json_in_enter(t->in) != 0)
		return NULL;
	object = json_object();
	while ((more = json_in_key(t->in, &key)) > 0)
		if (tree_member(t, object, key) != 0)
			return no_memory(t, object);
	if (more == 0)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *
tree_array(struct builder *t)
{
	json_t *array, *item;
	int more;

	if (json_in_enter(t->in) != 0)
		return NULL;
	array = json_array();
	while ((more = json_in_item(t->in)) > 0) {
		item = build(t);
		if (item == NULL || json_array_append_new(array, item) != 0)
			return no_memory(t, array);
	}
	if (more == 0)
		return array;
	json_decref(array);
	return NULL;
}

static json_t *
build(struct builder *t)
{
	struct json_in *in = t->in;

	switch (json_in_peek(in)) {
	case JSON_IN_OBJECT:
		return tree_object(t);
	case JSON_IN_ARRAY:
		return tree_array(t);
	case JSON_IN_STRING:
		return tree_string(in);
	case JSON_IN_NUMBER:
		return tree_number(t);
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
json_in_tree(struct json_in *in)
{
	struct builder t = {.in = in};
	json_t *tree = build(&t);
	size_t i;

	for (i = 0; i < SMALL; i++)
		json_decref(t.small[i]);
	return tree;
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

static void
drop(void *json)
{
	json_decref(json);
}

json_t *
json_own(struct arena *a, json_t *json)
{
	if (json != NULL)
		arena_on_free(a, drop, json);
	return json;
}

struct str
json_str(const json_t *json)
{
	return (struct str){json_string_value(json), json_string_length(json)};
}

void
json_set_str(json_t *object, const char *key, struct str text)
{
	json_t *value =
	    json_stringn_nocheck(text.len != 0 ? text.p : "", text.len);

	(void)json_object_set_new_nocheck(object, key, value);
}
