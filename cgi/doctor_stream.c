/* Tries how a mount carries streams: one, several at once, compressed, silent,
 * and left by the client.  It refuses to know how servers are configured. */
#include "doctor_mount.h"

#include "../common/base/clock.h"
#include "../common/base/limits.h"

#include <stdlib.h>
#include <string.h>

/* A stream of some words with a pause between two of them; of the gaps between
 * what arrives most must be seen, because machines and lines are busy. */
enum { WORDS = 6, PAUSE_MS = 250, GAPS = 3, AT_ONCE = 9 };
/* After a client has left. */
enum { LEFT_WORDS = 30, LEFT_PAUSE_MS = 1000, LEFT_MS = 10000, LOOK_MS = 250 };

/* A prompt to the built-in model, which says N words. */
static struct str
prompt(struct mount *m, size_t n, int64_t pause_ms)
{
	const char *words = "agentmark-check", *text;

	while (--n > 0)
		words = arena_printf(m->d->arena, "%s word", words);
	text = arena_printf(m->d->arena,
	    "{\"type\":\"prompt-run\",\"data\":{\"ast\":{\"type\":\"root\","
	    "\"children\":[{\"type\":\"yaml\",\"value\":"
	    "\"name: check\\ntext_config:\\n  model_name: echo/delay-%lld\"},"
	    "{\"type\":\"mdxJsxFlowElement\",\"name\":\"User\","
	    "\"attributes\":[],\"children\":[{\"type\":\"paragraph\","
	    "\"children\":[{\"type\":\"text\",\"value\":\"%s\"}]}]}]},"
	    "\"options\":{\"shouldStream\":true}}}",
	    (long long)pause_ms, words);
	return (struct str){text, strlen(text)};
}

/* --- streams */

/* A rule for models may lead its name to somebody else. */
void
mount_try_model(struct mount *m, const char *what)
{
	struct trial *t = mount_wait(
	    mount_post(m, (struct sending){.body = prompt(m, 1, 0)}));

	if (t->status == 403) {
		doctor_say(m->d, what, DOCTOR_UNTRIED,
		    "allow echo/* in the list of models of this secret",
		    "this secret may not use it, so streams cannot be tried");
	} else if (t->status != 200) {
		mount_failed(m, what, t);
	} else if (mount_says(t, "agentmark-check") && t->streams) {
		m->level = SPEAKS;
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "it answers, in %lld ms", (long long)t->last);
	} else {
		doctor_say(m->d, what, DOCTOR_ERROR,
		    "let no rule of models or executors match echo/*",
		    "something else than the built-in model answers");
	}
}

static size_t
count_gaps(const struct trial *t)
{
	size_t i, n = 0;

	for (i = 1; i < t->n_moments; i++)
		if (t->moments[i] - t->moments[i - 1] >= PAUSE_MS / 2)
			n++;
	return n;
}

static bool
is_whole(const struct trial *t)
{
	return t->status == 200 && t->how == HTTP_OK;
}

static struct trial *
stream(struct mount *m, const char *accept)
{
	return mount_wait(
	    mount_post(m, (struct sending){.body = prompt(m, WORDS, PAUSE_MS),
			      .more = accept}));
}

void
mount_try_stream(struct mount *m, const char *what)
{
	struct trial *t = stream(m, NULL);

	if (!is_whole(t)) {
		mount_failed(m, what, t);
	} else if (count_gaps(t) >= GAPS) {
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "lines arrive one by one, the first after %lld ms",
		    (long long)t->moments[0]);
	} else {
		m->buffers = true;
		doctor_say(m->d, what, DOCTOR_ERROR,
		    mount_remedy(m, REMEDY_STREAM),
		    "an answer of %d ms arrives at once: it is buffered",
		    (WORDS - 1) * PAUSE_MS);
	}
}

void
mount_try_compression(struct mount *m, const char *what)
{
	struct trial *t = stream(m, "Accept-Encoding: gzip, deflate, br");
	const char *coding = t->coding != NULL ? t->coding : "nothing";

	if (m->buffers && t->coding == NULL)
		doctor_say(m->d, what, DOCTOR_UNTRIED, NULL,
		    "answers are buffered, but not compressed");
	else if (!is_whole(t))
		mount_failed(m, what, t);
	else if (count_gaps(t) >= GAPS)
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "lines arrive one by one for who accepts gzip, too; "
		    "compressed by %s",
		    coding);
	else
		doctor_say(m->d, what, DOCTOR_ERROR,
		    mount_remedy(m, REMEDY_COMPRESSION),
		    "for who accepts gzip an answer arrives at once; "
		    "compressed by %s",
		    coding);
}

/* How many streams were under way when one of them began. */
static size_t
count_at_once(struct trial *const *all)
{
	size_t i, k, n, most = 0;
	int64_t from;

	for (i = 0; i < AT_ONCE; i++) {
		if (all[i]->n_moments == 0)
			continue;
		from = all[i]->began + all[i]->moments[0];
		for (k = n = 0; k < AT_ONCE; k++)
			if (all[k]->n_moments != 0 &&
			    all[k]->began + all[k]->moments[0] <= from &&
			    all[k]->began + all[k]->last > from)
				n++;
		most = n > most ? n : most;
	}
	return most;
}

