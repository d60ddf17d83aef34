/* Alerts as they are read, put into words and into the bodies that services
 * want, and which routes they concern. */
#include "../../common/base/json.h"
#include "../../common/run/alert_int.h"
#include "../../common/store/store.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ERROR_RATE(status)                                                     \
	"{\"type\":\"alert\",\"data\":{\"alert\":{\"id\":\"a-1\","             \
	"\"currentValue\":7.5,\"threshold\":5,\"status\":\"" status "\","      \
	"\"timeWindow\":\"15 minutes\",\"type\":\"error_rate\"},"              \
	"\"message\":\"Errors < 5 & more\","                                   \
	"\"timestamp\":\"2026-06-23T10:00:00.000Z\"}}"

static const struct alert_conf plain = {
    .name = "x", .key = "KEY", .above = NAN, .below = NAN};

static struct alert
read_alert(struct arena *a, const char *event)
{
	struct err err = {0};
	struct alert alert;

	assert_int_equal(
	    alert_read(a, (struct str){event, strlen(event)}, &alert, &err), 0);
	return alert;
}

/* --- reading */

/* Event, then what is read from it: id, type, status, value, threshold, window,
 * message, timestamp. */
static const char *const readings[][9] = {
    {ERROR_RATE("triggered"), "a-1", "error_rate", "triggered", "7.5 %", "5 %",
	"15 minutes", "Errors < 5 & more", "2026-06-23T10:00:00.000Z"},
    {"{}", "", "", "", "", "", "", "", ""},
    {"{\"data\":null}", "", "", "", "", "", "", "", ""},
    {"{\"data\":{\"alert\":[],\"id\":7,\"type\":\"cost\",\"threshold\":"
     "\"12.50\",\"currentValue\":\"a lot\",\"timeWindow\":15,\"more\":{}}}",
	"7", "cost", "", "a lot", "$12.50", "15", "", ""},
    {"{\"data\":{\"alert\":{\"type\":\"latency\",\"currentValue\":1500,"
     "\"threshold\":\"\",\"message\":\"slow\",\"timestamp\":\"t\"}}}",
	"", "latency", "", "1500 ms", "", "", "slow", "t"},
    {"{\"data\":{\"alert\":{\"type\":\"evaluation_score\",\"currentValue\":"
     "0.25,\"status\":true}}}",
	"", "evaluation_score", "", "0.25", "", "", "", ""},
};

static void
test_reading(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_LEN(readings); i++) {
		struct arena *a = arena_new(NULL);
		struct alert r = read_alert(a, readings[i][0]);
		const char *const got[] = {r.id, r.type, r.status, r.value,
		    r.threshold, r.window, r.message, r.timestamp};

		for (k = 0; k < ARRAY_LEN(got); k++)
			assert_string_equal(got[k], readings[i][k + 1]);
		arena_free(a);
	}
}

static void
test_keys(void **state)
{
	struct arena *a = arena_new(NULL);
	struct alert one = read_alert(a, ERROR_RATE("triggered"));
	struct alert other = read_alert(a, ERROR_RATE("resolved"));
	struct alert same = read_alert(a,
	    "{\"data\":{\"alert\":{\"id\":\"a-1\",\"status\":\"triggered\"},"
	    "\"timestamp\":\"2026-06-23T10:00:00.000Z\"}}");
	struct alert timeless = read_alert(
	    a, "{\"data\":{\"alert\":{\"id\":\"a-1\",\"currentValue\":1}}}");
	struct alert again = read_alert(
	    a, "{\"data\":{\"alert\":{\"id\":\"a-1\",\"currentValue\":2}}}");

	(void)state;
	assert_string_equal(alert_key(a, &one), alert_key(a, &same));
	assert_string_not_equal(alert_key(a, &one), alert_key(a, &other));
	assert_string_not_equal(alert_key(a, &timeless), alert_key(a, &again));
	assert_int_equal(strlen(alert_key(a, &one)), 64);
	arena_free(a);
}

/* --- words */

