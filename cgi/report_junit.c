/* The report as JUnit's XML, for continuous integration: a run is a suite, an
 * eval of a row a case, a gate another.  XML cannot hold all characters; what
 * it cannot becomes U+FFFD. */
#include "report.h"

#include "../common/base/json.h"
#include "../common/base/limits.h"
#include "../common/base/utf.h"

#include <inttypes.h>
#include <string.h>

/* XML 1.0, 2.2. */
static bool
is_xml(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' ||
	       (c >= 0x20 && c <= 0xd7ff) || (c >= 0xe000 && c <= 0xfffd) ||
	       (c >= 0x10000 && c <= 0x10ffff);
}

/* As an attribute's value; line ends would become blanks. */
static void
put_text(FILE *out, struct str text)
{
	char bytes[4];
	size_t i = 0;
	uint32_t c;

	while (i < text.len) {
		c = wtf8_next(text, &i);
		if (!is_xml(c))
			c = 0xfffd;
		if (c < 0x20 || c == '<' || c == '>' || c == '&' || c == '"')
			(void)fprintf(out, "&#%u;", (unsigned)c);
		else
			(void)fwrite(bytes, 1, utf8_put(bytes, c), out);
	}
}

static void
put_attr(FILE *out, const char *name, struct str value)
{
	(void)fprintf(out, " %s=\"", name);
	put_text(out, value);
	(void)fputc('"', out);
}

static struct str
text_of(const json_t *json)
{
	return (struct str){json_string_value(json), json_string_length(json)};
}

/* --- counting, since it stands in front */

struct counts {
	size_t tests, failures, errors;
	double seconds;
};

static bool
is_failure(const json_t *eval)
{
	return json_is_false(json_object_get(eval, "passed"));
}

static void
count_row(struct counts *c, const struct record *r)
{
	size_t i, n = json_array_size(r->evals);

	c->seconds += r->ms > 0 ? (double)r->ms / 1000 : 0;
	c->tests += n > 0 ? n : 1;
	c->errors += r->failed;
	for (i = 0; i < n; i++)
		c->failures += is_failure(json_array_get(r->evals, i));
}

static int
count(struct counts *c, const struct report_run *run, struct err *err)
{
	const json_t *gates = json_object_get(run->summary, "gates");
	struct record r;
	size_t i;

	for (i = 0; i < rows_n(run->rows); i++) {
		if (rows_get(run->rows, i, &r, err) == -1)
			return -1;
		count_row(c, &r);
	}
	c->tests += json_array_size(gates);
	for (i = 0; i < json_array_size(gates); i++)
		c->failures += is_failure(json_array_get(gates, i));
	return 0;
}

/* --- cases */

static void
begin_case(FILE *out, const struct report_run *run, const char *name)
{
	(void)fputs("    <testcase", out);
	put_attr(out, "classname", (struct str){run->name, strlen(run->name)});
	put_attr(out, "name", (struct str){name, strlen(name)});
}

/* What an eval says, in words. */
static void
add_reason(struct buf *b, const json_t *eval)
{
	const json_t *score = json_object_get(eval, "score");
	const json_t *label = json_object_get(eval, "label");
	const json_t *reason = json_object_get(eval, "reason");

	if (json_is_number(score))
		buf_addf(b, "score %.6g", json_number_value(score));
	if (json_is_string(label))
		buf_addf(
		    b, "%s%s", b->len ? ", " : "", json_string_value(label));
	if (json_is_string(reason))
		buf_addf(
		    b, "%s%s", b->len ? ": " : "", json_string_value(reason));
	if (b->len == 0)
		buf_adds(b, "not passed");
}

static void
add_member(struct buf *b, const char *name, const json_t *value)
{
	if (value == NULL)
		return;
	buf_addf(b, "\n%s: ", name);
	if (json_is_string(value))
		buf_add(b, json_string_value(value), json_string_length(value));
	else
		json_print(b, value);
}

static void
put_failure(FILE *out, const struct record *r, const json_t *eval)
{
	const json_t *result = json_object_get(r->line, "result");
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	add_reason(&b, eval);
	(void)fputs(">\n      <failure", out);
	put_attr(out, "message", (struct str){buf_str(&b), b.len});
	(void)fputc('>', out);
	buf_clear(&b);
	add_member(&b, "input", json_object_get(result, "input"));
	add_member(&b, "expected", json_object_get(result, "expectedOutput"));
	add_member(&b, "output", json_object_get(result, "actualOutput"));
	put_text(out, (struct str){buf_str(&b), b.len});
	(void)fputs("</failure>\n    </testcase>\n", out);
	buf_free(&b);
}

