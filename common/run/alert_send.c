/* Delivers alerts: by HTTP, by mail, to a command, to the system's log, to a
 * file.  What has arrived is written down.  It refuses to know which alerts a
 * route wants. */
#include "alert_int.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/log.h"
#include "../base/utf.h"
#include "../net/mail.h"
#include "../net/proc.h"
#include "../wire/sign.h"
#include "child_reason.h"
#include "deliver_post.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

enum {
	DAY_MS = 24 * 3600 * 1000,
	WAITING = 10000 /* alerts */
};

static const char pagerduty_url[] = "https://events.pagerduty.com/v2/enqueue";

/* Begins with what a posting needs: see deliver_post.h. */
struct sending {
	struct delivery *delivery;
	struct mail *mail;
	struct proc *proc;
	struct buf text;
};

static struct sending *
sending(struct delivery *d)
{
	return (void *)((char *)delivery_state(d) +
			(delivery_posting_size + sizeof(max_align_t) - 1) /
			    sizeof(max_align_t) * sizeof(max_align_t));
}

/* --- by HTTP */

static void
post_body(struct delivery *d, struct engine *engine, const struct alert_conf *c,
    const char *url, const char *const *headers, struct str body)
{
	const struct delivery_post post = {
	    .url = url,
	    .type = "application/json",
	    .headers = headers,
	    .body = body,
	    .timeout_ms = c->timeout_ms,
	};

	delivery_post(d, engine, &post);
}

/* Takes JSON. */
static void
post_json(struct delivery *d, struct engine *engine, const struct alert_conf *c,
    const char *url, json_t *json)
{
	struct buf *b = &sending(d)->text;

	if (json == NULL) {
		delivery_end(d, DELIVERED_NEVER, 0, "it cannot be written");
		return;
	}
	json_print(b, json);
	json_decref(json);
	post_body(d, engine, c, url, NULL, buf_text(b));
}

static void
by_slack(struct delivery *d, struct engine *engine, const struct alert_conf *c,
    const struct alert *alert)
{
	post_json(
	    d, engine, c, c->url, alert_slack(delivery_arena(d), c, alert));
}

static void
by_teams(struct delivery *d, struct engine *engine, const struct alert_conf *c,
    const struct alert *alert)
{
	post_json(
	    d, engine, c, c->url, alert_teams(delivery_arena(d), c, alert));
}

static void
by_discord(struct delivery *d, struct engine *engine,
    const struct alert_conf *c, const struct alert *alert)
{
	post_json(
	    d, engine, c, c->url, alert_discord(delivery_arena(d), c, alert));
}

static void
by_pagerduty(struct delivery *d, struct engine *engine,
    const struct alert_conf *c, const struct alert *alert)
{
	post_json(d, engine, c, c->url != NULL ? c->url : pagerduty_url,
	    alert_pagerduty(delivery_arena(d), c, alert));
}

static void
by_webhook(struct delivery *d, struct engine *engine,
    const struct alert_conf *c, const struct alert *alert)
{
	struct arena *a = delivery_arena(d);
	const char **headers = arena_array(a, 3, sizeof(*headers));
	char signature[SIGN_LEN + 1];

	headers[0] =
	    arena_printf(a, "Idempotency-Key: %s", alert_key(a, alert));
	headers[1] = headers[2] = NULL;
	if (c->secret != NULL) {
		sign_body(str_from(c->secret), alert->event, signature);
		headers[1] =
		    arena_printf(a, "x-agentmark-signature-256: %s", signature);
	}
	post_body(d, engine, c, c->url, headers, alert->event);
}

/* --- by mail */

static void
on_mail(void *arg, enum mail_end how, const char *reason)
{
	static const enum delivered ends[] = {
	    [MAIL_SENT] = DELIVERED_OK,
	    [MAIL_LATER] = DELIVERED_RETRY,
	    [MAIL_REFUSED] = DELIVERED_NEVER,
	};

	delivery_end(arg, ends[how], 0, reason);
}

static void
by_mail(struct delivery *d, struct engine *engine, const struct alert_conf *c,
    const struct alert *alert)
{
	struct sending *s = sending(d);
	struct mail_request request = {
	    .url = c->url,
	    .user = c->user,
	    .password = c->password,
	    .from = c->from,
	    .to = c->to,
	    .timeout_ms = c->timeout_ms,
	};
	struct err err = {0};

	alert_mail(&s->text, delivery_arena(d), c, alert);
	request.text = buf_text(&s->text);
	s->mail = mail_start(engine->loop, &request, on_mail, d, &err);
	if (s->mail == NULL)
		delivery_end(d, DELIVERED_NEVER, 0, err.msg);
	err_free(&err);
}

/* --- to a command */

