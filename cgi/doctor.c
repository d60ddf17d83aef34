/* Findings and exchanges: what was tried, when its parts came, and how that is
 * told to a person or a machine.  It refuses to know what is tried. */
#include "doctor.h"

#include "../common/base/clock.h"
#include "../common/base/json.h"
#include "../common/base/limits.h"
#include "check.h"
#include "grid.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Servers that sign and count by time refuse what is more than this off. */
enum { SKEW_MS = 60000 };

static const char *const verdicts[] = {
    [DOCTOR_OK] = "ok",
    [DOCTOR_WARNING] = "warning",
    [DOCTOR_ERROR] = "error",
    [DOCTOR_UNTRIED] = "not tried",
};
_Static_assert(ARRAY_LEN(verdicts) == DOCTOR__MAX, "a name for every verdict");

/* --- findings */

void
doctor_init(struct doctor *d, const struct conf *conf, FILE *out)
{
	*d = (struct doctor){
	    .arena = arena_new(NULL),
	    .loop = loop_new(),
	    .conf = conf,
	    .out = out,
	};
}

/* Each line of what mends it stands below the finding. */
static void
print_text(FILE *out, const char *head, const char *what, const char *text,
    const char *mend)
{
	const char *label = "to mend: ";
	size_t len;

	(void)fprintf(out, "%-9s ", head);
	grid_put(out, false, GRID_PLAIN, what);
	(void)fputs(": ", out);
	grid_put(out, false, GRID_PLAIN, text);
	(void)fputc('\n', out);
	while (mend != NULL && *mend != '\0') {
		len = strcspn(mend, "\n");
		(void)fprintf(out, "%10s%-9s%.*s\n", "", label, (int)len, mend);
		mend += len + (mend[len] == '\n');
		label = "";
	}
	(void)fflush(out);
}

static void
add_json(struct buf *b, const char *head, const char *what, const char *text,
    const char *mend)
{
	const struct {
		const char *name, *value;
	} members[] = {
	    {"verdict", head}, {"what", what}, {"text", text}, {"mend", mend}};

	if (b->len != 0)
		buf_addc(b, ',');
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		buf_addf(b, "%s\"%s\":", i == 0 ? "{" : ",", members[i].name);
		if (members[i].value != NULL)
			json_print_string(b, (struct str){members[i].value,
						 strlen(members[i].value)});
		else
			buf_adds(b, "null");
	}
	buf_addc(b, '}');
}

void
doctor_say(struct doctor *d, const char *what, enum verdict verdict,
    const char *mend, const char *format, ...)
{
	char text[LIMIT_ERR_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (verdict == DOCTOR_ERROR)
		d->failed = true;
	if (d->json != NULL)
		add_json(d->json, verdicts[verdict], what, text, mend);
	else
		print_text(d->out, verdicts[verdict], what, text, mend);
}

static void
say_skew(struct doctor *d)
{
	int64_t off = llabs(d->skew);

	if (d->skew_of == NULL)
		return;
	if (off <= SKEW_MS)
		doctor_say(d, "clock", DOCTOR_OK, NULL,
		    "it agrees with that of %s", d->skew_of);
	else
		doctor_say(d, "clock", DOCTOR_WARNING,
		    "set the clock by NTP: signatures of Amazon's, budgets and "
		    "rates depend on it",
		    "%lld s %s that of %s", (long long)off / 1000,
		    d->skew > 0 ? "behind" : "ahead of", d->skew_of);
}

int
doctor_finish(struct doctor *d)
{
	say_skew(d);
	if (d->json != NULL)
		(void)fprintf(d->out, "{\"ok\":%s,\"findings\":[%s]}\n",
		    d->failed ? "false" : "true", buf_str(d->json));
	arena_free(d->arena); /* exchanges need the loop */
	loop_free(d->loop);
	return d->failed ? 1 : 0;
}

/* --- exchanges */

static const char *
copy_header(struct trial *t, const char *name)
{
	const char *value = http_header(t->http, name);

	return value != NULL ? arena_strdup(t->doctor->arena, value) : NULL;
}

static void
on_head(void *arg, int status)
{
	struct trial *t = arg;

	t->status = status;
	t->head = clock_mono_ms() - t->began;
	t->server = copy_header(t, "server");
	t->location = copy_header(t, "location");
	t->type = copy_header(t, "content-type");
	t->coding = copy_header(t, "content-encoding");
	t->streams = http_header(t->http, "agentmark-streaming") != NULL;
}

/* To the half of a second that servers leave out. */
static void
note_clock(struct trial *t)
{
	struct doctor *d = t->doctor;
	int64_t off = t->facts.date + 500 - clock_wall_ms();

	if (t->facts.date < 0)
		return;
	if (d->skew_of == NULL || llabs(off) < llabs(d->skew)) {
		d->skew = off;
		d->skew_of = t->host;
	}
}

static void
finish(struct trial *t, enum http_end how, const char *reason)
{
	t->how = how;
	t->reason = arena_strdup(t->doctor->arena, reason);
	t->last = clock_mono_ms() - t->began;
	t->ended = true;
	if (t->http != NULL) {
		http_facts(t->http, &t->facts);
		note_clock(t);
	}
}

static void
on_data(void *arg, struct str bytes)
{
	struct trial *t = arg;
	int64_t now = clock_mono_ms() - t->began;

	if (t->n_moments < LIMIT_DOCTOR_MOMENTS)
		t->moments[t->n_moments++] = now;
	buf_add(&t->body, bytes.p, bytes.len);
	if (!t->leave)
		return;
	finish(t, HTTP_CUT, "we have left");
	http_free(t->http);
	t->http = NULL;
}

static void
on_end(void *arg, enum http_end how, const char *reason)
{
	finish(arg, how, reason);
}

static void
free_trial(void *arg)
{
	struct trial *t = arg;

	http_free(t->http);
	t->http = NULL;
	buf_free(&t->body);
}

struct trial *
doctor_start(struct doctor *d, const struct http_request *request)
{
	struct trial *t = arena_zalloc(d->arena, sizeof(*t));
	const struct http_events events = {on_head, on_data, on_end, t};
	struct str host = check_host(request->url);
	struct err err = {0};

	t->doctor = d;
	t->head = -1;
	t->host = arena_strndup(d->arena, host.p, host.len);
	t->began = clock_mono_ms();
	buf_init(&t->body, LIMIT_DOCTOR_REPLY_BYTES);
	arena_on_free(d->arena, free_trial, t);
	t->http = http_start(d->loop, request, &events, &err);
	if (t->http == NULL)
		finish(t, HTTP_NO_REPLY, err.msg);
	err_free(&err);
	return t;
}

void
doctor_wait(struct trial *t)
{
	while (!t->ended)
		loop_turn(t->doctor->loop, -1);
}
