/* What the steps of an answer say: to whom it is for, events in their order; to
 * the model, messages.  It refuses to know when. */
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "../eval/schema.h"
#include "steps_int.h"

#include <string.h>

static struct str
copy(struct steps *s, struct str text)
{
	return (struct str){
	    arena_strndup(s->arena, text.p, text.len), text.len};
}

struct step_call *
steps_add_call(struct steps *s, const struct event *ev)
{
	struct step_call *c = arena_zalloc(s->arena, sizeof(*c));

	c->steps = s;
	c->id = copy(s, ev->tool.id);
	c->name = copy(s, ev->tool.name);
	c->args = json_deep_copy(ev->tool.value);
	c->bad = ev->tool.is_error;
	c->keep = json_deep_copy(ev->tool.keep);
	*s->end = c;
	s->end = &c->next;
	if (s->untold == NULL)
		s->untold = c;
	return c;
}

/* --- events */

void
steps_say_call(
    struct steps *s, struct str id, struct str name, const struct event *from)
{
	struct event ev = {.type = EVENT_TOOL_CALL};

	ev.tool.id = id;
	ev.tool.name = toolset_wire_name(s->tools, name);
	ev.tool.value = from->tool.value;
	ev.tool.is_error = from->tool.is_error;
	s->out->event(s->out, &ev);
}

static void
say_result(struct steps *s, const struct step_call *c)
{
	struct event ev = {.type = EVENT_TOOL_RESULT};

	ev.tool.id = c->id;
	ev.tool.name = toolset_wire_name(s->tools, c->name);
	ev.tool.value = c->result;
	ev.tool.is_error = c->is_error;
	s->out->event(s->out, &ev);
}

/* In the order of the calls; those of a one-shot answer wait for its end, which
 * tells ALL. */
void
steps_say_results(struct steps *s, bool all)
{
	struct step_call *c;

	if (!s->ask.stream && !all)
		return;
	while ((c = s->untold) != NULL && (c->result != NULL || all)) {
		s->untold = c->next;
		if (c->result != NULL)
			say_result(s, c);
	}
}

/* Nothing runs on behind the last word. */
static void
stop_tools(struct steps *s)
{
	timer_clear(s->engine->loop, &s->timer);
	for (struct step_call *c = s->calls; c != NULL; c = c->next) {
		tool_free(c->run);
		c->run = NULL;
	}
}

void
steps_say_error(struct steps *s, struct str text)
{
	struct event ev = {.type = EVENT_ERROR, .text = text};

	stop_tools(s);
	answer_close(s->answer);
	s->over = true;
	s->out->event(s->out, &ev);
}

static void
say_object(struct steps *s)
{
	struct event ev = {.type = EVENT_OBJECT_FINAL, .object = s->object};

	s->out->event(s->out, &ev);
}

static void
say_text(struct steps *s)
{
	struct event ev = {.type = EVENT_TEXT_DELTA};

	ev.text = buf_text(&s->text);
	if (ev.text.len != 0)
		s->out->event(s->out, &ev);
}

/* Against the prompt's schema, where the configuration wants that. */
static bool
is_valid(struct steps *s)
{
	const json_t *schema = json_object_get(s->ask.config, "schema");
	struct str reason = {NULL, 0};
	struct err err = {0};
	const char *why;

	if (!s->engine->settings->validate_objects || s->object == NULL ||
	    !json_is_object(schema))
		return true;
	if (schema_check(schema, s->object, s->arena, &reason, &err) == 0 &&
	    reason.p == NULL)
		return true;
	why = arena_printf(s->arena,
	    "No object generated: response did not match schema: %.*s",
	    err.msg != NULL ? (int)strlen(err.msg) : (int)reason.len,
	    err.msg != NULL ? err.msg : reason.p);
	err_free(&err);
	steps_say_error(s, str_from(why));
	return false;
}

void
steps_say_end(struct steps *s)
{
	struct event ev = {.type = EVENT_FINISH};
	bool object = s->ask.kind == PROMPT_OBJECT;

	stop_tools(s);
	if (!s->ask.stream && object && s->object == NULL) {
		steps_say_error(
		    s, STR("No object generated: the model did not return a "
			   "response."));
		return;
	}
	if (object && !is_valid(s))
		return;
	steps_say_results(s, true);
	if (!s->ask.stream && s->object != NULL)
		say_object(s);
	else if (!s->ask.stream)
		say_text(s);
	ev.finish.reason = s->reason;
	ev.finish.usage = s->usage;
	answer_keep(
	    s->answer, s->exec != NULL ? s->exec : s->before, s->reason);
	s->over = true;
	s->out->event(s->out, &ev);
}

/* --- messages */

static json_t *
new_part(const char *type, const struct step_call *c)
{
	json_t *part = json_object();

	(void)json_object_set_new(part, "type", json_string(type));
	json_set_str(part, "toolCallId", c->id);
	json_set_str(part, "toolName", c->name);
	return part;
}

static json_t *
call_part(const struct step_call *c)
{
	json_t *part = new_part("tool-call", c);

	if (c->args != NULL)
		(void)json_object_set(part, "args", c->args);
	else
		(void)json_object_set_new(part, "args", json_object());
	if (c->bad)
		(void)json_object_set_new(part, "badArgs", json_true());
	if (c->keep != NULL)
		(void)json_object_set(part, "keep", c->keep);
	return part;
}

static json_t *
result_part(const struct step_call *c)
{
	json_t *part = new_part("tool-result", c);

	(void)json_object_set(part, "result", c->result);
	if (c->is_error)
		(void)json_object_set_new(part, "isError", json_true());
	return part;
}

static json_t *
text_part(const struct steps *s)
{
	struct str text = buf_text(&s->text);
	json_t *part = json_object();

	(void)json_object_set_new(part, "type", json_string("text"));
	json_set_str(part, "text", text);
	return part;
}

static void
add_message(struct steps *s, const char *role, json_t *content)
{
	json_t *message = json_object();

	(void)json_object_set_new(message, "role", json_string(role));
	(void)json_object_set_new(message, "content", content);
	(void)json_array_append_new(s->messages, message);
}

void
steps_add_messages(struct steps *s)
{
	json_t *calls = json_array(), *results = json_array();

	if (s->messages == NULL)
		s->messages = json_copy((json_t *)s->ask.messages);
	if (s->text.len != 0)
		(void)json_array_append_new(calls, text_part(s));
	for (const struct step_call *c = s->step; c != NULL; c = c->next) {
		(void)json_array_append_new(calls, call_part(c));
		(void)json_array_append_new(results, result_part(c));
	}
	add_message(s, "assistant", calls);
	add_message(s, "tool", results);
}