static const struct {
	const char *event, *title, *text, *expected_title, *expected_text;
} words[] = {
    {ERROR_RATE("triggered"), NULL, NULL,
	"Error rate has crossed its threshold", "Errors < 5 & more"},
    {ERROR_RATE("resolved"), NULL, NULL, "Error rate is back to normal",
	"Errors < 5 & more"},
    {"{}", NULL, NULL, "Alert", "Alert: unknown, threshold unknown"},
    {"{\"data\":{\"type\":\"cost\",\"currentValue\":2}}", NULL, NULL,
	"Cost alert", "Cost: $2, threshold unknown"},
    {ERROR_RATE("triggered"), "{type}/{status}/{id}",
	"{value} of {threshold} in {window}: {message} {timestamp}",
	"error_rate/triggered/a-1",
	"7.5 % of 5 % in 15 minutes: Errors < 5 & more "
	"2026-06-23T10:00:00.000Z"},
    {ERROR_RATE("triggered"), "{nothing} {} {id {id}", "{",
	"{nothing} {} {id a-1", "{"},
    {"{}", "{message}", " {id} \t", "Alert",
	"Alert: unknown, threshold unknown"},
};

static void
test_words(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(words); i++) {
		struct arena *a = arena_new(NULL);
		struct alert alert = read_alert(a, words[i].event);
		struct alert_conf c = plain;

		c.title = words[i].title;
		c.text = words[i].text;
		assert_string_equal(
		    alert_title(a, &c, &alert), words[i].expected_title);
		assert_string_equal(
		    alert_words(a, &c, &alert), words[i].expected_text);
		arena_free(a);
	}
}

/* --- bodies */

static json_t *
json(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	assert_non_null(value);
	return value;
}

/* Takes GOT. */
static void
expect_body(json_t *got, const char *expected)
{
	json_t *want = json(expected);
	char *text = json_dumps(got, JSON_COMPACT);

	if (!json_equal(got, want))
		fail_msg("%s", text);
	free(text);
	json_decref(got);
	json_decref(want);
}

static void
test_slack(void **state)
{
	struct arena *a = arena_new(NULL);
	struct alert alert = read_alert(a, ERROR_RATE("triggered"));
	struct alert bare =
	    read_alert(a, "{\"data\":{\"status\":\"resolved\"}}");

	(void)state;
	expect_body(alert_slack(a, &plain, &alert),
	    "{\"attachments\":[{\"color\":\"#e01e5a\",\"fallback\":"
	    "\"Error rate has crossed its threshold: "
	    "Errors &lt; 5 &amp; more\",\"blocks\":["
	    "{\"type\":\"header\",\"text\":{\"type\":\"plain_text\","
	    "\"text\":\"Error rate has crossed its threshold\"}},"
	    "{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\","
	    "\"text\":\"Errors &lt; 5 &amp; more\"}},"
	    "{\"type\":\"section\",\"fields\":["
	    "{\"type\":\"mrkdwn\",\"text\":\"*Value*\\n7.5 %\"},"
	    "{\"type\":\"mrkdwn\",\"text\":\"*Threshold*\\n5 %\"},"
	    "{\"type\":\"mrkdwn\",\"text\":\"*Window*\\n15 minutes\"},"
	    "{\"type\":\"mrkdwn\",\"text\":\"*Type*\\nerror_rate\"},"
	    "{\"type\":\"mrkdwn\",\"text\":\"*Status*\\ntriggered\"}]},"
	    "{\"type\":\"context\",\"elements\":[{\"type\":\"mrkdwn\","
	    "\"text\":\"2026-06-23T10:00:00.000Z\"}]}]}]}");
	expect_body(alert_slack(a, &plain, &bare),
	    "{\"attachments\":[{\"color\":\"#2eb67d\",\"fallback\":"
	    "\"Alert is back to normal: Alert: unknown, threshold unknown\","
	    "\"blocks\":[{\"type\":\"header\",\"text\":{\"type\":"
	    "\"plain_text\",\"text\":\"Alert is back to normal\"}},"
	    "{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\","
	    "\"text\":\"Alert: unknown, threshold unknown\"}},"
	    "{\"type\":\"section\",\"fields\":["
	    "{\"type\":\"mrkdwn\",\"text\":\"*Status*\\nresolved\"}]}]}]}");
	arena_free(a);
}

