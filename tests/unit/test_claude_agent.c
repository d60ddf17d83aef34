/* The driver of the claude program: its arguments and input, and what its
 * stream means, with a script in its place. */
#include "../../common/base/log.h"
#include "exec_calls.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct provider
provider_of(const char *script)
{
	struct provider p = calls_shell(script, 0);

	p.name = "claude";
	p.driver = &driver_claude_agent;
	return p;
}

static struct ask
ask_of(const struct provider *p)
{
	return (struct ask){.provider = p,
	    .model = "sonnet",
	    .kind = PROMPT_TEXT,
	    .messages = calls_messages("hello")};
}

/* A script that prints LINES whatever it is asked. */
static struct provider
sayer(const char *lines)
{
	return provider_of(arena_printf(
	    calls_arena, "cat >/dev/null; cat <<'END'\n%s\nEND\n", lines));
}

static void
expect(const struct ask *like, const char *lines, const char *text)
{
	struct provider p = sayer(lines);
	struct ask ask = *like;
	struct said s = {0};

	ask.provider = &p;
	calls_run(&s, &ask, text);
}

/* --- what it is started with: its arguments and input are its answer */

static void
test_arguments(void **state)
{
	struct provider p = provider_of(
	    "for a in \"$0\" \"$@\"; do text=\"$text<$a>\"; done; "
	    "read -r line; text=\"$text $line\"; read -r more && exit 1; "
	    "text=$(printf %s \"$text\" | sed 's/[\"\\\\]/\\\\&/g'); "
	    "printf '{\"type\":\"result\",\"subtype\":\"success\","
	    "\"result\":\"%s\"}\\n' \"$text\"");
	struct ask ask = ask_of(&p);
	struct said s = {0};

	(void)state;
	calls_run(&s, &ask,
	    "text <-p><--output-format><stream-json><--verbose>"
	    "<--input-format><stream-json><--model><sonnet>"
	    "<--setting-sources><><--system-prompt><> "
	    "{\"type\":\"user\",\"session_id\":\"\",\"message\":{\"role\":"
	    "\"user\",\"content\":\"hello\"},\"parent_tool_use_id\":null}\n"
	    "finish stop 0+0=0\n");
	p.options = calls_json("{\"permission_mode\":\"plan\","
			       "\"max_budget_usd\":0.5,\"allowed_tools\":"
			       "[\"Read\",\"Bash(git log:*)\"],"
			       "\"disallowed_tools\":\"Write\",\"cwd\":\"/\","
			       "\"setting_sources\":[\"user\",\"local\"],"
			       "\"preset\":true}");
	ask.stream = true;
	ask.config = calls_json("{\"max_calls\":3,\"tools\":[\"Glob\",\"mcp://"
				"s/t\",\"mcp://u/*\"]}");
	ask.messages =
	    calls_json("[{\"role\":\"system\",\"content\":\"Be kind.\"},"
		       "{\"role\":\"user\",\"content\":[{\"type\":\"text\","
		       "\"text\":\"a\"},"
		       "{\"type\":\"image\",\"image\":\"x\"},"
		       "{\"type\":\"file\",\"data\":\"x\"}]},"
		       "{\"role\":\"assistant\",\"content\":\"b\"}]");
	calls_run(&s, &ask,
	    "text <-p><--output-format><stream-json><--verbose>"
	    "<--input-format><stream-json><--include-partial-messages>"
	    "<--model><sonnet><--permission-mode><plan><--max-turns><3>"
	    "<--max-budget-usd><0.500000><--allowedTools>"
	    "<Read,Bash(git log:*),Glob,mcp__s__t,mcp__u>"
	    "<--disallowedTools><Write><--setting-sources><user,local>"
	    "<--append-system-prompt><Be kind.> "
	    "{\"type\":\"user\",\"session_id\":\"\",\"message\":{\"role\":"
	    "\"user\",\"content\":\"a\\n[Attached image]\\n[Attached file]"
	    "\\n\\nb\"},\"parent_tool_use_id\":null}\n"
	    "finish stop 0+0=0\n");
}

static void
test_refused_requests(void **state)
{
	struct provider p = sayer("");
	struct ask ask = ask_of(&p);
	struct said s = {0};
	struct err err = {0};

	(void)state;
	ask.config = calls_json("{\"tools\":[1]}");
	assert_null(
	    exec_start(&calls_engine, calls_arena, &ask, &s.sink, &err));
	assert_string_equal(err.msg, "Executor 'claude' takes names of tools "
				     "only, and `tools` has something else");
	err_free(&err);
}

