/* Whether a text is a URL by itself, as the WHATWG's standard sees it. */
#ifndef URL_H
#define URL_H

#include "../base/base.h"

/* True when `new URL(text)` would succeed.  Domain names beyond ASCII are taken
 * as they are; their own rules (IDNA) are not checked. */
bool url_valid(struct str text);

#endif
