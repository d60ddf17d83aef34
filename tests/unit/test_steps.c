/* Steps: what an answer says, and what the model is told, when it calls tools.
 * The model is a driver of this test that plays a script: a list of steps, each
 * a list of events. */
#include "../../common/run/steps.h"

#include "../../common/base/clock.h"
#include "../../common/run/answers.h"
#include "store_files.h"
#include "../../common/base/json.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE 20000 /* ms; a test that waits so long has failed */

/* --- the model */

static json_t *script;	   /* of all steps */
static unsigned played;	   /* steps so far */
static struct buf told;	   /* the messages that the last step was asked */
static unsigned n_offered; /* tools */

struct player {
	const json_t *events;
	size_t at;
};

static struct str
text_at(const json_t *event, size_t i)
{
	const char *text = json_string_value(json_array_get(event, i));

	return text != NULL ? (struct str){text, strlen(text)} : STR("");
}

static void
play_tool(struct call *call, const json_t *event, enum event_type type)
{
	struct event ev = {.type = type};

	ev.tool.id = text_at(event, 1);
	ev.tool.name = text_at(event, 2);
	ev.tool.value = json_array_get(event, 3);
	ev.tool.is_error = strcmp(text_at(event, 0).p, "bad") == 0;
	ev.tool.keep = json_array_get(event, 4);
	call->sink->event(call->sink, &ev);
}

static int
play(struct call *call, const json_t *event, struct err *err)
{
	struct str what = text_at(event, 0);
	struct event ev = {.type = EVENT_OBJECT_FINAL};
	struct usage usage = {.input = 10, .output = 1, .total = -1};

	if (strcmp(what.p, "text") == 0) {
		driver_text(call, text_at(event, 1));
	} else if (strcmp(what.p, "call") == 0 || strcmp(what.p, "bad") == 0) {
		play_tool(call, event, EVENT_TOOL_CALL);
	} else if (strcmp(what.p, "result") == 0) {
		play_tool(call, event, EVENT_TOOL_RESULT);
	} else if (strcmp(what.p, "object") == 0) {
		ev.object = json_array_get(event, 1);
		call->sink->event(call->sink, &ev);
	} else if (strcmp(what.p, "stop") == 0) {
		driver_finish(call, FINISH_STOP, &usage);
	} else if (strcmp(what.p, "tools") == 0) {
		driver_finish(call, FINISH_TOOL_CALLS, &usage);
	} else {
		return fail_text(err, ERR_PROVIDER, text_at(event, 1));
	}
	return 0;
}

static int
next_event(struct call *call, struct err *err)
{
	struct player *p = call->state;

	if (p->events == NULL) {
		p->events = json_array_get(script, played++);
		n_offered = (unsigned)call->ask->n_tools;
		buf_clear(&told);
		json_print(&told, call->ask->messages);
	}
	if (play(call, json_array_get(p->events, p->at), err) < 0)
		return -1;
	return ++p->at < json_array_size(p->events);
}

static const struct driver player = {
    .name = "player",
    .abilities = DRIVER_TEXT | DRIVER_OBJECT | DRIVER_LOCAL | DRIVER_TOOLS,
    .state_size = sizeof(struct player),
    .next = next_event,
};

static const struct driver agent = {
    .name = "agent",
    .abilities = DRIVER_TEXT | DRIVER_OBJECT | DRIVER_LOCAL | DRIVER_AGENT,
    .state_size = sizeof(struct player),
    .next = next_event,
};

static unsigned
one(const char *model)
{
	(void)model;
	return 1;
}

static const struct driver painter = {
    .name = "painter",
    .abilities = DRIVER_IMAGE | DRIVER_LOCAL,
    .state_size = sizeof(struct player),
    .next = next_event,
    .images_at_once = one,
};

/* --- the rest of the world */

struct fixture {
	struct sink sink; /* first */
	struct arena *arena;
	struct settings settings;
	struct engine engine;
	struct provider provider;
	struct tool_conf confs[4];
	json_t *messages, *config;
	struct ask ask;
	struct buf said;
	int terminal;
};