static void
put_error(FILE *out, const struct record *r)
{
	const json_t *error = json_object_get(r->line, "error");
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	add_member(&b, "input", json_object_get(r->line, "input"));
	(void)fputs(">\n      <error", out);
	put_attr(out, "message", text_of(error));
	(void)fputc('>', out);
	put_text(out, (struct str){buf_str(&b), b.len});
	(void)fputs("</error>\n    </testcase>\n", out);
	buf_free(&b);
}

static void
put_time(FILE *out, const struct record *r)
{
	if (r->ms >= 0)
		(void)fprintf(out, " time=\"%" PRId64 ".%03" PRId64 "\"",
		    r->ms / 1000, r->ms % 1000);
}

static void
put_eval(FILE *out, const struct report_run *run, const struct record *r,
    const char *row, const json_t *eval)
{
	const char *name = json_string_value(json_object_get(eval, "name"));
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	buf_addf(&b, "%s: %s", row, name != NULL ? name : "");
	begin_case(out, run, buf_str(&b));
	put_time(out, r);
	if (is_failure(eval))
		put_failure(out, r, eval);
	else
		(void)fputs("/>\n", out);
	buf_free(&b);
}

static void
put_row(FILE *out, const struct report_run *run, const struct record *r)
{
	size_t i, n = json_array_size(r->evals);
	char row[64];

	(void)snprintf(row, sizeof(row), "row %" PRId64, r->index);
	if (r->repeat > 0)
		(void)snprintf(row, sizeof(row),
		    "row %" PRId64 " repeat %" PRId64, r->index, r->repeat);
	for (i = 0; i < n; i++)
		put_eval(out, run, r, row, json_array_get(r->evals, i));
	if (n > 0)
		return;
	begin_case(out, run, row);
	put_time(out, r);
	if (r->failed)
		put_error(out, r);
	else
		(void)fputs("/>\n", out);
}

static void
put_gate(FILE *out, const struct report_run *run, const json_t *gate)
{
	const json_t *value = json_object_get(gate, "value");
	bool rate = str_is(text_of(json_object_get(gate, "of")), "rate");
	const char *name = json_string_value(json_object_get(gate, "eval"));
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	buf_addf(&b, "gate: %s%s >= %.6g", rate ? "passes of " : "",
	    name != NULL ? name : "every eval",
	    json_number_value(json_object_get(gate, "threshold")));
	begin_case(out, run, buf_str(&b));
	buf_clear(&b);
	if (json_is_number(value))
		buf_addf(&b, "it is %.6g", json_number_value(value));
	else
		buf_adds(&b, "no row has a score");
	if (!is_failure(gate)) {
		(void)fputs("/>\n", out);
	} else {
		(void)fputs(">\n      <failure", out);
		put_attr(out, "message", (struct str){buf_str(&b), b.len});
		(void)fputs("/>\n    </testcase>\n", out);
	}
	buf_free(&b);
}

static int
put_suite(FILE *out, const struct report_run *run, struct err *err)
{
	const json_t *gates = json_object_get(run->summary, "gates");
	struct counts c = {0};
	struct record r;
	size_t i;

	if (count(&c, run, err) == -1)
		return -1;
	(void)fputs("  <testsuite", out);
	put_attr(out, "name", (struct str){run->name, strlen(run->name)});
	(void)fprintf(out,
	    " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"0\" "
	    "time=\"%.3f\">\n",
	    c.tests, c.failures, c.errors, c.seconds);
	for (i = 0; i < rows_n(run->rows); i++) {
		if (rows_get(run->rows, i, &r, err) == -1)
			return -1;
		put_row(out, run, &r);
	}
	for (i = 0; i < json_array_size(gates); i++)
		put_gate(out, run, json_array_get(gates, i));
	(void)fputs("  </testsuite>\n", out);
	return 0;
}

int
report_junit(FILE *out, const struct report *report, struct err *err)
{
	(void)fputs(
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", out);
	for (size_t i = 0; i < report->n; i++)
		if (put_suite(out, &report->runs[i], err) == -1)
			return -1;
	(void)fputs("</testsuites>\n", out);
	return 0;
}
