/* Fast searches in JSON text, for the reader and the printer. */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include "base.h"

/* The first byte of [P, END) that a string cannot hold as it is: a quote, a
 * backslash, a control character, or UTF-8 that is not valid.  END when there
 * is none. */
const char *json_scan_text(const char *p, const char *end);

/* What follows the closing quote of the string whose text starts at P, or the
 * bracket that closes DEPTH open ones at P; NULL when there is none. */
const char *json_scan_string(const char *p, const char *end);
const char *json_scan_close(const char *p, const char *end, size_t depth);

#endif
