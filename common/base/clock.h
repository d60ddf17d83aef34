/* The time.  Only net, store, run and cgi may ask; pure layers are told. */
#ifndef CLOCK_H
#define CLOCK_H

#include "base.h"

/* Since 1970, UTC. */
int64_t clock_wall_ms(void);
int64_t clock_wall_ns(void);

/* Since some fixed moment; never set back. */
int64_t clock_mono_ms(void);
int64_t clock_mono_ns(void);

/* MS since 1970 as "2026-11-26T02:50:00Z"; "" for a year that has not four
 * digits. */
enum { CLOCK_TEXT_LEN = 20 };
void clock_print(char out[CLOCK_TEXT_LEN + 1], int64_t ms);

#endif
