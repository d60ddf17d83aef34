/* From the alerts of the file to routes: which way each one goes, and whether
 * what is said about it fits that way.  Addresses and keys are secrets and in
 * no message.  It refuses to send anything. */
#include "../common/base/limits.h"
#include "../common/run/alert.h"
#include "conf_load.h"

#include <math.h>
#include <string.h>

/* A text that is there and can stand in a request; WHAT begins with a dot. */
static const char *
make_text(struct loader *l, const struct conf_alert *from, const char *what,
    const struct conf_value *v)
{
	if (v->text != NULL && *v->text != '\0' && !conf_has_control(v->text))
		return v->text;
	conf_complain(l, &from->item, v->line, "%s %s", what,
	    v->text == NULL || *v->text == '\0' ? "has no value"
						: "holds a control character");
	return NULL;
}

static bool
begins(const char *text, const char *with)
{
	size_t len = strlen(with);

	return strncmp(text, with, len) == 0 && text[len] != '\0';
}

static const char *
make_url(struct loader *l, const struct conf_alert *from, const char *what,
    const struct conf_value *v, const char *scheme)
{
	struct arena *a = l->conf->arena;
	const char *url = make_text(l, from, what, v);

	if (url == NULL)
		return NULL;
	if (strchr(url, ' ') == NULL &&
	    (begins(url, arena_printf(a, "%s://", scheme)) ||
		begins(url, arena_printf(a, "%ss://", scheme))))
		return url;
	conf_complain(l, &from->item, v->line, "%s must be a URL of %s or %ss",
	    what, scheme, scheme);
	return NULL;
}

/* --- the ways */

static void
make_slack(
    struct loader *l, const struct conf_alert *from, struct alert_conf *to)
{
	to->url = make_url(l, from, ".slack", &from->slack, "http");
}

static void
make_teams(
    struct loader *l, const struct conf_alert *from, struct alert_conf *to)
{
	to->url = make_url(l, from, ".teams", &from->teams, "http");
}

static void
make_discord(
    struct loader *l, const struct conf_alert *from, struct alert_conf *to)
{
	to->url = make_url(l, from, ".discord", &from->discord, "http");
}

static void
make_pagerduty(
    struct loader *l, const struct conf_alert *from, struct alert_conf *to)
{
	to->key = make_text(l, from, ".pagerduty", &from->pagerduty);
	if (conf_is_set(&from->url))
		to->url = make_url(l, from, ".url", &from->url, "http");
}

static void
make_webhook(
    struct loader *l, const struct conf_alert *from, struct alert_conf *to)
{
	to->url = make_url(l, from, ".webhook", &from->webhook, "http");
	if (conf_is_set(&from->secret))
		to->secret = make_text(l, from, ".secret", &from->secret);
}

/* An address as it can stand in an envelope. */
static void
check_address(
    struct loader *l, const struct conf_alert *from, const char *address)
{
	const char *open = strrchr(address, '<'), *p;
	bool good = strchr(address, '@') != NULL;

	for (p = open != NULL ? open + 1 : address; *p != '\0'; p++)
		good = good && *p > ' ' && *p < 127;
	if (open != NULL)
		good = good && strlen(open) > 3 && p[-1] == '>';
	if (!good || conf_has_control(address))
		conf_complain(
		    l, &from->item, 0, ".mail: %.100s is no address", address);
}

static void
make_mail(
    struct loader *l, const struct conf_alert *from, struct alert_conf *to)
{
	size_t i;

	to->url = make_url(l, from, ".mail.server", &from->server, "smtp");
	to->from = make_text(l, from, ".mail.from", &from->from);
	if (to->from != NULL)
		check_address(l, from, to->from);
	to->to = conf_names(l, &from->to);
	if (to->to == NULL || to->to[0] == NULL)
		conf_complain(
		    l, &from->item, 0, ".mail.to: an address is wanted");
	for (i = 0; to->to != NULL && to->to[i] != NULL; i++)
		check_address(l, from, to->to[i]);
	if (conf_is_set(&from->user))
		to->user = make_text(l, from, ".mail.user", &from->user);
	if (conf_is_set(&from->password))
		to->password =
		    make_text(l, from, ".mail.password", &from->password);
	if (conf_is_set(&from->user) != conf_is_set(&from->password))
		conf_complain(
		    l, &from->item, 0, ".mail: user and password go together");
}

static void
make_command(
    struct loader *l, const struct conf_alert *from, struct alert_conf *to)
{
	to->argv = conf_command(l, &from->item, &from->exec);
}

static void
make_file(
    struct loader *l, const struct conf_alert *from, struct alert_conf *to)
{
	to->path = make_text(l, from, ".file", &from->file);
	if (to->path != NULL)
		to->path = conf_beside(l, to->path);
}

