/* What the files of net that cut streams share behind frame.h. */
#ifndef FRAME_INT_H
#define FRAME_INT_H

#include "frame.h"

/* frame_feed() of FRAME_RECORDS. */
int frame_records_feed(struct frame *f, struct str bytes, frame_fn *fn,
    void *arg, struct err *err) MUST_USE;

#endif
