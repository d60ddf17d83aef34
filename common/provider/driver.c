/* What all drivers share: the table that names them, the life of a call, and
 * the ways to say text, an end or a refusal.  Knows no vendor. */
#include "driver.h"

#include "quirk.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

static const char *const kind_names[] = {
    [PROMPT_TEXT] = "text",
    [PROMPT_OBJECT] = "object",
    [PROMPT_IMAGE] = "image",
    [PROMPT_SPEECH] = "speech",
    [PROMPT_EMBED] = "embedding",
};
_Static_assert(ARRAY_LEN(kind_names) == PROMPT__MAX, "every kind has a name");

const struct driver *const drivers[] = {
    &driver_anthropic,
    &driver_bedrock,
    &driver_chat,
    &driver_claude_agent,
    &driver_command,
    &driver_echo,
    &driver_gemini,
    &driver_mastra,
    &driver_mastra_v0,
    &driver_ollama,
    &driver_responses,
    NULL,
};

const char driver_cut_text[] = "Failed to process successful response";

const char *
prompt_kind_name(enum prompt_kind kind)
{
	if ((size_t)kind >= ARRAY_LEN(kind_names))
		return "unknown";
	return kind_names[kind];
}

bool
prompt_kind_is_media(enum prompt_kind kind)
{
	return kind == PROMPT_IMAGE || kind == PROMPT_SPEECH;
}

const struct driver *
driver_find(const char *name)
{
	size_t i;

	for (i = 0; drivers[i] != NULL; i++)
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	return NULL;
}

static const struct driver *
driver_of(const struct call *call)
{
	return call->ask->provider->driver;
}

static void
drop_call(void *arg)
{
	struct call *call = arg;

	if (driver_of(call)->drop != NULL)
		driver_of(call)->drop(call);
	buf_free(&call->ignored);
	buf_free(&call->said);
}

static struct traits
traits_for(const struct ask *ask)
{
	struct traits traits = {0};

	if (ask->model != NULL)
		traits = traits_of(ask->model);
	if ((ask->provider->quirks & QUIRK_ALL_SETTINGS) != 0)
		traits.has &= ~(unsigned)TRAIT_NO_SETTINGS;
	return traits;
}

struct call *
driver_call(struct arena *a, const struct ask *ask, struct sink *sink)
{
	struct call *call = arena_zalloc(a, sizeof(*call));
	struct ask *copy = arena_dup(a, ask, sizeof(*ask));
	const struct driver *driver = ask->provider->driver;
	size_t size = driver->state_size;

	call->ask = copy;
	call->arena = a;
	call->sink = sink;
	call->state = arena_zalloc(a, size != 0 ? size : 1);
	call->reason = FINISH_UNKNOWN;
	call->traits = traits_for(copy);
	buf_init(&call->ignored, LIMIT_ERR_BYTES);
	buf_init(&call->said, LIMIT_OBJECT_BYTES);
	arena_on_free(a, drop_call, call);
	if (driver->object_tool != NULL)
		call->object_tool = driver->object_tool(call);
	return call;
}

int
driver_frame(
    struct call *call, struct str event, struct str data, struct err *err)
{
	if (call->over)
		return 0;
	call->seen = true;
	return driver_of(call)->frame(call, event, data, err);
}

int
driver_end(struct call *call, bool cut, struct err *err)
{
	const struct driver *driver = driver_of(call);

	if (call->over)
		return 0;
	if (!cut && !call->seen)
		return fail(err, ERR_PROVIDER, "the provider's reply is %s",
		    driver->framing == DRIVER_LINES ? "empty"
						    : "no event stream");
	if (cut || driver->end == NULL || !call->has_reason)
		return fail(err, ERR_PROVIDER, "%s", driver_cut_text);
	return driver->end(call, err);
}

static void
emit_delta(struct call *call, enum event_type type, struct str text)
{
	struct event ev = {.type = type, .text = text};

	if (text.len != 0)
		call->sink->event(call->sink, &ev);
}

void
driver_text(struct call *call, struct str text)
{
	emit_delta(call, EVENT_TEXT_DELTA, text);
}

void
driver_reasoning(struct call *call, struct str text)
{
	emit_delta(call, EVENT_REASONING_DELTA, text);
}

void
driver_finish(
    struct call *call, enum finish_reason reason, const struct usage *usage)
{
	struct event ev = {.type = EVENT_FINISH};

	call->over = true;
	ev.finish.reason = reason;
	ev.finish.usage = *usage;
	call->sink->event(call->sink, &ev);
}

void
driver_words(struct call *call, struct str text)
{
	if (call->object_tool == NULL)
		driver_text(call, text);
	else
		buf_add(&call->said, text.p, text.len);
}

void
driver_refusal(struct call *call, struct str text)
{
	call->refused = call->refused || text.len != 0;
	if (call->ask->kind == PROMPT_TEXT)
		driver_text(call, text);
	else
		buf_add(&call->said, text.p, text.len);
}

