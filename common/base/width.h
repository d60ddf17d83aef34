/* How wide text is on a terminal. */
#ifndef WIDTH_H
#define WIDTH_H

#include "buf.h"

/* Columns that TEXT takes; what is no character or a control takes one. */
size_t width_of(struct str text);

/* Adds TEXT, or as much of it as fits into COLUMNS with an ellipsis behind it.
 * Nothing that could steer a terminal gets through. */
void width_fit(struct buf *b, struct str text, size_t columns) NONNULL;

/* Adds all of TEXT so; its lines and tabs stay. */
void width_clean(struct buf *b, struct str text) NONNULL;

#endif