static void (*const makers[])(
    struct loader *, const struct conf_alert *, struct alert_conf *) = {
    [ALERT_SLACK] = make_slack,
    [ALERT_TEAMS] = make_teams,
    [ALERT_DISCORD] = make_discord,
    [ALERT_PAGERDUTY] = make_pagerduty,
    [ALERT_WEBHOOK] = make_webhook,
    [ALERT_MAIL] = make_mail,
    [ALERT_COMMAND] = make_command,
    [ALERT_SYSLOG] = NULL, /* there is nothing to say of it */
    [ALERT_FILE] = make_file,
};
_Static_assert(ARRAY_LEN(makers) == ALERT__MAX, "a row for every way");

/* Whether anything of mail is said: then its server is missed. */
static bool
has_mail(const struct conf_alert *from)
{
	return conf_is_set(&from->server) || conf_is_set(&from->user) ||
	       conf_is_set(&from->password) || conf_is_set(&from->from) ||
	       from->to.line != 0;
}

static enum alert_via
find_way(struct loader *l, const struct conf_alert *from)
{
	const bool given[] = {
	    [ALERT_SLACK] = conf_is_set(&from->slack),
	    [ALERT_TEAMS] = conf_is_set(&from->teams),
	    [ALERT_DISCORD] = conf_is_set(&from->discord),
	    [ALERT_PAGERDUTY] = conf_is_set(&from->pagerduty),
	    [ALERT_WEBHOOK] = conf_is_set(&from->webhook),
	    [ALERT_MAIL] = has_mail(from),
	    [ALERT_COMMAND] = from->exec.line != 0,
	    [ALERT_SYSLOG] = from->syslog,
	    [ALERT_FILE] = conf_is_set(&from->file),
	};
	size_t which = conf_which(given, ARRAY_LEN(given));

	_Static_assert(ARRAY_LEN(given) == ALERT__MAX, "a row for every way");
	if (which < ALERT__MAX)
		return (enum alert_via)which;
	conf_complain(l, &from->item, 0,
	    " needs one of slack, teams, discord, pagerduty, webhook, mail, "
	    "exec, syslog and file");
	return ALERT__MAX;
}

/* What is said and means nothing to the way would be a silent mistake. */
static void
refuse_others(
    struct loader *l, const struct conf_alert *from, enum alert_via via)
{
	const bool plain =
	    via == ALERT_WEBHOOK || via == ALERT_COMMAND || via == ALERT_FILE;
	const struct {
		const struct conf_value *value;
		const char *what;
		bool fits;
	} rules[] = {
	    {&from->url, ".url is for pagerduty only", via == ALERT_PAGERDUTY},
	    {&from->secret, ".secret is for webhook only",
		via == ALERT_WEBHOOK},
	    {&from->title, ".title: this way sends the event itself", !plain},
	    {&from->text, ".text: this way sends the event itself", !plain},
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (conf_is_set(rules[i].value) && !rules[i].fits)
			conf_complain(l, &from->item, rules[i].value->line,
			    "%s", rules[i].what);
}

/* It stands in labels of counters, in the log and in the store. */
static void
check_name(struct loader *l, const struct conf_alert *from, const char *route)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	const char *name = from->item.name;

	if (*name == '\0' || name[strspn(name, good)] != '\0' ||
	    strlen(route) >= LIMIT_DELIVER_NAME_BYTES)
		conf_complain(l, &from->item, 0,
		    ": a short name of letters, digits, _, - and . is wanted");
}

static void
make_alert(
    struct loader *l, const struct conf_alert *from, struct alert_conf *to)
{
	const char *route =
	    arena_printf(l->conf->arena, "alert:%s", from->item.name);
	enum alert_via via = find_way(l, from);

	*to = (struct alert_conf){
	    .name = from->item.name,
	    .via = via,
	    .title = from->title.text,
	    .text = from->text.text,
	    .types = conf_names(l, &from->types),
	    .statuses = conf_names(l, &from->status),
	    .above = from->above.present ? from->above.value : (double)NAN,
	    .below = from->below.present ? from->below.value : (double)NAN,
	    .timeout_ms = from->timeout_ms,
	};
	check_name(l, from, route);
	if (to->timeout_ms == 0)
		conf_complain(
		    l, &from->item, 0, ".timeout must be more than 0");
	if (via == ALERT__MAX)
		return;
	if (makers[via] != NULL)
		makers[via](l, from, to);
	refuse_others(l, from, via);
	alert_route(to, route);
}

void
conf_finish_alerts(struct loader *l)
{
	struct conf *conf = l->conf;
	const struct conf_alert *from = conf->alert_list.items;
	size_t n = conf->alert_list.n, i;
	struct alert_conf *alerts =
	    arena_array(conf->arena, n, sizeof(*alerts));

	for (i = 0; i < n; i++)
		make_alert(l, &from[i], &alerts[i]);
	conf->settings.alerts = alerts;
	conf->settings.n_alerts = n;
	if (n != 0 && conf->settings.store == NULL)
		conf_warning(l, conf->alert_list.line,
		    "alerts: without a store, what was not delivered is lost "
		    "when a process ends, and what comes twice goes twice");
}