/* --- what it says */

#define INIT "{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}\n"
#define PIECE(text)                                                            \
	"{\"type\":\"stream_event\",\"event\":{\"type\":"                      \
	"\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"             \
	"\"text_delta\",\"text\":\"" text                                      \
	"\"}},\"parent_tool_use_id\":null}\n"
#define BLOCKS(text)                                                           \
	"{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":"         \
	"\"thinking\",\"thinking\":\"hm\"},{\"type\":\"text\",\"text\":"       \
	"\"" text "\"},{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"Read\"," \
	"\"input\":{}}]},\"parent_tool_use_id\":null}\n"
#define BELOW                                                                  \
	"{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":"         \
	"\"text\",\"text\":\"below\"}]},\"parent_tool_use_id\":\"t\"}\n"       \
	"{\"type\":\"user\",\"message\":{\"content\":[{\"type\":"              \
	"\"tool_result\",\"content\":\"x\"}]}}\n{\"type\":\"new_thing\"}\n"
#define RESULT(more)                                                           \
	"{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,"     \
	"\"result\":\"last\",\"total_cost_usd\":0.25,\"usage\":{"              \
	"\"input_tokens\":3,\"cache_read_input_tokens\":100,"                  \
	"\"output_tokens\":4}" more "}"

static void
test_texts(void **state)
{
	struct ask ask = ask_of(NULL);

	(void)state;
	expect(&ask, INIT BLOCKS("one") BELOW BLOCKS("last") RESULT(""),
	    "text last\nfinish stop 3+4=7 $0.25\n");
	ask.stream = true;
	expect(&ask, INIT BLOCKS("one") BELOW BLOCKS("last") RESULT(""),
	    "text one\ntext last\nfinish stop 3+4=7 $0.25\n");
	expect(&ask,
	    INIT PIECE("o") PIECE("ne") BLOCKS("one") BELOW PIECE("last")
		BLOCKS("last") RESULT(""),
	    "text o\ntext ne\ntext last\nfinish stop 3+4=7 $0.25\n");
	expect(&ask, INIT RESULT(""), "text last\nfinish stop 3+4=7 $0.25\n");
}

static void
test_objects(void **state)
{
	struct ask ask = ask_of(NULL);

	(void)state;
	ask.kind = PROMPT_OBJECT;
	ask.config = calls_json("{\"schema\":{\"type\":\"object\"}}");
	for (int stream = 0; stream < 2; stream++) {
		ask.stream = stream == 1;
		expect(&ask,
		    INIT BLOCKS("{") RESULT(",\"structured_output\":{\"a\":1}"),
		    "final {\"a\":1}\nfinish stop 3+4=7 $0.25\n");
		expect(
		    &ask, INIT RESULT(""), "final \nfinish stop 3+4=7 $0.25\n");
	}
}

static void
test_failures(void **state)
{
	struct ask ask = ask_of(NULL);
	struct provider p =
	    provider_of("cat >/dev/null; echo 'no key' >&2; exit 1");
	struct said s = {0};

	(void)state;
	expect(&ask,
	    INIT "{\"type\":\"result\",\"subtype\":\"error_max_turns\","
		 "\"is_error\":true}",
	    "error Error: error_max_turns\n");
	expect(&ask,
	    INIT "{\"type\":\"result\",\"subtype\":\"error_during_execution\","
		 "\"errors\":[\"one\",\"two\"]}",
	    "error one; two\n");
	expect(&ask,
	    INIT "{\"type\":\"result\",\"subtype\":\"success\","
		 "\"is_error\":true,\"result\":\"Invalid API key\"}",
	    "error Invalid API key\n");
	expect(&ask, INIT "what",
	    "error Executor 'claude' failed: a line that is no JSON object\n");
	expect(&ask, INIT,
	    "error Executor 'claude' failed: the command gave no answer\n");
	ask.provider = &p;
	calls_run(&s, &ask,
	    "error Executor 'claude' failed: the command ended with status 1: "
	    "no key\n");
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, calls_setup, calls_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_arguments),
	    TEST(test_refused_requests),
	    TEST(test_texts),
	    TEST(test_objects),
	    TEST(test_failures),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	log_set_level(LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