static void
hear(struct sink *self, const struct event *ev)
{
	struct fixture *f = (struct fixture *)self;
	struct buf *b = &f->said;

	assert_int_equal(f->terminal, 0);
	switch (ev->type) {
	case EVENT_TEXT_DELTA:
		buf_addf(b, "text %.*s\n", (int)ev->text.len, ev->text.p);
		break;
	case EVENT_TOOL_CALL:
	case EVENT_TOOL_RESULT:
		buf_addf(b, "%s %.*s %.*s%s ",
		    ev->type == EVENT_TOOL_CALL ? "call" : "result",
		    (int)ev->tool.id.len, ev->tool.id.p, (int)ev->tool.name.len,
		    ev->tool.name.p, ev->tool.is_error ? " !" : "");
		json_print(b, ev->tool.value);
		buf_addc(b, '\n');
		break;
	case EVENT_OBJECT_FINAL:
		buf_adds(b, "object ");
		json_print(b, ev->object);
		buf_addc(b, '\n');
		break;
	case EVENT_FINISH:
		f->terminal++;
		buf_addf(b, "%s %d+%d=%d\n", finish_name(ev->finish.reason),
		    (int)ev->finish.usage.input, (int)ev->finish.usage.output,
		    (int)ev->finish.usage.total);
		break;
	case EVENT_ERROR:
		f->terminal++;
		buf_addf(b, "error %.*s\n", (int)ev->text.len, ev->text.p);
		break;
	default:
		buf_addf(b, "event %d\n", (int)ev->type);
	}
}

static void
add_tool(struct fixture *f, const char *name, const char *text)
{
	struct tool_conf *conf = &f->confs[f->settings.n_tools++];
	const char **argv = arena_array(f->arena, 4, sizeof(*argv));

	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = text;
	argv[3] = NULL;
	*conf = (struct tool_conf){
	    .name = name, .argv = argv, .timeout_ms = PATIENCE};
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (store_files_setup(state) != 0)
		return -1;

	f->sink.event = hear;
	f->arena = arena_new(NULL);
	f->settings.tools = f->confs;
	f->settings.answers = (struct answers_conf){
	    .use = ANSWERS_REQUESTED,
	    .path = arena_strdup(f->arena, store_file("answers.db")),
	    .bytes = 1 << 20,
	    .days = 1,
	};
	f->engine.loop = loop_new();
	f->engine.store = store_new(NULL);
	f->engine.settings = &f->settings;
	f->provider = (struct provider){.name = "p", .driver = &player};
	f->messages = json_pack("[{s:s,s:s}]", "role", "user", "content", "?");
	f->ask = (struct ask){
	    .provider = &f->provider,
	    .model = "m",
	    .kind = PROMPT_TEXT,
	    .stream = true,
	    .messages = f->messages,
	};
	buf_init(&f->said, 1 << 20);
	buf_init(&told, 1 << 20);
	add_tool(f, "cat", "cat");
	add_tool(f, "my.tool", "sleep 0.1; echo '\"mine\"'");
	add_tool(f, "fails", "echo '{\"error\":\"broken\"}'");
	add_tool(f, "hangs", "sleep 1000");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	engine_workers_free(&f->engine);
	loop_free(f->engine.loop);
	store_free(f->engine.store);
	free(f->engine.logged);
	arena_free(f->arena);
	json_decref(f->messages);
	json_decref(f->config);
	json_decref(script);
	script = NULL;
	buf_free(&f->said);
	buf_free(&told);
	free(f);
	return store_files_teardown(state);
}

static void
configure(struct fixture *f, const char *config)
{
	json_decref(f->config);
	f->config = json_loads(config, 0, NULL);
	assert_non_null(f->config);
	f->ask.config = f->config;
}

static struct steps *
start(struct fixture *f, const char *text)
{
	const json_t *names = json_object_get(f->config, "tools");
	struct toolset *set = NULL;
	struct steps *s;
	struct err err = {0};

	json_decref(script);
	script = json_loads(text, 0, NULL);
	assert_non_null(script);
	played = 0;
	f->terminal = 0;
	buf_clear(&f->said);
	if (names != NULL) {
		set = toolset_open(
		    &f->engine, f->arena, names, TOOLSET_OTHERS, &err);
		assert_int_equal(toolset_ready(set, &err), 1);
	}
	s = steps_start(&f->engine, f->arena, &f->ask, set, &f->sink, &err);
	assert_non_null(s);
	return s;
}

