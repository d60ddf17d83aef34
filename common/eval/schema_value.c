/* Keywords that look at a value alone: its type, enumerations, numbers and
 * strings. */
#include "schema_int.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

/* Bytes that are as much work as one schema, for a pattern. */
enum { PATTERN_STEP = 64 };

int
check_type(struct run *r, const struct frame *f, const struct rule *rule)
{
	struct buf b;

	if ((f->types & rule->types) != 0)
		return 1;
	if (schema_is_quiet(r, f))
		return 0;
	buf_init(&b, LIMIT_ERR_BYTES);
	schema_print_types(&b, rule->types);
	(void)schema_wrong(r, f, rule, "expected %s", buf_str(&b));
	buf_free(&b);
	return 0;
}

static const struct choice *
first_choice(const struct rule *rule, uint64_t hash)
{
	size_t low = 0, high = rule->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (rule->choices[mid].hash < hash)
			low = mid + 1;
		else
			high = mid;
	}
	return rule->choices + low;
}

/* The values as they stand in the schema. */
static void
print_choices(struct buf *b, const json_t *values)
{
	enum { SHOWN = 10 };
	size_t i, n = json_array_size(values);

	for (i = 0; i < n && i < SHOWN; i++) {
		if (i > 0)
			buf_adds(b, i + 1 < n ? ", " : " or ");
		schema_print_value(b, json_array_get(values, i));
	}
	if (n > SHOWN)
		buf_addf(b, " or one of %zu others", n - SHOWN);
}

static int
no_choice(struct run *r, const struct frame *f, const struct rule *rule)
{
	struct buf b;

	if (schema_is_quiet(r, f))
		return 0;
	buf_init(&b, LIMIT_ERR_BYTES);
	if (rule->word == WORD_CONST)
		schema_print_value(&b, rule->arg);
	else
		print_choices(&b, rule->arg);
	(void)schema_wrong(r, f, rule, "expected %s", buf_str(&b));
	buf_free(&b);
	return 0;
}

int
check_enum(struct run *r, const struct frame *f, const struct rule *rule)
{
	const struct choice *c, *end = rule->choices + rule->n;
	size_t steps = 0;
	bool found = false;
	uint64_t hash;

	hash = schema_hash(f->value, &steps);
	for (c = first_choice(rule, hash); c < end && c->hash == hash; c++)
		if (schema_equal(f->value, c->value, &steps)) {
			found = true;
			break;
		}
	if (schema_spend(r, steps) != 0)
		return -1;
	return found ? 1 : no_choice(r, f, rule);
}

/* "at most 5", "a match of …" and the like, with the argument as the schema
 * has it. */
static int
beyond(struct run *r, const struct frame *f, const struct rule *rule,
    const char *what)
{
	struct buf b;

	if (schema_is_quiet(r, f))
		return 0;
	buf_init(&b, LIMIT_ERR_BYTES);
	schema_print_value(&b, rule->arg);
	(void)schema_wrong(r, f, rule, "expected %s %s", what, buf_str(&b));
	buf_free(&b);
	return 0;
}

int
check_multiple_of(struct run *r, const struct frame *f, const struct rule *rule)
{
	if (schema_multiple(f->value, rule->arg))
		return 1;
	return beyond(r, f, rule, "a multiple of");
}

int
check_maximum(struct run *r, const struct frame *f, const struct rule *rule)
{
	if (schema_number(f->value) <= rule->number)
		return 1;
	return beyond(r, f, rule, "at most");
}

int
check_exclusive_maximum(
    struct run *r, const struct frame *f, const struct rule *rule)
{
	if (schema_number(f->value) < rule->number)
		return 1;
	return beyond(r, f, rule, "less than");
}

int
check_minimum(struct run *r, const struct frame *f, const struct rule *rule)
{
	if (schema_number(f->value) >= rule->number)
		return 1;
	return beyond(r, f, rule, "at least");
}

int
check_exclusive_minimum(
    struct run *r, const struct frame *f, const struct rule *rule)
{
	if (schema_number(f->value) > rule->number)
		return 1;
	return beyond(r, f, rule, "more than");
}

int
check_length(struct run *r, const struct frame *f, const struct rule *rule)
{
	struct str text = json_str(f->value);
	size_t i = 0, n;

	for (n = 0; i < text.len; n++)
		(void)wtf8_next(text, &i);
	if (schema_spend(r, text.len / PATTERN_STEP) != 0)
		return -1;
	return schema_within(r, f, rule, n, "character");
}

int
schema_match(struct run *r, const struct ecma *regex, struct str text)
{
	size_t steps = 1 + text.len / PATTERN_STEP;
	int rc = ecma_match(regex, text, &steps);

	if (rc == -1)
		return fail(r->err, ERR_INTERNAL,
		    "a pattern of the schema takes too long to match");
	return schema_spend(r, steps) == 0 ? rc : -1;
}

int
check_pattern(struct run *r, const struct frame *f, const struct rule *rule)
{
	int rc = schema_match(r, rule->regex, json_str(f->value));

	return rc != 0 ? rc : beyond(r, f, rule, "a match of");
}
