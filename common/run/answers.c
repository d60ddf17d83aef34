/* Finds kept answers and keeps new ones, for the request that is answered.  An
 * answer that cannot be read is asked for again, unless nobody may be asked.
 * It refuses to know how answers are made, and what is in them. */
#include "answers.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/xalloc.h"
#include "answers_int.h"
#include "metrics.h"

#include <stdlib.h>
#include <string.h>

/* --- for one request */

int
answers_read(const json_t *data, enum answers_mode *mode, struct err *err)
{
	const json_t *cache = json_object_get(data, "cache");
	const json_t *replay = json_object_get(data, "replay");

	*mode = ANSWERS_OFF;
	if (cache != NULL && !json_is_boolean(cache))
		return fail(err, ERR_REQUEST, "cache must be true or false");
	if (json_is_true(cache))
		*mode = ANSWERS_KEEP;
	if (replay == NULL)
		return 0;
	if (!json_is_string(replay) ||
	    strcmp(json_string_value(replay), "strict") != 0)
		return fail(err, ERR_REQUEST, "replay can only be \"strict\"");
	*mode = ANSWERS_STRICT;
	return 0;
}

static int
check(const struct answers_conf *conf, struct err *err)
{
	if (conf->use == ANSWERS_NEVER)
		return fail(err, ERR_REQUEST,
		    "this server keeps no answers (experiments.cache: off)");
	if (conf->hidden)
		return fail(err, ERR_REQUEST,
		    "this server keeps no answers: what is asked or answered "
		    "is hidden (telemetry.hide_inputs, hide_outputs)");
	if (conf->path == NULL)
		return fail(err, ERR_REQUEST,
		    "this server keeps no answers: it has no store");
	return 0;
}

int
answers_begin(struct engine *engine, enum answers_mode mode, struct err *err)
{
	const struct answers_conf *conf = &engine->settings->answers;
	struct answers *all;

	answers_end(engine);
	if (mode == ANSWERS_OFF && conf->use == ANSWERS_ALWAYS)
		mode = ANSWERS_KEEP;
	if (mode == ANSWERS_OFF)
		return 0;
	if (check(conf, err) < 0)
		return -1;
	all = xcalloc(1, sizeof(*all));
	all->mode = mode;
	all->engine = engine;
	all->cache = cache_new(conf->path, conf->bytes, conf->days);
	buf_init(&all->question, LIMIT_CACHE_ANSWER_BYTES);
	engine->answers = all;
	return 0;
}

int
answers_use(struct engine *engine, const json_t *data, struct err *err)
{
	enum answers_mode mode;

	return answers_read(data, &mode, err) < 0
		   ? -1
		   : answers_begin(engine, mode, err);
}

void
answers_end(struct engine *engine)
{
	struct answers *all = engine->answers;

	engine->answers = NULL;
	if (all == NULL)
		return;
	timer_clear(engine->loop, &all->rest);
	cache_free(all->cache);
	buf_free(&all->question);
	free(all);
}

bool
answers_strict(const struct engine *engine)
{
	return engine->answers != NULL &&
	       engine->answers->mode == ANSWERS_STRICT;
}

/* --- one answer */

struct answer {
	struct engine *engine;
	struct arena *arena;
	struct answer *next_open;
	bool waits; /* for another one that is open */
	void (*wake)(void *arg);
	void *arg;
	struct cache_key key;
	bool found;
	struct pieces pieces; /* of one that was found */
	size_t next;
	struct pieces_out out; /* of one that is given now */
	struct str question;   /* in the arena */
};

static void
free_out(void *arg)
{
	struct pieces_out *out = arg;

	buf_free(&out->bytes);
}

static void
count(struct engine *engine, const char *result)
{
	metric_add(engine, METRIC_ANSWERS,
	    (const struct metric_label[]){{"result", result}, {0}}, 1);
}

/* The rows that start in one turn look with one transaction, and those that end
 * in one turn are kept with one. */
static void
rest(void *arg)
{
	struct answers *all = arg;

	cache_rest(all->cache);
}

static void
rest_soon(struct answers *all)
{
	struct loop *loop = all->engine->loop;

	if (!all->rest.set)
		timer_set(loop, &all->rest, loop_now(loop), rest, all);
}

static int
look(struct answers *all, struct answer *answer)
{
	struct arena *a = answer->arena;
	struct str bytes;
	int found = cache_get(all->cache, a, &answer->key, &bytes);

	rest_soon(all);
	if (found <= 0)
		return found;
	if (pieces_read(a, bytes, &answer->pieces) == 0)
		return 1;
	cache_drop(all->cache, &answer->key);
	return 0;
}

static int
miss(struct answers *all, struct arena *a, const struct answer *answer,
    bool asked, struct err *err)
{
	struct nearest near = {.arena = a};
	struct err bad = {0};

	if (!asked)
		return fail(
		    err, ERR_PROVIDER, "the cache of answers cannot be read");
	near.here = json_read(answer->question, &bad);
	err_free(&bad);
	cache_like(all->cache, &answer->key, nearest_look, &near);
	json_decref(near.here);
	if (near.n == 0)
		return fail(err, ERR_PROVIDER,
		    "not in the cache, and nothing that is like it");
	return fail(
	    err, ERR_PROVIDER, "not in the cache; nearest: %s", near.text);
}