static void
wait_for(struct fixture *f, struct steps *s)
{
	int64_t until = clock_mono_ms() + PATIENCE;

	while (!steps_done(s)) {
		engine_turn(&f->engine, 1000);
		assert_true(clock_mono_ms() < until);
	}
	assert_int_equal(f->terminal, 1);
}

/* Pieces of text that follow each other are one when they are said again. */
static char *
join_texts(const char *text)
{
	char *out = malloc(strlen(text) + 1), *to = out;

	assert_non_null(out);
	while (*text != '\0') {
		if (strncmp(text, "\ntext ", 6) == 0 && to != out)
			text += 6;
		else
			*to++ = *text++;
	}
	*to = '\0';
	return out;
}

/* The same again, while nobody may be asked. */
static void
expect_again(struct fixture *f, const char *wanted)
{
	bool failed = strstr(wanted, "error ") != NULL;
	unsigned before = played;
	char *joined = join_texts(wanted), *said;
	struct toolset *set = NULL;
	struct err err = {0};
	struct steps *s;

	assert_int_equal(answers_begin(&f->engine, ANSWERS_STRICT, &err), 0);
	f->terminal = 0;
	buf_clear(&f->said);
	if (json_object_get(f->config, "tools") != NULL)
		set = toolset_open(&f->engine, f->arena,
		    json_object_get(f->config, "tools"), TOOLSET_OTHERS, &err);
	assert_true(set == NULL || toolset_ready(set, &err) == 1);
	s = steps_start(&f->engine, f->arena, &f->ask, set, &f->sink, &err);
	assert_true((s == NULL) == failed);
	if (s != NULL) {
		assert_int_equal(f->said.len, 0); /* only in a later turn */
		wait_for(f, s);
		steps_free(s);
		said = join_texts(buf_str(&f->said));
		assert_string_equal(said, joined);
		free(said);
	}
	assert_int_equal(played, before);
	err_free(&err);
	free(joined);
}

/* What steps say, and what is kept of it. */
static void
expect(struct fixture *f, const char *text, const char *wanted)
{
	struct err err = {0};
	struct steps *s;

	(void)unlink(f->settings.answers.path);
	assert_int_equal(answers_begin(&f->engine, ANSWERS_KEEP, &err), 0);
	s = start(f, text);
	wait_for(f, s);
	steps_free(s);
	assert_string_equal(buf_str(&f->said), wanted);
	expect_again(f, wanted);
	answers_end(&f->engine);
}

/* --- tests */

static const char two_steps[] =
    "[[[\"text\",\"Let me \"],[\"text\",\"see.\"],"
    "[\"call\",\"c1\",\"my_tool\",{},{\"player\":1}],"
    "[\"call\",\"c2\",\"cat\",{\"a\":1}],[\"tools\"]],"
    "[[\"text\",\"Seen.\"],[\"stop\"]]]";

static void
test_no_tools(void **state)
{
	struct fixture *f = *state;

	expect(
	    f, "[[[\"text\",\"Hi\"],[\"stop\"]]]", "text Hi\nstop 10+1=11\n");
	expect(f, "[[[\"error\",\"boom\"]]]", "error boom\n");
	configure(f, "{\"tools\":[\"cat\"]}");
	expect(
	    f, "[[[\"text\",\"Hi\"],[\"stop\"]]]", "text Hi\nstop 10+1=11\n");
	assert_int_equal(n_offered, 1);
	expect(f, "[[[\"text\",\"Hi\"],[\"error\",\"boom\"]]]",
	    "text Hi\nerror boom\n");
}

