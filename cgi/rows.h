/* The lines of a run's rows while and after it runs: in a temporary file, found
 * again by their place.  Memory is a few words a row, however long lines are.
 */
#ifndef ROWS_H
#define ROWS_H

#include "../common/run/record.h"

struct rows;
struct rows *rows_new(struct err *err) MUST_USE;
void rows_free(struct rows *rows);

/* TEXT is the line of R, without its end.  Of two of the same index and repeat
 * the last one that has not failed counts. */
int rows_add(struct rows *rows, const struct record *r, struct str text,
    struct err *err) MUST_USE;

/* Behind the last one: puts them in order, by index and repeat.  Returns how
 * many lines did not count. */
size_t rows_sort(struct rows *rows) NONNULL;

size_t rows_n(const struct rows *rows) NONNULL;

/* The names of the evals that rows have, in the order of the prompt. */
const json_t *rows_evals(const struct rows *rows) NONNULL;

/* Row I of rows_n(): *LINE is a new reference, of which R borrows; its index,
 * repeat, error, tokens and so on are in it whoever has answered. */
int rows_get(struct rows *rows, size_t i, struct record *r, json_t **line,
    struct err *err) MUST_USE;

/* The place of a row, or rows_n() when there is none. */
size_t rows_find(
    const struct rows *rows, int64_t index, int64_t repeat) NONNULL;

#endif
