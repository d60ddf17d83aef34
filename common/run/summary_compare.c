/* Two runs, row by row: both are put aside by hash and repeat and read side by
 * side at the end.  Rows of one hash are the same question, so they are one
 * unit, as rows of one cluster are.  It refuses to know how tests are made. */
#include "summary_int.h"

#include "../base/crypt.h"
#include "../base/json.h"
#include "../base/utf.h"
#include "../base/xalloc.h"
#include "../stat/paired.h"
#include "../stat/power.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXAMPLES = 10 };

/* What is put aside of a row: this, and a struct result for each eval. */
struct side {
	_Alignas(struct result) uint8_t cluster[SPOOL_KEY_LEN];
	bool clustered, failed;
	uint32_t n;
};

/* A row that changed. */
struct example {
	uint8_t hash[SPOOL_KEY_LEN];
	int64_t index, repeat;
	double before, after;
};

struct examples {
	struct example list[EXAMPLES];
	size_t n;
};

struct compare {
	struct summary *s;
	uint64_t pairs, only_here, only_there, failed_here, failed_there;
	struct change *changes; /* by eval */
	struct examples *worst, *best;
	struct part group; /* pairs of one hash, without a cluster */
	struct parts clusters;
};

static void
hash_key(uint8_t key[SPOOL_KEY_LEN], const char *hash)
{
	struct str text = str_from(hash);

	if (!hex_read(key, SPOOL_KEY_LEN, text))
		crypt_md5(text, key);
}

int
compare_put(
    struct summary *s, int shelf, const struct record *r, struct err *err)
{
	size_t len = sizeof(struct side) + s->n_evals * sizeof(struct result);
	struct side *side;
	struct spool_item item = {
	    .shelf = shelf, .major = r->repeat, .minor = r->index, .len = len};
	int rc;

	if (summary_spool(s, err) < 0)
		return -1;
	side = xcalloc(1, len);
	side->failed = r->failed;
	side->n = (uint32_t)s->n_evals;
	side->clustered = r->cluster != NULL;
	if (side->clustered)
		cluster_key(side->cluster, r->cluster);
	if (s->n_evals > 0)
		memcpy(
		    side + 1, s->results, s->n_evals * sizeof(struct result));
	hash_key(item.key, r->hash);
	item.data = side;
	rc = spool_put(s->spool, &item, err);
	free(side);
	return rc;
}

/* --- pairs */

/* Those that changed most; of equal ones, those that come first. */
static void
note_example(struct examples *e, const struct example *x)
{
	double size = fabs(x->after - x->before);
	size_t at = e->n;

	while (at > 0 &&
	       fabs(e->list[at - 1].after - e->list[at - 1].before) < size)
		at--;
	if (at == EXAMPLES)
		return;
	if (e->n < EXAMPLES)
		e->n++;
	memmove(
	    &e->list[at + 1], &e->list[at], (e->n - 1 - at) * sizeof(*e->list));
	e->list[at] = *x;
}

static void
compare_result(struct compare *c, size_t eval, const struct spool_item *item,
    const struct result *before, const struct result *after)
{
	struct change *change = &c->changes[eval];
	struct example x = {.index = item->minor,
	    .repeat = item->major,
	    .before = before->score,
	    .after = after->score};

	sum_add(&change->before, before->score);
	sum_add(&change->after, after->score);
	if ((before->score != 0 && before->score != 1) ||
	    (after->score != 0 && after->score != 1))
		change->graded = true;
	if (before->ruled && after->ruled) {
		change->ruled++;
		change->passed_before += before->passed;
		change->passed_after += after->passed;
		change->gained += after->passed && !before->passed;
		change->lost += before->passed && !after->passed;
	}
	memcpy(x.hash, item->key, SPOOL_KEY_LEN);
	if (x.after < x.before)
		note_example(&c->worst[eval], &x);
	else if (x.after > x.before)
		note_example(&c->best[eval], &x);
}

static void
end_unit(struct compare *c, const struct part *unit)
{
	for (size_t i = 0; i < unit->n_tallies; i++) {
		const struct tally *t = &unit->tallies[i];

		measure_add(
		    &c->changes[i].score, tally_sum(t), t->scored, t->scored);
		measure_add(
		    &c->changes[i].pass, (double)t->passed, t->ruled, t->ruled);
	}
}

static struct part *
unit_of(
    struct compare *c, const struct spool_item *item, const struct side *after)
{
	if (after->clustered)
		return parts_find(&c->clusters, after->cluster);
	if (memcmp(c->group.key, item->key, SPOOL_KEY_LEN) != 0) {
		end_unit(c, &c->group);
		part_clear(&c->group);
		memcpy(c->group.key, item->key, SPOOL_KEY_LEN);
	}
	return &c->group;
}

/* What is read is aligned by nobody. */
static struct side *
copy_side(const struct spool_item *item)
{
	struct side *side = xmalloc(item->len);

	memcpy(side, item->data, item->len);
	return side;
}

