/* Calls that a program answers: what it is told and may say, its clocks, its
 * tools, and what becomes of one that breaks the protocol. */
#include "../../common/base/clock.h"
#include "../../common/base/log.h"
#include "exec_calls.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* How late a clock may be. */
enum { LATE_MS = 100 };

/* Serves call after call: the prompt is lines to say, with ID in the place of
 * the call's id, or one of the words. */
#define WORKER                                                                 \
	"while read -r line; do "                                              \
	"id=${line#*'\"id\":\"'}; id=${id%%'\"'*}; "                           \
	"say() { printf '{\"id\":\"%s\",\"type\":%s}\\n' \"$id\" \"$1\"; }; "  \
	"case $line in "                                                       \
	"*hang*) sleep 1000;; "                                                \
	"*stall*) say '\"text-delta\",\"text\":\"a\"'; sleep 1000;; "          \
	"*drip*) while :; do say '\"text-delta\",\"text\":\"a\"'; sleep .05; " \
	"done;; "                                                              \
	"*crash*) echo boom >&2; kill -KILL $$;; "                             \
	"*status*) echo why >&2; exit 3;; "                                    \
	"*quiet*) exit 0;; "                                                   \
	"*garbage*) echo what;; "                                              \
	"*list*) echo '[]';; "                                                 \
	"*wrong*) id=x; say '\"finish\"';; "                                   \
	"*unknown*) say '\"song\"';; "                                         \
	"*notext*) say '\"text-delta\"';; "                                    \
	"*late*) printf '{\"id\":\"%s\",\"type\":\"finish\"}\\n{}\\n' "        \
	"\"$id\";; "                                                           \
	"*sorry*) say '\"error\",\"error\":{\"message\":\"sorry\"}';; "        \
	"*busy*) say '\"error\",\"error\":\"busy\",\"status\":429,"            \
	"\"retryAfter\":0.01';; "                                              \
	"*weather*) say '\"tool-request\",\"toolCallId\":\"c1\","              \
	"\"name\":\"weather\",\"args\":{\"city\":\"Ulm\"}'; read -r answer; "  \
	"case $answer in *'\"id\":\"'$id'\"'*sunny*) "                         \
	"say '\"text-delta\",\"text\":\"sun\"'; say '\"finish\"';; esac;; "    \
	"*) say '\"text-delta\",\"text\":\"'$$'\"'; "                          \
	"say '\"finish\",\"usage\":{\"inputTokens\":2,\"outputTokens\":1}';; " \
	"esac; done"

static struct ask
ask_of(const struct provider *p, const char *user)
{
	return (struct ask){.provider = p,
	    .model = "m",
	    .kind = PROMPT_TEXT,
	    .stream = true,
	    .messages = calls_messages(user)};
}

static void
run(const struct provider *p, const char *user, const char *text)
{
	struct ask ask = ask_of(p, user);
	struct said s = {0};

	calls_run(&s, &ask, text);
}

#define FAILED(reason) "error Executor 'p' failed: " reason "\n"

/* What it says is in ID-less lines here: a process of its own with one call. */
static void
say(const struct ask *like, const char *lines, const char *text)
{
	struct provider p = calls_shell("", 0);
	struct ask ask = *like;
	struct said s = {0};
	const char *script;

	script = arena_printf(calls_arena,
	    "read -r line; id=${line#*'\"id\":\"'}; id=${id%%%%'\"'*}; "
	    "sed \"s/ID/\\\"id\\\":\\\"$id\\\"/\" <<'END'\n%s\nEND\n",
	    lines);
	p.argv = (const char *[]){"sh", "-c", script, NULL};
	ask.provider = &p;
	calls_run(&s, &ask, text);
}

