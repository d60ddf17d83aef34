/* Reads what leaves the endpoint and shows it: the answer on standard output,
 * tools, usage and errors on standard error.  It refuses to know whether the
 * answer was made here or elsewhere. */
#include "terminal.h"

#include "../common/base/crypt.h"
#include "../common/base/json.h"
#include "../common/base/limits.h"
#include "../common/base/utf.h"
#include "file.h"
#include "grid.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILES_MAX = 10000 };

/* --- showing */

static void
end_line(struct terminal *t)
{
	if (t->midline)
		(void)fputc('\n', stdout);
	t->midline = false;
	(void)fflush(stdout);
}

static void
show_text(struct terminal *t, const json_t *text)
{
	size_t len = json_string_length(text);

	if (len == 0)
		return;
	if (isatty(STDOUT_FILENO) == 1)
		grid_text(stdout, (struct str){json_string_value(text), len});
	else
		(void)fwrite(json_string_value(text), 1, len, stdout);
	(void)fflush(stdout);
	t->midline = json_string_value(text)[len - 1] != '\n';
}

/* One line of standard error, in order with standard output. */
static void
note(
    struct terminal *t, const char *what, const char *name, const json_t *value)
{
	struct buf b;

	end_line(t);
	buf_init(&b, LIMIT_LINE_BYTES);
	if (value != NULL)
		json_print(&b, value);
	(void)fprintf(stderr, "%s%s", what, *name != '\0' ? " " : "");
	grid_put(stderr, false, GRID_PLAIN, name);
	(void)fputc(' ', stderr);
	grid_text(stderr, (struct str){buf_str(&b), b.len});
	(void)fputc('\n', stderr);
	buf_free(&b);
}

void
terminal_error(struct terminal *t, struct str text)
{
	end_line(t);
	t->failed = true;
	(void)fputs(PROGRAM ": ", stderr);
	grid_text(stderr, text);
	(void)fputc('\n', stderr);
}

static void
show_error(struct terminal *t, const json_t *error)
{
	const json_t *message = json_object_get(error, "message");
	struct buf b;

	if (json_is_string(message))
		error = message;
	buf_init(&b, LIMIT_LINE_BYTES);
	if (json_is_string(error))
		buf_add(
		    &b, json_string_value(error), json_string_length(error));
	else
		json_print(&b, error);
	terminal_error(t, (struct str){buf_str(&b), b.len});
	buf_free(&b);
}

static void
show_tool(struct terminal *t, const json_t *tool, const char *what)
{
	const char *name = json_string_value(json_object_get(tool, "toolName"));
	const json_t *args = json_object_get(tool, "args");
	const json_t *result = json_object_get(tool, "result");

	note(t, what, name != NULL ? name : "", args != NULL ? args : result);
}

static void
show_tools(struct terminal *t, const json_t *tools, const char *what)
{
	size_t i;

	for (i = 0; i < json_array_size(tools); i++)
		show_tool(t, json_array_get(tools, i), what);
}

static json_int_t
count(const json_t *usage, const char *name, const char *old_name)
{
	const json_t *n = json_object_get(usage, name);

	if (n == NULL)
		n = json_object_get(usage, old_name);
	return (json_int_t)json_number_value(n);
}

static void
show_usage(struct terminal *t, const json_t *reply)
{
	const json_t *usage = json_object_get(reply, "usage");
	const char *reason =
	    json_string_value(json_object_get(reply, "finishReason"));

	if (usage == NULL && reason == NULL)
		return;
	end_line(t);
	if (usage != NULL)
		(void)fprintf(stderr,
		    "tokens: %" JSON_INTEGER_FORMAT " in, %" JSON_INTEGER_FORMAT
		    " out%s",
		    count(usage, "inputTokens", "promptTokens"),
		    count(usage, "outputTokens", "completionTokens"),
		    reason != NULL ? "; " : "");
	if (reason != NULL) {
		(void)fputs("finish reason: ", stderr);
		grid_put(stderr, false, GRID_PLAIN, reason);
	}
	(void)fputc('\n', stderr);
}

static void
show_compact(const json_t *object)
{
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	json_print(&b, object);
	(void)printf("%s\n", buf_str(&b));
	buf_free(&b);
}

static void
show_object(struct terminal *t)
{
	char *text;

	if (t->object == NULL)
		return;
	end_line(t);
	text = json_dumps(t->object,
	    JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	if (text != NULL)
		(void)printf("%s\n", text);
	else
		show_compact(t->object); /* it holds what is no UTF-8 */
	free(text);
	json_decref(t->object);
	t->object = NULL;
}

/* --- files */

/* The part of a type behind the slash, as far as it makes a name's ending. */
static const char *
ending(struct terminal *t, const char *type, const char *format)
{
	const char *slash = type != NULL ? strchr(type, '/') : NULL;
	const char *end = format != NULL ? format : slash ? slash + 1 : "bin";
	size_t n = strspn(end, "abcdefghijklmnopqrstuvwxyz0123456789");

	if (strcmp(end, "mpeg") == 0)
		return "mp3";
	if (strncmp(end, "svg", 3) == 0)
		return "svg";
	return n == 0 ? "bin" : arena_strndup(t->arena, end, n);
}

/* A new file; *PATH is its name. */
static int
new_file(struct terminal *t, const char *end, const char **path)
{
	int fd = -1, i;

	for (i = 1; i <= FILES_MAX; i++) {
		*path = arena_printf(
		    t->arena, "%s/%s-%d.%s", t->dir, t->name, i, end);
		fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd != -1 || errno != EEXIST)
			break;
	}
	return fd;
}

