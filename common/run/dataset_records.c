/* Cuts the bytes of a dataset into records, in memory that grows with the
 * longest record only, and never beyond its ceiling.  It refuses to know what
 * is in a record and where the bytes come from. */
#include "../base/limits.h"
#include "../base/xalloc.h"
#include "dataset_int.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIRST_BYTES = 64 * 1024,
	RECORD_COST = 64 /* what a record costs beside its bytes */
};

char *
window_reserve(struct window *w, size_t len)
{
	size_t n = w->end - w->start;
	size_t cap = w->cap != 0 ? w->cap : FIRST_BYTES;

	if (w->cap - w->end >= len)
		return w->data + w->end;
	if (n != 0 && w->start != 0)
		memmove(w->data, w->data + w->start, n);
	w->start = 0;
	w->end = n;
	while (cap - n < len)
		cap *= 2;
	if (cap != w->cap) {
		w->data = xrealloc(w->data, cap);
		w->cap = cap;
	}
	return w->data + n;
}

void
window_free(struct window *w)
{
	free(w->data);
	*w = (struct window){0};
}

static void
spend(size_t *budget, size_t cost)
{
	*budget -= cost < *budget ? cost : *budget;
}

/* The line feed that ends the record, looked for from P. */
static const char *
find_end(struct records *r, const char *p, const char *end)
{
	if (!r->csv)
		return memchr(p, '\n', (size_t)(end - p));
	for (; p < end; p++) {
		if (*p == '\n' && r->state != CSV_QUOTED)
			return p;
		r->newlines += *p == '\n';
		r->state = csv_step(r->state, *p);
	}
	return NULL;
}

static bool
is_blank(struct str text)
{
	while (text.len != 0 && text.p[0] != '\0' &&
	       strchr(" \t\r\n\v\f", text.p[0]) != NULL) {
		text.p++;
		text.len--;
	}
	return text.len == 0;
}

/* The record of LEN bytes at the start, with END more behind it, is taken. */
static bool
take(struct records *r, size_t len, size_t end, struct str *text, int64_t *line)
{
	struct window *w = &r->window;

	*text = (struct str){w->data + w->start, len};
	*line = r->line;
	w->start += len + end;
	r->scanned = 0;
	r->state = CSV_START;
	r->line += r->newlines + 1;
	r->newlines = 0;
	if (len != 0 && text->p[len - 1] == '\r')
		text->len--;
	return r->skipping || !is_blank(*text);
}

/* Where neither the record nor its end is in the window. */
static void
pass_over(struct records *r)
{
	struct window *w = &r->window;

	r->scanned = w->end - w->start;
	if (r->scanned > r->max)
		r->skipping = true;
	if (!r->skipping)
		return;
	w->start = w->end;
	r->scanned = 0;
}

static enum more
fill(struct records *r, size_t *budget, struct err *err)
{
	size_t before = r->window.end - r->window.start;
	enum more more = r->source->fill(r->source, &r->window, err);

	spend(budget, r->window.end - r->window.start - before + FIRST_BYTES);
	return more;
}

/* Passes over a byte order mark. */
static enum more
begin(struct records *r, size_t *budget, struct err *err)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct window *w = &r->window;
	enum more more = MORE_BYTES;

	while (more == MORE_BYTES && w->end - w->start < 3 && *budget != 0)
		more = fill(r, budget, err);
	if (more == MORE_WAIT || more == MORE_BROKEN)
		return more;
	if (more == MORE_BYTES && w->end - w->start < 3)
		return more; /* the budget is spent */
	if (w->end - w->start >= 3 && memcmp(w->data + w->start, bom, 3) == 0)
		w->start += 3;
	r->begun = true;
	r->line = 1;
	return MORE_BYTES;
}

static enum next_record
no_record(enum more more)
{
	if (more == MORE_WAIT)
		return RECORD_WAIT;
	return more == MORE_END ? RECORD_END : RECORD_BROKEN;
}

static enum next_record
taken(struct records *r)
{
	bool was_long = r->skipping;

	r->skipping = false;
	return was_long ? RECORD_LONG : RECORD_TEXT;
}

/* The record that is whole in the window; false when there is none, or a blank
 * one. */
static bool
next_in_window(
    struct records *r, size_t *budget, struct str *text, int64_t *line)
{
	struct window *w = &r->window;
	const char *from, *end;
	size_t len;

	if (w->end - w->start == r->scanned)
		return false;
	from = w->data + w->start;
	end = find_end(r, from + r->scanned, w->data + w->end);
	if (end == NULL) {
		pass_over(r);
		return false;
	}
	len = (size_t)(end - from);
	spend(budget, len - r->scanned + RECORD_COST);
	if (len > r->max)
		r->skipping = true;
	return take(r, len, 1, text, line);
}

enum next_record
records_next(struct records *r, size_t *budget, struct str *text, int64_t *line,
    struct err *err)
{
	enum more more = MORE_BYTES;

	if (!r->begun)
		more = begin(r, budget, err);
	while (r->begun && more == MORE_BYTES && *budget != 0) {
		if (next_in_window(r, budget, text, line))
			return taken(r);
		if (r->window.end - r->window.start == r->scanned)
			more = fill(r, budget, err);
	}
	if (more == MORE_BYTES)
		return RECORD_SLICE;
	if (more == MORE_END && (r->scanned != 0 || r->skipping) &&
	    take(r, r->scanned, 0, text, line))
		return taken(r);
	return no_record(more);
}

int
records_rewind(struct records *r, struct err *err)
{
	r->window.start = r->window.end = 0;
	r->scanned = 0;
	r->begun = r->skipping = false;
	r->state = CSV_START;
	r->newlines = 0;
	return r->source->rewind(r->source, err);
}
