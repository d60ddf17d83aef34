/* The parts of a request that are alike at every vendor.  It knows no vendor's
 * names: the driver says where a key goes and how a stream is asked for. */
#include "request.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <inttypes.h>
#include <string.h>

/* Keys that the runner reads. */
static const char *const of_runner[] = {
    "model_name",
    "max_calls",
    "max_retries",
    "tools",
    "tool_choice",
    NULL,
};

static bool
listed(const char *const *list, const char *key)
{
	size_t i;

	for (i = 0; list[i] != NULL; i++)
		if (strcmp(list[i], key) == 0)
			return true;
	return false;
}

static const struct place *
place_of(const struct place *places, size_t n, const char *key)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(places[i].key, key) == 0)
			return &places[i];
	return NULL;
}

void
request_ignore(struct call *call, const char *key)
{
	if (call->ignored.len != 0)
		buf_adds(&call->ignored, ", ");
	buf_adds(&call->ignored, key);
}

static bool
is_read(const struct ask *ask, const char *key)
{
	return listed(of_runner, key) ||
	       (ask->kind == PROMPT_OBJECT && strcmp(key, "schema") == 0);
}

void
request_config(
    struct call *call, json_t *to, const struct place *places, size_t n)
{
	const struct place *place;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)call->ask->config, key, value)
	{
		if (json_is_null(value))
			continue;
		place = place_of(places, n, key);
		if (traits_refuse(&call->traits, key))
			request_ignore(call, key);
		else if (place != NULL && place->name != NULL)
			json_object_set(to, place->name, value);
		else if (place == NULL && !is_read(call->ask, key))
			request_ignore(call, key);
	}
}

void
request_at_most(struct call *call, json_t *to, const char *name, int64_t most)
{
	const json_t *value = json_object_get(to, name);

	if (json_number_value(value) <= (double)most)
		return;
	request_ignore(
	    call, arena_printf(call->arena, "%s above %" PRId64, name, most));
	json_object_set_new(to, name, json_integer(most));
}

void
request_forward(
    json_t *to, const char *name, const json_t *config, const char *key)
{
	json_t *value = json_object_get(config, key);

	if (value != NULL && !json_is_null(value))
		json_object_set(to, name, value);
}

/* What is spoken comes as bytes of some sound format. */
static const char *
accepted(const struct ask *ask, const char *stream)
{
	if (ask->stream)
		return stream;
	return ask->kind == PROMPT_SPEECH ? "*/*" : "application/json";
}

const char **
request_headers(struct call *call, const char *stream, const char *line,
    const char *another)
{
	const struct ask *ask = call->ask;
	const char *const *extra = ask->provider->headers;
	size_t n = 0, i = 0;
	const char **headers;

	while (extra != NULL && extra[n] != NULL)
		n++;
	headers = arena_array(call->arena, n + 5, sizeof(*headers));
	headers[i++] = "Content-Type: application/json";
	headers[i++] =
	    arena_printf(call->arena, "Accept: %s", accepted(ask, stream));
	if (line != NULL)
		headers[i++] = line;
	if (another != NULL)
		headers[i++] = another;
	if (n != 0)
		memcpy(headers + i, extra, n * sizeof(*headers));
	headers[i + n] = NULL;
	return headers;
}

const char *
request_key(struct call *call, const char *head)
{
	const char *key = call->ask->provider->api_key;

	return key != NULL ? arena_printf(call->arena, "%s%s", head, key)
			   : NULL;
}

static void
free_text(void *text)
{
	buf_free(text);
}

static int
print_body(struct call *call, const json_t *body, struct http_spec *spec,
    struct err *err)
{
	struct buf *text = arena_alloc(call->arena, sizeof(*text));

	buf_init(text, LIMIT_RENDER_BYTES);
	arena_on_free(call->arena, free_text, text);
	json_print(text, body);
	if (buf_full(text))
		return fail(err, ERR_PROMPT,
		    "the request is larger than %u bytes", LIMIT_RENDER_BYTES);
	spec->body = buf_text(text);
	return 0;
}

int
request_body(struct call *call,
    int (*make)(struct call *call, json_t *body, struct err *err),
    struct http_spec *spec, struct err *err)
{
	json_t *body = json_object();
	int rc = make(call, body, err);

	if (rc == 0)
		rc = print_body(call, body, spec, err);
	json_decref(body);
	return rc;
}

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c));
}

const char *
request_segment(struct call *call, const char *name)
{
	struct buf b;
	const char *s;

	buf_init(&b, LIMIT_ERR_BYTES);
	for (; *name != '\0'; name++) {
		if (is_unreserved(*name))
			buf_addc(&b, *name);
		else
			buf_addf(&b, "%%%02X", (unsigned char)*name);
	}
	s = arena_strdup(call->arena, buf_str(&b));
	buf_free(&b);
	return s;
}

json_t *
request_text(const char *type, struct str text)
{
	json_t *part = json_object();

	if (type != NULL)
		json_object_set_new(part, "type", json_string(type));
	json_set_str(part, "text", text);
	return part;
}

int
request_unsupported(const char *what, struct str type, struct err *err)
{
	return fail(err, ERR_PROMPT, "'%s%s%.*s' functionality not supported.",
	    what, type.len != 0 ? " " : "", (int)type.len,
	    type.len != 0 ? type.p : "");
}

json_t *
request_no_part(const char *what, struct str type, struct err *err)
{
	(void)request_unsupported(what, type, err);
	return NULL;
}
