/* Searches of PCRE2 that come to an end, whatever the pattern and the text. */
#ifndef REGEX_H
#define REGEX_H

#include "../base/base.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* What a pattern must be compiled with: steps are counted before every item. */
#define REGEX_OPTIONS (PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT)

/* As pcre2_match() has it: negative for none, PCRE2_ERROR_NOMATCH, and for a
 * search that takes too much.  TEXT is UTF-8.  What it took is added to
 * *STEPS. */
int regex_search(const pcre2_code *code, struct str text,
    pcre2_match_data *data, size_t *steps) MUST_USE;

#endif
