/* The options of experiments: each says what it makes of a request.  It refuses
 * to know whether the endpoint likes it (experiment_read() does). */
#include "study.h"

#include "../common/base/json.h"
#include "../common/wire/sampling.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int
wrong(const struct cli_option *o, const char *value, const char *wanted,
    struct err *err)
{
	return fail(
	    err, ERR_REQUEST, "%s: %.80s is not %s", o->name, value, wanted);
}

static int
set(struct study_options *s, const char *member, json_t *value)
{
	return json_object_set_new_nocheck(s->data, member, value);
}

static bool
to_number(const char *text, double *d, const char **end)
{
	char *behind;

	if (strspn(text, "0123456789.") == 0)
		return false;
	*d = strtod(text, &behind);
	*end = behind;
	return isfinite(*d);
}

static bool
to_whole(const char *text, json_int_t *n, const char **end)
{
	double d;

	if (!to_number(text, &d, end) || d != floor(d) || d > 0x1p53)
		return false;
	*n = (json_int_t)d;
	return true;
}

/* --- what most are */

static int
read_true(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	(void)value;
	(void)err;
	return set(to, o->member, json_true());
}

static int
read_false(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	(void)value;
	(void)err;
	return set(to, o->member, json_false());
}

static int
read_text(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	(void)err;
	return set(to, o->member, json_string_nocheck(value));
}

static int
read_number(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	const char *end;
	double d;

	if (!to_number(value, &d, &end) || *end != '\0')
		return wrong(o, value, "a number", err);
	return set(to, o->member, json_real(d));
}

static int
read_count(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	const char *end;
	json_int_t n;

	if (!to_whole(value, &n, &end) || *end != '\0')
		return wrong(o, value, "a whole number", err);
	return set(to, o->member, json_integer(n));
}

/* One that is not for the endpoint. */
static int
keep_text(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	(void)err;
	memcpy((char *)to + o->offset, &value, sizeof(value));
	return 0;
}

static int
add_text(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	struct study_list *list = (void *)((char *)to + o->offset);

	if (list->n == ARRAY_LEN(list->items))
		return fail(
		    err, ERR_REQUEST, "%s: more than %zu", o->name, list->n);
	list->items[list->n++] = value;
	return 0;
}

/* --- which rows */

static json_t *
sampling(struct study_options *s)
{
	json_t *json = json_object_get(s->data, "sampling");

	if (json == NULL) {
		json = json_object();
		(void)set(s, "sampling", json);
	}
	return json;
}

static int
read_sample(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	const char *end;
	json_int_t n;

	if (!to_whole(value, &n, &end) ||
	    (*end != '\0' && strcmp(end, "%") != 0))
		return wrong(o, value, "a percentage", err);
	return json_object_set_new(sampling(to), "sample", json_integer(n));
}

/* "7" or "3-5"; *END is behind it. */
static bool
add_range(json_t *rows, const char *text, const char **end)
{
	char *behind;
	long long first, last;

	if (*text < '0' || *text > '9')
		return false;
	first = last = strtoll(text, &behind, 10);
	if (*behind == '-') {
		if (behind[1] < '0' || behind[1] > '9')
			return false;
		last = strtoll(behind + 1, &behind, 10);
	}
	*end = behind;
	if (last - first >= LIMIT_STUDY_ROWS || last == LLONG_MAX)
		return false;
	for (long long i = first; i <= last; i++)
		(void)json_array_append_new(rows, json_integer(i));
	return first <= last && json_array_size(rows) <= LIMIT_STUDY_ROWS;
}

static int
read_rows(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	json_t *rows = json_array();
	const char *p = value;

	(void)json_object_set_new(sampling(to), "rows", rows);
	for (;; p++) {
		if (!add_range(rows, p, &p) || (*p != '\0' && *p != ','))
			return wrong(o, value, "a list as 0,3-5,9", err);
		if (*p == '\0')
			return 0;
	}
}

static int
read_split(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	const char *colon = strchr(value, ':'), *end;
	json_t *split;
	json_int_t n;

	if (colon == NULL || !to_whole(colon + 1, &n, &end) || *end != '\0')
		return wrong(o, value, "train:PCT or test:PCT", err);
	split = json_object();
	json_set_str(
	    split, "portion", (struct str){value, (size_t)(colon - value)});
	(void)json_object_set_new(split, "percentage", json_integer(n));
	return json_object_set_new(sampling(to), "split", split);
}

