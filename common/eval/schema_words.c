/* The table of keywords, and what each of them takes.  A keyword that takes
 * something else is an error of the schema. */
#include "schema_int.h"

#include "../base/json.h"
#include "../base/utf.h"

#include <stdlib.h>

static const char *
word_name(const struct rule *rule)
{
	return schema_keywords[rule->word].name;
}

static int
wrong(const struct node *n, const struct rule *rule, struct err *err,
    const char *expected)
{
	return schema_bad(
	    n->path, err, "%s must be %s", word_name(rule), expected);
}

static const struct path *
path_of(struct loader *l, const struct node *n, const struct rule *rule)
{
	const char *name = word_name(rule);

	return schema_path(l, n->path, str_from(name), 0);
}

/* --- plain arguments */

static int
load_number(
    struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	(void)l;
	if (!json_is_number(rule->arg))
		return wrong(n, rule, err, "a number");
	rule->number = schema_number(rule->arg);
	return 0;
}

static int
load_factor(
    struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	if (load_number(l, n, rule, err) != 0)
		return -1;
	return rule->number > 0 ? 0 : wrong(n, rule, err, "a number above 0");
}

static int
load_count(struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	(void)l;
	if ((schema_types(rule->arg) & TYPE_INTEGER) == 0 ||
	    schema_number(rule->arg) < 0)
		return wrong(n, rule, err, "an integer of 0 or more");
	rule->number = schema_number(rule->arg);
	return 0;
}

static int
load_flag(struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	(void)l;
	if (!json_is_boolean(rule->arg))
		return wrong(n, rule, err, "true or false");
	rule->number = json_is_true(rule->arg);
	return 0;
}

static unsigned
type_named(struct str name)
{
	static const struct {
		struct str name;
		unsigned type;
	} types[] = {
	    {{"null", 4}, TYPE_NULL},
	    {{"boolean", 7}, TYPE_BOOLEAN},
	    {{"object", 6}, TYPE_OBJECT},
	    {{"array", 5}, TYPE_ARRAY},
	    {{"number", 6}, TYPE_NUMBER},
	    {{"integer", 7}, TYPE_INTEGER},
	    {{"string", 6}, TYPE_STRING},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(types); i++)
		if (str_eq(name, types[i].name))
			return types[i].type;
	return 0;
}

static int
load_type(struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	size_t i, count = json_array_size(rule->arg);
	unsigned type;

	(void)l;
	if (json_is_string(rule->arg))
		rule->types = type_named(json_str(rule->arg));
	for (i = 0; i < count; i++) {
		type = type_named(json_str(json_array_get(rule->arg, i)));
		if (type == 0)
			return wrong(n, rule, err, "a list of types");
		rule->types |= type;
	}
	if (rule->types == 0)
		return wrong(n, rule, err, "the name of a type, or a list");
	return 0;
}

static int
load_pattern(
    struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	struct err why = {0};

	if (!json_is_string(rule->arg))
		return wrong(n, rule, err, "a string");
	rule->regex = ecma_compile(l->arena, json_str(rule->arg), &why);
	if (rule->regex != NULL)
		return 0;
	(void)schema_bad(n->path, err, "pattern %s: %s",
	    json_string_value(rule->arg), why.msg);
	err_free(&why);
	return -1;
}

static bool
is_list_of_strings(const json_t *value)
{
	size_t i, n = json_array_size(value);

	for (i = 0; i < n; i++)
		if (!json_is_string(json_array_get(value, i)))
			return false;
	return json_is_array(value);
}

static int
load_names(struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	(void)l;
	if (!is_list_of_strings(rule->arg))
		return wrong(n, rule, err, "a list of strings");
	return 0;
}

static int
load_name_lists(
    struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	json_t *object = (json_t *)rule->arg;
	void *it = json_object_iter(object);

	(void)l;
	if (!json_is_object(object))
		return wrong(n, rule, err, "an object of lists of strings");
	for (; it != NULL; it = json_object_iter_next(object, it))
		if (!is_list_of_strings(json_object_iter_value(it)))
			return wrong(
			    n, rule, err, "an object of lists of strings");
	return 0;
}

