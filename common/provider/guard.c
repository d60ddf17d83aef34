/* Makes one well-formed sequence of whatever a driver emits, and objects of
 * text.  It knows no vendor and no wire: events come in, events go out. */
#include "guard.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "../wire/partial.h"

/* A snapshot reads the whole text again, so an object that arrives in small
 * pieces costs the square of its length.  Up to this many bytes every piece
 * makes a snapshot; above, one is made when a part of this size is new, which
 * bounds the work to so many times the length.  The last snapshot is always of
 * the whole text. */
enum { EAGER_BYTES = 16 * 1024, LAZY_PART = 64 };

static const char no_answer[] =
    "No object generated: the model did not return a response.";
static const char no_object[] =
    "No object generated: could not parse the response.";

static void
pass(struct guard *g, const struct event *ev)
{
	g->emitted = true;
	g->out->event(g->out, ev);
}

static void
pass_object(struct guard *g, enum event_type type, const json_t *object)
{
	struct event ev = {.type = type, .object = object};

	pass(g, &ev);
}

static void
snapshot(struct guard *g)
{
	struct str text = buf_text(&g->text);
	json_t *value = NULL;

	g->parsed = g->text.len;
	(void)partial_parse(text, &value);
	if (value == NULL)
		return;
	if (g->last != NULL && json_equal(g->last, value)) {
		json_decref(value);
		return;
	}
	json_decref(g->last);
	g->last = value;
	pass_object(g, EVENT_OBJECT_DELTA, value);
}

void
guard_fail(struct guard *g, struct str message)
{
	struct event ev = {.type = EVENT_ERROR, .text = message};

	if (g->done)
		return;
	if (g->stream && g->parsed != g->text.len && !buf_full(&g->text))
		snapshot(g);
	g->done = true;
	if (message.len == 0)
		ev.text = STR("Unknown error");
	pass(g, &ev);
}

static void
add_text(struct guard *g, struct str text)
{
	size_t news;

	wtf8_add(&g->text, text);
	if (buf_full(&g->text)) {
		guard_fail(g, STR("the object is too large"));
		return;
	}
	if (!g->stream || text.len == 0)
		return;
	news = g->text.len - g->parsed;
	if (g->text.len <= EAGER_BYTES || news >= g->text.len / LAZY_PART)
		snapshot(g);
}

/* An object that the driver made itself. */
static void
take_object(struct guard *g, const struct event *ev)
{
	json_decref(g->last);
	g->last = json_incref((json_t *)ev->object);
	if (ev->type == EVENT_OBJECT_FINAL)
		g->has_final = true;
	pass(g, ev);
}

/* The whole text of a one-shot answer must be JSON; false ended the call. */
static bool
parse_whole(struct guard *g)
{
	struct str text = buf_text(&g->text);
	struct err why = {0};

	if (g->last != NULL)
		return true;
	if (text.len == 0) {
		guard_fail(g, STR(no_answer));
		return false;
	}
	g->last = json_read(text, &why);
	err_free(&why);
	if (g->last == NULL)
		guard_fail(g, STR(no_object));
	return g->last != NULL;
}

/* Returns false when there is no object where one is due. */
static bool
finish_object(struct guard *g)
{
	if (g->has_final)
		return true;
	if (g->stream && g->parsed != g->text.len)
		snapshot(g);
	if (!g->stream && !parse_whole(g))
		return false;
	if (g->last != NULL)
		pass_object(g, EVENT_OBJECT_FINAL, g->last);
	return true;
}

/* A step that calls tools has no object yet: whatever it says is said beside
 * the calls, and their results come first.  A server that names another reason
 * may still have answered, if it said anything. */
static bool
wants_tools(const struct guard *g, const struct event *ev)
{
	if (!g->called || g->has_final)
		return false;
	return ev->finish.reason == FINISH_TOOL_CALLS || g->text.len == 0;
}

static void
finish(struct guard *g, const struct event *ev)
{
	struct event out = *ev;
	struct usage *usage = &out.finish.usage;

	if (usage->total < 0)
		usage->total = usage->input + usage->output;
	if (g->kind == PROMPT_OBJECT && wants_tools(g, ev)) {
		out.finish.reason = FINISH_TOOL_CALLS;
	} else if (g->kind == PROMPT_OBJECT) {
		if (!finish_object(g))
			return;
		/* Where the object itself came as a call. */
		if (out.finish.reason == FINISH_TOOL_CALLS)
			out.finish.reason = FINISH_STOP;
	}
	g->done = true;
	pass(g, &out);
}

static void
guard_event(struct sink *self, const struct event *ev)
{
	struct guard *g = (struct guard *)self;

	if (g->done)
		return;
	switch (ev->type) {
	case EVENT_TEXT_DELTA:
		if (g->kind == PROMPT_OBJECT)
			add_text(g, ev->text);
		else
			pass(g, ev);
		return;
	case EVENT_OBJECT_DELTA:
	case EVENT_OBJECT_FINAL:
		take_object(g, ev);
		return;
	case EVENT_FINISH:
		finish(g, ev);
		return;
	case EVENT_ERROR:
		guard_fail(g, ev->text);
		return;
	case EVENT_TOOL_CALL:
		g->called = true;
		break;
	case EVENT_TOOL_RESULT: /* of an executor that runs its tools */
		g->called = false;
		break;
	case EVENT_REASONING_DELTA:
	case EVENT_TOOL_REQUEST:
	case EVENT__MAX:
		break;
	}
	pass(g, ev);
}

void
guard_init(
    struct guard *g, struct sink *out, enum prompt_kind kind, bool stream)
{
	*g = (struct guard){
	    .sink.event = guard_event,
	    .out = out,
	    .kind = kind,
	    .stream = stream,
	};
	buf_init(&g->text, LIMIT_OBJECT_BYTES);
}

void
guard_restart(struct guard *g)
{
	buf_clear(&g->text);
	g->parsed = 0;
	g->called = false;
}

void
guard_free(struct guard *g)
{
	buf_free(&g->text);
	json_decref(g->last);
	g->last = NULL;
}
