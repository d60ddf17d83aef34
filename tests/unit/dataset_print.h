/* Prints what a dataset gives, one line each, so that tests compare text. */
#ifndef DATASET_PRINT_H
#define DATASET_PRINT_H

#include "../../common/run/dataset_int.h"

/* "INDEX@LINE INPUT [expects JSON] [metadata JSON]", "bad INDEX@LINE WORDS",
 * "broken WORDS"; nothing for the end.  At most MAX lines. */
void dataset_print(
    struct engine *engine, struct dataset *d, struct buf *out, int max);

#endif