int
driver_refused(const struct call *call, struct err *err)
{
	return fail(err, ERR_PROVIDER, "the model refused%s%s",
	    call->said.len != 0 ? ": " : "", buf_str(&call->said));
}

int
driver_settle(struct call *call, bool answered, const struct usage *usage,
    struct err *err)
{
	bool wanted = call->object_tool != NULL && !answered;

	/* The object is a call for us alone. */
	if (answered && call->reason == FINISH_TOOL_CALLS)
		call->reason = FINISH_STOP;
	if (wanted && call->reason == FINISH_CONTENT_FILTER)
		return driver_refused(call, err);
	/* Who may not be forced to call may say the object. */
	if (wanted && call->reason == FINISH_STOP &&
	    (call->traits.has & TRAIT_NO_FORCED_TOOL) != 0)
		driver_text(call, buf_text(&call->said));
	driver_finish(call, call->reason, usage);
	return 0;
}

void
driver_model(struct call *call, const json_t *model)
{
	if (call->model == NULL && json_string_length(model) != 0)
		call->model =
		    arena_strdup(call->arena, json_string_value(model));
}

void
driver_reason(struct call *call, const struct reason_name *names, size_t n,
    struct str name)
{
	size_t i;

	if (name.p == NULL)
		return;
	call->has_reason = true;
	for (i = 0; i < n && !str_is(name, names[i].name); i++)
		;
	call->reason = i < n ? names[i].reason : FINISH_UNKNOWN;
}

int
driver_bad_event(struct err *why, struct err *err)
{
	(void)fail(err, ERR_PROVIDER, "bad event in the provider's stream: %s",
	    why->msg != NULL ? why->msg : "no object");
	err_free(why);
	return -1;
}

int
driver_bad_reply(struct err *err)
{
	return fail(err, ERR_PROVIDER, "Invalid JSON response");
}

static json_t *
read_object(struct str text, struct err *why)
{
	json_t *json = json_read(text, why);

	if (json_is_object(json))
		return json;
	json_decref(json);
	return NULL;
}

json_t *
driver_event(struct str data, struct err *err)
{
	struct err why = {0};
	json_t *event = read_object(data, &why);

	if (event == NULL)
		(void)driver_bad_event(&why, err);
	return event;
}

const json_t *
driver_reply(struct call *call, struct str text, struct err *err)
{
	struct err why = {0};
	json_t *reply = read_object(text, &why);

	if (reply == NULL)
		(void)driver_bad_reply(err);
	err_free(&why);
	return json_own(call->arena, reply);
}

int64_t
driver_tokens(const json_t *json)
{
	/* What a double holds exactly; sums of a few stay far from overflow. */
	const double most = 9007199254740992.0;
	double n = json_number_value(json);

	if (!(n > 0))
		return 0;
	return (int64_t)(n < most ? n : most);
}

struct str
driver_string(const json_t *json)
{
	if (!json_is_string(json))
		return (struct str){NULL, 0};
	return (struct str){json_string_value(json), json_string_length(json)};
}

/* The member at PATH (up to two keys) as far as it is text that says
 * something, as JavaScript's truthiness has it. */
static struct str
text_at(const json_t *json, const char *first, const char *second)
{
	const json_t *member = json_object_get(json, first);

	if (second != NULL)
		member = json_object_get(member, second);
	return driver_string(member);
}

struct str
driver_error(struct arena *a, const json_t *error)
{
	const json_t *data = json_object_get(error, "data");
	const struct str known[] = {
	    driver_string(error),
	    text_at(error, "message", NULL),
	    text_at(error, "error", "message"),
	    text_at(error, "error", NULL),
	    text_at(data, "error", "message"),
	};
	struct str text;
	struct buf b;
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].len != 0)
			return (struct str){
			    arena_strndup(a, known[i].p, known[i].len),
			    known[i].len};
	if (error == NULL || json_is_null(error) || json_is_string(error))
		return STR("Unknown error");
	buf_init(&b, LIMIT_ERROR_BODY_BYTES);
	json_print(&b, error);
	text = (struct str){arena_strndup(a, buf_str(&b), b.len), b.len};
	buf_free(&b);
	return text;
}

int
driver_fail(struct call *call, const json_t *error, struct err *err)
{
	return fail_text(err, ERR_PROVIDER, driver_error(call->arena, error));
}

int
driver_check(struct call *call, const json_t *reply, struct err *err)
{
	const json_t *error = json_object_get(reply, "error");

	if (error == NULL || json_is_null(error))
		return 0;
	return driver_fail(call, error, err);
}

struct str
driver_explain(struct call *call, int status, struct str text)
{
	struct err ignored = {0};
	json_t *json = json_read(text, &ignored);
	struct str out;
	const char *s;

	err_free(&ignored);
	if (json_object_size(json) != 0 || driver_string(json).len != 0) {
		out = driver_error(call->arena, json);
	} else {
		s = arena_printf(call->arena,
		    "the provider answered with status %d", status);
		out = str_from(s);
	}
	json_decref(json);
	return out;
}