static void
test_teams(void **state)
{
	struct arena *a = arena_new(NULL);
	struct alert alert = read_alert(a, ERROR_RATE("resolved"));

	(void)state;
	expect_body(alert_teams(a, &plain, &alert),
	    "{\"type\":\"message\",\"attachments\":[{\"contentType\":"
	    "\"application/vnd.microsoft.card.adaptive\",\"contentUrl\":null,"
	    "\"content\":{\"$schema\":"
	    "\"http://adaptivecards.io/schemas/adaptive-card.json\","
	    "\"type\":\"AdaptiveCard\",\"version\":\"1.4\",\"body\":["
	    "{\"type\":\"TextBlock\",\"text\":"
	    "\"Error rate is back to normal\",\"wrap\":true,"
	    "\"weight\":\"Bolder\",\"size\":\"Medium\",\"color\":\"Good\"},"
	    "{\"type\":\"TextBlock\",\"text\":\"Errors < 5 & more\","
	    "\"wrap\":true},{\"type\":\"FactSet\",\"facts\":["
	    "{\"title\":\"Value\",\"value\":\"7.5 %\"},"
	    "{\"title\":\"Threshold\",\"value\":\"5 %\"},"
	    "{\"title\":\"Window\",\"value\":\"15 minutes\"},"
	    "{\"title\":\"Type\",\"value\":\"error_rate\"},"
	    "{\"title\":\"Status\",\"value\":\"resolved\"}]}]}}]}");
	arena_free(a);
}

static void
test_discord(void **state)
{
	struct arena *a = arena_new(NULL);
	struct alert alert = read_alert(a,
	    "{\"data\":{\"type\":\"cost\",\"currentValue\":2,\"message\":"
	    "\"@everyone\",\"status\":\"triggered\"}}");

	(void)state;
	expect_body(alert_discord(a, &plain, &alert),
	    "{\"embeds\":[{\"title\":\"Cost has crossed its threshold\","
	    "\"description\":\"@everyone\",\"color\":14687834,\"fields\":["
	    "{\"name\":\"Value\",\"value\":\"$2\",\"inline\":true},"
	    "{\"name\":\"Type\",\"value\":\"cost\",\"inline\":true},"
	    "{\"name\":\"Status\",\"value\":\"triggered\",\"inline\":true}]}],"
	    "\"allowed_mentions\":{\"parse\":[]}}");
	arena_free(a);
}

static void
test_pagerduty(void **state)
{
	struct arena *a = arena_new(NULL);
	struct alert alert = read_alert(a, ERROR_RATE("triggered"));
	struct alert resolved = read_alert(a, ERROR_RATE("resolved"));
	json_t *one = alert_pagerduty(a, &plain, &alert);
	json_t *two = alert_pagerduty(a, &plain, &resolved);

	(void)state;
	assert_string_equal(
	    json_string_value(json_object_get(two, "event_action")), "resolve");
	assert_true(json_equal(json_object_get(one, "dedup_key"),
	    json_object_get(two, "dedup_key")));
	json_decref(two);
	expect_body(one,
	    "{\"routing_key\":\"KEY\",\"event_action\":\"trigger\","
	    "\"dedup_key\":\"agentmark:error_rate:a-1\",\"payload\":{"
	    "\"summary\":\"Error rate has crossed its threshold: "
	    "Errors < 5 & more\",\"source\":\"agentmark\","
	    "\"severity\":\"error\",\"component\":\"error_rate\","
	    "\"timestamp\":\"2026-06-23T10:00:00.000Z\",\"custom_details\":{"
	    "\"alert\":{\"id\":\"a-1\",\"currentValue\":7.5,\"threshold\":5,"
	    "\"status\":\"triggered\",\"timeWindow\":\"15 minutes\","
	    "\"type\":\"error_rate\"},\"message\":\"Errors < 5 & more\","
	    "\"timestamp\":\"2026-06-23T10:00:00.000Z\"}}}");
	arena_free(a);
}

/* An event whose message is N times PIECE. */
static const char *
long_event(struct arena *a, const char *piece, size_t n)
{
	const char *out;
	struct buf b;
	size_t i;

	buf_init(&b, 1024 * 1024);
	buf_adds(&b, "{\"data\":{\"alert\":{\"id\":\"");
	for (i = 0; i < 300; i++)
		buf_addc(&b, 'i');
	buf_adds(&b, "\"},\"message\":\"");
	for (i = 0; i < n; i++)
		buf_adds(&b, piece);
	buf_adds(&b, "\"}}");
	out = arena_strndup(a, buf_str(&b), b.len);
	buf_free(&b);
	return out;
}