static void
compare_sides(struct compare *c, const struct spool_item *two,
    const struct side *before, const struct side *after)
{
	const struct result *b = (const struct result *)(before + 1);
	const struct result *a = (const struct result *)(after + 1);
	struct part *unit;

	c->pairs++;
	c->failed_here += after->failed;
	c->failed_there += before->failed;
	unit = unit_of(c, two, after);
	for (size_t i = 0; i < before->n && i < after->n; i++) {
		struct result d = {.there = true,
		    .ruled = b[i].ruled && a[i].ruled,
		    .score = a[i].score - b[i].score};

		if (!b[i].there || !a[i].there)
			continue;
		compare_result(c, i, two, &b[i], &a[i]);
		part_add(unit, i, &d);
		if (d.ruled)
			unit->tallies[i].passed += a[i].passed - b[i].passed;
	}
}

static void
compare_pair(struct compare *c, const struct spool_item *one,
    const struct spool_item *two)
{
	struct side *before = copy_side(one), *after = copy_side(two);

	compare_sides(c, two, before, after);
	free(before);
	free(after);
}

/* The k-th row of a hash there meets the k-th here. */
static int
compare_keys(const struct spool_item *a, const struct spool_item *b)
{
	int d = memcmp(a->key, b->key, SPOOL_KEY_LEN);

	return d != 0 ? d : (a->major > b->major) - (a->major < b->major);
}

static int
read_pairs(struct compare *c, struct spool_reader *there,
    struct spool_reader *here, struct err *err)
{
	struct spool_item one, two;
	int a = spool_next(there, &one, err), b = spool_next(here, &two, err);

	while (a > 0 || b > 0) {
		int d = a <= 0 ? 1 : b <= 0 ? -1 : compare_keys(&one, &two);

		if (a < 0 || b < 0)
			return -1;
		if (d == 0)
			compare_pair(c, &one, &two);
		c->only_there += d < 0;
		c->only_here += d > 0;
		if (d <= 0)
			a = spool_next(there, &one, err);
		if (d >= 0)
			b = spool_next(here, &two, err);
	}
	return a < 0 || b < 0 ? -1 : 0;
}

static int
gather(struct compare *c, struct err *err)
{
	struct summary *s = c->s;
	struct spool_reader *there = spool_read(s->spool, SHELF_BEFORE, err);
	struct spool_reader *here = spool_read(s->spool, SHELF_AFTER, err);
	int rc = -1;

	if (there != NULL && here != NULL)
		rc = read_pairs(c, there, here, err);
	spool_done(there);
	spool_done(here);
	end_unit(c, &c->group);
	for (size_t i = 0; i < c->clusters.n_buckets; i++)
		for (struct part *p = c->clusters.buckets[i]; p != NULL;
		     p = p->next)
			end_unit(c, p);
	return rc;
}

/* --- what it says */

static double
flip(const struct summary *s, struct measure *m)
{
	if (m->sample.units == m->n_units)
		return flip_p(m->units, m->n_units, s->conf->seed);
	return flip_p_many(sum_value(&m->sample.s), sum_value(&m->sample.ss));
}

/* McNemar's test counts pairs, so they have to be independent. */
static bool
by_pairs(const struct change *c)
{
	return c->pass.sample.units == c->pass.sample.n && c->ruled > 0;
}

static double
passes_p(const struct summary *s, struct change *c)
{
	if (c->ruled == 0)
		return 1;
	return by_pairs(c) ? mcnemar_p(c->gained, c->lost) : flip(s, &c->pass);
}

static bool
by_mcnemar(const struct change *c)
{
	return !c->graded && by_pairs(c) && c->ruled == c->score.sample.n;
}

