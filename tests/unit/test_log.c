/* Lines of the log: their forms, what values may hold, where they go, and files
 * that are rotated. */
#include "../../common/base/limits.h"
#include "../../common/base/log.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/test_log.XXXXXX";
static char path[100], other[100];
static char text[65536];

static const char *
read_file(const char *name)
{
	FILE *f = fopen(name, "r");
	size_t n = f != NULL ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f != NULL)
		(void)fclose(f);
	text[n] = '\0';
	return text;
}

static void
open_log(const char *target)
{
	struct err err = {0};
	int rc = log_open(target, &err);

	if (err.msg != NULL)
		print_message("%s\n", err.msg);
	err_free(&err);
	assert_int_equal(rc, 0);
}

static int
set_up(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(other);
	log_set_format(LOG_LOGFMT);
	log_set_level(LEVEL_INFO);
	log_context_clear();
	open_log(path);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	open_log("stderr");
	return 0;
}

/* The one line, behind its time. */
static const char *
line(void)
{
	const char *all = read_file(path), *from = strchr(all, ' ');

	assert_int_equal(strncmp(all, "time=20", 7), 0);
	assert_ptr_equal(strchr(all, '\n'), all + strlen(all) - 1);
	text[strlen(text) - 1] = '\0';
	assert_non_null(from);
	return from + 1;
}

static json_t *
json_line(void)
{
	json_error_t error;
	json_t *json =
	    json_loads(read_file(path), JSON_REJECT_DUPLICATES, &error);

	if (json == NULL)
		print_message("%s: %s\n", error.text, text);
	assert_non_null(json);
	return json;
}