static void
test_events(void **state)
{
	struct ask ask = ask_of(NULL, "x");

	(void)state;
	say(&ask,
	    "{ID,\"type\":\"reasoning-delta\",\"text\":\"hm\"}\n\n"
	    "{ID,\"type\":\"text-delta\",\"text\":\"Hel\"}\n"
	    "{ID,\"type\":\"tool-call\",\"toolCallId\":\"c\",\"name\":\"t\","
	    "\"args\":{\"a\":1}}\n"
	    "{ID,\"type\":\"tool-result\",\"toolCallId\":\"c\","
	    "\"name\":\"t\",\"result\":\"no\",\"isError\":true}\n"
	    "{ID,\"type\":\"text-delta\",\"text\":\"lo\"}\n"
	    "{ID,\"type\":\"finish\",\"reason\":\"length\",\"usage\":"
	    "{\"inputTokens\":5,\"outputTokens\":2,\"costUsd\":0.25}}",
	    "reasoning hm\ntext Hel\ncall c t {\"a\":1}\n"
	    "result! c t \"no\"\ntext lo\nfinish length 5+2=7 $0.25\n");
	say(&ask, "{ID,\"type\":\"finish\"}", "finish stop\n");
	say(&ask, "{ID,\"type\":\"finish\",\"reason\":\"tired\"}",
	    "finish unknown\n");
	say(&ask, "{ID,\"type\":\"object-final\",\"value\":1}",
	    FAILED("an object-final out of place"));
	say(&ask, "{ID,\"type\":\"tool-request\",\"toolCallId\":\"c\"}",
	    FAILED("a tool-request, and there are no tools"));
	say(&ask, "{ID,\"type\":\"error\",\"error\":{}}", "error {}\n");
}

static void
test_objects(void **state)
{
	struct ask ask = ask_of(NULL, "x");

	(void)state;
	ask.kind = PROMPT_OBJECT;
	ask.config = calls_json("{\"schema\":{\"type\":\"object\"}}");
	say(&ask,
	    "{ID,\"type\":\"object-delta\",\"partial\":{}}\n"
	    "{ID,\"type\":\"object-final\",\"value\":{\"a\":1}}\n"
	    "{ID,\"type\":\"finish\"}",
	    "delta {}\nfinal {\"a\":1}\nfinish stop\n");
	say(&ask,
	    "{ID,\"type\":\"text-delta\",\"text\":\"{\\\"a\\\":1}\"}\n"
	    "{ID,\"type\":\"finish\"}",
	    "delta {\"a\":1}\nfinal {\"a\":1}\nfinish stop\n");
	ask.stream = false;
	say(&ask,
	    "{ID,\"type\":\"object-delta\",\"partial\":{}}\n"
	    "{ID,\"type\":\"object-final\",\"value\":{\"a\":1}}\n"
	    "{ID,\"type\":\"finish\"}",
	    "final {\"a\":1}\nfinish stop\n");
}

static void
test_media(void **state)
{
	struct ask ask = ask_of(NULL, "x");

	(void)state;
	ask.stream = false;
	ask.kind = PROMPT_IMAGE;
	say(&ask,
	    "{ID,\"type\":\"image\",\"images\":[{\"mimeType\":\"image/png\","
	    "\"base64\":\"AA==\"}]}\n{ID,\"type\":\"finish\"}",
	    "final [{\"mimeType\":\"image/png\",\"base64\":\"AA==\"}]\n"
	    "finish stop\n");
	say(&ask, "{ID,\"type\":\"image\",\"images\":[]}",
	    FAILED("an image out of place, or not a list of mimeType and "
		   "base64"));
	say(&ask, "{ID,\"type\":\"finish\"}",
	    FAILED("it finished and made nothing"));
	ask.kind = PROMPT_SPEECH;
	say(&ask,
	    "{ID,\"type\":\"speech\",\"speech\":{\"mimeType\":\"audio/mp3\","
	    "\"base64\":\"AA==\",\"format\":\"mp3\"}}\n"
	    "{ID,\"type\":\"finish\"}",
	    "final {\"mimeType\":\"audio/mp3\",\"base64\":\"AA==\","
	    "\"format\":\"mp3\"}\nfinish stop\n");
}

