/* Keywords that look at objects: which members there are, and which schema
 * each of them is to fit. */
#include "schema_int.h"

#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

/* Where a walk through the members of an object is. */
struct walk {
	json_t *object;
	void *it;
	struct str key;
	const json_t *value;
	size_t i;
};

static void
walk_look(struct walk *w)
{
	if (w->it == NULL)
		return;
	w->key = (struct str){
	    json_object_iter_key(w->it), json_object_iter_key_len(w->it)};
	w->value = json_object_iter_value(w->it);
}

static struct walk
walk_start(const json_t *object)
{
	struct walk w = {.object = (json_t *)object};

	w.it = json_object_iter(w.object);
	walk_look(&w);
	return w;
}

static void
walk_next(struct walk *w)
{
	w->it = json_object_iter_next(w->object, w->it);
	w->i++;
	walk_look(w);
}

static int
apply_member(struct run *r, const struct frame *f, const struct rule *rule,
    const struct node *node, const struct walk *w)
{
	struct path path = {.up = f->path, .key = w->key};
	int rc = schema_apply_part(r, f, rule, node, &path, w->value);

	if (rc == 1)
		seen_mark(f->seen, w->i);
	return rc;
}

int
check_member_count(
    struct run *r, const struct frame *f, const struct rule *rule)
{
	return schema_within(r, f, rule, json_object_size(f->value), "member");
}

static bool
has_member(const json_t *object, const json_t *name)
{
	return json_object_getn(object, json_string_value(name),
		   json_string_length(name)) != NULL;
}

/* The first of NAMES that the value lacks; WHO asks for it, or NULL. */
static int
require(struct run *r, const struct frame *f, const struct rule *rule,
    const json_t *names, const char *who)
{
	size_t i, n = json_array_size(names);
	struct buf b;

	if (schema_spend(r, n) != 0)
		return -1;
	for (i = 0; i < n; i++)
		if (!has_member(f->value, json_array_get(names, i)))
			break;
	if (i == n)
		return 1;
	if (schema_is_quiet(r, f))
		return 0;
	buf_init(&b, LIMIT_ERR_BYTES);
	schema_print_value(&b, json_array_get(names, i));
	if (who != NULL)
		(void)schema_wrong_got(r, f, rule, NULL,
		    "%s asks for a member %s", who, buf_str(&b));
	else
		(void)schema_wrong_got(
		    r, f, rule, NULL, "expected a member %s", buf_str(&b));
	buf_free(&b);
	return 0;
}

int
check_required(struct run *r, const struct frame *f, const struct rule *rule)
{
	return require(r, f, rule, rule->arg, NULL);
}

int
check_dependent_required(
    struct run *r, const struct frame *f, const struct rule *rule)
{
	struct walk w = walk_start(rule->arg);
	struct buf who;
	int rc = 1;

	for (; rc == 1 && w.it != NULL; walk_next(&w)) {
		if (json_object_getn(f->value, w.key.p, w.key.len) == NULL)
			continue;
		buf_init(&who, LIMIT_ERR_BYTES);
		if (r->quiet == 0)
			schema_print_text(&who, w.key);
		rc = require(r, f, rule, w.value, buf_str(&who));
		buf_free(&who);
	}
	return rc;
}

int
check_property_names(
    struct run *r, const struct frame *f, const struct rule *rule)
{
	struct walk w = walk_start(f->value);
	json_t *name;
	int rc = 1;

	for (; rc == 1 && w.it != NULL; walk_next(&w)) {
		struct path path = {
		    .up = f->path, .key = w.key, .is_name = true};

		name = json_stringn_nocheck(w.key.p, w.key.len);
		rc = schema_apply_part(r, f, rule, rule->node, &path, name);
		json_decref(name);
	}
	return rc;
}

static int
compare_names(struct str a, struct str b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return memcmp(a.p, b.p, a.len);
}

/* For qsort(): the order that the search goes by. */
int
schema_compare_subs(const void *a, const void *b)
{
	const struct sub *x = a, *y = b;

	return compare_names(x->name, y->name);
}

static const struct node *
find_name(const struct rule *rule, struct str name)
{
	size_t low = 0, high = rule != NULL ? rule->n : 0, mid;
	int c;

	while (low < high) {
		mid = low + (high - low) / 2;
		c = compare_names(rule->subs[mid].name, name);
		if (c == 0)
			return rule->subs[mid].node;
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

int
check_properties(struct run *r, const struct frame *f, const struct rule *rule)
{
	struct walk w = walk_start(f->value);
	const struct node *node;
	int rc;

	if (schema_spend(r, json_object_size(f->value)) != 0)
		return -1;
	for (; w.it != NULL; walk_next(&w)) {
		node = find_name(rule, w.key);
		if (node == NULL)
			continue;
		rc = apply_member(r, f, rule, node, &w);
		if (rc != 1)
			return rc;
	}
	return 1;
}

static int
apply_patterns(struct run *r, const struct frame *f, const struct rule *rule,
    const struct walk *w)
{
	size_t i;
	int rc;

	for (i = 0; i < rule->n; i++) {
		rc = schema_match(r, rule->subs[i].regex, w->key);
		if (rc == -1)
			return -1;
		if (rc == 0)
			continue;
		rc = apply_member(r, f, rule, rule->subs[i].node, w);
		if (rc != 1)
			return rc;
	}
	return 1;
}

int
check_pattern_properties(
    struct run *r, const struct frame *f, const struct rule *rule)
{
	struct walk w = walk_start(f->value);
	int rc = 1;

	for (; rc == 1 && w.it != NULL; walk_next(&w))
		rc = apply_patterns(r, f, rule, &w);
	return rc;
}

/* Whether a pattern of the rule, which may be NULL, matches the name. */
static int
any_pattern(struct run *r, const struct rule *rule, struct str name)
{
	size_t i, n = rule != NULL ? rule->n : 0;
	int rc = 0;

	for (i = 0; rc == 0 && i < n; i++)
		rc = schema_match(r, rule->subs[i].regex, name);
	return rc;
}

int
check_additional_properties(
    struct run *r, const struct frame *f, const struct rule *rule)
{
	const struct rule *named = schema_rule(f, WORD_PROPERTIES);
	const struct rule *patterns = schema_rule(f, WORD_PATTERN_PROPERTIES);
	struct walk w = walk_start(f->value);
	int rc;

	if (schema_spend(r, json_object_size(f->value)) != 0)
		return -1;
	for (; w.it != NULL; walk_next(&w)) {
		if (find_name(named, w.key) != NULL)
			continue;
		rc = any_pattern(r, patterns, w.key);
		if (rc == 0)
			rc = apply_member(r, f, rule, rule->node, &w);
		if (rc != 1)
			return rc;
	}
	return 1;
}

int
check_unevaluated_properties(
    struct run *r, const struct frame *f, const struct rule *rule)
{
	struct walk w = walk_start(f->value);
	int rc;

	for (; w.it != NULL; walk_next(&w)) {
		if (seen_has(f->seen, w.i))
			continue;
		rc = apply_member(r, f, rule, rule->node, &w);
		if (rc != 1)
			return rc;
	}
	return 1;
}

int
check_dependent_schemas(
    struct run *r, const struct frame *f, const struct rule *rule)
{
	size_t i;
	int rc;

	for (i = 0; i < rule->n; i++) {
		struct str name = rule->subs[i].name;

		if (json_object_getn(f->value, name.p, name.len) == NULL)
			continue;
		rc = schema_apply(r, f, rule, rule->subs[i].node, f->seen);
		if (rc != 1)
			return rc;
	}
	return 1;
}
