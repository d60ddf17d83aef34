/* Errors as values: a code that maps to one HTTP status, and a sentence.  It
 * refuses to know where an error is shown. */
#include "err.h"

#include "limits.h"
#include "xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	int status;
	const char *name;
} codes[] = {
    [ERR_NONE] = {200, "none"},
    [ERR_REQUEST] = {400, "request"},
    [ERR_SIGNATURE] = {401, "signature"},
    [ERR_METHOD] = {405, "method"},
    [ERR_TOO_LARGE] = {413, "too_large"},
    [ERR_ENCODING] = {415, "encoding"},
    [ERR_PROMPT] = {500, "prompt"},
    [ERR_MODEL] = {500, "model"},
    [ERR_PROVIDER] = {500, "provider"},
    [ERR_UNSUPPORTED] = {501, "unsupported"},
    [ERR_UNCONFIGURED] = {503, "unconfigured"},
    [ERR_SCOPE] = {403, "scope"},
    [ERR_BUDGET] = {402, "budget"},
    [ERR_BUSY] = {429, "busy"},
    [ERR_GONE] = {499, "gone"},
    [ERR_STOPPED] = {503, "stopped"},
    [ERR_INTERNAL] = {500, "internal"},
};
_Static_assert(ARRAY_LEN(codes) == ERR__MAX, "a row for every code");

int
err_status(enum err_code code)
{
	return codes[code].status;
}

const char *
err_name(enum err_code code)
{
	return codes[code].name;
}

static char *vformat(const char *fmt, va_list ap) PRINTF_LIKE(1, 0) NONNULL;

static char *
vformat(const char *fmt, va_list ap)
{
	va_list again;
	char *s;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		n = 0;
	if ((size_t)n > LIMIT_ERR_BYTES)
		n = LIMIT_ERR_BYTES;
	s = xmalloc((size_t)n + 1);
	s[0] = '\0';
	(void)vsnprintf(s, (size_t)n + 1, fmt, ap);
	return s;
}

int
fail(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (err->code != ERR_NONE)
		return -1;
	va_start(ap, fmt);
	err->msg = vformat(fmt, ap);
	va_end(ap);
	err->code = code;
	return -1;
}

int
fail_text(struct err *err, enum err_code code, struct str text)
{
	size_t len = text.len < LIMIT_ERR_BYTES ? text.len : LIMIT_ERR_BYTES;

	return fail(err, code, "%.*s", (int)len, text.p != NULL ? text.p : "");
}

void
err_prefix(struct err *err, const char *fmt, ...)
{
	struct err joined = {0};
	char *prefix;
	va_list ap;

	if (err->code == ERR_NONE)
		return;
	va_start(ap, fmt);
	prefix = vformat(fmt, ap);
	va_end(ap);
	(void)fail(&joined, err->code, "%s: %s", prefix, err->msg);
	free(prefix);
	err_move(err, &joined);
}

void
err_move(struct err *dst, struct err *src)
{
	free(dst->msg);
	*dst = *src;
	*src = (struct err){0};
}

void
err_free(struct err *err)
{
	free(err->msg);
	*err = (struct err){0};
}
