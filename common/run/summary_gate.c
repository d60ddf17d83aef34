/* Gates: what must be reached, whether it is, and how sure that is.  It refuses
 * to know what becomes of a run that fails one. */
#include "summary_int.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "../base/xalloc.h"
#include "../stat/paired.h"
#include "../stat/power.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A mean that is the threshold but for its rounding reaches it. */
static const double rounding = 1e-12;

static struct gate_state *
add_gate(struct summary *s, const struct gate *gate, struct eval_stats *e)
{
	struct gate_state *g;

	s->gates = xrealloc(s->gates, xmul(s->n_gates + 1, sizeof(*s->gates)));
	g = &s->gates[s->n_gates++];
	*g = (struct gate_state){
	    .gate = gate, .eval = e, .name = e != NULL ? e->name : gate->eval};
	return g;
}

/* Rows before the first one with a score had none.  A gate without a name is
 * one for each eval. */
void
gates_find(struct summary *s, struct eval_stats *e)
{
	for (size_t i = 0; i < s->conf->n_gates; i++) {
		const struct gate *gate = &s->conf->gates[i];
		struct gate_state *g;

		if ((gate->eval == NULL) != (e != NULL))
			continue;
		g = add_gate(s, gate, e);
		for (uint64_t k = 0; s->conf->early && k < s->done; k++)
			sequence_bet_add(&g->bet, 0, gate->threshold);
	}
	for (size_t i = 0; i < s->n_gates && e != NULL; i++)
		if (s->gates[i].gate->eval != NULL &&
		    strcmp(s->gates[i].name, e->name) == 0)
			s->gates[i].eval = e;
}

/* --- numbers */

double
gate_value(const struct summary *s, const struct gate_state *g)
{
	if (g->eval == NULL)
		return 0;
	return (g->gate->rate ? (double)g->eval->passed
			      : sum_value(&g->eval->sum)) /
	       (double)s->rows;
}

static bool
gate_passed(const struct summary *s, const struct gate_state *g)
{
	return g->eval != NULL &&
	       gate_value(s, g) >= g->gate->threshold - rounding;
}

/* Over all units, those without a score too. */
static struct sample
gate_sample(const struct summary *s, const struct gate_state *g)
{
	const struct measure *m =
	    g->gate->rate ? &g->eval->rate : &g->eval->score;

	return (struct sample){.units = s->units,
	    .n = s->units_n,
	    .nn = s->units_nn,
	    .s = m->sample.s,
	    .ss = m->sample.ss,
	    .sn = m->by_all};
}

static bool
is_rate(const struct gate_state *g)
{
	return g->gate->rate || !g->eval->graded;
}

static bool
is_unit(const struct gate_state *g)
{
	return g->eval->min >= 0 && g->eval->max <= 1;
}

struct interval
gate_interval(const struct summary *s, const struct gate_state *g)
{
	struct sample a;

	if (g->eval == NULL || s->units == 0)
		return (struct interval){METHOD_NONE, NAN, NAN};
	a = gate_sample(s, g);
	return is_rate(g) ? interval_rate(&a, s->conf->confidence)
			  : interval_mean(&a, s->conf->confidence, is_unit(g));
}

static double
gate_p(const struct summary *s, const struct gate_state *g)
{
	struct sample a;

	if (g->eval == NULL)
		return 1;
	a = gate_sample(s, g);
	if (fabs(gate_value(s, g) - g->gate->threshold) <= rounding)
		return 1;
	return is_rate(g) ? p_rate(&a, g->gate->threshold)
			  : p_mean(&a, g->gate->threshold, is_unit(g));
}

double
rows_more(double needed, double n)
{
	double more = needed - n, step;

	if (!(more > 0) || more > 1e9)
		return 0;
	step = more < 100 ? 1 : pow(10, floor(log10(more)) - 1);
	return ceil(more / step) * step;
}

