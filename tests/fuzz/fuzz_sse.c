/* The events of a stream do not depend on where it was cut.  The first byte
 * chooses the kind of frame and the largest event, the second the size of the
 * pieces. */
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
replay(struct str text, struct frame *f, size_t step, struct buf *out)
{
	struct err err = {0};

	for (size_t i = 0; i < text.len; i += step) {
		size_t n = text.len - i < step ? text.len - i : step;

		if (feed(f, text.p + i, n, out) != 0)
			return -1;
	}
	return frame_end(f, note, out, &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf whole, pieces;
	struct frame f;
	struct str text;
	enum frame_kind kind;
	size_t max;
	int rc[2];

	if (len < 3)
		return 0;
	kind = (data[0] & 1) != 0 ? FRAME_LINES : FRAME_SSE;
	max = (data[0] & 2) != 0 ? data[0] : 1u << 20;
	text = (struct str){(const char *)data + 2, len - 2};
	buf_init(&whole, 64u << 20);
	buf_init(&pieces, 64u << 20);
	frame_init(&f, kind, max);
	rc[0] = replay(text, &f, text.len, &whole);
	frame_free(&f);
	frame_init(&f, kind, max);
	rc[1] = replay(text, &f, data[1] % 32u + 1, &pieces);
	frame_free(&f);
	if (rc[0] != rc[1] || whole.len != pieces.len ||
	    memcmp(buf_str(&whole), buf_str(&pieces), whole.len) != 0)
		abort();
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
