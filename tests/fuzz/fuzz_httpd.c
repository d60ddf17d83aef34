/* Requests do not depend on where they were cut, and no more is taken than is
 * theirs.  The first byte chooses the size of the pieces. */
#include "../../common/net/httpd_in.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BODY = 4096, MAX_REQUESTS = 50 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
note(const struct httpd_in *in, struct buf *out)
{
	static const char *const names[] = {"host", "content-type", "x"};
	const char *value;

	buf_addf(out, "%s %s %d%d%d\n", httpd_in_method(in),
	    httpd_in_target(in), in->old, in->close, in->expects);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		value = httpd_in_field(in, names[i]);
		buf_addf(out, "%s\n", value != NULL ? value : "-");
	}
}

/* A piece of its own, so that sanitizers see what is read beyond it. */
static enum httpd_read
feed(struct httpd_in *in, struct str piece, size_t *taken)
{
	char *copy = malloc(piece.len > 0 ? piece.len : 1);
	enum httpd_read got;

	if (copy == NULL)
		abort();
	if (piece.len > 0)
		memcpy(copy, piece.p, piece.len);
	got = httpd_in_feed(in, (struct str){copy, piece.len}, taken);
	free(copy);
	if (*taken > piece.len || (got == HTTPD_MORE && *taken < piece.len) ||
	    (got == HTTPD_BAD) != (in->status != 0) || in->body.len > MAX_BODY)
		abort();
	return got;
}

/* All requests of TEXT, one behind the other, as lines. */
static void
replay(struct str text, size_t step, struct buf *out)
{
	enum httpd_read got = HTTPD_MORE;
	struct httpd_in in;
	size_t at = 0, n = 0, taken;
	struct str piece;

	httpd_in_init(&in, MAX_BODY);
	while (n < MAX_REQUESTS && (at < text.len || got == HTTPD_HEAD)) {
		piece.p = text.p + at;
		piece.len = text.len - at < step ? text.len - at : step;
		got = feed(&in, piece, &taken);
		at += taken;
		if (got == HTTPD_HEAD)
			note(&in, out);
		if (got == HTTPD_BAD)
			break;
		if (got != HTTPD_DONE)
			continue;
		buf_addf(out, "%zu %zu\n", in.body.len, at);
		buf_add(out, in.body.data, in.body.len);
		httpd_in_free(&in);
		httpd_in_init(&in, MAX_BODY);
		n++;
	}
	buf_addf(out, "%d", in.status);
	httpd_in_free(&in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf whole, pieces;
	struct str text;

	if (len < 2)
		return 0;
	text = (struct str){(const char *)data + 1, len - 1};
	buf_init(&whole, 64u << 20);
	buf_init(&pieces, 64u << 20);
	replay(text, text.len, &whole);
	replay(text, data[0] % 32u + 1, &pieces);
	if (whole.len != pieces.len ||
	    memcmp(buf_str(&whole), buf_str(&pieces), whole.len) != 0)
		abort();
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
