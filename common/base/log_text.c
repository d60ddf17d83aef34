/* Prints the fields of one line of the log.  Where the fields are is read from
 * the format alone, so that no value can look like one.  It refuses to know
 * where lines go and what the fields mean. */
#include "log_text.h"

#include "utf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that no UTF-8 has: they part fields, and keys from values. */
enum { MARK_FIELD = 0xff, MARK_KIND = 0xfc };
_Static_assert(
    MARK_KIND + LOG_KIND__MAX <= MARK_FIELD, "a byte for every kind");

/* --- taking apart */

/* Where the value that begins at P ends: at the next space, or quote. */
static const char *
value_end(const char *p, bool quoted)
{
	return p + strcspn(p, quoted ? "\"" : " ");
}

static enum log_kind
kind_of(const char *value, const char *end, bool quoted)
{
	if (quoted)
		return LOG_QUOTED;
	if (end - value < 2 || *value != '%' ||
	    memchr(value + 1, '%', (size_t)(end - value - 1)) != NULL ||
	    strchr("diufg", end[-1]) == NULL)
		return LOG_BARE;
	return LOG_NUMBER;
}

static void
add_mark(struct buf *b, int mark)
{
	buf_addc(b, (char)(unsigned char)mark);
}

/* FMT with a mark before every field and every value, and without what stands
 * around them. */
static size_t
add_marks(struct buf *b, const char *fmt)
{
	const char *value, *end;
	bool quoted;
	size_t n = 0;

	for (; *fmt != '\0'; n++) {
		value = fmt + strcspn(fmt, "=");
		add_mark(b, MARK_FIELD);
		buf_add(b, fmt, (size_t)(value - fmt));
		if (*value == '=')
			value++;
		quoted = *value == '"';
		value += quoted ? 1 : 0;
		end = value_end(value, quoted);
		add_mark(b, MARK_KIND + (int)kind_of(value, end, quoted));
		buf_add(b, value, (size_t)(end - value));
		fmt = quoted && *end == '"' ? end + 1 : end;
		fmt += *fmt == ' ' ? 1 : 0;
	}
	return n;
}

static bool
is_kind(char c)
{
	unsigned char mark = (unsigned char)c;

	return mark >= MARK_KIND && mark < MARK_KIND + LOG_KIND__MAX;
}

/* The field that begins behind its mark at P and ends at END. */
static struct log_field
read_field(const char *p, const char *end)
{
	const char *value = p;

	while (value < end && !is_kind(*value))
		value++;
	if (value == end)
		return (struct log_field){.key = {p, (size_t)(end - p)}};
	return (struct log_field){
	    .key = {p, (size_t)(value - p)},
	    .value = {value + 1, (size_t)(end - value - 1)},
	    .kind = (enum log_kind)((unsigned char)*value - MARK_KIND),
	};
}

static size_t
read_fields(const char *text, struct log_field *fields, size_t max)
{
	const char *p = text, *end;
	size_t n = 0;

	while (*p != '\0' && n < max) {
		p++; /* the mark */
		end = strchr(p, MARK_FIELD);
		if (end == NULL)
			end = p + strlen(p);
		fields[n] = read_field(p, end);
		n += fields[n].value.len != 0 || fields[n].kind == LOG_QUOTED;
		p = end;
	}
	return n;
}

static size_t
count_marks(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += (unsigned char)*text == MARK_FIELD ? 1 : 0;
	return n;
}

size_t
log_fields(const char *fmt, va_list ap, struct log_field *fields, size_t max,
    char **text)
{
	struct buf marked;
	size_t n;

	buf_init(&marked, 2 * strlen(fmt) + 16);
	n = add_marks(&marked, fmt);
	if (vasprintf(text, buf_str(&marked), ap) == -1)
		*text = NULL;
	buf_free(&marked);
	if (*text == NULL || max == 0)
		return 0;
	if (count_marks(*text) == n)
		return read_fields(*text, fields, max);
	/* Some value holds a mark: what it has to say is said as one text. */
	fields[0] = (struct log_field){
	    .key = STR("text"),
	    .value = {*text, strlen(*text)},
	    .kind = LOG_QUOTED,
	};
	return 1;
}

/* --- printing */

/* What may still follow the last character: a quote, a bracket, a line end. */
enum { TAIL = 3, CHARACTER = 4 };

static bool
has_room(const struct buf *b, size_t len)
{
	return b->len + len + TAIL <= b->max;
}

static bool
is_control(uint32_t cp)
{
	return cp < ' ' || (cp >= 0x7f && cp < 0xa0);
}

static void
add_text(struct buf *b, struct str text, bool escaped)
{
	char bytes[4];
	uint32_t cp;
	size_t i = 0;

	while (i < text.len && has_room(b, CHARACTER)) {
		cp = utf8_next(text, &i);
		if (cp == UTF8_BAD)
			cp = 0xfffd;
		if (is_control(cp))
			cp = ' ';
		if (escaped && (cp == '"' || cp == '\\'))
			buf_addc(b, '\\');
		buf_add(b, bytes, utf8_put(bytes, cp));
	}
}

static void
add_quoted(struct buf *b, struct str text)
{
	buf_addc(b, '"');
	add_text(b, text, true);
	buf_addc(b, '"');
}

static bool
needs_quotes(const struct log_field *f)
{
	size_t i;
	unsigned char c;

	if (f->kind == LOG_QUOTED)
		return true;
	for (i = 0; i < f->value.len; i++) {
		c = (unsigned char)f->value.p[i];
		if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f)
			return true;
	}
	return false;
}

/* Its key with the signs around it, and as much of the value as is worth it. */
static bool
fits(const struct buf *b, const struct log_field *f)
{
	size_t value = f->kind == LOG_NUMBER ? f->value.len : CHARACTER;

	return has_room(b, f->key.len + value + CHARACTER + TAIL);
}

void
log_print_logfmt(struct buf *b, const struct log_field *fields, size_t n)
{
	const struct log_field *f;

	for (f = fields; f < fields + n && fits(b, f); f++) {
		if (f != fields)
			buf_addc(b, ' ');
		buf_add(b, f->key.p, f->key.len);
		buf_addc(b, '=');
		if (needs_quotes(f))
			add_quoted(b, f->value);
		else
			add_text(b, f->value, false);
	}
}

/* Not what printf() makes of what is not finite.  A mark or a NUL stands behind
 * the value. */
static bool
is_number(const struct log_field *f)
{
	return f->kind == LOG_NUMBER && f->value.len != 0 &&
	       strspn(f->value.p, "+-.0123456789e") >= f->value.len;
}

void
log_print_json(struct buf *b, const struct log_field *fields, size_t n)
{
	const struct log_field *f;

	buf_addc(b, '{');
	for (f = fields; f < fields + n && fits(b, f); f++) {
		if (f != fields)
			buf_addc(b, ',');
		add_quoted(b, f->key);
		buf_addc(b, ':');
		if (is_number(f))
			buf_add(b, f->value.p, f->value.len);
		else
			add_quoted(b, f->value);
	}
	buf_addc(b, '}');
}

static char
upper(char c)
{
	if (c >= 'a' && c <= 'z')
		return (char)(c - 'a' + 'A');
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
}

void
log_print_journal(struct buf *b, const struct log_field *fields, size_t n)
{
	const struct log_field *f;
	size_t i;

	for (f = fields; f < fields + n && fits(b, f); f++) {
		for (i = 0; i < f->key.len; i++)
			buf_addc(b, upper(f->key.p[i]));
		buf_addc(b, '=');
		add_text(b, f->value, false);
		buf_addc(b, '\n');
	}
}