static bool
is_same(const struct answer *a, const struct answer *b)
{
	return memcmp(a->key.whole, b->key.whole, sizeof(a->key.whole)) == 0;
}

/* It waits when the same is asked already. */
static void
open_answer(struct answers *all, struct answer *answer)
{
	for (const struct answer *a = all->open; a != NULL; a = a->next_open)
		answer->waits =
		    answer->waits || (!a->waits && is_same(a, answer));
	answer->next_open = all->open;
	all->open = answer;
}

/* By what a question is found that is like one that was not. */
static void
make_other_keys(const struct answers *all, struct arena *a,
    const struct ask *ask, size_t said, struct cache_key *key)
{
	const struct buf *b = &all->question;

	crypt_hash((struct str){buf_str(b) + said, b->len - said}, key->said);
	question_about(a, ask, key->about);
}

int
answer_open(struct engine *engine, struct arena *a, const struct ask *ask,
    const struct toolset *tools, struct answer **answer, struct err *err)
{
	struct answers *all = engine->answers;
	struct buf *question;
	struct answer *made;
	size_t said;
	int found;

	*answer = NULL;
	if (all == NULL)
		return 0;
	made = *answer = arena_zalloc(a, sizeof(*made));
	made->engine = engine;
	made->arena = a;
	question = &all->question;
	buf_clear(question);
	said = question_print(question, ask, tools);
	crypt_hash(buf_text(question), made->key.whole);
	found = buf_full(question) ? 0 : look(all, made);
	made->found = found > 0;
	if (!made->found && !buf_full(question) && all->mode == ANSWERS_KEEP)
		open_answer(all, made);
	if (!made->waits)
		count(engine, made->found ? "hit" : "miss");
	if (made->found)
		return 0;
	if (!buf_full(question))
		made->question = (struct str){
		    arena_strndup(a, buf_str(question), question->len),
		    question->len};
	make_other_keys(all, a, ask, said, &made->key);
	if (all->mode == ANSWERS_STRICT)
		return miss(all, a, made, found == 0, err);
	buf_init(&made->out.bytes, LIMIT_CACHE_ANSWER_BYTES);
	arena_on_free(a, free_out, &made->out);
	return 0;
}

bool
answer_wait(struct answer *a, void (*wake)(void *arg), void *arg)
{
	if (a == NULL || !a->waits)
		return false;
	a->wake = wake;
	a->arg = arg;
	return true;
}

/* Those who waited ask side by side when there is none: if it failed, it may
 * have taken long. */
void
answer_look(struct answer *a)
{
	a->waits = false;
	a->found = look(a->engine->answers, a) > 0;
	count(a->engine, a->found ? "hit" : "miss");
}

void
answer_close(struct answer *a)
{
	struct answers *all = a != NULL ? a->engine->answers : NULL;
	struct answer **at = all != NULL ? &all->open : NULL;

	while (at != NULL && *at != NULL && *at != a)
		at = &(*at)->next_open;
	if (at == NULL || *at == NULL)
		return;
	*at = a->next_open;
	for (struct answer *b = all->open; b != NULL && !a->waits;
	     b = b->next_open)
		if (b->waits && is_same(a, b))
			b->wake(b->arg);
}

bool
answer_found(const struct answer *a)
{
	return a != NULL && a->found;
}

bool
answer_next(struct answer *a, struct piece *piece)
{
	if (a->next == a->pieces.n)
		return false;
	*piece = a->pieces.items[a->next++];
	return true;
}

struct answer_source
answer_source(const struct answer *a)
{
	const struct pieces *p = &a->pieces;
	struct answer_source source = {p->provider, p->model, NULL};

	for (size_t i = 0; i < p->n; i++)
		if (p->items[i].event.type == EVENT_FINISH)
			source.finish = &p->items[i].event;
	return source;
}

void
answer_add(struct answer *a, const struct piece *piece)
{
	if (a != NULL && !a->found)
		pieces_add(&a->out, piece);
}

/* Where a model says itself that it failed nothing is kept. */
void
answer_keep(struct answer *a, const struct exec *x, enum finish_reason reason)
{
	struct answers *all = a != NULL ? a->engine->answers : NULL;
	struct buf *b;

	if (all == NULL || a->found || reason == FINISH_ERROR) {
		answer_close(a);
		return;
	}
	b = &a->out.bytes;
	pieces_end(&a->out, exec_ask(x)->provider->name, exec_ask(x)->model);
	if (!buf_full(b) && a->question.len != 0) {
		cache_put(all->cache, &a->key, a->question, buf_text(b));
		rest_soon(all);
	}
	buf_clear(b);
	answer_close(a);
}
