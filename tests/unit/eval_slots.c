/* Starts evals for tests and waits for them.  It refuses to know what they
 * score. */
#include "eval_slots.h"

#include "../../common/base/clock.h"
#include "../../common/base/json.h"
#include "../../common/store/store.h"

#include <sys/wait.h>

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PATIENCE 20000 /* ms; a test that waits so long has failed */

enum { MAX = 32 };

static struct settings settings;
struct engine slot_engine;
struct arena *slot_arena;

static struct slot slots[MAX];

int
slot_setup(void **state)
{
	(void)state;
	slot_arena = arena_new(NULL);
	slot_engine = (struct engine){.loop = loop_new(),
	    .settings = &settings,
	    .store = store_new(NULL)};
	memset(slots, 0, sizeof(slots));
	return 0;
}

void
slot_close(void)
{
	for (int i = 0; i < MAX; i++)
		eval_free(slots[i].eval);
	engine_workers_free(&slot_engine);
	loop_free(slot_engine.loop);
	store_free(slot_engine.store);
	arena_free(slot_arena);
}

int
slot_teardown(void **state)
{
	(void)state;
	slot_close();
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return 0;
}

static void
drop_json(void *json)
{
	json_decref(json);
}

const json_t *
slot_json(const char *text)
{
	struct err err = {0};
	json_t *json = json_read((struct str){text, strlen(text)}, &err);

	if (json == NULL)
		fail_msg("%s: %s", text, err.msg);
	arena_on_free(slot_arena, drop_json, json);
	return json;
}

const json_t *
slot_text(const char *s)
{
	json_t *json = json_string(s);

	arena_on_free(slot_arena, drop_json, json);
	return json;
}

struct eval_conf
slot_conf(enum eval_kind kind)
{
	return (struct eval_conf){.name = "e",
	    .kind = kind,
	    .weight = NAN,
	    .threshold = NAN,
	    .timeout_ms = 10000};
}

struct eval_conf
slot_shell(const char *script, int64_t workers)
{
	struct eval_conf conf = slot_conf(EVAL_COMMAND);
	const char **argv = arena_array(slot_arena, 4, sizeof(*argv));

	argv[0] = "sh";
	argv[1] = "-c";
	argv[2] = script;
	argv[3] = NULL;
	conf.argv = argv;
	conf.workers = workers;
	return conf;
}

static void
on_done(void *arg)
{
	struct slot *s = arg;

	s->done++;
	assert_true(eval_done(s->eval));
}

struct slot *
slot_start(const struct eval_conf *conf, struct eval_case c)
{
	struct slot *s = slots;

	while (s->eval != NULL)
		s++;
	s->c = c;
	s->eval = eval_start(&slot_engine, slot_arena, conf, &s->c, on_done, s);
	return s;
}

struct slot *
slot_start_output(const struct eval_conf *conf, const char *output)
{
	return slot_start(conf, (struct eval_case){.output = slot_text(output),
				    .latency_ms = -1,
				    .input_tokens = -1,
				    .output_tokens = -1,
				    .total_tokens = -1});
}

void
slot_wait(const struct slot *s)
{
	int64_t until = clock_mono_ms() + PATIENCE;

	while (!eval_done(s->eval)) {
		engine_turn(&slot_engine, 1000);
		assert_true(clock_mono_ms() < until);
	}
}

void
slot_expect(const struct slot *s, const char *result)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	slot_wait(s);
	json_print(&b, eval_result(s->eval));
	assert_string_equal(buf_str(&b), result);
	buf_free(&b);
}

/* One eval of OUTPUT from start to end. */
void
slot_expect_output(
    const struct eval_conf *conf, const char *output, const char *result)
{
	struct slot *s = slot_start_output(conf, output);

	slot_expect(s, result);
	eval_free(s->eval);
	*s = (struct slot){0};
}

/* Under tools that make a fork of every vfork the child can only say it with
 * its status. */
void
slot_expect_no_program(struct eval_conf *conf)
{
	struct slot *s;
	const char *reason;

	conf->argv = (const char *[]){"/no/such/program", NULL};
	s = slot_start_output(conf, "o");
	slot_wait(s);
	reason =
	    json_string_value(json_object_get(eval_result(s->eval), "reason"));
	if (strcmp(reason, "eval error: the command ended with status 127") !=
	    0)
		assert_string_equal(reason,
		    "eval error: cannot start /no/such/program: No such file "
		    "or directory");
}