/* The line that it reads comes back as the text. */
static void
test_what_it_is_told(void **state)
{
	static const struct tool_decl tools[] = {
	    {.name = "weather", .description = "of a city"}};
	struct provider p = calls_shell(
	    "read -r line; id=${line#*'\"id\":\"'}; id=${id%%'\"'*}; "
	    "text=$(printf '%s %s %s' \"$A\" \"$PWD\" \"$line\" | "
	    "sed 's/[\"\\\\]/\\\\&/g'); "
	    "printf '{\"id\":\"%s\",\"type\":\"text-delta\",\"text\":\"%s\"}\\n"
	    "{\"id\":\"%s\",\"type\":\"finish\"}\\n' \"$id\" \"$text\" \"$id\"",
	    0);
	struct ask ask = ask_of(&p, "hello");
	struct said s = {0};

	(void)state;
	p.env = (const char *[]){"A=b", NULL};
	p.dir = "/";
	ask.name = "greet";
	ask.model = "m/1";
	ask.config = calls_json("{\"temperature\":0.5}");
	ask.props = calls_json("{\"who\":\"you\"}");
	ask.traceparent = "00-1-2-01";
	ask.tools = tools;
	ask.n_tools = 1;
	calls_run(&s, &ask,
	    "text b / {\"id\":\"1\",\"kind\":\"text\",\"stream\":true,"
	    "\"name\":\"greet\",\"model\":\"m/1\",\"messages\":[{\"role\":"
	    "\"user\",\"content\":\"hello\"}],\"config\":{\"temperature\":0.5},"
	    "\"tools\":[{\"name\":\"weather\",\"description\":\"of a city\","
	    "\"parameters\":{\"type\":\"object\",\"properties\":{}}}],"
	    "\"props\":{\"who\":\"you\"},\"traceparent\":\"00-1-2-01\"}\n"
	    "finish stop\n");
}

/* --- what it may not say */

static void
expect_failures(int64_t workers)
{
	struct provider p = calls_shell(WORKER, workers);

	run(&p, "crash", FAILED("the command died of signal 9 (Killed): boom"));
	run(&p, "status", FAILED("the command ended with status 3: why"));
	run(&p, "quiet", FAILED("the command gave no answer"));
	run(&p, "garbage", FAILED("a line that is no JSON object"));
	run(&p, "list", FAILED("a line that is no JSON object"));
	run(&p, "wrong", FAILED("a line with another id"));
	run(&p, "unknown", FAILED("a line of an unknown type"));
	run(&p, "notext", FAILED("a text-delta without a text"));
	run(&p, "sorry", "error sorry\n");
	run(&p, "late", "finish stop\n");
	calls_settings.max_retries = 2;
	run(&p, "busy", "error Failed after 3 attempts. Last error: busy\n");
	run(&p, "crash", FAILED("the command died of signal 9 (Killed): boom"));
	p.argv = (const char *[]){"/no/such/program", NULL};
	calls_settings.max_retries = 0;
}

static void
test_failures(void **state)
{
	(void)state;
	expect_failures(0);
}

static void
test_failures_of_workers(void **state)
{
	(void)state;
	expect_failures(1);
}

static void
test_fallback(void **state)
{
	struct provider p = calls_shell(WORKER, 1), other = p;
	const struct target targets[] = {{&other, "m"}};
	static const char *const words[] = {
	    "crash", "garbage", "sorry", "busy"};

	(void)state;
	other.argv = (const char *[]){"sh", "-c",
	    "read -r line; id=${line#*'\"id\":\"'}; id=${id%%'\"'*}; "
	    "echo '{\"id\":\"'$id'\",\"type\":\"finish\"}'",
	    NULL};
	other.workers = 0;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct ask ask = ask_of(&p, words[i]);
		struct said s = {0};

		ask.fallbacks = targets;
		ask.n_fallbacks = 1;
		calls_run(&s, &ask, "finish stop\n");
	}
}

/* --- pools */

static void
pid_of(struct said *s, char *pid, size_t size)
{
	calls_wait(s);
	assert_int_equal(
	    sscanf(buf_str(&s->text), "text %19[0-9]\nfinish", pid), 1);
	assert_true(size >= 20);
	calls_free(s);
}

static void
test_two_at_once(void **state)
{
	struct provider p = calls_shell(WORKER, 2);
	struct ask ask = ask_of(&p, "x");
	struct said s[6] = {0};
	char pids[6][20];
	int others = 0;

	(void)state;
	for (int i = 0; i < 6; i++)
		calls_start(&s[i], &ask);
	for (int i = 0; i < 6; i++)
		pid_of(&s[i], pids[i], sizeof(pids[i]));
	for (int i = 0; i < 6; i++)
		others += strcmp(pids[i], pids[0]) != 0;
	assert_in_range(others, 1, 5);
}