static const char *
member(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

/* --- logfmt */

static void
test_fields(void **state)
{
	(void)state;
	log_line(LEVEL_INFO, "request",
	    "method=%s none=%s no=%.0d status=%d in=%zu by=\"%s\"", "POST", "",
	    0, 200, (size_t)7, "");
	assert_string_equal(line(),
	    "level=info event=request method=POST status=200 in=7 by=\"\"");
}

static void
test_levels(void **state)
{
	(void)state;
	log_line(LEVEL_DEBUG, "no", "a=%d", 1);
	log_set_level(LEVEL_WARNING);
	log_line(LEVEL_INFO, "no", "a=%d", 1);
	log_reason(LEVEL_WARNING, "yes", "because");
	assert_string_equal(
	    line(), "level=warning event=yes reason=\"because\"");
}

static void
test_values_make_no_fields(void **state)
{
	(void)state;
	log_line(LEVEL_INFO, "e", "a=%s b=\"%s\" c=%s",
	    "1 level=error\nevent=x", "x\" y=\"z\\", "a\"b");
	assert_string_equal(line(),
	    "level=info event=e a=\"1 level=error event=x\" "
	    "b=\"x\\\" y=\\\"z\\\\\" c=\"a\\\"b\"");
}

/* Bytes that are no text, those among them that part fields inside. */
static void
test_bytes(void **state)
{
	(void)state;
	log_line(LEVEL_INFO, "e", "a=\"%s\" b=%d", "x\x80\x1b[0m\x7f", 1);
	assert_string_equal(
	    line(), "level=info event=e a=\"x\xef\xbf\xbd [0m \" b=1");
}

static void
test_marks(void **state)
{
	(void)state;
	log_line(LEVEL_INFO, "e", "a=\"%s\" b=%d", "\xfflevel\xfd\x65rror", 1);
	assert_non_null(strstr(line(), "level=info event=e text=\""));
	assert_null(strstr(text, "level=error"));
	assert_null(strchr(text, (char)0xff));
}

static void
test_long_lines(void **state)
{
	static char words[3 * LIMIT_LOG_BYTES];

	(void)state;
	memset(words, '"', sizeof(words) - 1);
	log_line(LEVEL_INFO, "e", "a=\"%s\" b=%d", words, 1);
	assert_in_range(strlen(line()), LIMIT_LOG_BYTES - 100, LIMIT_LOG_BYTES);
	assert_int_equal(text[strlen(text) - 1], '"');
	assert_int_equal(text[strlen(text) - 2], '"');
	assert_int_equal(text[strlen(text) - 3], '\\');
	assert_null(strstr(text, "b=1"));
}

static void
test_context(void **state)
{
	char id[2 * LIMIT_LOG_ID_BYTES];

	(void)state;
	memset(id, 'r', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	log_context_set(LOG_RUN_ID, "run 1");
	log_context_set(LOG_TRACE_ID, "0af7");
	log_context_set(LOG_REQUEST_ID, id);
	log_context_set(LOG_REQUEST_ID, "r=1");
	log_line(LEVEL_INFO, "e", "a=%d", 1);
	assert_string_equal(line(),
	    "level=info event=e request_id=\"r=1\" trace_id=0af7 "
	    "run_id=\"run 1\" a=1");
	(void)truncate(path, 0);
	log_context_set(LOG_TRACE_ID, NULL);
	log_context_set(LOG_RUN_ID, id);
	log_line(LEVEL_INFO, "e", "a=%d", 1);
	id[LIMIT_LOG_ID_BYTES] = '\0';
	assert_non_null(strstr(line(), id));
	assert_null(strstr(text, "trace_id"));
	(void)truncate(path, 0);
	log_context_clear();
	log_line(LEVEL_INFO, "e", "a=%d", 1);
	assert_string_equal(line(), "level=info event=e a=1");
}

/* --- JSON */

static void
test_json(void **state)
{
	json_t *json;

	(void)state;
	log_set_format(LOG_JSON);
	log_context_set(LOG_REQUEST_ID, "r1");
	log_line(LEVEL_WARNING, "e",
	    "status=%d code=%s by=\"%s\" ms=%lld cost=%g none=%g", 503, "7",
	    "a \"b\"\n\xc3\xa4\xff", (long long)-3, 0.25, (double)INFINITY);
	json = json_line();
	assert_non_null(member(json, "text"));
	json_decref(json);

	(void)truncate(path, 0);
	log_line(LEVEL_WARNING, "e",
	    "status=%d code=%s by=\"%s\" ms=%lld cost=%g none=%g", 503, "7",
	    "a \"b\"\n\xc3\xa4\xfa", (long long)-3, 0.25, (double)INFINITY);
	json = json_line();
	assert_int_equal(strlen(member(json, "time")), 24);
	assert_string_equal(member(json, "level"), "warning");
	assert_string_equal(member(json, "event"), "e");
	assert_string_equal(member(json, "request_id"), "r1");
	assert_int_equal(
	    json_integer_value(json_object_get(json, "status")), 503);
	assert_string_equal(member(json, "code"), "7");
	assert_string_equal(member(json, "by"), "a \"b\" \xc3\xa4\xef\xbf\xbd");
	assert_int_equal(json_integer_value(json_object_get(json, "ms")), -3);
	assert_true(json_number_value(json_object_get(json, "cost")) == 0.25);
	assert_string_equal(member(json, "none"), "inf");
	json_decref(json);
}

/* Whatever the length of what is cut, it stays JSON. */
static void
test_long_json(void **state)
{
	static char words[LIMIT_LOG_BYTES + 1];
	json_t *json;
	size_t i;

	(void)state;
	log_set_format(LOG_JSON);
	for (i = 0; i < 150; i++) {
		memset(words, i % 2 == 0 ? '\\' : 'a', sizeof(words));
		words[LIMIT_LOG_BYTES - 180 + i] = '\0';
		(void)truncate(path, 0);
		log_line(LEVEL_INFO, "e", "a=%s b=%d c=\"%s\"", words, 12345,
		    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac");
		json = json_line();
		assert_in_range(strlen(text), 100, LIMIT_LOG_BYTES);
		json_decref(json);
	}
}

/* --- files */

static void
test_rotation(void **state)
{
	struct stat st;

	(void)state;
	log_line(LEVEL_INFO, "one", "a=%d", 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777 & ~0640u, 0);
	assert_int_equal(rename(path, other), 0);
	(void)usleep(1100000);
	log_line(LEVEL_INFO, "two", "a=%d", 1);
	assert_string_equal(line(), "level=info event=two a=1");
	assert_non_null(strstr(read_file(other), "event=one"));
	assert_null(strstr(text, "event=two"));

	assert_int_equal(unlink(path), 0);
	(void)usleep(1100000);
	log_line(LEVEL_INFO, "three", "a=%d", 1);
	assert_string_equal(line(), "level=info event=three a=1");
}

/* Cut by somebody else, as by copytruncate. */
static void
test_truncation(void **state)
{
	(void)state;
	log_line(LEVEL_INFO, "one", "a=%d", 1);
	assert_int_equal(truncate(path, 0), 0);
	log_line(LEVEL_INFO, "two", "a=%d", 1);
	assert_string_equal(line(), "level=info event=two a=1");
}

static void
test_bad_file(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(log_open("/nonexistent/log", &err), -1);
	assert_int_equal(err.code, ERR_UNCONFIGURED);
	assert_non_null(strstr(err.msg, "/nonexistent/log"));
	err_free(&err);
	log_line(LEVEL_INFO, "still", "a=%d", 1);
	assert_string_equal(line(), "level=info event=still a=1");
}

/* --- the journal */

static int
listen_journal(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", other);
	assert_int_not_equal(fd, -1);
	assert_int_equal(
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void
test_journal(void **state)
{
	char target[150];
	ssize_t n;
	int fd = listen_journal();

	(void)state;
	(void)snprintf(target, sizeof(target), "journald:%s", other);
	open_log(target);
	log_context_set(LOG_TRACE_ID, "0af7");
	log_line(LEVEL_WARNING, "e", "status=%d by=\"%s\"", 503,
	    "a \"b\"\nPRIORITY=0");
	n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text,
	    "MESSAGE=level=warning event=e trace_id=0af7 status=503 "
	    "by=\"a \\\"b\\\" PRIORITY=0\"\n"
	    "PRIORITY=4\nSYSLOG_IDENTIFIER=agentmark-fcgi\n"
	    "LEVEL=warning\nEVENT=e\nTRACE_ID=0af7\nSTATUS=503\n"
	    "BY=a \"b\" PRIORITY=0\n");
	assert_int_equal(close(fd), 0);
}

static void
test_no_journal(void **state)
{
	char target[150];
	struct err err = {0};

	(void)state;
	(void)snprintf(target, sizeof(target), "journald:%s", other);
	assert_int_equal(log_open(target, &err), -1);
	assert_non_null(strstr(err.msg, "syslog"));
	err_free(&err);
	log_line(LEVEL_INFO, "e", "a=%d", 1);
	(void)snprintf(target, sizeof(target), "journald:%0120d", 1);
	assert_int_equal(log_open(target, &err), -1);
	assert_non_null(strstr(err.msg, "too long"));
	err_free(&err);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_fields),
	    TEST(test_levels),
	    TEST(test_values_make_no_fields),
	    TEST(test_bytes),
	    TEST(test_marks),
	    TEST(test_long_lines),
	    TEST(test_context),
	    TEST(test_json),
	    TEST(test_long_json),
	    TEST(test_rotation),
	    TEST(test_truncation),
	    TEST(test_bad_file),
	    TEST(test_journal),
	    TEST(test_no_journal),
	};
	int failed;

	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/log", dir);
	(void)snprintf(other, sizeof(other), "%s/other", dir);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path);
	(void)unlink(other);
	(void)rmdir(dir);
	return failed;
}
