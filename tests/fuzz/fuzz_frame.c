/* The events of a stream, server-sent, lines or Amazon's records, do not depend
 * on where it was cut, and what is handed on lies within the bytes that came.
 * The first byte chooses the kind, the largest event and whether the checksums
 * of records are made right, which no fuzzer would guess, the second one the
 * size of the pieces. */
#include "../../common/base/gunzip.h"
#include "../../common/net/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int
note(void *arg, struct str event, struct str data)
{
	struct buf *b = arg;

	buf_addf(b, "%zu,%zu:", event.len, data.len);
	buf_add(b, event.p, event.len);
	buf_add(b, data.p, data.len);
	return 0;
}

static size_t
read_uint(const char *p)
{
	size_t value = 0;

	for (size_t i = 0; i < 4; i++)
		value = value << 8 | (unsigned char)p[i];
	return value;
}

static void
write_uint(char *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(unsigned char)(value >> 8 * (3 - i) & 0xff);
}

/* Sets the checksums of all records that lie whole within the bytes, as their
 * lengths have it. */
static void
mend(char *p, size_t len)
{
	while (len >= 16) {
		size_t total = read_uint(p);

		write_uint(p + 8, gunzip_crc32((struct str){p, 8}));
		if (total < 16 || total > len)
			return;
		write_uint(
		    p + total - 4, gunzip_crc32((struct str){p, total - 4}));
		p += total;
		len -= total;
	}
}

/* Each piece is a copy, so that sanitizers see what is kept of it. */
static int
feed(struct frame *f, const char *p, size_t len, struct buf *out)
{
	char *copy = malloc(len);
	struct err err = {0};
	int rc;

	if (copy == NULL)
		abort();
	memcpy(copy, p, len);
	rc = frame_feed(f, (struct str){copy, len}, note, out, &err);
	free(copy);
	if ((rc != 0) != (err.code != ERR_NONE))
		abort();
	err_free(&err);
	return rc;
}

static int
replay(struct str text, enum frame_kind kind, size_t max, size_t step,
    struct buf *out)
{
	struct err err = {0};
	struct frame f;
	int rc = 0;

	frame_init(&f, kind, max);
	for (size_t i = 0; i < text.len && rc == 0; i += step) {
		size_t n = text.len - i < step ? text.len - i : step;

		rc = feed(&f, text.p + i, n, out);
	}
	if (rc == 0)
		rc = frame_end(&f, note, out, &err);
	frame_free(&f);
	err_free(&err);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum { LINES = 1, SMALL = 2, RECORDS = 4, MEND = 8 };
	enum frame_kind kind = FRAME_SSE;
	struct buf whole, pieces;
	struct str text;
	char *bytes;
	size_t max;
	int rc[2];

	if (len < 3)
		return 0;
	if ((data[0] & RECORDS) != 0)
		kind = FRAME_RECORDS;
	else if ((data[0] & LINES) != 0)
		kind = FRAME_LINES;
	max = (data[0] & SMALL) != 0 ? data[0] : 1u << 20;
	text.len = len - 2;
	text.p = bytes = malloc(text.len);
	if (bytes == NULL)
		abort();
	memcpy(bytes, data + 2, text.len);
	if (kind == FRAME_RECORDS && (data[0] & MEND) != 0)
		mend(bytes, text.len);
	buf_init(&whole, 64u << 20);
	buf_init(&pieces, 64u << 20);
	rc[0] = replay(text, kind, max, text.len, &whole);
	rc[1] = replay(text, kind, max, data[1] % 32u + 1, &pieces);
	if (rc[0] != rc[1] || whole.len != pieces.len ||
	    memcmp(buf_str(&whole), buf_str(&pieces), whole.len) != 0)
		abort();
	buf_free(&whole);
	buf_free(&pieces);
	free(bytes);
	return 0;
}
