/* Makes the requests to AgentMark's API.  It refuses to know what comes back
 * but for the words of a refusal. */
#include "api.h"

#include "../base/buf.h"
#include "../base/utf.h"

#include <string.h>

/* As a form would send it. */
static void
add_encoded(struct buf *b, struct str text)
{
	static const char plain[] = "*-._0123456789"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz";

	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == ' ')
			buf_addc(b, '+');
		else if (memchr(plain, text.p[i], sizeof(plain) - 1) != NULL)
			buf_addc(b, text.p[i]);
		else
			buf_addf(b, "%%%02X", (unsigned char)text.p[i]);
	}
}

static char *
make_url(struct arena *a, const char *base, struct str path)
{
	size_t len = strlen(base);
	struct buf b;
	char *url;

	while (len > 0 && base[len - 1] == '/')
		len--;
	buf_init(&b, len + 3 * path.len + 100);
	buf_add(&b, base, len);
	buf_adds(&b, "/v1/templates?path=");
	add_encoded(&b, utf8_clean(a, path));
	url = arena_strdup(a, buf_str(&b));
	buf_free(&b);
	return url;
}

static const char *const *
make_headers(struct arena *a, const struct api_conf *api, const char *accept)
{
	const char **headers = arena_array(a, 5, sizeof(*headers));

	headers[0] = arena_printf(a, "Accept: %s", accept);
	headers[1] = "Content-Type: application/json";
	headers[2] = headers[3] = headers[4] = NULL;
	if (api->key == NULL || api->app_id == NULL)
		return headers;
	headers[2] = arena_printf(a, "X-Agentmark-App-Id: %s", api->app_id);
	headers[3] = arena_printf(a, "Authorization: %s", api->key);
	return headers;
}

struct http_request
api_request(struct arena *a, const struct api_conf *api, struct str path,
    const char *accept)
{
	return (struct http_request){
	    .url = make_url(a, api->base, path),
	    .headers = make_headers(a, api, accept),
	};
}

const char *
api_words(const json_t *body)
{
	const json_t *error = json_object_get(body, "error");
	const json_t *message = json_object_get(error, "message");

	return json_string_value(message != NULL ? message : error);
}