static size_t
length_at(const json_t *body, const char *path, const char *last)
{
	char *dump;
	size_t n;

	for (; *path != '\0'; path++)
		body = *path == '0' ? json_array_get(body, 0)
		       : *path == '1'
			   ? json_array_get(body, 1)
			   : json_object_get(body, *path == 'a' ? "attachments"
						   : *path == 'b' ? "blocks"
						   : *path == 't' ? "text"
						   : *path == 'e' ? "embeds"
						   : *path == 'c' ? "content"
						   : *path == 'B' ? "body"
								  : "payload");
	dump = json_dumps(
	    json_object_get(body, last), JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	n = strlen(dump) - 2;
	free(dump);
	return n;
}

/* Nothing is refused for its length. */
static void
test_long(void **state)
{
	struct arena *a = arena_new(NULL);
	struct alert ands = read_alert(a, long_event(a, "&", 5000));
	struct alert accents = read_alert(a, long_event(a, "\xc3\xa9", 5000));
	json_t *body;

	(void)state;
	body = alert_slack(a, &plain, &ands);
	assert_int_equal(length_at(body, "a0b1t", "text"), 5 * (3000 / 5));
	json_decref(body);
	body = alert_slack(a, &plain, &accents);
	assert_int_equal(length_at(body, "a0b1t", "text"), 6 * 3000);
	json_decref(body);
	body = alert_teams(a, &plain, &accents);
	assert_int_equal(length_at(body, "a0cB1", "text"), 6 * 4000);
	json_decref(body);
	body = alert_discord(a, &plain, &accents);
	assert_int_equal(length_at(body, "e0", "description"), 6 * 4096);
	json_decref(body);
	body = alert_pagerduty(a, &plain, &accents);
	assert_int_equal(length_at(body, "p", "summary"),
	    strlen("Alert: ") + 6 * (1024 - strlen("Alert: ")));
	assert_int_equal(
	    length_at(body, "", "dedup_key"), strlen("agentmark:") + 64);
	json_decref(body);
	arena_free(a);
}

/* --- mail */

static const char *
mail(struct arena *a, const struct alert_conf *c, const char *event)
{
	struct alert alert = read_alert(a, event);
	const char *text;
	struct buf b;

	buf_init(&b, 1024 * 1024);
	alert_mail(&b, a, c, &alert);
	assert_int_equal(strncmp(buf_str(&b), "Date: ", 6), 0);
	text = strstr(buf_str(&b), " +0000\r\n");
	assert_non_null(text);
	text = arena_strdup(a, text + strlen(" +0000\r\n"));
	buf_free(&b);
	return text;
}

static void
test_mail(void **state)
{
	static const char *const to[] = {
	    "ops@example.com", "J\xc3\xbcrgen <j@example.com>", NULL};
	struct alert_conf c = {.from = "AgentMark <am@example.com>", .to = to};
	struct arena *a = arena_new(NULL);

	(void)state;
	assert_string_equal(mail(a, &c,
				"{\"data\":{\"status\":\"resolved\","
				"\"message\":\"\xc3\xa9\"}}"),
	    "From: AgentMark <am@example.com>\r\n"
	    "To: ops@example.com,\r\n"
	    " =?UTF-8?B?SsO8cmdlbg==?= <j@example.com>\r\n"
	    "Subject: Alert is back to normal\r\n"
	    "Message-ID: <005410c6810bbe4ceb226d795d412a3e"
	    "@agentmark-fcgi.invalid>\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "\r\n"
	    "w6kNCg0KU3RhdHVzOiByZXNvbHZlZA0K\r\n");
	arena_free(a);
}

static const struct {
	const char *title, *subject;
} subjects[] = {
    {"plain", "plain"},
    {"two\r\nBcc: x@y", "two  Bcc: x@y"},
    {"=?UTF-8?B?eA==?=", "=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?="},
    {"\xc3\xa9", "=?UTF-8?B?w6k=?="},
    {"\xff", "=?UTF-8?B?77+9?="},
    /* 22 characters of two bytes fit one word, and no half of another. */
    {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
     "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
     "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9",
	"=?UTF-8?B?"
	"w6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6k=?="
	"\r\n =?UTF-8?B?w6k=?="},
};

static void
test_subjects(void **state)
{
	static const char *const to[] = {"a@b", NULL};
	struct alert_conf c = {.from = "a@b", .to = to};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(subjects); i++) {
		struct arena *a = arena_new(NULL);
		const char *text;

		c.title = subjects[i].title;
		text = strstr(mail(a, &c, "{}"), "Subject: ");
		text = arena_strndup(
		    a, text, (size_t)(strstr(text, "\r\nMess") - text));
		assert_string_equal(text + 9, subjects[i].subject);
		arena_free(a);
	}
}

