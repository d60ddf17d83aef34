/* A server as a child process: a message a line, in and out, standard error
 * for people.  It refuses to know what the messages say. */
#include "../base/limits.h"
#include "../base/log.h"
#include "mcp_int.h"

#include <string.h>

/* The line of standard error that says most: the last one that speaks of an
 * error (runtimes end a trace with other things), else the last one. */
static struct str
telling_line(struct str text)
{
	struct str best = {NULL, 0}, line;
	bool is_error = false, one;
	const char *end;

	while (text.len > 0) {
		end = memchr(text.p, '\n', text.len);
		line = (struct str){
		    text.p, end != NULL ? (size_t)(end - text.p) : text.len};
		text.p += line.len + (end != NULL);
		text.len -= line.len + (end != NULL);
		while (line.len > 0 && (unsigned char)*line.p <= ' ')
			line = (struct str){line.p + 1, line.len - 1};
		one = memmem(line.p, line.len, "rror", 4) != NULL;
		if (line.len == 0 || (is_error && !one))
			continue;
		is_error = one;
		best = line;
	}
	return best;
}

static void
on_line(void *arg, struct str line)
{
	struct mcp_server *s = arg;

	if (s->state == MCP_DOWN || line.len == 0)
		return;
	if (mcp_receive(s, line) == 0)
		return;
	if (s->noise == 0)
		log_line(LEVEL_WARNING, "mcp_noise",
		    "server=%s reason=\"a line that is no message\"",
		    s->conf->name);
	mcp_noise(s);
}

static void
on_end(void *arg, enum proc_end how, int code, struct str err_text)
{
	struct mcp_server *s = arg;
	struct str line = telling_line(err_text);
	const char *colon = line.len > 0 ? ": " : "";
	char text[512];

	/* It is freed with the process. */
	(void)snprintf(text, sizeof(text), "%s%.*s", colon,
	    (int)(line.len < 400 ? line.len : 400),
	    line.p != NULL ? line.p : "");
	proc_free(s->proc);
	s->proc = NULL;
	if (s->state == MCP_DOWN)
		return;
	if (how == PROC_FLOOD)
		mcp_failed(s, "wrote too much at once");
	else if (how == PROC_SIGNAL)
		mcp_failed(
		    s, "died of signal %d (%s)%s", code, strsignal(code), text);
	else
		mcp_failed(s, "ended with status %d%s", code, text);
}

static void
open_stdio(struct mcp_server *s)
{
	const struct proc_request request = {
	    .argv = s->conf->argv,
	    .add_env = s->conf->env,
	    .dir = s->conf->dir,
	    .max_line = LIMIT_MCP_MESSAGE_BYTES,
	    .max_output = LIMIT_MCP_OUTPUT_BYTES,
	};
	const struct proc_events events = {on_line, on_end, s};
	struct err err = {0};

	s->proc = proc_start(s->engine->loop, &request, &events, &err);
	if (s->proc != NULL)
		mcp_opened(s);
	else
		mcp_failed(s, "is not there: %s", err.msg);
	err_free(&err);
}

static void
send_stdio(struct mcp_server *s, const struct mcp_out *out)
{
	proc_write(s->proc, out->text);
	proc_write(s->proc, STR("\n"));
	if (out->greeting)
		mcp_greeted(s);
}

static void
forget_stdio(struct mcp_server *s, const struct mcp_request *r, bool broken)
{
	(void)s;
	(void)r;
	(void)broken;
}

static void
close_stdio(struct mcp_server *s)
{
	proc_free(s->proc);
	s->proc = NULL;
}

/* The end of its input ends a server in order; others are ended. */
static void
leave_stdio(struct mcp_server *s)
{
	if (s->proc != NULL)
		proc_close_input(s->proc);
}

static bool
is_leaving_stdio(const struct mcp_server *s)
{
	return s->proc != NULL;
}

const struct mcp_link mcp_stdio = {
    .open = open_stdio,
    .send = send_stdio,
    .forget = forget_stdio,
    .close = close_stdio,
    .leave = leave_stdio,
    .is_leaving = is_leaving_stdio,
};
