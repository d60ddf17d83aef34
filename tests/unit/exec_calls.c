/* Starts calls for tests and writes down what they say.  It refuses to know
 * what they should. */
#include "exec_calls.h"

#include "../../common/base/clock.h"
#include "../../common/base/json.h"
#include "../../common/store/store.h"

#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PATIENCE 20000 /* ms; a test that waits so long has failed */

struct engine calls_engine;
struct settings calls_settings;
struct arena *calls_arena;

int
calls_setup(void **state)
{
	(void)state;
	calls_arena = arena_new(NULL);
	calls_settings = (struct settings){0};
	calls_engine = (struct engine){.loop = loop_new(),
	    .settings = &calls_settings,
	    .store = store_new(NULL)};
	return 0;
}

int
calls_teardown(void **state)
{
	(void)state;
	engine_workers_free(&calls_engine);
	loop_free(calls_engine.loop);
	store_free(calls_engine.store);
	free(calls_engine.logged);
	arena_free(calls_arena);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		fail_msg("a child is left");
	return 0;
}

static void
drop_json(void *json)
{
	json_decref(json);
}

const json_t *
calls_json(const char *text)
{
	struct err err = {0};
	json_t *json = json_read((struct str){text, strlen(text)}, &err);

	if (json == NULL)
		fail_msg("%s: %s", text, err.msg);
	arena_on_free(calls_arena, drop_json, json);
	return json;
}

const json_t *
calls_messages(const char *user)
{
	json_t *list = json_array(), *message = json_object();

	json_object_set_new(message, "role", json_string("user"));
	json_object_set_new(message, "content", json_string(user));
	json_array_append_new(list, message);
	arena_on_free(calls_arena, drop_json, list);
	return list;
}

static void
add_str(struct buf *b, const char *name, struct str text)
{
	buf_addf(b, "%s %.*s\n", name, (int)text.len, text.p);
}

static void
add_tool(struct buf *b, const char *name, const struct event *ev)
{
	buf_addf(b, "%s%s %.*s %.*s ", name, ev->tool.is_error ? "!" : "",
	    (int)ev->tool.id.len, ev->tool.id.p, (int)ev->tool.name.len,
	    ev->tool.name.p);
	if (ev->tool.value != NULL)
		json_print(b, ev->tool.value);
	buf_addc(b, '\n');
}

static void
add_object(struct buf *b, const char *name, const json_t *object)
{
	buf_addf(b, "%s ", name);
	if (object != NULL)
		json_print(b, object);
	buf_addc(b, '\n');
}

static void
add_finish(struct buf *b, const struct event *ev)
{
	const struct usage *u = &ev->finish.usage;

	buf_addf(b, "finish %s", finish_name(ev->finish.reason));
	if (!u->unknown)
		buf_addf(b, " %" PRId64 "+%" PRId64 "=%" PRId64, u->input,
		    u->output, u->total);
	if (u->has_cost)
		buf_addf(b, " $%g", u->cost);
	buf_addc(b, '\n');
}

static void
on_event(struct sink *self, const struct event *ev)
{
	struct said *s = (struct said *)self;
	struct buf *b = &s->text;
	json_t *sunny;

	switch (ev->type) {
	case EVENT_TEXT_DELTA:
		add_str(b, "text", ev->text);
		break;
	case EVENT_REASONING_DELTA:
		add_str(b, "reasoning", ev->text);
		break;
	case EVENT_TOOL_CALL:
		add_tool(b, "call", ev);
		break;
	case EVENT_TOOL_RESULT:
		add_tool(b, "result", ev);
		break;
	case EVENT_TOOL_REQUEST:
		add_tool(b, "request", ev);
		if (!s->answers)
			break;
		sunny = json_string("sunny");
		exec_answer(s->exec, ev->tool.id, sunny, false);
		json_decref(sunny);
		break;
	case EVENT_OBJECT_DELTA:
		add_object(b, "delta", ev->object);
		break;
	case EVENT_OBJECT_FINAL:
		add_object(b, "final", ev->object);
		break;
	case EVENT_FINISH:
		add_finish(b, ev);
		break;
	case EVENT_ERROR:
		add_str(b, "error", ev->text);
		break;
	case EVENT__MAX:
		break;
	}
	if (ev->type == EVENT_FINISH || ev->type == EVENT_ERROR)
		s->ended = clock_mono_ms();
}

void
calls_start(struct said *s, const struct ask *ask)
{
	struct err err = {0};

	s->sink.event = on_event;
	buf_init(&s->text, 1 << 20);
	s->began = clock_mono_ms();
	s->ended = 0;
	s->exec = exec_start(&calls_engine, calls_arena, ask, &s->sink, &err);
	if (s->exec == NULL)
		fail_msg("%s", err.msg);
}

void
calls_wait(struct said *s)
{
	int64_t until = clock_mono_ms() + PATIENCE;

	while (!exec_done(s->exec)) {
		engine_turn(&calls_engine, 1000);
		if (clock_mono_ms() > until)
			fail_msg("no end after: %s", buf_str(&s->text));
	}
}

void
calls_free(struct said *s)
{
	exec_free(s->exec);
	s->exec = NULL;
	buf_free(&s->text);
}

void
calls_expect(struct said *s, const char *text)
{
	calls_wait(s);
	assert_string_equal(buf_str(&s->text), text);
	calls_free(s);
}

void
calls_run(struct said *s, const struct ask *ask, const char *text)
{
	calls_start(s, ask);
	calls_expect(s, text);
}

struct provider
calls_shell(const char *script, int64_t workers)
{
	const char **argv = arena_array(calls_arena, 4, sizeof(*argv));

	argv[0] = "sh";
	argv[1] = "-c";
	argv[2] = script;
	argv[3] = NULL;
	return (struct provider){.name = "p",
	    .driver = &driver_command,
	    .argv = argv,
	    .workers = workers};
}
