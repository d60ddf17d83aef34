/* The eval `similar`: how close in meaning the output is to what was expected,
 * as the cosine of their embeddings.  It refuses to know how a vendor makes
 * embeddings. */
#include "eval_int.h"

#include "../base/json.h"
#include "../base/utf.h"
#include "steps.h"

#include <math.h>
#include <string.h>

/* Where no threshold is configured. */
#define DEFAULT_THRESHOLD 0.8

struct similar {
	struct sink sink; /* first */
	struct eval_run *eval;
	struct steps *steps;
	struct ask ask;
};

static void
answer(struct eval_run *e, double score, const char *reason)
{
	double threshold = e->conf->threshold;
	struct score out = {.score = score, .reason = reason};

	out.passed =
	    score >= (isnan(threshold) ? DEFAULT_THRESHOLD : threshold);
	eval_score(e, &out);
}

/* NAN when they cannot be compared. */
static double
cosine(const json_t *a, const json_t *b)
{
	double dot = 0, aa = 0, bb = 0;
	size_t n = json_array_size(a), i;

	if (n == 0 || n != json_array_size(b))
		return NAN;
	for (i = 0; i < n; i++) {
		double x = json_number_value(json_array_get(a, i));
		double y = json_number_value(json_array_get(b, i));

		dot += x * y;
		aa += x * x;
		bb += y * y;
	}
	return dot / (sqrt(aa) * sqrt(bb));
}

/* Opposite meanings are no less similar than unrelated ones. */
static void
compare(struct eval_run *e, const json_t *vectors)
{
	double value =
	    cosine(json_array_get(vectors, 0), json_array_get(vectors, 1));

	if (!isfinite(value)) {
		eval_fail(e, "the embeddings cannot be compared");
		return;
	}
	answer(e, fmin(fmax(value, 0), 1),
	    arena_printf(e->arena, "cosine %.4f", value));
}

static void
similar_event(struct sink *self, const struct event *ev)
{
	struct similar *s = (struct similar *)self;

	if (ev->type == EVENT_OBJECT_FINAL)
		compare(s->eval, ev->object);
	else if (ev->type == EVENT_ERROR)
		eval_fail(s->eval,
		    arena_strndup(s->eval->arena, ev->text.p, ev->text.len));
}

static int
ask_for(
    struct similar *s, struct str output, struct str expected, struct err *err)
{
	struct eval_run *e = s->eval;
	const char *const *models = e->conf->models;
	json_t *texts;

	if (models == NULL || models[0] == NULL)
		return fail(err, ERR_UNCONFIGURED,
		    "no model is configured that makes the embeddings");
	if (model_resolve(&e->engine->settings->models, models[0],
		&s->ask.provider, &s->ask.model, err) < 0)
		return -1;
	texts = json_array();
	(void)json_array_append_new(
	    texts, json_stringn_nocheck(output.p, output.len));
	(void)json_array_append_new(
	    texts, json_stringn_nocheck(expected.p, expected.len));
	(void)json_own(e->arena, texts);
	s->ask.kind = PROMPT_EMBED;
	s->ask.messages = texts;
	s->ask.span = e->c.span;
	s->ask.bill = e->c.bill;
	s->sink.event = similar_event;
	s->steps =
	    steps_start(e->engine, e->arena, &s->ask, NULL, &s->sink, err);
	return s->steps != NULL ? 0 : -1;
}

/* Vendors refuse empty texts, and equal ones need no embeddings. */
int
eval_similar_start(struct eval_run *e, struct err *err)
{
	struct str output = builtin_text(e->arena, e->c.output);
	struct str expected = builtin_text(e->arena, e->c.expected);
	struct similar *s = arena_zalloc(e->arena, sizeof(*s));

	e->state = s;
	s->eval = e;
	if (output.p == NULL)
		return fail(err, ERR_PROMPT, "the row has no output");
	if (expected.p == NULL)
		return fail(err, ERR_PROMPT, "the row has no expected_output");
	if (str_eq(output, expected))
		answer(e, 1, "the texts are equal");
	else if (output.len == 0 || expected.len == 0)
		answer(e, 0, "one of the texts is empty");
	else
		return ask_for(s, output, expected, err);
	return 0;
}

void
eval_similar_free(struct eval_run *e)
{
	struct similar *s = e->state;

	if (s != NULL)
		steps_free(s->steps);
}
