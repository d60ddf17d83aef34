/* Workers that rows share: who gets which answer when some of them hang, crash,
 * leave or say too much. */
#include "../../common/base/log.h"
#include "eval_slots.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Answers with its process id, and does what the row says. */
#define WORKER                                                                 \
	"while read -r line; do case $line in "                                \
	"*hang*) sleep 1000;; "                                                \
	"*crash*) echo boom >&2; kill -KILL $$;; "                             \
	"*leave*) echo '{\"pid\":'$$'}'; exit 0;; "                            \
	"*never*) exit 0;; "                                                   \
	"*garbage*) echo what;; "                                              \
	"*twice*) printf '\\n{\"pid\":%d}\\n{\"pid\":0}\\n' $$;; "             \
	"*flood*) yes '';; "                                                   \
	"*) echo '{\"pid\":'$$'}';; esac; done"

static json_int_t
pid_of(const struct slot *s)
{
	const json_t *pid;

	slot_wait(s);
	pid = json_object_get(eval_result(s->eval), "pid");
	if (pid == NULL)
		fail_msg("%s", json_string_value(json_object_get(
				   eval_result(s->eval), "reason")));
	return json_integer_value(pid);
}

static json_int_t
ask(const struct eval_conf *conf, const char *output)
{
	struct slot *s = slot_start_output(conf, output);
	json_int_t pid = pid_of(s);

	assert_true(pid > 0);
	eval_free(s->eval);
	*s = (struct slot){0};
	return pid;
}

static void
test_workers_are_shared(void **state)
{
	struct eval_conf conf = slot_shell(WORKER, 2);
	struct slot *s[12];
	json_int_t seen[2] = {0}, pid;

	(void)state;
	for (int i = 0; i < 12; i++)
		s[i] = slot_start_output(&conf, "o");
	for (int i = 0; i < 12; i++) {
		pid = pid_of(s[i]);
		if (seen[0] == 0 || seen[0] == pid)
			seen[0] = pid;
		else if (seen[1] == 0 || seen[1] == pid)
			seen[1] = pid;
		else
			fail_msg("a third worker");
	}
	assert_true(seen[1] != 0);
	pid = ask(&conf, "o");
	assert_true(pid == seen[0] || pid == seen[1]);
	engine_workers_free(&slot_engine);
	pid = ask(&conf, "o");
	assert_true(pid != seen[0] && pid != seen[1]);
}

/* The request that hung fails, those that wait behind it are served, though
 * they have waited longer than their own time. */
static void
test_worker_hangs(void **state)
{
	struct eval_conf conf = slot_shell(WORKER, 1);
	struct slot *hang[2], *s[4];
	json_int_t pid = ask(&conf, "o");

	(void)state;
	conf.timeout_ms = 300;
	hang[0] = slot_start_output(&conf, "hang");
	hang[1] = slot_start_output(&conf, "hang");
	for (int i = 0; i < 4; i++)
		s[i] = slot_start_output(&conf, "o");
	for (int i = 0; i < 4; i++)
		assert_true(pid_of(s[i]) != pid);
	slot_expect(hang[0], FAILED("timed out after 300 ms"));
	slot_expect(hang[1], FAILED("timed out after 300 ms"));
}

static void
test_worker_crashes(void **state)
{
	struct eval_conf conf = slot_shell(WORKER, 2);
	struct slot *crash, *s[6];

	(void)state;
	crash = slot_start_output(&conf, "crash");
	for (int i = 0; i < 6; i++)
		s[i] = slot_start_output(&conf, "o");
	slot_expect(
	    crash, FAILED("the command died of signal 9 (Killed): boom"));
	for (int i = 0; i < 6; i++)
		assert_true(pid_of(s[i]) > 0);
}

/* What is not understood any more is not asked again. */
static void
test_worker_loses_its_place(void **state)
{
	struct eval_conf conf = slot_shell(WORKER, 1);
	struct slot *garbage, *twice, *flood, *s[3];
	json_int_t pid;

	(void)state;
	log_set_level(LEVEL_ERROR);
	pid = ask(&conf, "o");
	garbage = slot_start_output(&conf, "garbage");
	s[0] = slot_start_output(&conf, "o");
	twice = slot_start_output(&conf, "twice");
	s[1] = slot_start_output(&conf, "o");
	flood = slot_start_output(&conf, "flood");
	s[2] = slot_start_output(&conf, "o");
	slot_expect(garbage, FAILED("the answer is not JSON: what"));
	assert_true(pid_of(s[0]) != pid);
	assert_true(pid_of(twice) == pid_of(s[0]));
	assert_true(pid_of(s[1]) != 0);
	assert_true(pid_of(s[1]) != pid_of(s[0]));
	slot_expect(flood, FAILED("the command wrote too much"));
	assert_true(pid_of(s[2]) != 0);
	log_set_level(LEVEL_INFO);
}

/* A worker may leave between two requests. */
static void
test_worker_leaves(void **state)
{
	struct eval_conf conf = slot_shell(WORKER, 1);
	struct slot *s[4], *never;

	(void)state;
	for (int i = 0; i < 4; i++)
		s[i] = slot_start_output(&conf, "leave");
	for (int i = 0; i < 4; i++)
		assert_true(pid_of(s[i]) > 0);
	never = slot_start_output(&conf, "never");
	slot_expect(never, FAILED("the command gave no answer"));
}

static void
test_worker_does_not_start(void **state)
{
	struct eval_conf conf = slot_shell("echo why >&2; exit 4", 3);
	struct slot *s[6];

	(void)state;
	for (int i = 0; i < 6; i++)
		s[i] = slot_start_output(&conf, "o");
	for (int i = 0; i < 6; i++)
		slot_expect(
		    s[i], FAILED("the command ended with status 4: why"));
	slot_expect_no_program(&conf);
}

/* Those that are cancelled cost the others nothing. */
static void
test_workers_are_cancelled(void **state)
{
	struct eval_conf conf = slot_shell(WORKER, 1);
	struct slot *s[4];

	(void)state;
	s[0] = slot_start_output(&conf, "hang");
	s[1] = slot_start_output(&conf, "o");
	s[2] = slot_start_output(&conf, "o");
	s[3] = slot_start_output(&conf, "hang");
	eval_free(s[1]->eval);
	eval_free(s[0]->eval);
	s[0]->eval = s[1]->eval = NULL;
	assert_true(pid_of(s[2]) > 0);
	engine_turn(&slot_engine, 0);
	engine_workers_free(&slot_engine);
	slot_expect(s[3], FAILED("the workers were ended"));
	assert_int_equal(s[0]->done + s[1]->done, 0);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, slot_setup, slot_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_workers_are_shared),
	    TEST(test_worker_hangs),
	    TEST(test_worker_crashes),
	    TEST(test_worker_loses_its_place),
	    TEST(test_worker_leaves),
	    TEST(test_worker_does_not_start),
	    TEST(test_workers_are_cancelled),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
