/* What curl knows of an exchange beside its bytes.  It refuses to know what
 * becomes of it. */
#include "http_int.h"

#include <string.h>

int64_t
http_date_ms(const char *text)
{
	time_t when = text != NULL ? curl_getdate(text, NULL) : -1;

	return when < 0 ? -1 : (int64_t)when * 1000;
}

/* Of the server's own certificate, which comes first. */
static int64_t
expiry(CURL *easy)
{
	static const char key[] = "Expire date:";
	struct curl_certinfo *chain = NULL;
	const struct curl_slist *line = NULL;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) == CURLE_OK &&
	    chain != NULL && chain->num_of_certs > 0)
		line = chain->certinfo[0];
	for (; line != NULL; line = line->next)
		if (strncmp(line->data, key, sizeof(key) - 1) == 0)
			return http_date_ms(line->data + sizeof(key) - 1);
	return -1;
}

void
http_facts_read(CURL *easy, struct http_facts *facts)
{
	static const struct {
		long curl;
		int version;
	} versions[] = {
	    {CURL_HTTP_VERSION_1_0, 10},
	    {CURL_HTTP_VERSION_1_1, 11},
	    {CURL_HTTP_VERSION_2_0, 20},
	    {CURL_HTTP_VERSION_3, 30},
	};
	long version = 0, connects = 1;

	(void)curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
	(void)curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
	*facts = (struct http_facts){.reused = connects == 0};
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (versions[i].curl == version)
			facts->version = versions[i].version;
	facts->expires = expiry(easy);
}
