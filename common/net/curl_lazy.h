/* libcurl and the libraries behind it, loaded when they are first needed: most
 * requests of a CGI program call nobody. */
#ifndef CURL_LAZY_H
#define CURL_LAZY_H

#include "../base/err.h"

/* Before any other function of libcurl; cheap when it was called before, and
 * when libcurl is linked (--disable-lazy-curl).  Fails where there is none. */
int curl_load(struct err *err) MUST_USE;

#endif