static void
test_stream(void **state)
{
	struct fixture *f = *state;

	configure(f, "{\"tools\":[\"cat\",\"my.tool\"],\"max_calls\":3}");
	expect(f, two_steps,
	    "text Let me \ntext see.\ncall c1 my.tool {}\ncall c2 cat "
	    "{\"a\":1}\nresult c1 my.tool \"mine\"\nresult c2 cat "
	    "{\"a\":1}\ntext Seen.\nstop 20+2=22\n");
	assert_int_equal(played, 2);
	assert_string_equal(buf_str(&told),
	    "[{\"role\":\"user\",\"content\":\"?\"},"
	    "{\"role\":\"assistant\",\"content\":["
	    "{\"type\":\"text\",\"text\":\"Let me see.\"},"
	    "{\"type\":\"tool-call\",\"toolCallId\":\"c1\",\"toolName\":"
	    "\"my_tool\",\"args\":{},\"keep\":{\"player\":1}},"
	    "{\"type\":\"tool-call\",\"toolCallId\":\"c2\",\"toolName\":"
	    "\"cat\",\"args\":{\"a\":1}}]},"
	    "{\"role\":\"tool\",\"content\":["
	    "{\"type\":\"tool-result\",\"toolCallId\":\"c1\",\"toolName\":"
	    "\"my_tool\",\"result\":\"mine\"},"
	    "{\"type\":\"tool-result\",\"toolCallId\":\"c2\",\"toolName\":"
	    "\"cat\",\"result\":{\"a\":1}}]}]");
	assert_int_equal(json_array_size(f->messages), 1);
}

static void
test_one_shot(void **state)
{
	struct fixture *f = *state;

	f->ask.stream = false;
	configure(f, "{\"tools\":[\"cat\",\"my.tool\"],\"max_calls\":3}");
	expect(f, two_steps,
	    "call c1 my.tool {}\ncall c2 cat {\"a\":1}\nresult c1 my.tool "
	    "\"mine\"\nresult c2 cat {\"a\":1}\ntext Seen.\nstop 10+1=11\n");
	f->ask.v4 = true;
	expect(f, two_steps,
	    "call c1 my.tool {}\ncall c2 cat {\"a\":1}\nresult c1 my.tool "
	    "\"mine\"\nresult c2 cat {\"a\":1}\ntext Seen.\nstop 20+2=22\n");
}

static void
test_limits(void **state)
{
	static const char loop[] =
	    "[[[\"call\",\"c1\",\"cat\",{}],[\"tools\"]],"
	    "[[\"call\",\"c2\",\"cat\",{}],[\"tools\"]],"
	    "[[\"stop\"]]]";
	struct fixture *f = *state;

	configure(f, "{\"tools\":[\"cat\"]}");
	expect(
	    f, loop, "call c1 cat {}\nresult c1 cat {}\ntool-calls 10+1=11\n");
	assert_int_equal(played, 1);
	configure(f, "{\"tools\":[\"cat\"],\"max_calls\":0}");
	expect(
	    f, loop, "call c1 cat {}\nresult c1 cat {}\ntool-calls 10+1=11\n");
	configure(f, "{\"tools\":[\"cat\"],\"max_calls\":2}");
	expect(f, loop,
	    "call c1 cat {}\nresult c1 cat {}\ncall c2 cat {}\nresult c2 cat "
	    "{}\ntool-calls 20+2=22\n");
	configure(f, "{\"tools\":[\"cat\"],\"max_calls\":1e9}");
	expect(f, loop,
	    "call c1 cat {}\nresult c1 cat {}\ncall c2 cat {}\nresult c2 cat "
	    "{}\nstop 30+3=33\n");
}

static void
test_many_calls(void **state)
{
	struct fixture *f = *state;
	struct buf text, wanted;

	buf_init(&text, 1 << 20);
	buf_init(&wanted, 1 << 20);
	configure(f, "{\"tools\":[\"cat\"],\"max_calls\":3}");
	for (int i = 0; i < 129; i++) {
		buf_addf(&text, "%s[\"call\",\"c%d\",\"cat\",{}]",
		    i == 0 ? "[[" : ",", i);
		buf_addf(&wanted, "call c%d cat {}\n", i);
	}
	buf_adds(&text, ",[\"tools\"]]]");
	buf_adds(&wanted, "error the model called too many tools\n");
	expect(f, buf_str(&text), buf_str(&wanted));
	buf_free(&text);
	buf_free(&wanted);
}