/* For a chance of 80 % to tell, when the estimate is right. */
static double
more_rows(const struct summary *s, const struct gate_state *g)
{
	struct power w = {(1 - s->conf->confidence) / (double)s->n_gates, 0.8};
	double delta = gate_value(s, g) - g->gate->threshold, n, sd;
	struct sample a;

	if (g->eval == NULL || fabs(delta) <= rounding)
		return 0;
	a = gate_sample(s, g);
	n = (double)a.n;
	if (is_rate(g) && a.nn == a.n)
		return rows_more(
		    power_rate(&w, gate_value(s, g), g->gate->threshold), n);
	sd = sample_se(&a) * sqrt(n);
	return sd > 0 ? rows_more(power_mean(&w, delta, sd), n) : 0;
}

/* --- words */

static void
say(struct buf *b, const char *text)
{
	if (b->len > 0)
		buf_adds(b, "; ");
	buf_adds(b, text);
}

static void
set_warning(const struct summary *s, const struct gate_state *g,
    const struct interval *i, double more, json_t *o)
{
	double threshold = g->gate->threshold;
	uint64_t n = g->eval == NULL ? 0
		     : g->gate->rate ? g->eval->ruled
				     : g->eval->n;
	struct buf b;

	buf_init(&b, LIMIT_ERR_BYTES);
	if (g->eval == NULL)
		say(&b, "no row has a score: test_settings.evals of the prompt "
			"names the evals");
	else if (n == 0)
		say(&b, g->gate->rate ? "no row says whether it passed"
				      : "no row has a score");
	else if (n < s->rows)
		buf_addf(&b,
		    "%" PRIu64 " of %" PRIu64
		    " rows have no score and count as 0",
		    s->rows - n, s->rows);
	if (n > 0 && i->low <= threshold && threshold <= i->high) {
		say(&b, "the threshold ");
		buf_addf(&b, "%.6g lies inside the interval %.3g to %.3g",
		    threshold, i->low, i->high);
		if (more > 0)
			buf_addf(&b,
			    ": about %.0f more rows are needed to tell", more);
		else
			buf_adds(&b, ": more rows are needed to tell");
	}
	if (b.len > 0)
		json_set_str(o, "warning", buf_text(&b));
	buf_free(&b);
}

static json_t *
gate_json(const struct summary *s, const struct gate_state *g, double p,
    double adjusted)
{
	bool certain = adjusted < 1 - s->conf->confidence;
	double more = certain ? 0 : more_rows(s, g);
	struct interval i = gate_interval(s, g);
	json_t *o = json_object();

	if (g->name != NULL)
		json_set_str(o, "eval", str_from(g->name));
	(void)json_object_set_new(
	    o, "of", json_string(g->gate->rate ? "rate" : "mean"));
	set_exact(o, "threshold", g->gate->threshold);
	set_exact(o, "value", s->rows > 0 ? gate_value(s, g) : NAN);
	set_round(o, "low", i.low);
	set_round(o, "high", i.high);
	set_count(o, "n", s->rows);
	(void)json_object_set_new(o, "passed", json_boolean(gate_passed(s, g)));
	set_round(o, "p", p);
	set_round(o, "pHolm", adjusted);
	(void)json_object_set_new(o, "certain", json_boolean(certain));
	if (more > 0)
		set_count(o, "moreRows", (uint64_t)more);
	set_warning(s, g, &i, more, o);
	return o;
}

static int
by_name(const void *a, const void *b)
{
	const struct gate_state *x = a, *y = b;

	if (x->gate != y->gate)
		return x->gate < y->gate ? -1 : 1;
	return strcmp(x->name, y->name);
}

json_t *
gates_json(struct summary *s)
{
	double *p, *adjusted;
	json_t *list = json_array();

	if (s->n_gates == 0)
		return list;
	qsort(s->gates, s->n_gates, sizeof(*s->gates), by_name);
	p = xcalloc(s->n_gates, sizeof(*p));
	adjusted = xcalloc(s->n_gates, sizeof(*p));
	for (size_t i = 0; i < s->n_gates; i++)
		p[i] = adjusted[i] = gate_p(s, &s->gates[i]);
	holm(adjusted, s->n_gates);
	for (size_t i = 0; i < s->n_gates; i++)
		(void)json_array_append_new(
		    list, gate_json(s, &s->gates[i], p[i], adjusted[i]));
	free(p);
	free(adjusted);
	return list;
}
