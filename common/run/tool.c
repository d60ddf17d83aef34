/* What all calls of tools have in common, whatever runs them: arguments that
 * fit, the time limit, the way from start to result.  It refuses to know how a
 * result is found. */
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/log.h"
#include "../base/utf.h"
#include "../eval/schema.h"
#include "tool_int.h"

#include <inttypes.h>

/* How much of a wrong text is quoted. */
enum { QUOTE_BYTES = 200 };

struct tool_ops {
	int (*start)(struct tool_run *r, struct err *err);
	void (*free)(struct tool_run *r);
};

static const struct tool_ops kinds[] = {
    [TOOL_COMMAND] = {tool_command_start, tool_command_free},
    [TOOL_HTTP] = {tool_http_start, tool_http_free},
};
_Static_assert(ARRAY_LEN(kinds) == TOOL__MAX, "a row for every kind");

static const struct tool_ops remote = {tool_mcp_start, tool_mcp_free};

static const struct tool_ops *
ops_of(const struct tool_run *r)
{
	return r->tool->conf != NULL ? &kinds[r->tool->conf->kind] : &remote;
}

/* --- the end */

static void
release(struct tool_run *r)
{
	bool held = r->held;

	timer_clear(r->engine->loop, &r->clock);
	timer_clear(r->engine->loop, &r->end);
	r->held = false;
	if (held)
		ops_of(r)->free(r);
}

static void
conclude(void *arg)
{
	struct tool_run *r = arg;

	release(r);
	r->done(r->arg);
}

void
tool_answer(struct tool_run *r, json_t *result, bool is_error)
{
	struct loop *loop = r->engine->loop;

	if (r->result != NULL) {
		json_decref(result);
		return;
	}
	r->result = result != NULL ? result : json_null();
	r->is_error = is_error;
	timer_clear(loop, &r->clock);
	timer_set(loop, &r->end, loop_now(loop), conclude, r);
}

static void
fail_with(struct tool_run *r, struct str reason)
{
	json_t *text = json_stringn_nocheck(reason.p, reason.len);

	tool_answer(r, text, true);
}

void
tool_fail(struct tool_run *r, const char *reason)
{
	fail_with(r, str_from(reason));
}

/* A sentence that the model, the log of the run and a person can all use. */
static void
refuse(struct tool_run *r, const char *what, struct str detail)
{
	struct buf text;

	buf_init(&text, LIMIT_ERR_BYTES);
	buf_adds(&text, what);
	buf_add(&text, detail.p, detail.len);
	fail_with(r, buf_text(&text));
	buf_free(&text);
}

int
tool_answer_text(struct tool_run *r, struct str text)
{
	struct err err = {0};
	json_t *answer = json_read(text, &err);
	const json_t *error = json_object_get(answer, "error");

	if (answer == NULL) {
		text.len = text.len < QUOTE_BYTES ? text.len : QUOTE_BYTES;
		refuse(r, "the tool's answer is not JSON: ", text);
		err_free(&err);
		return -1;
	}
	if (!json_is_string(error)) {
		tool_answer(r, answer, false);
		return 0;
	}
	tool_answer(r, json_incref((json_t *)error), true);
	json_decref(answer);
	return 0;
}

/* --- the time limit */

static void
too_late(void *arg)
{
	struct tool_run *r = arg;

	tool_fail(
	    r, arena_printf(r->arena, "the tool timed out after %" PRId64 " ms",
		   r->tool->conf->timeout_ms));
}

void
tool_clock_start(struct tool_run *r)
{
	struct loop *loop = r->engine->loop;

	if (r->result == NULL)
		timer_set(loop, &r->clock,
		    loop_now(loop) + r->tool->conf->timeout_ms, too_late, r);
}

void
tool_clock_stop(struct tool_run *r)
{
	timer_clear(r->engine->loop, &r->clock);
}

/* --- the arguments */

static void
refuse_text(struct tool_run *r)
{
	struct str text = json_str(r->args);
	struct err err = {0};

	json_decref(json_read(text, &err));
	refuse(r, "the arguments cannot be read: ",
	    err.msg != NULL ? str_from(err.msg) : text);
	err_free(&err);
}

static void
refuse_name(struct tool_run *r, const struct toolset *set, struct str name)
{
	const char *names = toolset_names(set, r->arena);
	size_t len = name.len < QUOTE_BYTES ? name.len : QUOTE_BYTES;

	names = arena_printf(
	    r->arena, "%.*s; there are: %s", (int)len, name.p, names);
	refuse(r, "there is no tool ", str_from(names));
}

/* A schema that cannot be used says nothing: the tool will see. */
static bool
args_fit(struct tool_run *r)
{
	struct err err = {0};
	struct str reason = {0};
	int rc = schema_check(
	    r->tool->decl.schema, r->args, r->arena, &reason, &err);

	if (rc < 0)
		log_line(LEVEL_WARNING, "tool_schema", "tool=%s reason=\"%s\"",
		    r->tool->wire, err.msg);
	err_free(&err);
	if (rc < 0 || reason.p == NULL)
		return true;
	refuse(r, "the arguments do not fit the tool's schema: ", reason);
	return false;
}

/* --- the call */

static void
start_kind(struct tool_run *r)
{
	struct err err = {0};

	r->held = true;
	if (r->tool->conf != NULL)
		tool_clock_start(r);
	if (ops_of(r)->start(r, &err) < 0)
		tool_fail(r, err.msg);
	err_free(&err);
}

struct tool_run *
tool_start(struct toolset *set, struct arena *parent, struct str name,
    const json_t *args, bool bad, void (*done)(void *arg), void *arg)
{
	struct arena *a = arena_new(parent);
	struct tool_run *r = arena_zalloc(a, sizeof(*r));

	r->engine = set->engine;
	r->arena = a;
	r->done = done;
	r->arg = arg;
	r->tool = toolset_find(set, name);
	r->args = args != NULL ? json_incref((json_t *)args) : json_object();
	if (r->tool == NULL)
		refuse_name(r, set, name);
	else if (bad)
		refuse_text(r);
	else if (args_fit(r))
		start_kind(r);
	return r;
}

const json_t *
tool_result(const struct tool_run *r, bool *is_error)
{
	*is_error = r->is_error;
	return r->result;
}

void
tool_free(struct tool_run *r)
{
	if (r == NULL)
		return;
	release(r);
	json_decref(r->args);
	json_decref(r->result);
	arena_free(r->arena);
}