/* The same text goes to the model and to the wire (D10). */
static void
test_failures(void **state)
{
	static const char calls[] =
	    "[[[\"call\",\"c1\",\"fails\",{}],[\"call\",\"c2\",\"nothing\",{}],"
	    "[\"bad\",\"c3\",\"cat\",\"{\"],[\"tools\"]],[[\"stop\"]]]";
	struct fixture *f = *state;

	configure(
	    f, "{\"tools\":[\"fails\",\"cat\",\"hangs\"],\"max_calls\":3}");
	expect(f, calls,
	    "call c1 fails {}\ncall c2 nothing {}\ncall c3 cat ! "
	    "\"{\"\nresult c1 fails ! \"broken\"\nresult c2 nothing ! \"there "
	    "is no tool nothing; there are: fails, cat, hangs\"\nresult c3 cat "
	    "! "
	    "\"the arguments cannot be read: invalid JSON at line 1, "
	    "column 2: unexpected end\"\nstop 20+2=22\n");
	assert_non_null(strstr(buf_str(&told),
	    "\"toolName\":\"cat\",\"args\":\"{\",\"badArgs\":true}"));
	assert_non_null(
	    strstr(buf_str(&told), "\"result\":\"broken\",\"isError\":true}"));
	f->ask.v4 = true;
	expect(f,
	    "[[[\"call\",\"c1\",\"fails\",{}],[\"call\",\"c2\",\"hangs\",{}],"
	    "[\"tools\"]],[[\"stop\"]]]",
	    "call c1 fails {}\ncall c2 hangs {}\nerror broken\n");
	expect(f,
	    "[[[\"call\",\"c1\",\"cat\",{}],[\"tools\"]],[[\"error\",\"x\"]]]",
	    "call c1 cat {}\nresult c1 cat {}\nerror x\n");
}

static void
test_objects(void **state)
{
	static const char object[] =
	    "[[[\"call\",\"c1\",\"cat\",{}],[\"tools\"]],"
	    "[[\"object\",{\"a\":1}],[\"stop\"]]]";
	static const char none[] =
	    "[[[\"call\",\"c1\",\"cat\",{}],[\"tools\"]]]";
	struct fixture *f = *state;

	f->ask.kind = PROMPT_OBJECT;
	configure(f, "{\"tools\":[\"cat\"]}");
	expect(f, object,
	    "call c1 cat {}\nresult c1 cat {}\nobject {\"a\":1}\nstop "
	    "10+1=11\n");
	f->ask.stream = false;
	expect(f, object,
	    "call c1 cat {}\nresult c1 cat {}\nobject {\"a\":1}\nstop "
	    "10+1=11\n");
	configure(f, "{\"tools\":[\"cat\"],\"max_calls\":1}");
	expect(f, none,
	    "call c1 cat {}\nerror No object generated: the model did not "
	    "return a response.\n");
	f->ask.stream = true;
	expect(
	    f, none, "call c1 cat {}\nresult c1 cat {}\ntool-calls 10+1=11\n");
}

/* Each waits until both are there. */
static void
test_side_by_side(void **state)
{
	struct fixture *f = *state;
	char dir[] = "/tmp/test_steps_XXXXXX", files[2][40];

	assert_non_null(mkdtemp(dir));
	f->settings.n_tools = 0;
	add_tool(f, "meet",
	    arena_printf(f->arena,
		"read line; cd %s; mkdir a 2>/dev/null || mkdir b; "
		"until [ -d b ]; do sleep 0.02; done; echo '\"met\"'",
		dir));
	configure(f, "{\"tools\":[\"meet\"],\"max_calls\":1}");
	expect(f,
	    "[[[\"call\",\"c1\",\"meet\",{}],[\"call\",\"c2\",\"meet\",{}],"
	    "[\"tools\"]]]",
	    "call c1 meet {}\ncall c2 meet {}\nresult c1 meet \"met\"\nresult "
	    "c2 meet \"met\"\ntool-calls 10+1=11\n");
	for (int i = 0; i < 2; i++) {
		(void)snprintf(
		    files[i], sizeof(files[i]), "%s/%c", dir, 'a' + i);
		assert_int_equal(rmdir(files[i]), 0);
	}
	assert_int_equal(rmdir(dir), 0);
}

