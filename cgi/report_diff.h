/* Two texts word by word: what one has and the other has not. */
#ifndef REPORT_DIFF_H
#define REPORT_DIFF_H

#include "../common/base/arena.h"
#include "../common/base/buf.h"

/* Adds AFTER as HTML, with what BEFORE had in <del> and what is new in <ins>.
 * Texts of too many words are told as one change. */
void diff_print(struct buf *b, struct str before, struct str after) NONNULL;

#endif
