/* Finds out what a compiled prompt asks of whom. */
#include "ask.h"

#include "../base/json.h"
#include "scope.h"

static const enum prompt_kind kinds[] = {
    [TEMPLATE_OBJECT] = PROMPT_OBJECT,
    [TEMPLATE_TEXT] = PROMPT_TEXT,
    [TEMPLATE_IMAGE] = PROMPT_IMAGE,
    [TEMPLATE_SPEECH] = PROMPT_SPEECH,
};
_Static_assert(ARRAY_LEN(kinds) == TEMPLATE__MAX, "a row for every kind");

static const json_t *
member_as_json(struct arena *a, struct js object, const char *key)
{
	return json_own(a, js_to_json(a, js_get(object, key)));
}

static int
prepare(struct engine *engine, const struct spend *spend, struct arena *a,
    const struct prompt *prompt, struct ask *ask, struct err *err)
{
	const char *key = template_config_key(prompt->kind);
	const char *name;

	*ask = (struct ask){.kind = kinds[prompt->kind]};
	ask->config = member_as_json(a, prompt->frontmatter, key);
	ask->name = js_text(a, js_get(prompt->frontmatter, "name"));
	name = json_string_value(json_object_get(ask->config, "model_name"));
	if (name == NULL)
		return fail(err, ERR_PROMPT, "%s.model_name is missing", key);
	if (ask_route(engine, spend, a, name, ask, err) < 0)
		return -1;
	return scope_model(spend, name, err);
}

int
ask_prepare_own(struct engine *engine, struct arena *a,
    const struct prompt *prompt, struct ask *ask, struct err *err)
{
	return prepare(engine, NULL, a, prompt, ask, err);
}

int
ask_prepare(struct engine *engine, struct arena *a, const struct prompt *prompt,
    struct ask *ask, struct err *err)
{
	return prepare(engine, engine->spend, a, prompt, ask, err);
}

static size_t
count(const json_t *names)
{
	return json_is_object(names) ? json_object_size(names)
				     : json_array_size(names);
}

/* Before anything is connected to: whether the model could use them. */
int
ask_tools(struct engine *engine, struct arena *a, const struct ask *ask,
    unsigned flags, struct toolset **set, struct err *err)
{
	const json_t *names = json_object_get(ask->config, "tools");
	unsigned can = ask->provider->driver->abilities;

	*set = NULL;
	if (names == NULL || prompt_kind_is_media(ask->kind) ||
	    (json_is_array(names) && count(names) == 0) ||
	    (json_is_object(names) && count(names) == 0))
		return 0;
	if ((can & (DRIVER_TOOLS | DRIVER_AGENT)) == 0)
		return fail(err, ERR_MODEL,
		    "the provider %s takes no tools, and the prompt names some "
		    "in `tools`",
		    ask->provider->name);
	if ((can & DRIVER_AGENT) != 0)
		flags |= TOOLSET_OTHERS;
	*set = toolset_open(engine, a, names, flags, err);
	return *set != NULL ? 0 : -1;
}

void
ask_props(struct arena *a, const struct prompt *prompt, struct js props,
    struct ask *ask)
{
	enum { WANTED = DRIVER_CHILD | DRIVER_AGENT };
	struct js settings = js_get(prompt->frontmatter, "test_settings");
	unsigned can = ask->provider->driver->abilities;

	for (size_t i = 0; i < ask->n_fallbacks; i++)
		can |= ask->fallbacks[i].provider->driver->abilities;
	if ((can & WANTED) == 0)
		return;
	if (!js_truthy(props))
		props = js_get(settings, "props");
	ask->props = json_own(a, js_to_json(a, props));
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
	(void)json_own(a, said);
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