/* An agent has run them all by itself. */
static void
test_agent(void **state)
{
	static const char calls[] =
	    "[[[\"text\",\"a\"],[\"call\",\"c1\",\"Read\",{}],"
	    "[\"result\",\"c1\",\"Read\",\"r\"],[\"call\",\"c2\",\"cat\",{}],"
	    "[\"text\",\"b\"],[\"stop\"]]]";
	struct fixture *f = *state;

	f->provider.driver = &agent;
	expect(f, calls,
	    "text a\ncall c1 Read {}\nresult c1 Read \"r\"\ncall c2 cat "
	    "{}\ntext b\nstop 10+1=11\n");
	configure(f, "{\"tools\":[\"Read\",\"cat\"]}");
	f->ask.stream = false;
	expect(f, calls,
	    "call c1 Read {}\ncall c2 cat {}\nresult c1 Read \"r\"\ntext "
	    "ab\nstop 10+1=11\n");
	assert_int_equal(n_offered, 1);
}

struct twice {
	const char *script, *first, *second;
	unsigned played;
	bool drop; /* the first one */
};

static void
ask_twice(struct fixture *f, const struct twice *t)
{
	const json_t *names = json_object_get(f->config, "tools");
	struct fixture other;
	struct toolset *set = NULL;
	struct steps *first, *second;
	struct err err = {0};

	(void)unlink(f->settings.answers.path);
	assert_int_equal(answers_begin(&f->engine, ANSWERS_KEEP, &err), 0);
	first = start(f, t->script);
	other = *f;
	buf_init(&other.said, 1 << 20);
	if (names != NULL)
		set = toolset_open(&f->engine, f->arena, names, 0, &err);
	assert_true(set == NULL || toolset_ready(set, &err) == 1);
	second =
	    steps_start(&f->engine, f->arena, &f->ask, set, &other.sink, &err);
	assert_non_null(second);
	if (t->drop) {
		steps_free(first);
		first = NULL;
	}
	while ((first != NULL && !steps_done(first)) || !steps_done(second))
		engine_turn(&f->engine, 1000);
	assert_string_equal(buf_str(&f->said), t->first);
	assert_string_equal(buf_str(&other.said), t->second);
	assert_int_equal(played, t->played);
	steps_free(first);
	steps_free(second);
	buf_free(&other.said);
	answers_end(&f->engine);
}

/* The second one waits for the first, and asks itself when that fails or is
 * given up. */
static void
test_same_question(void **state)
{
	static const struct twice cases[] = {
	    {"[[[\"text\",\"Hi\"],[\"stop\"]]]", "text Hi\nstop 10+1=11\n",
		"text Hi\nstop 10+1=11\n", 1, false},
	    {"[[[\"error\",\"boom\"]],[[\"text\",\"Hi\"],[\"stop\"]]]",
		"error boom\n", "text Hi\nstop 10+1=11\n", 2, false},
	    {"[[[\"text\",\"Hi\"],[\"stop\"]]]", "", "text Hi\nstop 10+1=11\n",
		1, true},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		configure(f, "{}");
		ask_twice(f, &cases[i]);
		configure(f, "{\"tools\":[\"cat\"]}");
		ask_twice(f, &cases[i]);
	}
}

/* More than the model makes at once: several calls, and one answer, which is
 * kept as a whole. */
static void
test_images(void **state)
{
	struct fixture *f = *state;

	f->provider.driver = &painter;
	f->ask.kind = PROMPT_IMAGE;
	f->ask.stream = false;
	configure(f, "{\"num_images\":2}");
	expect(f,
	    "[[[\"object\",[\"a\"]],[\"stop\"]],"
	    "[[\"object\",[\"a\"]],[\"stop\"]]]",
	    "object [\"a\",\"a\"]\nstop 20+2=22\n");
}

/* At any moment. */
static void
test_cancel(void **state)
{
	struct fixture *f = *state;

	configure(f, "{\"tools\":[\"hangs\",\"cat\"],\"max_calls\":5}");
	for (int turns = 0; turns < 12; turns++) {
		struct steps *s =
		    start(f, "[[[\"call\",\"c1\",\"cat\",{}],[\"tools\"]],"
			     "[[\"call\",\"c2\",\"hangs\",{}],[\"tools\"]]]");

		for (int i = 0; i < turns; i++)
			engine_turn(&f->engine, 20);
		steps_free(s);
		assert_int_equal(f->terminal, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_no_tools, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_stream, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_one_shot, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_many_calls, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_failures, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_objects, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_side_by_side, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_agent, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_same_question, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_images, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