/* One that is given up costs its worker, the next call has another. */
static void
test_cancel(void **state)
{
	struct provider p = calls_shell(WORKER, 1);
	struct ask stall = ask_of(&p, "stall"), ask = ask_of(&p, "x");
	struct said s[3] = {0};
	char first[20], second[20];

	(void)state;
	calls_start(&s[0], &ask);
	pid_of(&s[0], first, sizeof(first));
	calls_start(&s[1], &stall);
	while (s[1].text.len == 0)
		engine_turn(&calls_engine, 1000);
	calls_start(&s[2], &ask);
	calls_free(&s[1]);
	pid_of(&s[2], second, sizeof(second));
	assert_string_not_equal(first, second);
	for (int i = 0; i < 500 && kill(atoi(first), 0) == 0; i++)
		engine_turn(&calls_engine, 10);
	assert_int_equal(kill(atoi(first), 0), -1);
}

/* --- tools */

static void
test_tools(void **state)
{
	static const struct tool_decl tools[] = {{.name = "weather"}};

	(void)state;
	for (int64_t workers = 0; workers < 2; workers++) {
		struct provider p = calls_shell(WORKER, workers);
		struct ask ask = ask_of(&p, "weather");
		struct said s = {.answers = true};

		ask.tools = tools;
		ask.n_tools = 1;
		calls_run(&s, &ask,
		    "request c1 weather {\"city\":\"Ulm\"}\n"
		    "text sun\nfinish stop\n");
	}
}

/* --- clocks: each says which it was, in time */

static void
expect_clock(const struct provider *p, const char *user,
    struct http_clocks clocks, const char *text)
{
	struct ask ask = ask_of(p, user);
	struct said s = {0};

	calls_settings.clocks = clocks;
	calls_start(&s, &ask);
	calls_wait(&s);
	assert_non_null(strstr(buf_str(&s.text), text));
	assert_in_range(s.ended - s.began, 300, 300 + LATE_MS);
	calls_free(&s);
}

static void
test_clocks(void **state)
{
	(void)state;
	for (int64_t workers = 0; workers < 2; workers++) {
		struct provider p = calls_shell(WORKER, workers);

		expect_clock(&p, "hang", (struct http_clocks){.first = 300},
		    "error no answer within 300 ms (first line)\n");
		expect_clock(&p, "drip", (struct http_clocks){.total = 300},
		    "error not complete within 300 ms (total)\n");
	}
}

static void
test_idle_clock(void **state)
{
	struct provider p = calls_shell(WORKER, 1);
	struct ask ask = ask_of(&p, "stall");
	struct said s = {0};
	int64_t began;

	(void)state;
	calls_settings.clocks.idle = 300;
	calls_start(&s, &ask);
	while (s.text.len == 0)
		engine_turn(&calls_engine, 1000);
	began = clock_mono_ms();
	calls_expect(&s, "text a\nerror silent for 300 ms (idle)\n");
	assert_in_range(s.ended - began, 280, 300 + LATE_MS);
}

/* Nobody is free: that is what connecting is here. */
static void
test_no_worker_is_free(void **state)
{
	struct provider p = calls_shell(WORKER, 1);
	struct ask hang = ask_of(&p, "hang");
	struct said s = {0};

	(void)state;
	calls_start(&s, &hang);
	expect_clock(&p, "x", (struct http_clocks){.connect = 300},
	    "error no worker was free within 300 ms (connect)\n");
	calls_free(&s);
}

/* While we run a tool for it, it need not speak. */
static void
test_no_clock_while_a_tool_runs(void **state)
{
	static const struct tool_decl tools[] = {{.name = "weather"}};
	struct provider p = calls_shell(WORKER, 1);
	struct ask ask = ask_of(&p, "weather");
	int64_t until = clock_mono_ms() + 400;
	struct said s = {0};

	(void)state;
	ask.tools = tools;
	ask.n_tools = 1;
	calls_settings.clocks.idle = 100;
	calls_start(&s, &ask);
	while (clock_mono_ms() < until)
		engine_turn(&calls_engine, 50);
	exec_answer(s.exec, STR("c1"), calls_json("\"sunny\""), false);
	calls_expect(&s, "request c1 weather {\"city\":\"Ulm\"}\n"
			 "text sun\nfinish stop\n");
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, calls_setup, calls_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_events),
	    TEST(test_objects),
	    TEST(test_media),
	    TEST(test_what_it_is_told),
	    TEST(test_failures),
	    TEST(test_failures_of_workers),
	    TEST(test_fallback),
	    TEST(test_two_at_once),
	    TEST(test_cancel),
	    TEST(test_tools),
	    TEST(test_clocks),
	    TEST(test_idle_clock),
	    TEST(test_no_worker_is_free),
	    TEST(test_no_clock_while_a_tool_runs),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	log_set_level(LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
