/* Finds out what a compiled prompt asks of whom. */
#include "ask.h"

#include "../base/crypt.h"

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
check_abilities(const struct ask *ask, struct err *err)
{
	if (ask->kind == PROMPT_IMAGE || ask->kind == PROMPT_SPEECH)
		return fail(err, ERR_UNSUPPORTED,
		    "%s prompts cannot be run by this version",
		    prompt_kind_name(ask->kind));
	if (json_array_size(json_object_get(ask->config, "tools")) != 0)
		return fail(err, ERR_UNSUPPORTED,
		    "tools cannot be run by this version; the prompt names "
		    "some in `tools`");
	return 0;
}

int
ask_prepare(struct engine *engine, struct arena *a, const struct prompt *prompt,
    struct ask *ask, struct err *err)
{
	const char *key = template_config_key(prompt->kind);
	const char *name;

	*ask = (struct ask){.kind = kinds[prompt->kind]};
	ask->config = member_as_json(a, prompt->frontmatter, key);
	if (check_abilities(ask, err) < 0)
		return -1;
	name = json_string_value(json_object_get(ask->config, "model_name"));
	if (name == NULL)
		return fail(err, ERR_PROMPT, "%s.model_name is missing", key);
	return model_resolve(
	    &engine->settings->models, name, &ask->provider, &ask->model, err);
}

int
ask_messages(
    struct arena *a, struct js compiled, struct ask *ask, struct err *err)
{
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