/* Of the sampling and of resampling. */
static int
read_seed(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	if (read_count(to, o, value, err) == -1)
		return -1;
	return json_object_set(sampling(to), "seed",
	    json_object_get(((struct study_options *)to)->data, o->member));
}

/* --- gates */

/* X is a mean score, X% the part of the rows that pass. */
static int
add_gate(struct study_options *s, const char *eval, size_t len, const char *x)
{
	json_t *list = json_object_get(s->data, "gates"), *gate;
	const char *end;
	bool rate;
	double d;

	if (!to_number(x, &d, &end))
		return -1;
	rate = strcmp(end, "%") == 0;
	if (*end != '\0' && !rate)
		return -1;
	if (list == NULL) {
		list = json_array();
		(void)set(s, "gates", list);
	}
	gate = json_object();
	if (len != 0)
		json_set_str(gate, "eval", (struct str){eval, len});
	(void)json_object_set_new(
	    gate, "threshold", json_real(rate ? d / 100 : d));
	(void)json_object_set_new(gate, "rate", json_boolean(rate));
	return json_array_append_new(list, gate);
}

static int
read_gate(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	const char *sign = strstr(value, ">=");

	if (sign == NULL || sign == value ||
	    add_gate(to, value, (size_t)(sign - value), sign + 2) == -1)
		return wrong(o, value, "EVAL>=X or EVAL>=X%", err);
	return 0;
}

static int
read_threshold(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	if (add_gate(to, "", 0, value) == -1)
		return wrong(
		    o, value, "a number from 0 to 1, or a percentage", err);
	return 0;
}

/* --- the rest */

static int
read_replay(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	(void)value;
	(void)err;
	return set(to, o->member, json_string("strict"));
}

static int
read_power(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	struct study_options *s = to;
	const char *end;

	if (!to_number(value, &s->power, &end) || *end != '\0' ||
	    !(s->power > 0) || !(s->power < 1))
		return wrong(o, value, "a difference between 0 and 1", err);
	return 0;
}

static int
read_choice(const char *const *names, size_t n, const struct cli_option *o,
    const char *value, int *choice, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		*choice = (int)i;
		if (strcmp(names[i], value) == 0)
			return 0;
	}
	return wrong(o, value, o->arg, err);
}

static int
read_format(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	return read_choice(study_format_names, FORMAT__MAX, o, value,
	    &((struct study_options *)to)->format, err);
}

static int
read_markdown(
    void *to, const struct cli_option *o, const char *value, struct err *err)
{
	static const char *const names[] = {
	    [MARKDOWN_2_1] = "2.1", [MARKDOWN_2_2] = "2.2"};

	return read_choice(names, ARRAY_LEN(names), o, value,
	    &((struct study_options *)to)->markdown, err);
}

#define AT(member) .offset = offsetof(struct study_options, member)

