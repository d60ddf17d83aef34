/* Keywords that apply other schemas to the same value: references, and the
 * logic of allOf, anyOf, oneOf, not and if. */
#include "schema_int.h"

#include "../base/buf.h"
#include "../base/limits.h"
#include "../base/utf.h"

/* Whether NODE is being applied to the very value of F already, over and over.
 * The same node may be met again in a larger dynamic scope, but not more often
 * than there are scopes. */
static bool
is_endless(const struct frame *f, const struct node *node)
{
	const struct frame *g;
	const struct scope *s;
	size_t n = 0;

	for (g = f; g != NULL && g->path == f->path; g = g->up)
		n += g->node == node;
	for (s = f->scope; s != NULL && n > 0; s = s->outer)
		n--;
	return n > 0;
}

/* The outermost resource that was entered and has the anchor decides (core,
 * 8.2.3.2). */
static const struct node *
dynamic_target(const struct frame *f, const struct rule *rule, size_t *steps)
{
	const struct node *node = rule->node;
	const struct anchor *a;
	const struct scope *s;

	for (s = f->scope; s != NULL; s = s->outer)
		for (a = s->resource->anchors; a != NULL; a = a->next) {
			++*steps;
			if (a->dynamic && str_eq(a->name, rule->dynamic))
				node = a->node;
		}
	return node;
}

int
check_ref(struct run *r, const struct frame *f, const struct rule *rule)
{
	const struct node *node = rule->node;
	size_t steps = 0;

	if (rule->dynamic.p != NULL)
		node = dynamic_target(f, rule, &steps);
	if (schema_spend(r, steps) != 0)
		return -1;
	if (is_endless(f, node))
		return fail(r->err, ERR_UNCONFIGURED,
		    "bad schema: %s refers to itself without end",
		    json_string_value(rule->arg));
	return schema_apply(r, f, rule, node, f->seen);
}

int
check_all_of(struct run *r, const struct frame *f, const struct rule *rule)
{
	size_t i;
	int rc;

	for (i = 0; i < rule->n; i++) {
		rc = schema_apply(r, f, rule, rule->subs[i].node, f->seen);
		if (rc != 1)
			return rc;
	}
	return 1;
}

/* Applies a schema of which others may be right as well, so that nobody wants
 * to read yet what it says. */
static int
attempt(struct run *r, const struct frame *f, const struct rule *rule, size_t i)
{
	int rc;

	r->quiet++;
	rc = schema_apply(r, f, rule, rule->subs[i].node, f->seen);
	r->quiet--;
	return rc;
}

/* None of the schemas fits: the one that got deepest into the value was
 * probably meant, so it is applied once more for its reason. */
static int
none_fits(struct run *r, const struct frame *f, const struct rule *rule,
    size_t nearest)
{
	const struct node *node = rule->subs[nearest].node;
	struct buf why;

	if (r->quiet > 0)
		return 0;
	if (schema_apply(r, f, rule, node, NULL) == -1)
		return -1;
	why = r->note.text;
	buf_init(&r->note.text, LIMIT_ERR_BYTES);
	(void)schema_wrong_got(r, f, rule, NULL, "fits none of %zu schema%s",
	    rule->n, rule->n == 1 ? "" : "s");
	buf_adds(&r->note.text, "; the nearest: ");
	buf_add(&r->note.text, buf_str(&why), why.len);
	buf_free(&why);
	return 0;
}

int
check_any_of(struct run *r, const struct frame *f, const struct rule *rule)
{
	size_t i, nearest = 0;
	unsigned depth = 0;
	bool any = false;
	int rc;

	/* When somebody asks what was evaluated, all have a say. */
	for (i = 0; i < rule->n && (!any || f->seen != NULL); i++) {
		rc = attempt(r, f, rule, i);
		if (rc == -1)
			return -1;
		any = any || rc == 1;
		if (rc == 0 && r->note.depth > depth) {
			depth = r->note.depth;
			nearest = i;
		}
	}
	if (any)
		return 1;
	r->note.depth = depth;
	return none_fits(r, f, rule, nearest);
}

int
check_one_of(struct run *r, const struct frame *f, const struct rule *rule)
{
	size_t i, nearest = 0, first = rule->n;
	unsigned depth = 0;
	int rc;

	for (i = 0; i < rule->n; i++) {
		rc = attempt(r, f, rule, i);
		if (rc == -1)
			return -1;
		if (rc == 1 && first < rule->n)
			return schema_wrong_got(r, f, rule, NULL,
			    "fits schema %zu and schema %zu, expected to fit "
			    "one only",
			    first, i);
		if (rc == 1)
			first = i;
		else if (r->note.depth > depth) {
			depth = r->note.depth;
			nearest = i;
		}
	}
	if (first < rule->n)
		return 1;
	r->note.depth = depth;
	return none_fits(r, f, rule, nearest);
}

int
check_not(struct run *r, const struct frame *f, const struct rule *rule)
{
	int rc;

	r->quiet++;
	rc = schema_apply(r, f, rule, rule->node, NULL);
	r->quiet--;
	if (rc == 1)
		return schema_wrong(
		    r, f, rule, "expected not to fit the schema");
	return rc == 0 ? 1 : -1;
}

int
check_if(struct run *r, const struct frame *f, const struct rule *rule)
{
	const struct rule *next;
	int rc;

	r->quiet++;
	rc = schema_apply(r, f, rule, rule->node, f->seen);
	r->quiet--;
	if (rc == -1)
		return -1;
	next = schema_rule(f, rc == 1 ? WORD_THEN : WORD_ELSE);
	if (next == NULL)
		return 1;
	return schema_apply(r, f, next, next->node, f->seen);
}
