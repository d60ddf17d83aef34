/* The job alert: what AgentMark says that costs, latency, errors or scores have
 * crossed a threshold (protocol.md 5), passed on to whom it concerns, after the
 * reply and at least once (deliver.h). */
#ifndef ALERT_H
#define ALERT_H

#include "../wire/job.h"
#include "deliver.h"
#include "reply.h"

enum alert_via {
	ALERT_SLACK,	 /* an incoming webhook */
	ALERT_TEAMS,	 /* a workflow's webhook */
	ALERT_DISCORD,	 /* a webhook */
	ALERT_PAGERDUTY, /* Events API v2 */
	ALERT_WEBHOOK,	 /* the event itself, signed */
	ALERT_MAIL,	 /* SMTP */
	ALERT_COMMAND,	 /* the event on standard input */
	ALERT_SYSLOG,
	ALERT_FILE, /* a line of JSON */
	ALERT__MAX
};

/* One route of the configuration; NULL and NAN: not said. */
struct alert_conf {
	const char *name;
	enum alert_via via;
	const char *url;		    /* of SMTP too */
	const char *secret;		    /* signs a webhook */
	const char *key;		    /* PagerDuty's routing key */
	const char *user, *password, *from; /* of mail */
	const char *const *to;
	const char *const *argv;
	const char *path;
	const char *title, *text;		    /* templates */
	const char *const *types, *const *statuses; /* NULL: all */
	double above, below; /* the threshold is at least, at most that */
	int64_t timeout_ms;
	struct route route; /* made by alert_route() */
};

/* Makes the route, called NAME; C must stay. */
void alert_route(struct alert_conf *c, const char *name);

/* Queues the alert for every route that it concerns and says that it was. */
int alert_job(struct engine *engine, struct arena *a, const struct job *job,
    struct reply *reply, struct err *err) MUST_USE;

#endif
