/* A table for a terminal: columns as wide as what stands in them. */
#ifndef GRID_H
#define GRID_H

#include "../common/base/arena.h"

#include <stdio.h>

enum { GRID_COLUMNS = 8 };

enum grid_style { GRID_PLAIN, GRID_BOLD, GRID_GOOD, GRID_BAD };

struct grid {
	struct arena *arena;
	struct grid_row *rows;
	size_t n, cap;
};

/* Begins with its heads. */
void grid_init(struct grid *g, struct arena *a, const char *const *heads,
    size_t n_heads) NONNULL;

/* A new row, whose cells are empty; then the next one of it. */
void grid_row(struct grid *g) NONNULL;
void grid_cell(struct grid *g, enum grid_style style, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* TEXT of somebody else without what would steer a terminal. */
void grid_text(FILE *out, struct str text) NONNULL;

/* With COLOR where styles are shown. */
void grid_print(FILE *out, const struct grid *g, bool color) NONNULL;

/* Whether OUT is a terminal whose user does not object. */
bool grid_color(FILE *out) NONNULL;
void grid_put(FILE *out, bool color, enum grid_style style, const char *text);

#endif
