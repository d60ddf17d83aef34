/* Finds out what a compiled prompt asks of whom. */
#include "ask.h"

#include "../base/crypt.h"
#include "scope.h"

static const enum prompt_kind kinds[] = {
    [TEMPLATE_OBJECT] = PROMPT_OBJECT,
    [TEMPLATE_TEXT] = PROMPT_TEXT,
    [TEMPLATE_IMAGE] = PROMPT_IMAGE,
    [TEMPLATE_SPEECH] = PROMPT_SPEECH,
};
_Static_assert(ARRAY_LEN(kinds) == TEMPLATE__MAX, "a row for every kind");

static void
drop_json(void *json)
{
	json_decref(json);
}

static const json_t *
member_as_json(struct arena *a, struct js object, const char *key)
{
	json_t *json = js_to_json(a, js_get(object, key));

	if (json == NULL)
		return NULL;
	arena_on_free(a, drop_json, json);
	return json;
}

/* What this version can run at all. */
static int
check_tools(const struct ask *ask, struct err *err)
{
	if (json_array_size(json_object_get(ask->config, "tools")) != 0)
		return fail(err, ERR_UNSUPPORTED,
		    "tools cannot be run by this version; the prompt names "
		    "some in `tools`");
	return 0;
}

/* In the reference's words (protocol.md 10.1). */
static int
check_abilities(const struct ask *ask, struct err *err)
{
	static const unsigned needed[PROMPT__MAX] = {
	    [PROMPT_TEXT] = DRIVER_TEXT,
	    [PROMPT_OBJECT] = DRIVER_OBJECT,
	    [PROMPT_IMAGE] = DRIVER_IMAGE,
	    [PROMPT_SPEECH] = DRIVER_SPEECH,
	};

	if ((ask->provider->driver->abilities & needed[ask->kind]) != 0)
		return 0;
	return fail(err, ERR_MODEL,
	    "Executor '%s' does not support %s prompts.", ask->provider->name,
	    prompt_kind_name(ask->kind));
}

int
ask_prepare_own(struct engine *engine, struct arena *a,
    const struct prompt *prompt, struct ask *ask, struct err *err)
{
	const char *key = template_config_key(prompt->kind);
	const char *name;

	*ask = (struct ask){.kind = kinds[prompt->kind]};
	ask->config = member_as_json(a, prompt->frontmatter, key);
	if (check_tools(ask, err) < 0)
		return -1;
	name = json_string_value(json_object_get(ask->config, "model_name"));
	if (name == NULL)
		return fail(err, ERR_PROMPT, "%s.model_name is missing", key);
	if (model_resolve(&engine->settings->models, name, &ask->provider,
		&ask->model, err) < 0)
		return -1;
	return check_abilities(ask, err);
}

int
ask_prepare(struct engine *engine, struct arena *a, const struct prompt *prompt,
    struct ask *ask, struct err *err)
{
	const json_t *name;

	if (ask_prepare_own(engine, a, prompt, ask, err) < 0)
		return -1;
	name = json_object_get(ask->config, "model_name");
	return scope_model(engine->spend, json_string_value(name), err);
}

/* The tag of such a prompt is in the compiled configuration. */
static int
media_messages(
    struct arena *a, struct js compiled, struct ask *ask, struct err *err)
{
	bool image = ask->kind == PROMPT_IMAGE;
	const char *key = image ? "image_config" : "speech_config";
	const char *text = image ? "prompt" : "text";
	json_t *said, *message;

	ask->config = member_as_json(a, compiled, key);
	said = json_object_get(ask->config, text);
	if (!json_is_string(said))
		return fail(err, ERR_PROMPT, "Invalid prompt: %s.%s is missing",
		    key, text);
	message = json_object();
	json_object_set_new(message, "role", json_string("user"));
	json_object_set(message, "content", said);
	said = json_array();
	json_array_append_new(said, message);
	arena_on_free(a, drop_json, said);
	ask->messages = said;
	return 0;
}

int
ask_messages(
    struct arena *a, struct js compiled, struct ask *ask, struct err *err)
{
	if (prompt_kind_is_media(ask->kind))
		return media_messages(a, compiled, ask, err);
	ask->messages = member_as_json(a, compiled, "messages");
	if (json_array_size(ask->messages) == 0)
		return fail(err, ERR_PROMPT,
		    "Invalid prompt: messages must not be empty");
	return 0;
}

void
trace_id_make(char out[TRACE_ID_LEN + 1])
{
	unsigned char id[TRACE_ID_LEN / 2];

	crypt_random(id, sizeof(id));
	hex_print(out, id, sizeof(id));
}