/* --- which routes it concerns, and the reply */

enum { ROUTES = 6 };

struct seen {
	struct reply reply; /* first */
	char body[500];
	int status;
};

static void
on_json(struct reply *r, int status, struct str body)
{
	struct seen *s = (struct seen *)r;

	s->status = status;
	assert_true(body.len < sizeof(s->body));
	memcpy(s->body, body.p, body.len);
	s->body[body.len] = '\0';
}

static void
send_here(struct delivery *d, struct engine *engine, void *arg, struct str body)
{
	char *was_sent = arg;

	(void)engine;
	(void)body;
	*was_sent = 'x';
	delivery_end(d, DELIVERED_OK, 0, NULL);
}

static void
drop_here(struct delivery *d)
{
	(void)d;
}

static const struct {
	const char *type, *status;
	double threshold;
	const char *expected; /* x: goes there */
} filters[] = {
    {"cost", "triggered", 5, "xx-x-x"},
    {"cost", "resolved", 5, "xx---x"},
    {"latency", "triggered", 20, "x--xx-"},
    {"latency", "triggered", 10, "x--xxx"},
    {"latency", "resolved", NAN, "x---xx"},
    {"", "", 1, "x----x"},
};

static void
run_filter(struct alert_conf *confs, size_t i)
{
	struct settings settings = {.alerts = confs, .n_alerts = ROUTES};
	const struct route *routes[ROUTES];
	char sent[ROUTES + 1] = "------";
	struct engine engine = {.settings = &settings};
	struct arena *a = arena_new(NULL);
	struct seen seen = {.reply = {.json = on_json}};
	struct err err = {0};
	struct job job = {.type = JOB_ALERT};
	json_t *alert = json_pack("{s:s, s:s, s:s}", "id", "i", "type",
	    filters[i].type, "status", filters[i].status);
	json_t *data = json_pack("{s:o}", "alert", alert);
	size_t k;

	if (!isnan(filters[i].threshold))
		json_object_set_new(
		    alert, "threshold", json_real(filters[i].threshold));
	for (k = 0; k < ROUTES; k++) {
		alert_route(&confs[k], "alert:x");
		confs[k].route.send = send_here;
		confs[k].route.drop = drop_here;
		confs[k].route.arg = &sent[k];
		routes[k] = &confs[k].route;
	}
	job.data = data;
	engine.loop = loop_new();
	engine.store = store_new(NULL);
	deliver_configure(&engine, routes, ROUTES);
	assert_int_equal(alert_job(&engine, a, &job, &seen.reply, &err), 0);
	assert_string_equal(sent, "------"); /* the reply goes first */
	deliver_finish(&engine, 1000);
	assert_string_equal(sent, filters[i].expected);
	deliver_free(&engine);
	store_free(engine.store);
	loop_free(engine.loop);
	json_decref(data);
	arena_free(a);
	assert_int_equal(seen.status, 200);
	if (*filters[i].status == '\0')
		assert_string_equal(seen.body,
		    "{\"message\":\"Alert processed\",\"alertId\":\"i\"}");
	else if (strcmp(filters[i].status, "resolved") == 0)
		assert_string_equal(seen.body,
		    "{\"message\":\"Alert processed\",\"alertId\":\"i\","
		    "\"status\":\"resolved\"}");
}

static void
test_filters(void **state)
{
	static const char *const costs[] = {"cost", "tokens", NULL};
	static const char *const none[] = {NULL};
	static const char *const triggered[] = {"triggered", NULL};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(filters); i++) {
		struct alert_conf confs[ROUTES] = {
		    {.above = NAN, .below = NAN},
		    {.types = costs, .above = NAN, .below = NAN},
		    {.types = none, .above = NAN, .below = NAN},
		    {.statuses = triggered, .above = NAN, .below = NAN},
		    {.above = 10, .below = NAN},
		    {.above = NAN, .below = 10},
		};

		run_filter(confs, i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reading),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_slack),
	    cmocka_unit_test(test_teams),
	    cmocka_unit_test(test_discord),
	    cmocka_unit_test(test_pagerduty),
	    cmocka_unit_test(test_long),
	    cmocka_unit_test(test_mail),
	    cmocka_unit_test(test_subjects),
	    cmocka_unit_test(test_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
