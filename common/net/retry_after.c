/* Reads the two headers by which servers ask for a pause. */
#include "retry_after.h"

#include <curl/curl.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

/* A number and nothing else; -1 when it is none, or below 0. */
static double
number(const char *text)
{
	char *end;
	double d = strtod(text, &end);

	if (end == text || *end != '\0' || !isfinite(d) || d < 0)
		return -1;
	return d < 1e12 ? d : 1e12;
}

int64_t
retry_after(struct http *http)
{
	const char *text = http_header(http, "retry-after-ms");
	double d;
	time_t when, now;

	if (text != NULL && (d = number(text)) >= 0)
		return (int64_t)d;
	text = http_header(http, "retry-after");
	if (text == NULL)
		return -1;
	if ((d = number(text)) >= 0)
		return (int64_t)(d * 1000);
	when = curl_getdate(text, NULL);
	now = time(NULL);
	if (when < 0 || when < now)
		return -1;
	return (int64_t)(when - now) * 1000;
}