static void
on_line(void *arg, struct str line)
{
	(void)arg;
	(void)line;
}

static void
on_end(void *arg, enum proc_end how, int code, struct str err_text)
{
	struct delivery *d = arg;

	if (how == PROC_EXIT && code == 0)
		delivery_end(d, DELIVERED_OK, 0, NULL);
	else
		delivery_end(d, DELIVERED_RETRY, 0,
		    child_reason(delivery_arena(d), how, code, err_text));
}

static void
by_command(struct delivery *d, struct engine *engine,
    const struct alert_conf *c, const struct alert *alert)
{
	const struct proc_request request = {
	    .argv = c->argv,
	    .max_line = LIMIT_EVAL_ANSWER_BYTES,
	    .max_output = LIMIT_EVAL_OUTPUT_BYTES,
	};
	const struct proc_events events = {on_line, on_end, d};
	struct sending *s = sending(d);
	struct err err = {0};

	s->proc = proc_start(engine->loop, &request, &events, &err);
	if (s->proc == NULL) {
		delivery_end(d, DELIVERED_RETRY, 0, err.msg);
	} else {
		proc_write(s->proc, alert->event);
		proc_write(s->proc, STR("\n"));
		proc_close_input(s->proc);
	}
	err_free(&err);
}

/* --- here */

static void
by_syslog(struct delivery *d, struct engine *engine, const struct alert_conf *c,
    const struct alert *alert)
{
	struct arena *a = delivery_arena(d);

	(void)engine;
	syslog(LOG_USER | (alert->resolved ? LOG_NOTICE : LOG_ALERT),
	    "%s: %s (id %s)", alert_title(a, c, alert),
	    alert_words(a, c, alert), alert->id);
	delivery_end(d, DELIVERED_OK, 0, NULL);
}

/* One write(2) of a whole line: writers do not mix. */
static void
by_file(struct delivery *d, struct engine *engine, const struct alert_conf *c,
    const struct alert *alert)
{
	struct buf *b = &sending(d)->text;
	int fd = open(c->path,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0640);
	ssize_t n;

	(void)engine;
	buf_add(b, alert->event.p, alert->event.len);
	buf_addc(b, '\n');
	n = fd != -1 ? write(fd, buf_str(b), b->len) : -1;
	if (n == (ssize_t)b->len && close(fd) == 0) {
		delivery_end(d, DELIVERED_OK, 0, NULL);
		return;
	}
	delivery_end(d, DELIVERED_RETRY, 0,
	    arena_printf(delivery_arena(d), "cannot write %s: %s", c->path,
		n == -1 ? strerror(errno) : "no space"));
	if (n != (ssize_t)b->len && fd != -1)
		(void)close(fd);
}

/* --- */

static void (*const ways[])(struct delivery *d, struct engine *engine,
    const struct alert_conf *c, const struct alert *alert) = {
    [ALERT_SLACK] = by_slack,
    [ALERT_TEAMS] = by_teams,
    [ALERT_DISCORD] = by_discord,
    [ALERT_PAGERDUTY] = by_pagerduty,
    [ALERT_WEBHOOK] = by_webhook,
    [ALERT_MAIL] = by_mail,
    [ALERT_COMMAND] = by_command,
    [ALERT_SYSLOG] = by_syslog,
    [ALERT_FILE] = by_file,
};
_Static_assert(ARRAY_LEN(ways) == ALERT__MAX, "a function for every way");

static void
send_alert(
    struct delivery *d, struct engine *engine, void *arg, struct str body)
{
	const struct alert_conf *c = arg;
	struct alert *alert = arena_zalloc(delivery_arena(d), sizeof(*alert));
	struct err err = {0};

	buf_init(&sending(d)->text, 16 * LIMIT_ALERT_BYTES);
	if (alert_read(delivery_arena(d), body, alert, &err) == -1)
		delivery_end(d, DELIVERED_NEVER, 0, err.msg);
	else
		ways[c->via](d, engine, c, alert);
	err_free(&err);
}

static void
drop(struct delivery *d)
{
	struct sending *s = sending(d);

	delivery_post_drop(d);
	mail_free(s->mail);
	proc_free(s->proc);
	buf_free(&s->text);
}

void
alert_route(struct alert_conf *c, const char *name)
{
	c->route = (struct route){
	    .name = name,
	    .kind = "alert",
	    .send = send_alert,
	    .drop = drop,
	    .arg = c,
	    .state_size = delivery_posting_size + sizeof(max_align_t) +
			  sizeof(struct sending),
	    .timeout_ms = c->timeout_ms,
	    .max_age_ms = 3 * (int64_t)DAY_MS,
	    .most = WAITING,
	    .batch = 1,
	};
}
