/* The configuration of alerts, what is refused of it, and what is shown. */
#include "conf_files.h"

#include "../../cgi/check.h"
#include "../../common/run/alert.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ALERTS                                                                 \
	"alerts:\n"                                                            \
	"  chat: {slack: 'https://hooks.slack.com/services/T0/B0/s3cret',\n"   \
	"    types: [cost, latency], status: triggered, above: 5, below: "     \
	"10}\n"                                                                \
	"  team: {teams: 'http://t/x?sig=s3cret', title: '{type}', text: t}\n" \
	"  talk: {discord: 'https://d/s3cret', timeout: 0.5}\n"                \
	"  duty: {pagerduty: s3cret}\n"                                        \
	"  hook: {webhook: 'http://u:s3cret@h:81/s3cret', secret: s3cret}\n"   \
	"  people: {mail: {server: 'smtp://m:587', user: u,\n"                 \
	"    password: s3cret, from: 'A <a@b>', to: [c@d, 'E F <e@f>']}}\n"    \
	"  command: {exec: [./page, -x]}\n"                                    \
	"  system: {syslog: true}\n"                                           \
	"  file: {file: alerts.ndjson}\n"

static void
test_ways(void **state)
{
	struct conf *conf = conf_from(WITH_SECRET ALERTS, NULL);
	const struct alert_conf *a = conf->settings.alerts;
	size_t i;

	(void)state;
	assert_int_equal(conf->code, CONF_OK);
	assert_int_equal(conf->settings.n_alerts, ALERT__MAX);
	assert_int_equal(conf->settings.n_routes, ALERT__MAX);
	for (i = 0; i < ALERT__MAX; i++) {
		assert_int_equal(a[i].via, i);
		assert_ptr_equal(conf->settings.routes[i], &a[i].route);
		assert_ptr_equal(a[i].route.arg, &a[i]);
	}
	assert_string_equal(a[0].route.name, "alert:chat");
	assert_string_equal(
	    a[0].url, "https://hooks.slack.com/services/T0/B0/s3cret");
	assert_string_equal(a[0].types[1], "latency");
	assert_null(a[0].types[2]);
	assert_string_equal(a[0].statuses[0], "triggered");
	assert_true(a[0].above == 5 && a[0].below == 10);
	assert_true(isnan(a[1].above) && isnan(a[1].below));
	assert_null(a[1].types);
	assert_string_equal(a[1].title, "{type}");
	assert_string_equal(a[1].text, "t");
	assert_int_equal(a[1].timeout_ms, 10000);
	assert_int_equal(a[2].route.timeout_ms, 500);
	assert_string_equal(a[3].key, "s3cret");
	assert_null(a[3].url);
	assert_string_equal(a[4].secret, "s3cret");
	assert_string_equal(a[5].url, "smtp://m:587");
	assert_string_equal(a[5].password, "s3cret");
	assert_string_equal(a[5].to[1], "E F <e@f>");
	assert_null(a[5].to[2]);
	assert_non_null(strstr(a[6].argv[0], "/./page"));
	assert_non_null(strstr(a[8].path, "/alerts.ndjson"));
	conf_free(conf);
}

/* An item, and what is said about it; its line is 3. */
static const char *const wrong[][2] = {
    {"x: {}", " needs one of slack, teams, discord, pagerduty, webhook, mail, "
	      "exec, syslog and file"},
    {"x: {file: a, syslog: true}",
	" needs one of slack, teams, discord, pagerduty, webhook, mail, "
	"exec, syslog and file"},
    {"x: {slack: ftp://h/s3cret}", ".slack must be a URL of http or https"},
    {"x: {teams: 'http://h/ s3cret'}", ".teams must be a URL of http or https"},
    {"x: {discord: ''}", ".discord has no value"},
    {"x: {pagerduty: k, url: h}", ".url must be a URL of http or https"},
    {"x: {file: a, url: http://h}", ".url is for pagerduty only"},
    {"x: {file: a, secret: k}", ".secret is for webhook only"},
    {"x: {file: a, title: k}", ".title: this way sends the event itself"},
    {"x: {exec: /bin/sh, text: k}", ".text: this way sends the event itself"},
    {"x: {file: a, timeout: 0}", ".timeout must be more than 0"},
    {"x: {mail: {server: http://h, from: a@b, to: a@b}}",
	".mail.server must be a URL of smtp or smtps"},
    {"x: {mail: {from: a@b, to: a@b}}", ".mail.server has no value"},
    {"x: {mail: {server: smtp://h, to: a@b}}", ".mail.from has no value"},
    {"x: {mail: {server: smtp://h, from: a@b}}",
	".mail.to: an address is wanted"},
    {"x: {mail: {server: smtp://h, from: a@b, to: 'a b@c'}}",
	".mail: a b@c is no address"},
    {"x: {mail: {server: smtp://h, from: 'N <a@b', to: a@c}}",
	".mail: N <a@b is no address"},
    {"x: {mail: {server: smtp://h, from: a@b, to: a@c, user: u}}",
	".mail: user and password go together"},
};

static void
test_wrong(void **state)
{
	char text[400], expected[400];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		(void)snprintf(text, sizeof(text),
		    WITH_SECRET "alerts:\n  %s\n", wrong[i][0]);
		(void)snprintf(expected, sizeof(expected), AT "3: alerts.x%s\n",
		    wrong[i][1]);
		conf_expect(text, NULL, expected);
	}
	conf_expect(WITH_SECRET "alerts:\n  a b: {file: a}\n", NULL,
	    AT "3: alerts.a b: a short name of letters, digits, _, - and . is "
	       "wanted\n");
	conf_expect(WITH_SECRET "alerts:\n  x: {file: a}\nstore: none\n", NULL,
	    "ok agentmark-fcgi.yaml:3: alerts: without a store, what was not "
	    "delivered is lost when a process ends, and what comes twice goes "
	    "twice\n");
}

static void
test_shown(void **state)
{
	struct conf *conf = conf_from(WITH_SECRET ALERTS, NULL);
	char *text = NULL, *from;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	check_print(out, conf);
	(void)fclose(out);
	assert_null(strstr(text, "s3cret"));
	from = strstr(text, "alert: ");
	assert_non_null(from);
	*strstr(from, "alert: command") = '\0';
	assert_string_equal(from,
	    "alert: chat, slack at hooks.slack.com, of cost or latency, "
	    "when triggered, above 5, below 10, within 10 s\n"
	    "alert: team, teams at t, within 10 s\n"
	    "alert: talk, discord at d, within 0.5 s\n"
	    "alert: duty, pagerduty, within 10 s\n"
	    "alert: hook, webhook at h:81, signed, within 10 s\n"
	    "alert: people, mail at m:587, to c@d or E F <e@f>, within 10 s\n");
	free(text);
	conf_free(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ways),
	    cmocka_unit_test(test_wrong),
	    cmocka_unit_test(test_shown),
	};

	return cmocka_run_group_tests(tests, conf_set_up, conf_tear_down);
}
