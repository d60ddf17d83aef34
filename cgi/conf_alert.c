/* From the alerts of the file to routes: which way each one goes, and whether
 * what is said about it fits that way.  Addresses and keys are secrets and in
 * no message.  It refuses to send anything. */
#include "../common/base/limits.h"
#include "../common/run/alert.h"
#include "conf_load.h"

#include <math.h>
#include <string.h>

static void
complain(struct loader *l, const struct conf_alert *from, size_t line,
    const char *what)
{
	conf_problem(l, CONF_BAD_CONFIG, line != 0 ? line : from->item.line,
	    "alerts.%s%s", from->item.name, what);
}

static bool
is_set(const struct conf_value *v)
{
	return v->source != NULL;
}

/* The items of LIST with a NULL behind them; NULL when it is not there. */
static const char *const *
make_list(struct loader *l, const struct conf_list *from)
{
	struct conf_list list = *from;
	const char **end;

	if (list.line == 0)
		return NULL;
	end = conf_add(l, &list, sizeof(*end));
	*end = NULL;
	return list.items;
}

/* A text that is there and can stand in a request; WHAT begins with a dot. */
static const char *
make_text(struct loader *l, const struct conf_alert *from, const char *what,
    const struct conf_value *v)
{
	if (v->text != NULL && *v->text != '\0' && !conf_has_control(v->text))
		return v->text;
	complain(l, from, v->line,
	    arena_printf(l->conf->arena, "%s %s", what,
		v->text == NULL || *v->text == '\0'
		    ? "has no value"
		    : "holds a control character"));
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
	complain(l, from, v->line,
	    arena_printf(
		a, "%s must be a URL of %s or %ss", what, scheme, scheme));
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
	if (is_set(&from->url))
		to->url = make_url(l, from, ".url", &from->url, "http");
}

static void
make_webhook(
    struct loader *l, const struct conf_alert *from, struct alert_conf *to)
{
	to->url = make_url(l, from, ".webhook", &from->webhook, "http");
	if (is_set(&from->secret))
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
		complain(l, from, 0,
		    arena_printf(l->conf->arena, ".mail: %.100s is no address",
			address));
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
	to->to = make_list(l, &from->to);
	if (to->to == NULL || to->to[0] == NULL)
		complain(l, from, 0, ".mail.to: an address is wanted");
	for (i = 0; to->to != NULL && to->to[i] != NULL; i++)
		check_address(l, from, to->to[i]);
	if (is_set(&from->user))
		to->user = make_text(l, from, ".mail.user", &from->user);
	if (is_set(&from->password))
		to->password =
		    make_text(l, from, ".mail.password", &from->password);
	if (is_set(&from->user) != is_set(&from->password))
		complain(l, from, 0, ".mail: user and password go together");
}

static void
make_command(
    struct loader *l, const struct conf_alert *from, struct alert_conf *to)
{
	to->argv = conf_command(l,
	    arena_printf(l->conf->arena, "alerts.%s.exec", from->item.name),
	    from->exec.line, &from->exec);
}

static void
make_syslog(
    struct loader *l, const struct conf_alert *from, struct alert_conf *to)
{
	(void)l;
	(void)from;
	(void)to;
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
    [ALERT_SYSLOG] = make_syslog,
    [ALERT_FILE] = make_file,
};
_Static_assert(ARRAY_LEN(makers) == ALERT__MAX, "a row for every way");

/* Whether anything of mail is said: then its server is missed. */
static bool
has_mail(const struct conf_alert *from)
{
	return is_set(&from->server) || is_set(&from->user) ||
	       is_set(&from->password) || is_set(&from->from) ||
	       from->to.line != 0;
}

static enum alert_via
find_way(struct loader *l, const struct conf_alert *from)
{
	const bool given[] = {
	    [ALERT_SLACK] = is_set(&from->slack),
	    [ALERT_TEAMS] = is_set(&from->teams),
	    [ALERT_DISCORD] = is_set(&from->discord),
	    [ALERT_PAGERDUTY] = is_set(&from->pagerduty),
	    [ALERT_WEBHOOK] = is_set(&from->webhook),
	    [ALERT_MAIL] = has_mail(from),
	    [ALERT_COMMAND] = from->exec.line != 0,
	    [ALERT_SYSLOG] = from->syslog,
	    [ALERT_FILE] = is_set(&from->file),
	};
	enum alert_via via = ALERT__MAX;
	size_t i, n = 0;

	_Static_assert(ARRAY_LEN(given) == ALERT__MAX, "a row for every way");
	for (i = 0; i < ARRAY_LEN(given); i++) {
		if (!given[i])
			continue;
		via = (enum alert_via)i;
		n++;
	}
	if (n == 1)
		return via;
	complain(l, from, 0,
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
		if (is_set(rules[i].value) && !rules[i].fits)
			complain(l, from, rules[i].value->line, rules[i].what);
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
		complain(l, from, 0,
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
	    .types = make_list(l, &from->types),
	    .statuses = make_list(l, &from->status),
	    .above = from->above.present ? from->above.value : (double)NAN,
	    .below = from->below.present ? from->below.value : (double)NAN,
	    .timeout_ms = from->timeout_ms,
	};
	check_name(l, from, route);
	if (to->timeout_ms == 0)
		complain(l, from, 0, ".timeout must be more than 0");
	if (via == ALERT__MAX)
		return;
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