const struct cli_option study_options[] = {
    {"--dataset", "PATH",
	"The rows: a file of this machine, or below datasets.root as prompts "
	"name it; at an endpoint, as it knows it.  Without it "
	"test_settings.dataset of the prompt.",
	.read = read_text, .member = "datasetPath"},
    {"--model", "M",
	"Another model than the prompt's.  Of several, each runs every prompt.",
	.read = add_text, AT(models)},
    {"--sample", "PCT", "A part of the rows, by chance.", .read = read_sample},
    {"--rows", "LIST", "These rows, as 0,3-5,9.", .read = read_rows},
    {"--split", "train:PCT",
	"The first part of the rows, or test:PCT the rest.",
	.read = read_split},
    {"--seed", "N",
	"The same sample, and the same resampled intervals, for the same seed.",
	.read = read_seed, .member = "statisticsSeed", .shared = true},
    {"--repeat", "N", "Every row so often.", .read = read_count,
	.member = "repeat"},
    {"--shard", "I/N", "The Ith of N parts of the rows; `merge` joins them.",
	.read = read_text, .member = "shard"},
    {"--concurrency", "N", "Rows at once.", .read = read_count,
	.member = "concurrency"},
    {"--name", "NAME", "What the runs are called in traces.", .read = read_text,
	.member = "experimentId"},
    {"--threshold", "X",
	"The gate that every eval must reach: a mean score from 0 to 1, or "
	"with % the part of the rows that pass.",
	.read = read_threshold, .shared = true},
    {"--gate", "EVAL>=X",
	"The same for one eval.  A gate that is not reached ends this with "
	"status 1.",
	.read = read_gate, .shared = true},
    {"--stop-early", NULL, "Ends as soon as the gates are decided for certain.",
	.read = read_true, .member = "stopEarly"},
    {"--baseline", "RUN",
	"Compares with this run, row by row: the path or the id of a journal.  "
	"Without it the first run is what others are compared with.",
	.read = keep_text, AT(baseline), .shared = true},
    {"--cluster", "POINTER",
	"A JSON pointer into rows, as /metadata/topic: those of the same value "
	"are not independent.",
	.read = read_text, .member = "cluster"},
    {"--confidence", "X", "Of the intervals (0.95).", .read = read_number,
	.member = "confidence", .shared = true},
    {"--power", "DELTA",
	"Tells how many rows it takes to see this difference, and runs "
	"nothing; with --baseline, from the scores of that run.",
	.read = read_power},
    {"--max-cost", "USD", "Ends before all runs have cost more.",
	.read = read_number, .member = "maxCostUsd"},
    {"--no-cache", NULL, "Asks even what was asked before.", .read = read_false,
	.member = "cache"},
    {"--replay", NULL, "Answers from the cache alone; what is not there fails.",
	.read = read_replay, .member = "replay"},
    {"--resume", "RUN",
	"Goes on with a run that was cut off; the other options as they were.",
	.read = read_text, .member = "resume"},
    {"--retry-errors", NULL, "With --resume: what failed too.",
	.read = read_true, .member = "retryErrors"},
    {"--url", "URL", "Asks this endpoint; otherwise all runs right here.",
	.read = keep_text, AT(url)},
    {"--secret", "env:NAME|file:PATH",
	"What requests are signed with; without it the first one that is "
	"configured.",
	.read = keep_text, AT(secret)},
    {"--markdown", "2.1|2.2",
	"The option templates.markdown, for this once; not with --url.",
	.read = read_markdown},
    {"--format", "table|jsonl|csv|json|junit|html",
	"Of what is written: table on a terminal, else jsonl.",
	.read = read_format, .shared = true},
    {"--output", "FILE",
	"Writes to FILE, in the format that its ending says where --format "
	"does not; as often as there are files.",
	.read = add_text, AT(outputs), .shared = true},
    {.name = NULL},
};

static const struct cli_option *
find_option(const char *name, size_t len, bool report)
{
	const struct cli_option *o = study_options;

	for (; o->name != NULL; o++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0 &&
		    (o->shared || !report))
			return o;
	return NULL;
}

/* --name=value or --name value; returns how many arguments these are. */
static int
read_option(struct study_options *s, bool report, int n_args, char *const *args,
    struct err *err)
{
	const char *equals = strchr(args[0], '=');
	size_t len =
	    equals != NULL ? (size_t)(equals - args[0]) : strlen(args[0]);
	const struct cli_option *o = find_option(args[0], len, report);
	const char *value = equals != NULL ? equals + 1 : NULL;
	int taken = 1;

	if (o == NULL)
		return fail(err, ERR_REQUEST, "unexpected %s", args[0]);
	if (o->arg == NULL && value != NULL)
		return fail(err, ERR_REQUEST, "%s takes no value", o->name);
	if (o->arg != NULL && value == NULL) {
		if (n_args < 2)
			return fail(
			    err, ERR_REQUEST, "%s: which %s?", o->name, o->arg);
		value = args[1];
		taken = 2;
	}
	return o->read(s, o, value, err) == -1 ? -1 : taken;
}

static int
add_file(struct study_options *s, const char *name, struct err *err)
{
	const struct cli_option o = {.name = "files", AT(files)};

	return add_text(s, &o, name, err) == -1 ? -1 : 1;
}

int
study_read_options(struct study_options *s, bool report, int n_args,
    char *const *args, struct err *err)
{
	int i, taken;

	*s = (struct study_options){
	    .data = json_object(), .format = FORMAT__MAX, .markdown = -1};
	for (i = 0; i < n_args; i += taken) {
		if (args[i][0] == '-' && args[i][1] != '\0')
			taken =
			    read_option(s, report, n_args - i, args + i, err);
		else
			taken = add_file(s, args[i], err);
		if (taken == -1)
			return -1;
	}
	return 0;
}
