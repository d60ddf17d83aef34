/* Alerts as mail by RFC 5322, with words of any language in ASCII (RFC 2047).
 * It refuses to know how mail is sent. */
#include "alert_int.h"

#include "../base/clock.h"
#include "../base/crypt.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>
#include <time.h>

enum {
	WORD_BYTES = 45,  /* in base64 they fit one encoded word */
	PLAIN_BYTES = 200 /* longer lines are cut into encoded words */
};

/* Words of a header on one line, as valid UTF-8. */
static struct str
one_line(struct arena *a, const char *text)
{
	struct str clean = utf8_clean(a, str_from(text));
	char *copy = arena_strndup(a, clean.p, clean.len);
	size_t i;

	for (i = 0; i < clean.len; i++)
		if ((unsigned char)copy[i] < ' ' || copy[i] == 127)
			copy[i] = ' ';
	return (struct str){copy, clean.len};
}

static bool
is_plain(struct str words)
{
	size_t i;

	for (i = 0; i < words.len; i++)
		if ((unsigned char)words.p[i] > '~')
			return false;
	return words.len <= PLAIN_BYTES && strstr(words.p, "=?") == NULL;
}

/* Encoded words begin and end with whole characters. */
static void
add_words(struct buf *b, struct arena *a, const char *text)
{
	struct str words = one_line(a, text);
	size_t at = 0, n;

	if (is_plain(words)) {
		buf_add(b, words.p, words.len);
		return;
	}
	for (; at < words.len; at += n) {
		n = words.len - at < WORD_BYTES ? words.len - at : WORD_BYTES;
		while (at + n < words.len &&
		       ((unsigned char)words.p[at + n] & 0xc0) == 0x80)
			n--;
		buf_addf(b, "%s=?UTF-8?B?%s?=", at == 0 ? "" : "\r\n ",
		    base64_print(a, (struct str){words.p + at, n}).p);
	}
}

/* The name before an address in angle brackets may be anything. */
static void
add_address(struct buf *b, struct arena *a, const char *address)
{
	const char *open = strrchr(address, '<');
	size_t len = open != NULL ? (size_t)(open - address) : 0;
	struct str name;

	while (len > 0 && address[len - 1] == ' ')
		len--;
	name = one_line(a, arena_strndup(a, address, len));
	if (len == 0 || is_plain(name)) {
		buf_adds(b, address);
		return;
	}
	add_words(b, a, name.p);
	buf_addf(b, " %s", open);
}

/* The body in base64, which survives any mail server. */
static void
add_body(struct buf *b, struct arena *a, struct str text)
{
	enum { LINE = 76 };
	struct str base64 = base64_print(a, text);
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

static void
add_head(struct buf *b, struct arena *a, const struct alert_conf *c,
    const struct alert *alert)
{
	size_t i;

	add_date(b);
	buf_adds(b, "From: ");
	add_address(b, a, c->from);
	buf_adds(b, "\r\nTo: ");
	for (i = 0; c->to[i] != NULL; i++) {
		buf_adds(b, i == 0 ? "" : ",\r\n ");
		add_address(b, a, c->to[i]);
	}
	buf_adds(b, "\r\nSubject: ");
	add_words(b, a, alert_title(a, c, alert));
	/* The same alert has the same id, so that a mailbox can tell. */
	buf_addf(b, "\r\nMessage-ID: <%.32s@agentmark-fcgi.invalid>\r\n",
	    alert_key(a, alert));
	buf_adds(b, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
		    "Content-Type: text/plain; charset=utf-8\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\n");
}

void
alert_mail(struct buf *b, struct arena *a, const struct alert_conf *c,
    const struct alert *alert)
{
	const struct {
		const char *name, *text;
	} facts[] = {
	    {"Value", alert->value},
	    {"Threshold", alert->threshold},
	    {"Window", alert->window},
	    {"Type", alert->type},
	    {"Status", alert->status},
	    {"Time", alert->timestamp},
	};
	struct buf text;
	size_t i;

	add_head(b, a, c, alert);
	buf_init(&text, 4 * LIMIT_ALERT_BYTES);
	buf_addf(&text, "%s\r\n\r\n", alert_words(a, c, alert));
	for (i = 0; i < ARRAY_LEN(facts); i++)
		if (*facts[i].text != '\0')
			buf_addf(
			    &text, "%s: %s\r\n", facts[i].name, facts[i].text);
	add_body(b, a, buf_text(&text));
	buf_free(&text);
}