static int
compare_choices(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static void
add_choice(struct choice *c, const json_t *value)
{
	size_t steps = 0;

	c->value = value;
	c->hash = schema_hash(value, &steps);
}

static int
load_enum(struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	size_t i, count = json_array_size(rule->arg);
	struct choice *c = arena_array(l->arena, count + 1, sizeof(*c));

	if (!json_is_array(rule->arg))
		return wrong(n, rule, err, "a list");
	for (i = 0; i < count; i++)
		add_choice(c + i, json_array_get(rule->arg, i));
	qsort(c, count, sizeof(*c), compare_choices);
	rule->choices = c;
	rule->n = count;
	return 0;
}

static int
load_const(struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	struct choice *c = arena_alloc(l->arena, sizeof(*c));

	(void)n;
	(void)err;
	add_choice(c, rule->arg);
	rule->choices = c;
	rule->n = 1;
	return 0;
}

/* Ignoring it, as what is unknown is ignored, would pass what it was to stop.
 */
static int
load_dependencies(
    struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	(void)l;
	return wrong(n, rule, err, "dependentRequired or dependentSchemas now");
}

/* --- schemas */

static int
load_schema(
    struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	rule->node = schema_load_node(
	    l, rule->arg, n->resource, path_of(l, n, rule), err);
	return rule->node != NULL ? 0 : -1;
}

static int
load_items(struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	if (json_is_array(rule->arg))
		return wrong(n, rule, err,
		    "one schema; a list of them is prefixItems now");
	return load_schema(l, n, rule, err);
}

static int
load_list(struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	const struct path *path = path_of(l, n, rule);
	size_t i, count = json_array_size(rule->arg);
	struct sub *subs = arena_zalloc(l->arena, (count + 1) * sizeof(*subs));

	if (count == 0)
		return wrong(n, rule, err, "a list of schemas, not empty");
	for (i = 0; i < count; i++) {
		subs[i].node = schema_load_node(l, json_array_get(rule->arg, i),
		    n->resource, schema_path(l, path, (struct str){NULL, 0}, i),
		    err);
		if (subs[i].node == NULL)
			return -1;
	}
	rule->subs = subs;
	rule->n = count;
	return 0;
}

static int
load_map(struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	const struct path *path = path_of(l, n, rule);
	json_t *object = (json_t *)rule->arg;
	size_t i, count = json_object_size(object);
	struct sub *subs = arena_zalloc(l->arena, (count + 1) * sizeof(*subs));
	void *it = json_object_iter(object);

	if (!json_is_object(object))
		return wrong(n, rule, err, "an object of schemas");
	for (i = 0; i < count; i++) {
		subs[i].name = (struct str){
		    json_object_iter_key(it), json_object_iter_key_len(it)};
		subs[i].node = schema_load_node(l, json_object_iter_value(it),
		    n->resource, schema_path(l, path, subs[i].name, 0), err);
		if (subs[i].node == NULL)
			return -1;
		it = json_object_iter_next(object, it);
	}
	qsort(subs, count, sizeof(*subs), schema_compare_subs);
	rule->subs = subs;
	rule->n = count;
	return 0;
}

static int
load_patterns(
    struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	struct err why = {0};
	struct sub *subs;
	size_t i;

	if (load_map(l, n, rule, err) != 0)
		return -1;
	subs = (struct sub *)rule->subs;
	for (i = 0; i < rule->n; i++) {
		subs[i].regex = ecma_compile(l->arena, subs[i].name, &why);
		if (subs[i].regex != NULL)
			continue;
		(void)schema_bad(
		    n->path, err, "pattern %s: %s", subs[i].name.p, why.msg);
		err_free(&why);
		return -1;
	}
	return 0;
}

static int
load_ref(struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	struct pending *p;

	if (!json_is_string(rule->arg))
		return wrong(n, rule, err, "a string");
	p = arena_zalloc(l->arena, sizeof(*p));
	p->node = n;
	p->rule = rule;
	*l->last = p;
	l->last = &p->next;
	return 0;
}

static int
load_unevaluated(
    struct loader *l, struct node *n, struct rule *rule, struct err *err)
{
	n->unevaluated = true;
	return load_schema(l, n, rule, err);
}

const struct keyword schema_keywords[WORD__MAX] = {
    [WORD_TYPE] = {"type", TYPE_ANY, load_type, check_type},
    [WORD_ENUM] = {"enum", TYPE_ANY, load_enum, check_enum},
    [WORD_CONST] = {"const", TYPE_ANY, load_const, check_enum},
    [WORD_MULTIPLE_OF] = {"multipleOf", TYPE_NUMBER, load_factor,
	check_multiple_of},
    [WORD_MAXIMUM] = {"maximum", TYPE_NUMBER, load_number, check_maximum},
    [WORD_EXCLUSIVE_MAXIMUM] = {"exclusiveMaximum", TYPE_NUMBER, load_number,
	check_exclusive_maximum},
    [WORD_MINIMUM] = {"minimum", TYPE_NUMBER, load_number, check_minimum},
    [WORD_EXCLUSIVE_MINIMUM] = {"exclusiveMinimum", TYPE_NUMBER, load_number,
	check_exclusive_minimum},
    [WORD_MAX_LENGTH] = {"maxLength", TYPE_STRING, load_count, check_length},
    [WORD_MIN_LENGTH] = {"minLength", TYPE_STRING, load_count, check_length},
    [WORD_PATTERN] = {"pattern", TYPE_STRING, load_pattern, check_pattern},
    [WORD_MAX_ITEMS] = {"maxItems", TYPE_ARRAY, load_count, check_item_count},
    [WORD_MIN_ITEMS] = {"minItems", TYPE_ARRAY, load_count, check_item_count},
    [WORD_UNIQUE_ITEMS] = {"uniqueItems", TYPE_ARRAY, load_flag,
	check_unique_items},
    [WORD_MAX_PROPERTIES] = {"maxProperties", TYPE_OBJECT, load_count,
	check_member_count},
    [WORD_MIN_PROPERTIES] = {"minProperties", TYPE_OBJECT, load_count,
	check_member_count},
    [WORD_REQUIRED] = {"required", TYPE_OBJECT, load_names, check_required},
    [WORD_DEPENDENT_REQUIRED] = {"dependentRequired", TYPE_OBJECT,
	load_name_lists, check_dependent_required},
    [WORD_PREFIX_ITEMS] = {"prefixItems", TYPE_ARRAY, load_list,
	check_prefix_items},
    [WORD_ITEMS] = {"items", TYPE_ARRAY, load_items, check_items},
    [WORD_CONTAINS] = {"contains", TYPE_ARRAY, load_schema, check_contains},
    [WORD_MAX_CONTAINS] = {"maxContains", TYPE_ARRAY, load_count, NULL},
    [WORD_MIN_CONTAINS] = {"minContains", TYPE_ARRAY, load_count, NULL},
    [WORD_PROPERTY_NAMES] = {"propertyNames", TYPE_OBJECT, load_schema,
	check_property_names},
    [WORD_PROPERTIES] = {"properties", TYPE_OBJECT, load_map, check_properties},
    [WORD_PATTERN_PROPERTIES] = {"patternProperties", TYPE_OBJECT,
	load_patterns, check_pattern_properties},
    [WORD_ADDITIONAL_PROPERTIES] = {"additionalProperties", TYPE_OBJECT,
	load_schema, check_additional_properties},
    [WORD_DEPENDENT_SCHEMAS] = {"dependentSchemas", TYPE_OBJECT, load_map,
	check_dependent_schemas},
    [WORD_REF] = {"$ref", TYPE_ANY, load_ref, check_ref},
    [WORD_DYNAMIC_REF] = {"$dynamicRef", TYPE_ANY, load_ref, check_ref},
    [WORD_ALL_OF] = {"allOf", TYPE_ANY, load_list, check_all_of},
    [WORD_ANY_OF] = {"anyOf", TYPE_ANY, load_list, check_any_of},
    [WORD_ONE_OF] = {"oneOf", TYPE_ANY, load_list, check_one_of},
    [WORD_NOT] = {"not", TYPE_ANY, load_schema, check_not},
    [WORD_IF] = {"if", TYPE_ANY, load_schema, check_if},
    [WORD_THEN] = {"then", TYPE_ANY, load_schema, NULL},
    [WORD_ELSE] = {"else", TYPE_ANY, load_schema, NULL},
    [WORD_DEFS] = {"$defs", TYPE_ANY, load_map, NULL},
    [WORD_DEFINITIONS] = {"definitions", TYPE_ANY, load_map, NULL},
    [WORD_DEPENDENCIES] = {"dependencies", TYPE_ANY, load_dependencies, NULL},
    [WORD_CONTENT_SCHEMA] = {"contentSchema", TYPE_ANY, load_schema, NULL},
    [WORD_UNEVALUATED_ITEMS] = {"unevaluatedItems", TYPE_ARRAY,
	load_unevaluated, check_unevaluated_items},
    [WORD_UNEVALUATED_PROPERTIES] = {"unevaluatedProperties", TYPE_OBJECT,
	load_unevaluated, check_unevaluated_properties},
};
