/* The row as one eval sees it: the output transformed as the configuration
 * says (fences of Markdown stripped, a JSON pointer followed, RFC 6901), and
 * the whole as JSON for evals outside of this process.  It refuses to know
 * what becomes of it. */
#include "eval_int.h"

#include "../base/json.h"
#include "../base/pointer.h"

#include <string.h>

enum { FENCE_MIN = 3 };

/* --- fences */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct str
trim(struct str s)
{
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	while (s.len > 0 && is_blank(s.p[0])) {
		s.p++;
		s.len--;
	}
	return s;
}

static size_t
run_of(struct str s, char c)
{
	size_t n = 0;

	while (n < s.len && s.p[n] == c)
		n++;
	return n;
}

/* Cuts the first line off *REST. */
static struct str
next_line(struct str *rest)
{
	const char *end = memchr(rest->p, '\n', rest->len);
	size_t len = end != NULL ? (size_t)(end - rest->p) : rest->len;
	struct str line = {rest->p, len};

	rest->p += len;
	rest->len -= len;
	if (rest->len > 0) {
		rest->p++;
		rest->len--;
	}
	return line;
}

static bool
closes(struct str line, char c, size_t n)
{
	line = trim(line);
	return run_of(line, c) >= n && run_of(line, c) == line.len;
}

/* Only fences around the whole of it: of several blocks none is the output.
 * A block that never closes goes to the end, as in Markdown. */
static struct str
strip_fences(struct str text)
{
	struct str rest = trim(text), body, line;
	size_t n;
	char c;

	if (rest.len < FENCE_MIN || (rest.p[0] != '`' && rest.p[0] != '~'))
		return text;
	c = rest.p[0];
	n = run_of(rest, c);
	line = next_line(&rest);
	if (n < FENCE_MIN || memchr(line.p + n, c, line.len - n) != NULL)
		return text;
	body = rest;
	while (rest.len > 0) {
		line = next_line(&rest);
		if (!closes(line, c, n))
			continue;
		body.len = (size_t)(line.p - body.p);
		return rest.len > 0 ? text : trim(body);
	}
	return trim(body);
}

/* What text that is JSON means. */
static const json_t *
parse(struct eval_run *e, const json_t *output)
{
	struct err err = {0};
	json_t *value;

	if (!json_is_string(output))
		return output;
	value = json_read(json_str(output), &err);
	err_free(&err);
	return json_own(e->arena, value);
}

static int
point(struct eval_run *e, const char *pointer, struct err *err)
{
	const json_t *value = parse(e, e->c.output);

	if (value == NULL)
		return fail(err, ERR_PROVIDER,
		    "the output is not JSON, which `pointer` needs");
	e->c.output = json_follow(value, pointer);
	if (e->c.output == NULL)
		return fail(err, ERR_PROVIDER, "the output holds nothing at %s",
		    pointer);
	return 0;
}

int
eval_case_make(struct eval_run *e, const struct eval_case *c, struct err *err)
{
	struct span *own = e->c.span;
	struct str text;

	e->c = *c;
	e->c.span = own;
	if (e->conf->strip_fences && json_is_string(c->output)) {
		text = strip_fences(json_str(c->output));
		e->c.output =
		    json_own(e->arena, json_stringn_nocheck(text.p, text.len));
	}
	return e->conf->pointer != NULL ? point(e, e->conf->pointer, err) : 0;
}

/* --- as JSON */

static void
add_key(struct buf *b, char *separator, const char *key)
{
	buf_addf(b, "%c\"%s\":", *separator, key);
	*separator = ',';
}

static void
add_value(struct buf *b, char *separator, const char *key, const json_t *value)
{
	if (value == NULL)
		return;
	add_key(b, separator, key);
	json_print(b, value);
}

static void
add_count(struct buf *b, char *separator, const char *key, int64_t n)
{
	if (n < 0)
		return;
	add_key(b, separator, key);
	buf_addf(b, "%lld", (long long)n);
}

static void
add_usage(struct buf *b, char *separator, const struct eval_case *c)
{
	char inner = '{';

	if (c->input_tokens < 0 && c->output_tokens < 0 && c->total_tokens < 0)
		return;
	add_key(b, separator, "usage");
	add_count(b, &inner, "inputTokens", c->input_tokens);
	add_count(b, &inner, "outputTokens", c->output_tokens);
	add_count(b, &inner, "totalTokens", c->total_tokens);
	buf_addc(b, '}');
}

void
eval_case_print(struct buf *b, const struct eval_case *c)
{
	char separator = '{';

	add_value(b, &separator, "input", c->input);
	add_value(b, &separator, "output", c->output);
	add_value(b, &separator, "expectedOutput", c->expected);
	add_value(b, &separator, "props", c->props);
	add_value(b, &separator, "metadata", c->metadata);
	add_count(b, &separator, "latencyMs", c->latency_ms);
	add_usage(b, &separator, c);
	add_value(b, &separator, "toolCalls", c->tool_calls);
	buf_adds(b, separator == '{' ? "{}" : "}");
}