static void
save_failed(struct terminal *t, const char *path)
{
	const char *text = arena_printf(
	    t->arena, "cannot write %s: %s", path, strerror(errno));

	terminal_error(t, (struct str){text, strlen(text)});
}

static void
save(struct terminal *t, const json_t *media)
{
	const json_t *base64 = json_object_get(media, "base64");
	const char *type =
	    json_string_value(json_object_get(media, "mimeType"));
	const char *format =
	    json_string_value(json_object_get(media, "format"));
	const char *path;
	struct str bytes;
	int fd, rc;

	bytes = base64_read(t->arena, (struct str){json_string_value(base64),
					  json_string_length(base64)});
	if (bytes.p == NULL) {
		terminal_error(t, STR("the answer holds no base64"));
		return;
	}
	fd = new_file(t, ending(t, type, format), &path);
	rc = fd != -1 ? file_write_fd(fd, bytes) : -1;
	if (fd != -1 && close(fd) == -1)
		rc = -1;
	if (rc == -1)
		save_failed(t, path);
	else
		(void)printf("%s\n", path);
}

/* --- what comes */

/* A whole reply (protocol.md 2.6). */
static void
take_reply(struct terminal *t, const json_t *reply)
{
	const char *type = json_string_value(json_object_get(reply, "type"));
	json_t *result = json_object_get(reply, "result");
	size_t i;

	if (type == NULL)
		type = "";
	show_tools(t, json_object_get(reply, "toolCalls"), "tool call:");
	show_tools(t, json_object_get(reply, "toolResults"), "tool result:");
	if (strcmp(type, "text") == 0)
		show_text(t, result);
	else if (strcmp(type, "object") == 0)
		t->object = json_incref(result);
	else if (strcmp(type, "image") == 0)
		for (i = 0; i < json_array_size(result); i++)
			save(t, json_array_get(result, i));
	else if (strcmp(type, "speech") == 0)
		save(t, result);
	else
		terminal_error(t, STR("the answer is none that is known"));
	show_object(t);
	show_usage(t, reply);
}

/* A line of a stream (2.4, 2.5). */
static void
take_line(struct terminal *t, const json_t *line)
{
	const char *type = json_string_value(json_object_get(line, "type"));
	json_t *result = json_object_get(line, "result");
	const json_t *call = json_object_get(line, "toolCall");
	const json_t *tool = json_object_get(line, "toolResult");

	if (type == NULL)
		return;
	if (strcmp(type, "error") == 0) {
		show_error(t, json_object_get(line, "error"));
	} else if (strcmp(type, "object") == 0 && result != NULL) {
		json_decref(t->object);
		t->object = json_incref(result);
	} else if (strcmp(type, "text") == 0 && result != NULL) {
		show_text(t, result);
	}
	if (call != NULL)
		show_tool(t, call, "tool call:");
	if (tool != NULL)
		show_tool(t, tool, "tool result:");
	if (json_object_get(line, "usage") != NULL)
		show_object(t);
	show_usage(t, line);
}

/* A page of the web server's: its status says more than its HTML. */
static void
show_stranger(struct terminal *t, int status, struct str body)
{
	char text[128];
	int n = snprintf(text, sizeof(text),
	    "%d, not from this program; `" PROGRAM " check --url` says more",
	    status);

	terminal_error(t, body.len != 0 && *body.p != '<'
			      ? body
			      : (struct str){text, (size_t)n});
}

static void
on_json(struct reply *r, int status, struct str body)
{
	struct terminal *t = (struct terminal *)r;
	struct err err = {0};
	json_t *json = json_read(body, &err);
	const json_t *message = json_object_get(json, "message");

	r->started = true;
	if (message == NULL)
		message = json_object_get(json, "error");
	if (status >= 200 && status <= 299 && json_is_object(json))
		take_reply(t, json);
	else if (message != NULL)
		show_error(t, message);
	else
		show_stranger(t, status, body);
	json_decref(json);
	err_free(&err);
}

static void
on_stream(struct reply *r)
{
	r->started = true;
}

static void
take_text(struct terminal *t, struct str text)
{
	struct err err = {0};
	json_t *json = json_read(text, &err);

	if (json != NULL)
		take_line(t, json);
	else if (text.len != 0)
		terminal_error(t, STR("a line of the answer is no JSON"));
	json_decref(json);
	err_free(&err);
}

static void
on_write(struct reply *r, struct str text)
{
	struct terminal *t = (struct terminal *)r;
	const char *end;
	size_t len;

	buf_add(&t->lines, text.p, text.len);
	while (t->lines.len != 0 &&
	       (end = memchr(t->lines.data, '\n', t->lines.len)) != NULL) {
		len = (size_t)(end - t->lines.data);
		take_text(t, (struct str){t->lines.data, len});
		buf_drop(&t->lines, len + 1);
	}
	if (buf_full(&t->lines))
		terminal_error(t, STR("a line of the answer is too long"));
}

static void
on_flush(struct reply *r)
{
	(void)r;
	(void)fflush(stdout);
}

void
terminal_init(
    struct terminal *t, struct arena *a, const char *dir, const char *name)
{
	*t = (struct terminal){
	    .reply = {.json = on_json,
		.stream = on_stream,
		.write = on_write,
		.flush = on_flush,
		.fd = -1},
	    .arena = a,
	    .dir = dir,
	    .name = name,
	};
	buf_init(&t->lines, LIMIT_LINE_BYTES);
}

void
terminal_end(struct terminal *t)
{
	if (t->lines.len != 0 && !buf_full(&t->lines))
		take_text(t, (struct str){t->lines.data, t->lines.len});
	show_object(t);
	end_line(t);
}

void
terminal_free(struct terminal *t)
{
	buf_free(&t->lines);
	json_decref(t->object);
}
