/* Embeddings as OpenAI's API makes them, and the many servers that speak
 * alike: texts go out, vectors come back.  It refuses to know what the vectors
 * are compared for. */
#include "chat.h"

#include "../base/json.h"
#include "../base/utf.h"

static int
make_body(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;

	(void)err;
	json_set_str(body, "model", str_from(ask->model));
	json_object_set(body, "input", (json_t *)ask->messages);
	return 0;
}

int
chat_embed_build(struct call *call, struct http_spec *spec, struct err *err)
{
	return chat_request(call, "/embeddings", make_body, spec, err);
}

/* The place of an entry: it says so itself, or it is where it stands. */
static size_t
place_of(const json_t *entry, size_t position)
{
	const json_t *index = json_object_get(entry, "index");

	if (!json_is_integer(index) || json_integer_value(index) < 0)
		return position;
	return (size_t)json_integer_value(index);
}

static bool
is_vector(const json_t *value)
{
	size_t i;

	for (i = 0; i < json_array_size(value); i++)
		if (!json_is_number(json_array_get(value, i)))
			return false;
	return json_array_size(value) != 0;
}

/* Puts the vectors in the order of the texts. */
static int
take_vectors(const json_t *data, json_t *vectors, struct err *err)
{
	size_t n = json_array_size(vectors), i, at;

	if (json_array_size(data) != n)
		return fail(err, ERR_PROVIDER,
		    "the provider made %zu embeddings of %zu texts",
		    json_array_size(data), n);
	for (i = 0; i < n; i++) {
		const json_t *entry = json_array_get(data, i);
		json_t *vector = json_object_get(entry, "embedding");

		at = place_of(entry, i);
		if (at >= n || !json_is_null(json_array_get(vectors, at)))
			return fail(err, ERR_PROVIDER,
			    "the provider's embeddings are in no order");
		if (!is_vector(vector))
			return fail(err, ERR_PROVIDER,
			    "the provider's embedding is no list of numbers");
		(void)json_array_set(vectors, at, vector);
	}
	return 0;
}

static void
emit(struct call *call, const json_t *vectors, const json_t *usage)
{
	struct event ev = {.type = EVENT_OBJECT_FINAL, .object = vectors};
	struct usage used = {
	    .input = driver_tokens(json_object_get(usage, "prompt_tokens")),
	    .total = -1,
	};

	call->sink->event(call->sink, &ev);
	driver_finish(call, FINISH_STOP, &used);
}

int
chat_embed_body(struct call *call, struct str text, struct err *err)
{
	const json_t *reply = chat_reply(call, text, err);
	json_t *vectors;
	size_t i;
	int rc;

	if (reply == NULL)
		return -1;
	vectors = json_array();
	for (i = 0; i < json_array_size(call->ask->messages); i++)
		(void)json_array_append_new(vectors, json_null());
	rc = take_vectors(json_object_get(reply, "data"), vectors, err);
	if (rc == 0)
		emit(call, vectors, json_object_get(reply, "usage"));
	json_decref(vectors);
	return rc;
}
