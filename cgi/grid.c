/* Lines up columns by what terminals show, not by bytes.  It refuses to know
 * what stands in them. */
#include "grid.h"

#include "../common/base/limits.h"
#include "../common/base/width.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CELL_COLUMNS = 40, CELL_BYTES = 1024 };

struct cell {
	const char *text;
	enum grid_style style;
};

struct grid_row {
	struct cell cells[GRID_COLUMNS];
	size_t n;
};

void
grid_init(
    struct grid *g, struct arena *a, const char *const *heads, size_t n_heads)
{
	*g = (struct grid){.arena = a};
	grid_row(g);
	for (size_t i = 0; i < n_heads; i++)
		grid_cell(g, GRID_BOLD, "%s", heads[i]);
}

void
grid_row(struct grid *g)
{
	if (g->n == g->cap) {
		g->cap = g->cap != 0 ? 2 * g->cap : 8;
		g->rows = arena_grow(
		    g->arena, g->rows, g->n, g->cap, sizeof(*g->rows));
	}
	g->rows[g->n++] = (struct grid_row){.n = 0};
}

void
grid_cell(struct grid *g, enum grid_style style, const char *fmt, ...)
{
	struct grid_row *row = &g->rows[g->n - 1];
	char text[CELL_BYTES];
	struct buf b;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_init(&b, LIMIT_LINE_BYTES);
	width_fit(&b, (struct str){text, strlen(text)}, CELL_COLUMNS);
	row->cells[row->n++] =
	    (struct cell){arena_strdup(g->arena, buf_str(&b)), style};
	buf_free(&b);
}

bool
grid_color(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(out)) == 1 && (no == NULL || *no == '\0') &&
	       term != NULL && strcmp(term, "dumb") != 0;
}

void
grid_text(FILE *out, struct str text)
{
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	width_clean(&b, text);
	(void)fwrite(buf_str(&b), 1, b.len, out);
	buf_free(&b);
}

void
grid_put(FILE *out, bool color, enum grid_style style, const char *text)
{
	static const char *const codes[] = {[GRID_PLAIN] = "",
	    [GRID_BOLD] = "\033[1m",
	    [GRID_GOOD] = "\033[32m",
	    [GRID_BAD] = "\033[31m"};

	color = color && style != GRID_PLAIN;
	if (color)
		(void)fputs(codes[style], out);
	grid_text(out, (struct str){text, strlen(text)});
	if (color)
		(void)fputs("\033[0m", out);
}

static size_t
cell_width(const struct cell *cell)
{
	return width_of((struct str){cell->text, strlen(cell->text)});
}

void
grid_print(FILE *out, const struct grid *g, bool color)
{
	size_t widths[GRID_COLUMNS] = {0}, i, k, width;

	for (i = 0; i < g->n; i++)
		for (k = 0; k < g->rows[i].n; k++) {
			width = cell_width(&g->rows[i].cells[k]);
			if (width > widths[k])
				widths[k] = width;
		}
	for (i = 0; i < g->n; i++) {
		const struct grid_row *row = &g->rows[i];

		for (k = 0; k < row->n; k++) {
			(void)fputs("  ", out);
			grid_put(out, color, row->cells[k].style,
			    row->cells[k].text);
			width = widths[k] - cell_width(&row->cells[k]);
			if (k + 1 < row->n)
				(void)fprintf(out, "%*s", (int)width, "");
		}
		(void)fputc('\n', out);
	}
}
