/* Applies the nodes of a schema to a value and keeps the books: how deep, how
 * much work, what was evaluated, and why it failed.  It knows no keyword. */
#include "schema_int.h"

#include "../base/limits.h"
#include "../base/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORD_BITS = 64 };

static void
seen_init(struct seen *s, size_t n)
{
	*s = (struct seen){.n = n};
	if (n > WORD_BITS)
		s->many = xcalloc(n / WORD_BITS + 1, sizeof(*s->many));
}

void
seen_mark(struct seen *s, size_t i)
{
	if (s == NULL)
		return;
	if (s->many != NULL)
		s->many[i / WORD_BITS] |= (uint64_t)1 << i % WORD_BITS;
	else
		s->few |= (uint64_t)1 << i;
}

bool
seen_has(const struct seen *s, size_t i)
{
	if (s->many != NULL)
		return (s->many[i / WORD_BITS] >> i % WORD_BITS & 1) != 0;
	return (s->few >> i & 1) != 0;
}

/* Both are of one value. */
static void
seen_merge(struct seen *to, const struct seen *from)
{
	size_t i;

	to->few |= from->few;
	for (i = 0; from->many != NULL && i <= from->n / WORD_BITS; i++)
		to->many[i] |= from->many[i];
}

int
schema_spend(struct run *r, size_t n)
{
	if (n <= LIMIT_SCHEMA_STEPS - r->steps) {
		r->steps += n;
		return 0;
	}
	return fail(r->err, ERR_INTERNAL,
	    "the schema takes more than %u steps for this value",
	    LIMIT_SCHEMA_STEPS);
}

const struct rule *
schema_rule(const struct frame *f, enum word word)
{
	size_t i;

	for (i = 0; i < f->node->n_rules; i++)
		if (f->node->rules[i].word == word)
			return f->node->rules + i;
	return NULL;
}

/* "/items/2: ", and for a name "/items: the name "x": ". */
static void
note_place(struct run *r, const struct frame *f)
{
	struct buf *b = &r->note.text;

	buf_clear(b);
	schema_print_path(b, f->path);
	buf_adds(b, b->len > 0 ? ": " : "(root): ");
	if (f->path == NULL || !f->path->is_name)
		return;
	buf_adds(b, "the name ");
	schema_print_text(b, f->path->key);
	buf_adds(b, ": ");
}

/* "PLACE: FMT (keyword)" */
static void
note_text(struct run *r, const struct frame *f, const struct rule *rule,
    const char *fmt, va_list ap)
{
	char *text;

	note_place(r, f);
	if (vasprintf(&text, fmt, ap) == -1)
		return;
	buf_addf(
	    &r->note.text, "%s (%s)", text, schema_keywords[rule->word].name);
	free(text);
}

bool
schema_is_quiet(struct run *r, const struct frame *f)
{
	r->note.depth = f->level;
	return r->quiet > 0;
}

int
schema_wrong(struct run *r, const struct frame *f, const struct rule *rule,
    const char *fmt, ...)
{
	va_list ap;

	if (schema_is_quiet(r, f))
		return 0;
	va_start(ap, fmt);
	note_text(r, f, rule, fmt, ap);
	va_end(ap);
	buf_adds(&r->note.text, ", got ");
	schema_print_value(&r->note.text, f->value);
	return 0;
}

int
schema_wrong_got(struct run *r, const struct frame *f, const struct rule *rule,
    const char *got, const char *fmt, ...)
{
	va_list ap;

	if (schema_is_quiet(r, f))
		return 0;
	va_start(ap, fmt);
	note_text(r, f, rule, fmt, ap);
	va_end(ap);
	if (got != NULL)
		buf_addf(&r->note.text, ", got %s", got);
	return 0;
}

int
schema_within(struct run *r, const struct frame *f, const struct rule *rule,
    size_t n, const char *what)
{
	bool is_max = schema_keywords[rule->word].name[1] == 'a';
	char got[32];

	if (is_max ? (long double)n <= rule->number
		   : (long double)n >= rule->number)
		return 1;
	(void)snprintf(got, sizeof(got), "%zu", n);
	return schema_wrong_got(r, f, rule, got, "expected at %s %.0Lf %s%s",
	    is_max ? "most" : "least", rule->number, what,
	    rule->number == 1 ? "" : "s");
}

