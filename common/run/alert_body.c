/* Alerts as the services want them, each by its own documentation: Slack's
 * Block Kit, Adaptive Cards for Teams, Discord's embeds, PagerDuty's Events API
 * v2, and mail by RFC 5322.  It refuses to send anything. */
#include "alert_int.h"

#include "../base/clock.h"
#include "../base/crypt.h"
#include "../base/utf.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* What services take at most, in characters. */
enum { SLACK_TITLE = 150, DISCORD_TITLE = 256, PAGERDUTY_SUMMARY = 1024 };

/* As the states are shown. */
static const char *
color(const struct alert *alert)
{
	return alert->resolved ? "#2eb67d" : "#e01e5a";
}

static int
color_number(const struct alert *alert)
{
	return alert->resolved ? 0x2eb67d : 0xe01e5a;
}

/* The facts that there are. */
struct fact {
	const char *name, *text;
};

enum { FACTS_MAX = 5 };

static size_t
facts(const struct alert *alert, struct fact out[FACTS_MAX])
{
	const struct fact all[FACTS_MAX] = {
	    {"Value", alert->value},
	    {"Threshold", alert->threshold},
	    {"Window", alert->window},
	    {"Type", alert->type},
	    {"Status", alert->status},
	};
	size_t i, n = 0;

	for (i = 0; i < FACTS_MAX; i++)
		if (*all[i].text != '\0')
			out[n++] = all[i];
	return n;
}

/* At most N characters of UTF-8. */
static const char *
shorten(struct arena *a, const char *text, size_t n)
{
	size_t i, chars = 0;

	for (i = 0; text[i] != '\0'; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80 && chars++ == n)
			break;
	return arena_strndup(a, text, i);
}

static json_t *
string(const char *s)
{
	json_t *json = json_string(s);

	return json != NULL ? json : json_string("(not UTF-8)");
}

/* --- Slack */

/* Its three signs of markup. */
static const char *
slack_escape(struct arena *a, const char *text)
{
	struct buf b;
	const char *out;

	buf_init(&b, 5 * strlen(text) + 1);
	for (; *text != '\0'; text++) {
		if (*text == '&')
			buf_adds(&b, "&amp;");
		else if (*text == '<')
			buf_adds(&b, "&lt;");
		else if (*text == '>')
			buf_adds(&b, "&gt;");
		else
			buf_addc(&b, *text);
	}
	out = arena_strdup(a, buf_str(&b));
	buf_free(&b);
	return out;
}

static json_t *
slack_text(const char *kind, const char *text)
{
	return json_pack("{s:s, s:o}", "type", kind, "text", string(text));
}

static json_t *
slack_fields(struct arena *a, const struct alert *alert)
{
	struct fact fact[FACTS_MAX];
	size_t i, n = facts(alert, fact);
	json_t *fields = json_array();

	for (i = 0; i < n; i++)
		json_array_append_new(
		    fields, slack_text("mrkdwn",
				arena_printf(a, "*%s*\n%s", fact[i].name,
				    slack_escape(a, fact[i].text))));
	return fields;
}

json_t *
alert_slack(
    struct arena *a, const struct alert_conf *c, const struct alert *alert)
{
	const char *title = alert_title(a, c, alert);
	const char *words = slack_escape(a, alert_words(a, c, alert));
	json_t *blocks = json_array(), *fields = slack_fields(a, alert);

	json_array_append_new(blocks,
	    json_pack("{s:s, s:o}", "type", "header", "text",
		slack_text("plain_text", shorten(a, title, SLACK_TITLE))));
	json_array_append_new(blocks, json_pack("{s:s, s:o}", "type", "section",
					  "text", slack_text("mrkdwn", words)));
	if (json_array_size(fields) != 0)
		json_array_append_new(blocks, json_pack("{s:s, s:O}", "type",
						  "section", "fields", fields));
	json_decref(fields);
	if (*alert->timestamp != '\0')
		json_array_append_new(blocks,
		    json_pack("{s:s, s:[o]}", "type", "context", "elements",
			slack_text(
			    "mrkdwn", slack_escape(a, alert->timestamp))));
	return json_pack("{s:o, s:[{s:s, s:o}]}", "text",
	    string(arena_printf(a, "%s: %s", title, words)), "attachments",
	    "color", color(alert), "blocks", blocks);
}

/* --- Microsoft Teams */

static json_t *
teams_text(const char *text)
{
	return json_pack("{s:s, s:o, s:b}", "type", "TextBlock", "text",
	    string(text), "wrap", 1);
}

json_t *
alert_teams(
    struct arena *a, const struct alert_conf *c, const struct alert *alert)
{
	json_t *title = teams_text(alert_title(a, c, alert));
	json_t *set = json_array(), *card;
	struct fact fact[FACTS_MAX];
	size_t i, n = facts(alert, fact);

