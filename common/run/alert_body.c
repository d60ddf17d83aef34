/* Alerts as the services want them, each by its own documentation: Slack's
 * Block Kit, Adaptive Cards for Teams, Discord's embeds and PagerDuty's Events
 * API v2.  It refuses to send anything. */
#include "alert_int.h"

#include "../base/crypt.h"
#include "../base/utf.h"

#include <string.h>

/* What services take at most, in characters; Discord takes 6000 of all together
 * and Teams 28 kB of everything. */
enum {
	SLACK_TITLE = 150,
	SLACK_WORDS = 3000,
	TEAMS_WORDS = 4000,
	DISCORD_TITLE = 256,
	DISCORD_WORDS = 4096,
	PAGERDUTY_SUMMARY = 1024,
	PAGERDUTY_KEY = 255,
	FACT_CHARS = 250
};

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

static size_t
facts(struct arena *a, const struct alert *alert, struct fact out[FACTS_MAX])
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
			out[n++] = (struct fact){
			    all[i].name, shorten(a, all[i].text, FACT_CHARS)};
	return n;
}

static json_t *
string(const char *s)
{
	json_t *json = json_string(s);

	return json != NULL ? json : json_string("(not UTF-8)");
}

/* --- Slack */

/* Its three signs of markup; at most N characters become of it. */
static const char *
slack_escape(struct arena *a, const char *text, size_t n)
{
	const char *sign, *out;
	size_t chars = 0;
	struct buf b;

	buf_init(&b, 4 * n);
	for (; *text != '\0'; text++) {
		sign = *text == '&'   ? "&amp;"
		       : *text == '<' ? "&lt;"
		       : *text == '>' ? "&gt;"
				      : NULL;
		if (((unsigned char)*text & 0xc0) != 0x80)
			chars += sign != NULL ? strlen(sign) : 1;
		if (chars > n)
			break;
		if (sign != NULL)
			buf_adds(&b, sign);
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
	size_t i, n = facts(a, alert, fact);
	json_t *fields = json_array();

	for (i = 0; i < n; i++)
		json_array_append_new(fields,
		    slack_text("mrkdwn",
			arena_printf(a, "*%s*\n%s", fact[i].name,
			    slack_escape(a, fact[i].text, SLACK_WORDS / 2))));
	return fields;
}

json_t *
alert_slack(
    struct arena *a, const struct alert_conf *c, const struct alert *alert)
{
	const char *title = alert_title(a, c, alert);
	const char *words =
	    slack_escape(a, alert_words(a, c, alert), SLACK_WORDS);
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
			slack_text("mrkdwn",
			    slack_escape(a, alert->timestamp, FACT_CHARS))));
	return json_pack("{s:[{s:o, s:s, s:o}]}", "attachments", "fallback",
	    string(arena_printf(a, "%s: %s", title, words)), "color",
	    color(alert), "blocks", blocks);
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
	json_t *title =
	    teams_text(shorten(a, alert_title(a, c, alert), FACT_CHARS));
	json_t *set = json_array(), *card;
	struct fact fact[FACTS_MAX];
	size_t i, n = facts(a, alert, fact);

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
	    teams_text(shorten(a, alert_words(a, c, alert), TEAMS_WORDS)),
	    "type", "FactSet", "facts", set);
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
	size_t i, n = facts(a, alert, fact);
	json_t *fields = json_array();

	for (i = 0; i < n; i++)
		json_array_append_new(
		    fields, json_pack("{s:s, s:o, s:b}", "name", fact[i].name,
				"value", string(fact[i].text), "inline", 1));
	return json_pack("{s:[{s:o, s:o, s:i, s:o}], s:{s:[]}}", "embeds",
	    "title", string(title), "description",
	    string(shorten(a, alert_words(a, c, alert), DISCORD_WORDS)),
	    "color", color_number(alert), "fields", fields, "allowed_mentions",
	    "parse");
}

/* --- PagerDuty */

/* What is triggered and what resolves it have the same. */
static const char *
dedup_key(struct arena *a, const struct alert *alert)
{
	const char *key =
	    arena_printf(a, "agentmark:%s:%s", alert->type, alert->id);
	uint8_t hash[CRYPT_SHA256_LEN];
	char hex[2 * CRYPT_SHA256_LEN + 1];

	if (strlen(key) <= PAGERDUTY_KEY)
		return key;
	crypt_sha256(str_from(key), hash);
	hex_print(hex, hash, sizeof(hash));
	return arena_printf(a, "agentmark:%s", hex);
}

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
	    "dedup_key", string(dedup_key(a, alert)), "payload", payload);
}