/* Enters the resource of the node, unless that was done further out. */
static void
enter(struct frame *f, struct scope *own)
{
	const struct scope *s;

	for (s = f->scope; s != NULL; s = s->outer)
		if (s->resource == f->node->resource)
			return;
	own->outer = f->scope;
	own->resource = f->node->resource;
	f->scope = own;
}

static int
check_rules(struct run *r, const struct frame *f)
{
	const struct rule *rule = f->node->rules;
	const struct rule *end = rule + f->node->n_rules;
	int rc = 1;

	for (; rc == 1 && rule < end; rule++) {
		const struct keyword *k = &schema_keywords[rule->word];

		if (k->check != NULL && (k->types & f->types) != 0)
			rc = k->check(r, f, rule);
	}
	return rc;
}

/* What a schema has evaluated counts when the whole schema fits (core, 7.7). */
static int
check_and_collect(struct run *r, struct frame *f, struct seen *out)
{
	struct seen own;
	size_t n = 0;
	int rc;

	if (out == NULL && !f->node->unevaluated)
		return check_rules(r, f);
	if (json_is_array(f->value))
		n = json_array_size(f->value);
	else if (json_is_object(f->value))
		n = json_object_size(f->value);
	if (schema_spend(r, n / WORD_BITS) != 0)
		return -1;
	seen_init(&own, n);
	f->seen = &own;
	rc = check_rules(r, f);
	if (rc == 1 && out != NULL)
		seen_merge(out, &own);
	free(own.many);
	return rc;
}

/* The schema `false`, which RULE applied. */
static int
deny(struct run *r, const struct frame *f, const struct rule *rule)
{
	if (rule != NULL)
		return schema_wrong_got(r, f, rule, NULL, "not allowed");
	note_place(r, f);
	buf_adds(&r->note.text, "not allowed (false)");
	return 0;
}

static int
apply(
    struct run *r, struct frame *f, const struct rule *rule, struct seen *seen)
{
	struct scope own;

	if (json_is_boolean(f->node->json))
		return json_is_true(f->node->json) ? 1 : deny(r, f, rule);
	if (f->depth > LIMIT_SCHEMA_DEPTH)
		return fail(r->err, ERR_INTERNAL,
		    "the schema is nested too deep for this value");
	if (schema_spend(r, 1) != 0)
		return -1;
	f->types = schema_types(f->value);
	enter(f, &own);
	return check_and_collect(r, f, seen);
}

int
schema_apply(struct run *r, const struct frame *f, const struct rule *rule,
    const struct node *node, struct seen *seen)
{
	struct frame inner = {
	    .up = f,
	    .node = node,
	    .value = f->value,
	    .path = f->path,
	    .scope = f->scope,
	    .depth = f->depth + 1,
	    .level = f->level,
	};

	return apply(r, &inner, rule, seen);
}

int
schema_apply_part(struct run *r, const struct frame *f, const struct rule *rule,
    const struct node *node, const struct path *path, const json_t *value)
{
	struct frame inner = {
	    .up = f,
	    .node = node,
	    .value = value,
	    .path = path,
	    .scope = f->scope,
	    .depth = f->depth + 1,
	    .level = f->level + 1,
	};

	return apply(r, &inner, rule, NULL);
}

static void
copy_reason(struct arena *a, const struct run *r, struct str *reason)
{
	const struct buf *b = &r->note.text;

	reason->p = arena_strndup(a, buf_str(b), b->len);
	reason->len = b->len;
}

int
schema_check(const json_t *schema, const json_t *value, struct arena *a,
    struct str *reason, struct err *err)
{
	struct arena *scratch = arena_new(a);
	struct run r = {.err = err};
	struct frame root = {.value = value};
	int rc = -1;

	*reason = (struct str){NULL, 0};
	buf_init(&r.note.text, LIMIT_ERR_BYTES);
	root.node = schema_load(scratch, schema, err);
	if (root.node != NULL)
		rc = apply(&r, &root, NULL, NULL);
	if (rc == 0)
		copy_reason(a, &r, reason);
	buf_free(&r.note.text);
	arena_free(scratch);
	return rc == -1 ? -1 : 0;
}
