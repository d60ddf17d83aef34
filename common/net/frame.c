/* Streams arrive in pieces that have nothing to do with their events: this
 * joins and cuts.  What lies whole within one piece is handed on without being
 * copied.  It refuses to know what the data mean. */
#include "frame_int.h"

#include <string.h>

#define BOM "\xef\xbb\xbf"

/* One feeding: where its events go. */
struct feed {
	struct frame *f;
	frame_fn *fn;
	void *arg;
	struct err *err;
	/* The next LF and CR; each is looked for once only, so that a stream
	 * that has just one kind is not searched again for every line. */
	const char *lf, *cr;
};

void
frame_init(struct frame *f, enum frame_kind kind, size_t max)
{
	*f = (struct frame){.kind = kind};
	buf_init(&f->line, max);
	buf_init(&f->data, max);
	buf_init(&f->event, max);
}

void
frame_free(struct frame *f)
{
	buf_free(&f->line);
	buf_free(&f->data);
	buf_free(&f->event);
}

static int
too_large(const struct feed *in)
{
	return fail(in->err, ERR_PROVIDER,
	    "an event of the stream is larger than %zu bytes", in->f->line.max);
}

static void
forget_event(struct frame *f)
{
	buf_clear(&f->data);
	buf_clear(&f->event);
	f->held = (struct str){NULL, 0};
	f->has_data = false;
}

static int
dispatch(const struct feed *in)
{
	struct frame *f = in->f;
	struct str event = buf_text(&f->event);
	struct str data = buf_text(&f->data);
	int rc = 0;

	if (f->held.p != NULL)
		data = f->held;
	if (f->has_data)
		rc = in->fn(in->arg, event, data);
	forget_event(f);
	return rc;
}

/* What is held moves to memory of our own. */
static void
own_held(struct frame *f)
{
	if (f->held.p == NULL)
		return;
	buf_add(&f->data, f->held.p, f->held.len);
	f->held = (struct str){NULL, 0};
}

static int
add_data(const struct feed *in, struct str value, bool stays)
{
	struct frame *f = in->f;

	if (!f->has_data && stays) {
		f->held = value;
	} else {
		own_held(f);
		if (f->has_data)
			buf_addc(&f->data, '\n');
		buf_add(&f->data, value.p, value.len);
	}
	f->has_data = true;
	return buf_full(&f->data) ? too_large(in) : 0;
}

/* One line of SSE.  STAYS says that it lies within the bytes fed. */
static int
take_field(const struct feed *in, struct str line, bool stays)
{
	const char *colon;
	size_t name;
	struct str value;

	if (line.len == 0)
		return dispatch(in);
	colon = memchr(line.p, ':', line.len);
	name = colon != NULL ? (size_t)(colon - line.p) : line.len;
	value = (struct str){line.p + name, line.len - name};
	if (value.len > 0) {
		value.p++;
		value.len--;
	}
	if (value.len > 0 && value.p[0] == ' ') {
		value.p++;
		value.len--;
	}
	if (name == 4 && memcmp(line.p, "data", 4) == 0)
		return add_data(in, value, stays);
	if (name == 5 && memcmp(line.p, "event", 5) == 0) {
		buf_clear(&in->f->event);
		buf_add(&in->f->event, value.p, value.len);
	}
	return 0;
}

static int
take_line(const struct feed *in, struct str line, bool stays)
{
	struct frame *f = in->f;
	static const struct str none = {"", 0};

	if (line.len > f->line.max)
		return too_large(in);
	if (!f->started && line.len >= 3 && memcmp(line.p, BOM, 3) == 0) {
		line.p += 3;
		line.len -= 3;
	}
	f->started = true;
	if (f->kind == FRAME_SSE)
		return take_field(in, line, stays);
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return line.len > 0 ? in->fn(in->arg, none, line) : 0;
}

/* The line that ends with PIECE; its beginning may have come before. */
static int
end_line(const struct feed *in, struct str piece)
{
	struct frame *f = in->f;
	int rc;

	if (f->line.len == 0)
		return take_line(in, piece, true);
	buf_add(&f->line, piece.p, piece.len);
	if (buf_full(&f->line))
		return too_large(in);
	rc = take_line(in, buf_text(&f->line), false);
	buf_clear(&f->line);
	return rc;
}

static const char *
next_byte(const char *known, char c, const char *p, const char *end)
{
	if (known != NULL && known >= p)
		return known;
	known = memchr(p, c, (size_t)(end - p));
	return known != NULL ? known : end;
}

/* Where the line at P ends, or END. */
static const char *
find_end(struct feed *in, const char *p, const char *end)
{
	in->lf = next_byte(in->lf, '\n', p, end);
	if (in->f->kind == FRAME_LINES)
		return in->lf;
	in->cr = next_byte(in->cr, '\r', p, end);
	return in->cr < in->lf ? in->cr : in->lf;
}

static int
feed_lines(struct feed *in, const char *p, const char *end)
{
	struct frame *f = in->f;
	const char *eol;
	int rc;

	if (f->had_cr && *p == '\n')
		p++;
	f->had_cr = false;
	while ((eol = find_end(in, p, end)) < end) {
		rc = end_line(in, (struct str){p, (size_t)(eol - p)});
		if (rc != 0)
			return rc;
		p = eol + 1;
		if (*eol == '\r' && p < end && *p == '\n')
			p++;
		else if (*eol == '\r' && p == end)
			f->had_cr = true;
	}
	buf_add(&f->line, p, (size_t)(end - p));
	return buf_full(&f->line) ? too_large(in) : 0;
}

int
frame_feed(
    struct frame *f, struct str bytes, frame_fn *fn, void *arg, struct err *err)
{
	struct feed in = {f, fn, arg, err, NULL, NULL};
	int rc;

	if (bytes.len == 0)
		return 0;
	if (f->kind == FRAME_RECORDS)
		return frame_records_feed(f, bytes, fn, arg, err);
	rc = feed_lines(&in, bytes.p, bytes.p + bytes.len);
	own_held(f);
	return rc;
}

int
frame_end(struct frame *f, frame_fn *fn, void *arg, struct err *err)
{
	const struct feed in = {f, fn, arg, err, NULL, NULL};
	int rc = 0;

	if (f->kind == FRAME_LINES && f->line.len > 0)
		rc = end_line(&in, (struct str){"", 0});
	buf_clear(&f->line);
	forget_event(f);
	return rc;
}