	json_object_set_new(title, "weight", json_string("Bolder"));
	json_object_set_new(title, "size", json_string("Medium"));
	json_object_set_new(title, "color",
	    json_string(alert->resolved ? "Good" : "Attention"));
	for (i = 0; i < n; i++)
		json_array_append_new(
		    set, json_pack("{s:s, s:o}", "title", fact[i].name, "value",
			     string(fact[i].text)));
	card = json_pack("{s:s, s:s, s:s, s:[o, o, {s:s, s:o}]}", "$schema",
	    "http://adaptivecards.io/schemas/adaptive-card.json", "type",
	    "AdaptiveCard", "version", "1.4", "body", title,
	    teams_text(alert_words(a, c, alert)), "type", "FactSet", "facts",
	    set);
	return json_pack("{s:s, s:[{s:s, s:n, s:o}]}", "type", "message",
	    "attachments", "contentType",
	    "application/vnd.microsoft.card.adaptive", "contentUrl", "content",
	    card);
}

/* --- Discord */

json_t *
alert_discord(
    struct arena *a, const struct alert_conf *c, const struct alert *alert)
{
	const char *title = shorten(a, alert_title(a, c, alert), DISCORD_TITLE);
	struct fact fact[FACTS_MAX];
	size_t i, n = facts(alert, fact);
	json_t *fields = json_array();

	for (i = 0; i < n; i++)
		json_array_append_new(
		    fields, json_pack("{s:s, s:o, s:b}", "name", fact[i].name,
				"value", string(fact[i].text), "inline", 1));
	return json_pack("{s:[{s:o, s:o, s:i, s:o}], s:{s:[]}}", "embeds",
	    "title", string(title), "description",
	    string(alert_words(a, c, alert)), "color", color_number(alert),
	    "fields", fields, "allowed_mentions", "parse");
}

/* --- PagerDuty */

json_t *
alert_pagerduty(
    struct arena *a, const struct alert_conf *c, const struct alert *alert)
{
	const char *summary = arena_printf(
	    a, "%s: %s", alert_title(a, c, alert), alert_words(a, c, alert));
	json_t *payload, *data = json_object_get(alert->json, "data");

	payload = json_pack("{s:o, s:s, s:s, s:o, s:O}", "summary",
	    string(shorten(a, summary, PAGERDUTY_SUMMARY)), "source",
	    "agentmark", "severity", "error", "component",
	    string(*alert->type != '\0' ? alert->type : "alert"),
	    "custom_details", data != NULL ? data : alert->json);
	if (*alert->timestamp != '\0')
		json_object_set_new(
		    payload, "timestamp", string(alert->timestamp));
	return json_pack("{s:s, s:s, s:o, s:o}", "routing_key", c->key,
	    "event_action", alert->resolved ? "resolve" : "trigger",
	    "dedup_key",
	    string(arena_printf(a, "agentmark:%s:%s", alert->type, alert->id)),
	    "payload", payload);
}

/* --- mail */

/* A header's words may be anything; ASCII goes as it is (RFC 2047). */
static const char *
header_words(struct arena *a, const char *text)
{
	struct str words = utf8_clean(a, (struct str){text, strlen(text)});
	size_t i;

	for (i = 0; i < words.len; i++)
		if (words.p[i] < ' ' || words.p[i] > '~')
			break;
	if (i == words.len)
		return text;
	return arena_printf(a, "=?UTF-8?B?%s?=", base64_print(a, words).p);
}

/* The body in base64, which survives any mail server. */
static void
add_body(struct buf *b, struct arena *a, const char *text)
{
	enum { LINE = 76 };
	struct str base64 = base64_print(a, (struct str){text, strlen(text)});
	size_t i, n;

	for (i = 0; i < base64.len; i += n) {
		n = base64.len - i < LINE ? base64.len - i : LINE;
		buf_add(b, base64.p + i, n);
		buf_adds(b, "\r\n");
	}
}

static void
add_date(struct buf *b)
{
	static const char *const days[] = {
	    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL)
		return;
	buf_addf(b, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* The same alert has the same id, so that a mailbox can tell. */
static void
add_id(struct buf *b, const struct alert *alert)
{
	uint8_t hash[CRYPT_SHA256_LEN];
	char hex[33];

	crypt_sha256(alert->event, hash);
	hex_print(hex, hash, 16);
	buf_addf(b, "Message-ID: <%s@agentmark-fcgi.invalid>\r\n", hex);
}

void
alert_mail(struct buf *b, struct arena *a, const struct alert_conf *c,
    const struct alert *alert)
{
	struct fact fact[FACTS_MAX];
	size_t i, n = facts(alert, fact);
	struct buf text;

	add_date(b);
	buf_addf(b, "From: %s\r\nTo: ", c->from);
	for (i = 0; c->to[i] != NULL; i++)
		buf_addf(b, "%s%s", i == 0 ? "" : ", ", c->to[i]);
	buf_addf(b, "\r\nSubject: %s\r\n",
	    header_words(a, alert_title(a, c, alert)));
	add_id(b, alert);
	buf_adds(b, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
		    "Content-Type: text/plain; charset=utf-8\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\n");
	buf_init(&text, 1024 * 1024);
	buf_addf(&text, "%s\r\n\r\n", alert_words(a, c, alert));
	for (i = 0; i < n; i++)
		buf_addf(&text, "%s: %s\r\n", fact[i].name, fact[i].text);
	if (*alert->timestamp != '\0')
		buf_addf(&text, "%s\r\n", alert->timestamp);
	add_body(b, a, buf_str(&text));
	buf_free(&text);
}