void
mount_try_at_once(struct mount *m, const char *what)
{
	struct trial *all[AT_ONCE], *bad = NULL;
	size_t i, most;

	for (i = 0; i < AT_ONCE; i++)
		all[i] = mount_post(
		    m, (struct sending){.body = prompt(m, WORDS, PAUSE_MS),
			   .limit_ms = 2 * MOUNT_MS});
	for (i = 0; i < AT_ONCE; i++)
		if (!is_whole(mount_wait(all[i])))
			bad = all[i];
	most = count_at_once(all);
	if (bad != NULL)
		doctor_say(m->d, what, DOCTOR_ERROR,
		    mount_remedy(m, REMEDY_WORKERS),
		    "not all of %d are answered: %d, %s", AT_ONCE, bad->status,
		    bad->reason);
	else if (m->buffers)
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "all of %d are answered; how many at a time cannot be seen "
		    "of what is buffered",
		    AT_ONCE);
	else
		doctor_say(m->d, what, most > 1 ? DOCTOR_OK : DOCTOR_WARNING,
		    most > 1 ? NULL : mount_remedy(m, REMEDY_WORKERS),
		    "all of %d are answered, %zu at a time", AT_ONCE, most);
}

/* Blank lines. */
static size_t
count_heartbeats(const struct trial *t)
{
	const char *p = buf_str(&t->body);
	size_t n = 0;

	for (; *p != '\0'; p++)
		if (p[0] == '\n' && p[1] == '\n')
			n++;
	return n;
}

void
mount_try_silence(struct mount *m, const char *what)
{
	int64_t ms = m->conf->silence_ms;
	struct trial *t;

	if (ms == 0) {
		doctor_say(m->d, what, DOCTOR_UNTRIED, NULL,
		    "--silence 65 tries whether a stream may be silent for 65 "
		    "s");
		return;
	}
	t = mount_wait(mount_post(m, (struct sending){.body = prompt(m, 2, ms),
					 .limit_ms = ms + 2 * MOUNT_MS}));
	if (is_whole(t) && t->last >= ms && mount_says(t, "finishReason"))
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "a stream survives %lld s of silence, with %zu heartbeats",
		    (long long)ms / 1000, count_heartbeats(t));
	else
		doctor_say(m->d, what, DOCTOR_ERROR,
		    mount_remedy(m, REMEDY_SILENCE),
		    "a stream breaks off after %.1f s of silence, with %zu "
		    "heartbeats (%d, %s)",
		    (double)t->last / 1000, count_heartbeats(t), t->status,
		    t->reason);
}

/* --- a client that leaves */

/* How many runs nobody waited for, as the page of metrics counts them; -1: it
 * is not to be had, or nothing is counted. */
static double
count_left(struct mount *m)
{
	static const char name[] = "agentmark_runs_total{";
	const char *token = m->d->conf->status_token.text, *line, *left;
	const char *headers[] = {
	    arena_printf(m->d->arena, "Authorization: Bearer %s",
		token != NULL ? token : ""),
	    arena_printf(
		m->d->arena, "X-Status-Token: %s", token != NULL ? token : ""),
	    NULL};
	const struct http_request get = {
	    .url = arena_printf(m->d->arena, "%s/metrics", m->conf->url),
	    .headers = headers,
	    .clocks = {.connect = MOUNT_MS, .total = MOUNT_MS},
	    .max_body = LIMIT_DOCTOR_REPLY_BYTES,
	};
	struct trial *t;
	size_t labels;
	double n = 0;

	if (token == NULL || *token == '\0')
		return -1;
	t = mount_wait(doctor_start(m->d, &get));
	if (t->status != 200 || !mount_says(t, "agentmark_requests_total{"))
		return -1;
	line = buf_str(&t->body);
	while ((line = strstr(line, name)) != NULL) {
		labels = strcspn(line, "}\n");
		left = strstr(line, "status=\"left\"");
		if (left != NULL && left < line + labels)
			n += strtod(line + labels + 1, NULL);
		line += labels;
	}
	return n;
}

void
mount_try_leaving(struct mount *m, const char *what)
{
	double before = count_left(m);
	int64_t left;

	if (before < 0) {
		doctor_say(m->d, what, DOCTOR_UNTRIED, NULL,
		    "whether a run ends when its client leaves cannot be seen "
		    "from outside without the endpoint's status.token");
		return;
	}
	(void)mount_wait(mount_post(
	    m, (struct sending){.body = prompt(m, LEFT_WORDS, LEFT_PAUSE_MS),
		   .leave = true}));
	left = clock_mono_ms();
	while (count_left(m) <= before && clock_mono_ms() - left < LEFT_MS)
		loop_turn(m->d->loop, LOOK_MS);
	if (clock_mono_ms() - left < LEFT_MS)
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "a run ends within %.1f s when its client leaves",
		    (double)(clock_mono_ms() - left) / 1000);
	else
		doctor_say(m->d, what, DOCTOR_WARNING,
		    mount_remedy(m, REMEDY_LEAVING),
		    "a run goes on for %d s and more when its client has left",
		    LEFT_MS / 1000);
}
