/* Takes alerts in and queues them for the routes that they concern.  It refuses
 * to know how a route delivers. */
#include "alert_int.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <math.h>
#include <string.h>

static bool
is_listed(const char *const *list, const char *name)
{
	size_t i;

	if (list == NULL)
		return true;
	for (i = 0; list[i] != NULL; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* A threshold that is not told concerns everybody. */
static bool
concerns(const struct alert_conf *c, const struct alert *alert)
{
	if (!is_listed(c->types, alert->type) ||
	    !is_listed(c->statuses, alert->status))
		return false;
	if (isnan(alert->number))
		return true;
	return (isnan(c->above) || alert->number >= c->above) &&
	       (isnan(c->below) || alert->number <= c->below);
}

static void
queue(struct engine *engine, struct arena *a, const struct alert *alert)
{
	const struct settings *s = engine->settings;
	const char *key = alert_key(a, alert);
	size_t i;

	for (i = 0; i < s->n_alerts; i++)
		if (concerns(&s->alerts[i], alert))
			deliver_put(
			    engine, &s->alerts[i].route, key, alert->event);
}

static void
print_member(struct buf *b, const char *key, const char *text)
{
	if (*text == '\0')
		return;
	buf_addf(b, ",\"%s\":", key);
	json_print_string(b, str_from(text));
}

static void
answer(struct reply *reply, const struct alert *alert)
{
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	buf_adds(&b, "{\"message\":\"Alert processed\"");
	print_member(&b, "alertId", alert->id);
	print_member(&b, "status", alert->status);
	buf_addc(&b, '}');
	reply->json(reply, 200, buf_text(&b));
	buf_free(&b);
}

int
alert_job(struct engine *engine, struct arena *a, const struct job *job,
    struct reply *reply, struct err *err)
{
	struct alert alert;
	struct str event;
	struct buf b;
	int rc;

	buf_init(&b, LIMIT_ALERT_BYTES);
	buf_adds(&b, "{\"type\":\"alert\",\"data\":");
	json_print(&b, job->data);
	buf_addc(&b, '}');
	if (buf_full(&b)) {
		buf_free(&b);
		return fail(err, ERR_REQUEST,
		    "the alert is larger than %u bytes", LIMIT_ALERT_BYTES);
	}
	event = (struct str){arena_strndup(a, buf_str(&b), b.len), b.len};
	buf_free(&b);
	rc = alert_read(a, event, &alert, err);
	if (rc == -1)
		return -1;
	queue(engine, a, &alert);
	answer(reply, &alert);
	return 0;
}
