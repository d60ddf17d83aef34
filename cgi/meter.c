/* Says how far a run is without getting into the way of what it writes.  It
 * refuses to count what it is not told. */
#include "meter.h"

#include "../common/base/limits.h"
#include "../common/base/width.h"

#include <sys/ioctl.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	DRAW_MS = 200,	 /* on a terminal */
	LINE_MS = 10000, /* elsewhere */
	MEMORY_MS = 10000,
	BAR_LEAST = 8,
	BAR_MOST = 30,
	PLAIN_COLUMNS = 200,
	PARTS = 7
};

/* What is said, most important first; what does not fit is left out. */
struct parts {
	struct buf text[PARTS];
	size_t n;
};

static struct buf *
part(struct parts *p)
{
	struct buf *b = &p->text[p->n++];

	buf_init(b, LIMIT_LINE_BYTES);
	return b;
}

static void
add_time(struct buf *b, double seconds)
{
	int64_t s = (int64_t)ceil(seconds);

	if (s >= 3600)
		buf_addf(b, "%" PRId64 ":%02" PRId64, s / 3600, s / 60 % 60);
	else
		buf_addf(b, "%" PRId64, s / 60);
	buf_addf(b, ":%02" PRId64, s % 60);
}

static void
add_score(struct parts *parts, const struct meter *p)
{
	double mean, low, high;
	const char *eval;
	struct buf *b;

	if (!summary_glance(p->summary, &eval, &mean, &low, &high))
		return;
	b = part(parts);
	width_fit(b, (struct str){eval, strlen(eval)}, 24);
	buf_addf(b, " %.3f [%.3f, %.3f]", mean, low, high);
}

static void
make_parts(struct parts *parts, const struct meter *p)
{
	int64_t rows = p->rows < p->total ? p->rows : p->total;

	buf_addf(part(parts),
	    p->total > 0 ? "%" PRId64 "/" : "%" PRId64 " rows", p->rows);
	if (p->total > 0)
		buf_addf(&parts->text[0], "%" PRId64 " %d%%", p->total,
		    (int)(100 * rows / p->total));
	if (p->failed > 0)
		buf_addf(part(parts), "%" PRId64 " failed", p->failed);
	if (p->total > rows && p->rate > 0) {
		add_time(part(parts), (double)(p->total - rows) / p->rate);
		buf_adds(&parts->text[parts->n - 1], " left");
	}
	add_score(parts, p);
	if (p->rate > 0)
		buf_addf(part(parts), "%.3g/s", p->rate);
	if (p->cost > 0)
		buf_addf(part(parts), "$%.4f", p->cost);
}

static void
add_bar(struct buf *b, const struct meter *p, size_t columns)
{
	size_t done = columns;

	if (p->rows < p->total)
		done = (size_t)(p->rows * (int64_t)columns / p->total);
	buf_addc(b, '[');
	for (size_t i = 0; i < columns; i++)
		buf_addc(b, i < done ? '#' : '-');
	buf_adds(b, "]  ");
}

/* The name, a bar when there is room, and what fits of the parts. */
static void
compose(struct buf *b, const struct meter *p, size_t columns)
{
	struct str name = {p->name, strlen(p->name)};
	struct parts parts = {.n = 0};
	size_t used, more, n = 0, i;

	make_parts(&parts, p);
	width_fit(b, name, columns / 3);
	used = width_of((struct str){buf_str(b), b->len});
	for (; n < parts.n; n++) {
		more = 2 + width_of((struct str){
			       buf_str(&parts.text[n]), parts.text[n].len});
		if (used + more > columns)
			break;
		used += more;
	}
	buf_adds(b, "  ");
	if (p->terminal && p->total > 0 && used + 4 + BAR_LEAST <= columns)
		add_bar(b, p,
		    columns - used - 4 < BAR_MOST ? columns - used - 4
						  : BAR_MOST);
	for (i = 0; i < n; i++)
		buf_addf(b, "%s%s", i > 0 ? "  " : "", buf_str(&parts.text[i]));
	for (i = 0; i < parts.n; i++)
		buf_free(&parts.text[i]);
}

/* --- the line */

/* Without the last column: some terminals go on in the next line there. */
static size_t
columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == -1 || size.ws_col < 2)
		return 79;
	if (size.ws_col > LIMIT_TERMINAL_COLUMNS)
		return LIMIT_TERMINAL_COLUMNS;
	return (size_t)size.ws_col - 1;
}

/* A terminal that became narrower has broken what was drawn into lines. */
void
meter_clear(struct meter *p)
{
	size_t now = columns() + 1, lines;

	if (!p->shown)
		return;
	p->shown = false;
	lines = p->width > now ? (p->width - 1) / now : 0;
	if (lines > 0)
		(void)fprintf(stderr, "\033[%zuA", lines);
	(void)fputs("\r\033[J", stderr);
	(void)fflush(stderr);
}

static void
draw(struct meter *p)
{
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	compose(&b, p, p->terminal ? columns() : PLAIN_COLUMNS);
	meter_clear(p);
	(void)fprintf(stderr, p->terminal ? "%s" : "%s\n", buf_str(&b));
	(void)fflush(stderr);
	p->shown = p->terminal;
	p->width = width_of((struct str){buf_str(&b), b.len});
	buf_free(&b);
}

/* The rate of the last seconds: what is taken from a journal or a cache comes
 * faster than what follows. */
static void
measure(struct meter *p)
{
	int64_t now = loop_now(p->loop), ms = now - p->ticked;
	double part, fade;

	if (ms <= 0)
		return;
	part = (double)(p->rows - p->rows_ticked) * 1000 / (double)ms;
	fade = exp(-(double)ms / MEMORY_MS);
	p->rate = p->rate * p->weight * fade + part * (1 - fade);
	p->weight = p->weight * fade + (1 - fade);
	p->rate /= p->weight;
	p->ticked = now;
	p->rows_ticked = p->rows;
}

static void
tick(void *arg)
{
	struct meter *p = arg;

	measure(p);
	draw(p);
	timer_set(p->loop, &p->timer,
	    loop_now(p->loop) + (p->terminal ? DRAW_MS : LINE_MS), tick, p);
}

void
meter_start(struct meter *p, struct loop *loop, const char *name,
    const struct summary *summary)
{
	const char *term = getenv("TERM");

	*p = (struct meter){.loop = loop, .name = name, .summary = summary};
	p->terminal = isatty(STDERR_FILENO) == 1 &&
		      (term == NULL || strcmp(term, "dumb") != 0);
	p->ticked = loop_now(loop);
	timer_set(loop, &p->timer,
	    p->ticked + (p->terminal ? DRAW_MS : LINE_MS), tick, p);
}

void
meter_row(struct meter *p, const struct record *r)
{
	p->rows++;
	p->failed += r->failed;
	if (isfinite(r->cost))
		p->cost += r->cost;
}

void
meter_stop(struct meter *p)
{
	timer_clear(p->loop, &p->timer);
	meter_clear(p);
}
