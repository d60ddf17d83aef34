/* What the status page and reports have in common. */
#ifndef PAGE_H
#define PAGE_H

#include "../common/base/html.h"

/* What every page begins with. */
#define PAGE_HEAD                                                              \
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"                        \
	"<meta charset=\"utf-8\">\n<meta name=\"viewport\" "                   \
	"content=\"width=device-width, initial-scale=1\">\n"

/* A table that scrolls by itself where it is wider than the window, named by
 * the heading that has the id LABEL (NULL: it has none).  A title that begins
 * with "#" heads a column of numbers; titles end with NULL. */
void page_table(struct buf *b, const char *label, const char *const *titles);
void page_table_end(struct buf *b) NONNULL;

/* TEXT may be NULL.  CLASS is that of the cell, or NULL. */
void page_cell(struct buf *b, const char *class, const char *text);
/* FORMAT is printf's; NAN is an empty cell. */
void page_number(struct buf *b, const char *format, double value);

#endif
