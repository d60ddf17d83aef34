/* Keywords that look at arrays: how many items there are, whether they differ,
 * and which schema each of them is to fit. */
#include "schema_int.h"

#include "../base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>

int
check_item_count(struct run *r, const struct frame *f, const struct rule *rule)
{
	return schema_within(r, f, rule, json_array_size(f->value), "item");
}

struct hashed {
	uint64_t hash;
	size_t index;
};

static int
compare_hashed(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Finds an item of the sorted N at H that equals another: only those of one
 * hash are compared, and the first two suffice unless hashes collide. */
static int
find_equal(struct run *r, const struct frame *f, const struct rule *rule,
    const struct hashed *h, size_t n)
{
	size_t i, j, steps = 0;

	for (i = 0; i < n; i++) {
		for (j = i + 1; j < n && h[j].hash == h[i].hash; j++) {
			if (schema_equal(json_array_get(f->value, h[i].index),
				json_array_get(f->value, h[j].index), &steps))
				return schema_wrong_got(r, f, rule, NULL,
				    "items %zu and %zu are equal", h[i].index,
				    h[j].index);
			if (schema_spend(r, steps) != 0)
				return -1;
			steps = 0;
		}
	}
	return 1;
}

int
check_unique_items(
    struct run *r, const struct frame *f, const struct rule *rule)
{
	size_t i, n = json_array_size(f->value), steps = 0;
	struct hashed *h;
	int rc = -1;

	if (rule->number == 0 || n < 2)
		return 1;
	h = xmalloc(xmul(n, sizeof(*h)));
	for (i = 0; i < n; i++) {
		h[i].hash = schema_hash(json_array_get(f->value, i), &steps);
		h[i].index = i;
	}
	if (schema_spend(r, steps) == 0) {
		qsort(h, n, sizeof(*h), compare_hashed);
		rc = find_equal(r, f, rule, h, n);
	}
	free(h);
	return rc;
}

static int
apply_item(struct run *r, const struct frame *f, const struct rule *rule,
    const struct node *node, size_t i)
{
	struct path path = {.up = f->path, .index = i};

	return schema_apply_part(
	    r, f, rule, node, &path, json_array_get(f->value, i));
}

int
check_prefix_items(
    struct run *r, const struct frame *f, const struct rule *rule)
{
	size_t i, n = json_array_size(f->value);
	int rc;

	for (i = 0; i < n && i < rule->n; i++) {
		rc = apply_item(r, f, rule, rule->subs[i].node, i);
		if (rc != 1)
			return rc;
		seen_mark(f->seen, i);
	}
	return 1;
}

int
check_items(struct run *r, const struct frame *f, const struct rule *rule)
{
	const struct rule *prefix = schema_rule(f, WORD_PREFIX_ITEMS);
	size_t i, n = json_array_size(f->value);
	int rc;

	for (i = prefix != NULL ? prefix->n : 0; i < n; i++) {
		rc = apply_item(r, f, rule, rule->node, i);
		if (rc != 1)
			return rc;
		seen_mark(f->seen, i);
	}
	return 1;
}

/* How many items fit.  All of them are looked at when somebody asks which, and
 * else as many as decide, ENOUGH. */
static int
count_fitting(struct run *r, const struct frame *f, const struct rule *rule,
    long double enough, size_t *fitting)
{
	size_t i, n = json_array_size(f->value);
	int rc;

	*fitting = 0;
	for (i = 0; i < n; i++) {
		if (f->seen == NULL && (long double)*fitting >= enough)
			return 0;
		r->quiet++;
		rc = apply_item(r, f, rule, rule->node, i);
		r->quiet--;
		if (rc == -1)
			return -1;
		if (rc == 0)
			continue;
		++*fitting;
		seen_mark(f->seen, i);
	}
	return 0;
}

int
check_contains(struct run *r, const struct frame *f, const struct rule *rule)
{
	const struct rule *min = schema_rule(f, WORD_MIN_CONTAINS);
	const struct rule *max = schema_rule(f, WORD_MAX_CONTAINS);
	long double least = min != NULL ? min->number : 1;
	char got[64];
	size_t n;

	if (count_fitting(
		r, f, rule, max != NULL ? max->number + 1 : least, &n) != 0)
		return -1;
	if (max != NULL && (long double)n > max->number)
		return schema_wrong_got(r, f, max, "more",
		    "expected at most %.0Lf items that fit `contains`",
		    max->number);
	if ((long double)n >= least)
		return 1;
	(void)snprintf(got, sizeof(got), "%zu", n);
	return schema_wrong_got(r, f, min != NULL ? min : rule, got,
	    "expected at least %.0Lf item%s that fit%s `contains`", least,
	    least == 1 ? "" : "s", least == 1 ? "s" : "");
}

int
check_unevaluated_items(
    struct run *r, const struct frame *f, const struct rule *rule)
{
	size_t i, n = json_array_size(f->value);
	int rc;

	for (i = 0; i < n; i++) {
		if (seen_has(f->seen, i))
			continue;
		rc = apply_item(r, f, rule, rule->node, i);
		if (rc != 1)
			return rc;
		seen_mark(f->seen, i);
	}
	return 1;
}
