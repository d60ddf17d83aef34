/* Records of Amazon's event stream, as tests write them. */
#ifndef RECORDS_H
#define RECORDS_H

#include "../../common/base/buf.h"

/* Adds a record with the headers NAMES and their VALUES, of text, N of each. */
void record_add(struct buf *b, const char *const *names,
    const char *const *values, size_t n, struct str payload);

/* Adds an event of TYPE, as Bedrock sends them. */
void record_event(struct buf *b, const char *type, const char *payload);

/* Adds what is written as "event TYPE PAYLOAD" or "exception TYPE PAYLOAD" in
 * each line of TEXT. */
void record_lines(struct buf *b, struct str text);

#endif
