/* What the parts of alerts share. */
#ifndef ALERT_INT_H
#define ALERT_INT_H

#include "alert.h"

/* An alert as it is told; texts are "" where the event says nothing. */
struct alert {
	struct str event; /* {"type":"alert","data":…} */
	json_t *json;
	const char *id, *type, *status, *window, *message, *timestamp;
	const char *value, *threshold; /* with their units */
	double number;		       /* the threshold; NAN: none */
	bool resolved;
};

/* In the arena, which owns the tree. */
int alert_read(struct arena *a, struct str event, struct alert *out,
    struct err *err) MUST_USE;

/* The same for the same alert, which may come more than once, and for no other
 * (protocol.md 5.4); hexadecimal. */
const char *alert_key(struct arena *a, const struct alert *alert) MUST_USE;

/* Its title and its text by the route's templates, or by ours; never empty. */
const char *alert_title(
    struct arena *a, const struct alert_conf *c, const struct alert *alert);
const char *alert_words(
    struct arena *a, const struct alert_conf *c, const struct alert *alert);

/* The bodies that services want; a new reference. */
json_t *alert_slack(struct arena *a, const struct alert_conf *c,
    const struct alert *alert) MUST_USE;
json_t *alert_teams(struct arena *a, const struct alert_conf *c,
    const struct alert *alert) MUST_USE;
json_t *alert_discord(struct arena *a, const struct alert_conf *c,
    const struct alert *alert) MUST_USE;
json_t *alert_pagerduty(struct arena *a, const struct alert_conf *c,
    const struct alert *alert) MUST_USE;

/* A message by RFC 5322, with its header. */
void alert_mail(struct buf *b, struct arena *a, const struct alert_conf *c,
    const struct alert *alert);

#endif
