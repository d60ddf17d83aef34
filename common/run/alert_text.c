/* Reads alerts leniently, whatever year they are from, and puts them into
 * words. It refuses to know where they go. */
#include "alert_int.h"

#include "../base/crypt.h"
#include "../base/json.h"
#include "../base/js.h"
#include "../base/limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Units by type (protocol.md 5.2). */
static const struct {
	const char *type, *before, *after;
} units[] = {
    {"cost", "$", ""},
    {"latency", "", " ms"},
    {"error_rate", "", " %"},
};

/* Text, or a number as text; "" where there is neither. */
static const char *
text_of(struct arena *a, const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);
	char number[JS_NUMBER_LEN];

	if (json_is_string(v))
		return json_string_value(v);
	if (!json_is_number(v))
		return "";
	(void)js_number_print(number, json_number_value(v));
	return arena_strdup(a, number);
}

static const char *
text_of_either(
    struct arena *a, const json_t *one, const json_t *other, const char *key)
{
	const char *text = text_of(a, one, key);

	return *text != '\0' ? text : text_of(a, other, key);
}

/* A number, or text that is one. */
static double
number_of(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);
	const char *text = json_string_value(v);
	char *end;
	double d;

	if (json_is_number(v))
		return json_number_value(v);
	if (text == NULL || *text == '\0')
		return (double)NAN;
	d = strtod(text, &end);
	return *end == '\0' ? d : (double)NAN;
}

static const char *
with_unit(
    struct arena *a, const json_t *object, const char *key, const char *type)
{
	const char *text = text_of(a, object, key);
	size_t i;

	if (*text == '\0' || isnan(number_of(object, key)))
		return text;
	for (i = 0; i < ARRAY_LEN(units); i++)
		if (strcmp(units[i].type, type) == 0)
			return arena_printf(
			    a, "%s%s%s", units[i].before, text, units[i].after);
	return text;
}

int
alert_read(
    struct arena *a, struct str event, struct alert *out, struct err *err)
{
	json_t *json = json_read(event, err);
	const json_t *data = json_object_get(json, "data");
	const json_t *alert = json_object_get(data, "alert");

	if (json == NULL)
		return -1;
	(void)json_own(a, json);
	/* Some senders leave the inner object out. */
	if (!json_is_object(alert))
		alert = data;
	*out = (struct alert){
	    .event = event,
	    .json = json,
	    .id = text_of(a, alert, "id"),
	    .type = text_of(a, alert, "type"),
	    .status = text_of(a, alert, "status"),
	    .window = text_of(a, alert, "timeWindow"),
	    .message = text_of_either(a, data, alert, "message"),
	    .timestamp = text_of_either(a, data, alert, "timestamp"),
	    .number = number_of(alert, "threshold"),
	};
	out->value = with_unit(a, alert, "currentValue", out->type);
	out->threshold = with_unit(a, alert, "threshold", out->type);
	out->resolved = strcmp(out->status, "resolved") == 0;
	return 0;
}

/* What has no id or no time is told by all that it says: an alert that is
 * triggered again must not be taken for the first one. */
const char *
alert_key(struct arena *a, const struct alert *alert)
{
	uint8_t hash[CRYPT_SHA256_LEN];
	char hex[2 * CRYPT_SHA256_LEN + 1];
	struct str text = alert->event;
	struct buf b;

	buf_init(&b, 4 * LIMIT_ALERT_BYTES);
	if (*alert->id != '\0' && *alert->timestamp != '\0') {
		buf_add(&b, alert->id, strlen(alert->id) + 1);
		buf_add(&b, alert->status, strlen(alert->status) + 1);
		buf_adds(&b, alert->timestamp);
		text = buf_text(&b);
	}
	crypt_sha256(text, hash);
	buf_free(&b);
	hex_print(hex, hash, sizeof(hash));
	return arena_strdup(a, hex);
}

/* --- words */

static const char *
word(const struct alert *alert, struct str name)
{
	const struct {
		const char *name, *text;
	} words[] = {
	    {"id", alert->id},
	    {"type", alert->type},
	    {"status", alert->status},
	    {"value", alert->value},
	    {"threshold", alert->threshold},
	    {"window", alert->window},
	    {"message", alert->message},
	    {"timestamp", alert->timestamp},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i].name) == name.len &&
		    memcmp(words[i].name, name.p, name.len) == 0)
			return words[i].text;
	return NULL;
}

/* Puts the alert's words into TEMPLATE. */
static const char *
fill(struct arena *a, const char *template, const struct alert *alert)
{
	const char *p = template, *end, *text;
	struct buf b;

	buf_init(&b, 4 * LIMIT_ALERT_BYTES);
	while (*p != '\0') {
		end = *p == '{' ? strchr(p, '}') : NULL;
		text = end != NULL ? word(alert, (struct str){p + 1,
						     (size_t)(end - p - 1)})
				   : NULL;
		if (text == NULL) {
			buf_addc(&b, *p++);
			continue;
		}
		buf_adds(&b, text);
		p = end + 1;
	}
	text = arena_strdup(a, buf_str(&b));
	buf_free(&b);
	return text;
}

/* "error_rate" is not how people write. */
static const char *
type_words(struct arena *a, const struct alert *alert)
{
	char *words =
		 arena_strdup(a, *alert->type != '\0' ? alert->type : "alert"),
	     *p;

	for (p = words; *p != '\0'; p++)
		if (*p == '_')
			*p = ' ';
	if (*words >= 'a' && *words <= 'z')
		*words = (char)(*words - 'a' + 'A');
	return words;
}

static const char *
our_title(struct arena *a, const struct alert *alert)
{
	const char *what = type_words(a, alert);

	if (alert->resolved)
		return arena_printf(a, "%s is back to normal", what);
	if (*alert->status != '\0')
		return arena_printf(a, "%s has crossed its threshold", what);
	return *alert->type != '\0' ? arena_printf(a, "%s alert", what) : what;
}

static const char *
our_words(struct arena *a, const struct alert *alert)
{
	if (*alert->message != '\0')
		return alert->message;
	return arena_printf(a, "%s: %s, threshold %s", type_words(a, alert),
	    *alert->value != '\0' ? alert->value : "unknown",
	    *alert->threshold != '\0' ? alert->threshold : "unknown");
}

/* No service takes an empty text. */
static const char *
filled(struct arena *a, const char *template, const struct alert *alert)
{
	const char *text;

	if (template == NULL)
		return NULL;
	text = fill(a, template, alert);
	return text[strspn(text, " \t\r\n")] != '\0' ? text : NULL;
}

const char *
alert_title(
    struct arena *a, const struct alert_conf *c, const struct alert *alert)
{
	const char *text = filled(a, c->title, alert);

	return text != NULL ? text : our_title(a, alert);
}

const char *
alert_words(
    struct arena *a, const struct alert_conf *c, const struct alert *alert)
{
	const char *text = filled(a, c->text, alert);

	return text != NULL ? text : our_words(a, alert);
}