static json_t *
examples_json(const struct examples *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->n; i++) {
		char hex[2 * SPOOL_KEY_LEN + 1];
		json_t *o = json_object();

		hex_print(hex, e->list[i].hash, SPOOL_KEY_LEN);
		(void)json_object_set_new(
		    o, "index", json_integer(e->list[i].index));
		(void)json_object_set_new(
		    o, "repeat", json_integer(e->list[i].repeat));
		(void)json_object_set_new(o, "hash", json_string(hex));
		set_exact(o, "before", e->list[i].before);
		set_exact(o, "after", e->list[i].after);
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *
passes_json(const struct summary *s, struct change *c)
{
	json_t *o = json_object();

	set_count(o, "n", c->ruled);
	set_exact(o, "before", (double)c->passed_before / (double)c->ruled);
	set_exact(o, "after", (double)c->passed_after / (double)c->ruled);
	set_count(o, "gained", c->gained);
	set_count(o, "lost", c->lost);
	set_round(o, "p", passes_p(s, c));
	return o;
}

static const char *
verdict(const struct summary *s, double difference, double adjusted)
{
	if (adjusted >= 1 - s->conf->confidence || difference == 0)
		return "unclear";
	return difference > 0 ? "better" : "worse";
}

static void
set_more(
    const struct summary *s, const struct sample *a, size_t tests, json_t *o)
{
	struct power w = {(1 - s->conf->confidence) / (double)tests, 0.8};
	double n = (double)a->n, sd = sample_se(a) * sqrt(n), more = 0;

	if (sd > 0 && sample_mean(a) != 0)
		more = rows_more(power_mean(&w, sample_mean(a), sd), n);
	if (more > 0)
		set_count(o, "moreRows", (uint64_t)more);
}

static json_t *
change_json(
    const struct compare *c, size_t i, double p, double adjusted, size_t tests)
{
	struct change *change = &c->changes[i];
	const struct sample *a = &change->score.sample;
	double n = (double)a->n, difference = sample_mean(a);
	const char *name = c->s->evals[i]->name, *word;
	struct interval in = interval_mean(a, c->s->conf->confidence, false);
	json_t *o = json_object();

	word = verdict(c->s, difference, adjusted);
	json_set_str(o, "name", str_from(name));
	set_count(o, "n", a->n);
	set_exact(o, "before", sum_value(&change->before) / n);
	set_exact(o, "after", sum_value(&change->after) / n);
	set_round(o, "difference", difference);
	set_round(o, "low", in.low);
	set_round(o, "high", in.high);
	(void)json_object_set_new(o, "test",
	    json_string(by_mcnemar(change) ? "mcnemar" : "permutation"));
	set_round(o, "p", p);
	set_round(o, "pHolm", adjusted);
	(void)json_object_set_new(o, "verdict", json_string(word));
	if (strcmp(word, "unclear") == 0)
		set_more(c->s, a, tests, o);
	if (change->ruled > 0)
		(void)json_object_set_new(
		    o, "passes", passes_json(c->s, change));
	(void)json_object_set_new(o, "worst", examples_json(&c->worst[i]));
	(void)json_object_set_new(o, "best", examples_json(&c->best[i]));
	return o;
}

static int
by_name(const void *a, const void *b)
{
	json_t *const *x = a, *const *y = b;

	return strcmp(json_string_value(json_object_get(*x, "name")),
	    json_string_value(json_object_get(*y, "name")));
}

/* Evals that both runs have, in the order of their names. */
static json_t *
changes_json(const struct compare *c, bool *regressed)
{
	size_t n = c->s->n_evals, tests = 0;
	double *p = xcalloc(n + 1, sizeof(*p));
	double *adjusted = xcalloc(n + 1, sizeof(*p));
	json_t **items = xcalloc(n + 1, sizeof(json_t *)), *list = json_array();

	for (size_t i = 0; i < n; i++)
		if (c->changes[i].score.sample.n > 0) {
			p[i] = by_mcnemar(&c->changes[i])
				   ? passes_p(c->s, &c->changes[i])
				   : flip(c->s, &c->changes[i].score);
			adjusted[tests++] = p[i];
		}
	holm(adjusted, tests);
	for (size_t i = 0, k = 0; i < n; i++)
		if (c->changes[i].score.sample.n > 0) {
			items[k] = change_json(c, i, p[i], adjusted[k], tests);
			k++;
		}
	qsort(items, tests, sizeof(json_t *), by_name);
	for (size_t i = 0; i < tests; i++) {
		*regressed |= strcmp(json_string_value(
					 json_object_get(items[i], "verdict")),
				  "worse") == 0;
		(void)json_array_append_new(list, items[i]);
	}
	free(p);
	free(adjusted);
	free(items);
	return list;
}

static json_t *
print(const struct compare *c)
{
	json_t *o = json_object(), *changes;
	bool regressed = false;

	set_count(o, "pairs", c->pairs);
	set_count(o, "onlyHere", c->only_here);
	set_count(o, "onlyThere", c->only_there);
	set_count(o, "failedHere", c->failed_here);
	set_count(o, "failedThere", c->failed_there);
	changes = changes_json(c, &regressed);
	(void)json_object_set_new(o, "regressed", json_boolean(regressed));
	(void)json_object_set_new(o, "evals", changes);
	return o;
}

json_t *
compare_json(struct summary *s, struct err *err)
{
	size_t n = s->n_evals + 1;
	struct compare c = {.s = s,
	    .changes = xcalloc(n, sizeof(*c.changes)),
	    .worst = xcalloc(n, sizeof(*c.worst)),
	    .best = xcalloc(n, sizeof(*c.best))};
	json_t *o = NULL;

	if (gather(&c, err) == 0)
		o = print(&c);
	for (size_t i = 0; i < n; i++) {
		measure_free(&c.changes[i].score);
		measure_free(&c.changes[i].pass);
	}
	parts_free(&c.clusters);
	free(c.group.tallies);
	free(c.changes);
	free(c.worst);
	free(c.best);
	return o;
}
