/* Text inside HTML: what was said by strangers stays text. */
#ifndef HTML_H
#define HTML_H

#include "buf.h"

/* Adds TEXT, for content and for attributes in quotes.  Control characters
 * and what is no UTF-8 become U+FFFD. */
void html_print(struct buf *b, struct str text) NONNULL;
/* The same; NULL adds nothing. */
void html_puts(struct buf *b, const char *text);

#endif
