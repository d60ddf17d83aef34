/* The lines of a run's rows while and after it runs: in a temporary file, found
 * again by their place.  Memory is a few words a row, however long lines are.
 */
#ifndef ROWS_H
#define ROWS_H

#include "../common/run/record.h"

struct rows;
struct rows *rows_new(struct err *err) MUST_USE;
void rows_free(struct rows *rows);

/* Takes LINE, whose TEXT is without its end: 1 when it is the line of a row,
 * which R then is, and borrows until the next call; 0 when it is another, which
 * is not kept.  Lines without details (an older endpoint's) are rows too: their
 * numbers are guessed.  Of two of the same index and repeat the last one that
 * has not failed counts. */
int rows_take(struct rows *rows, const json_t *line, struct str text,
    struct record *r, struct err *err) MUST_USE;

/* Behind the last one: puts them in order, by index and repeat.  Returns how
 * many lines do not count. */
size_t rows_sort(struct rows *rows) NONNULL;

size_t rows_n(const struct rows *rows) NONNULL;

/* Array of the names of the evals that rows have, in the prompt's order. */
const json_t *rows_evals(const struct rows *rows) NONNULL;

/* Row I of rows_n(), which borrows from R->line until the next call. */
int rows_get(
    struct rows *rows, size_t i, struct record *r, struct err *err) MUST_USE;

/* The place of a row, or rows_n() when there is none. */
size_t rows_find(
    const struct rows *rows, int64_t index, int64_t repeat) NONNULL;

/* The next one that has failed, from FROM on, or rows_n(). */
size_t rows_failed(const struct rows *rows, size_t from) NONNULL;

/* The line of the row that rows_get() gave last, as it came. */
struct str rows_text(const struct rows *rows) NONNULL;

#endif
