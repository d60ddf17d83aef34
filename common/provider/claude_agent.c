/* The `claude` program as an executor: its arguments from a prompt and the
 * provider's options, its stream of JSON lines to events, with the semantics of
 * the reference's adapter for the Claude Agent SDK (protocol.md 10.4).  What
 * the agent does on its way is not shown.  It refuses to know how the program
 * is run. */
#include "driver.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "request.h"

#include <math.h>
#include <string.h>

/* Arguments, but for those of the program itself. */
enum { ARGS_MAX = 40 };

struct claude {
	struct buf input, text; /* TEXT is the prompt */
	const char **argv;
	size_t n;
	bool partial; /* text came in pieces */
	bool said;    /* any text */
};

/* --- the arguments */

static void
add(struct claude *c, const char *arg)
{
	c->argv[c->n++] = arg;
}

static void
add_option(struct claude *c, const char *name, const char *value)
{
	if (value == NULL)
		return;
	add(c, name);
	add(c, value);
}

static const json_t *
option(const struct call *call, const char *key)
{
	return json_object_get(call->ask->provider->options, key);
}

/* Tools of MCP servers have names of their own there: mcp__SERVER__TOOL, and
 * mcp__SERVER for all of them. */
static void
add_name(struct buf *b, struct str name)
{
	static const char scheme[] = "mcp://";
	const size_t len = sizeof(scheme) - 1;

	if (b->len > 0)
		buf_addc(b, ',');
	if (name.len <= len || memcmp(name.p, scheme, len) != 0) {
		buf_add(b, name.p, name.len);
		return;
	}
	buf_adds(b, "mcp__");
	for (size_t i = len; i < name.len; i++) {
		struct str rest = {name.p + i, name.len - i};

		if (str_is(rest, "/*"))
			break;
		if (name.p[i] == '/')
			buf_adds(b, "__");
		else
			buf_addc(b, name.p[i]);
	}
}

static int
add_names(struct call *call, struct buf *b, const json_t *names,
    const char *what, struct err *err)
{
	const json_t *name;
	const char *key;
	size_t i;

	if (json_is_string(names))
		add_name(b, driver_string(names));
	json_array_foreach(names, i, name)
	{
		if (!json_is_string(name))
			return fail(err, ERR_PROMPT,
			    "Executor '%s' takes names of tools only, and %s "
			    "has something else",
			    call->ask->provider->name, what);
		add_name(b, driver_string(name));
	}
	json_object_foreach((json_t *)(uintptr_t)names, key, name)
	{
		add_name(b, str_from(key));
	}
	return 0;
}

/* A list as one argument. */
static int
add_list(struct call *call, const char *flag, const json_t *names,
    const char *what, const json_t *more, struct err *err)
{
	struct claude *c = call->state;
	struct buf b;
	int rc = -1;

	buf_init(&b, LIMIT_ERR_BYTES);
	if (add_names(call, &b, names, what, err) == 0 &&
	    add_names(call, &b, more, "`tools`", err) == 0)
		rc = buf_full(&b)
			 ? fail(err, ERR_PROMPT, "too many names in %s", what)
			 : 0;
	if (rc == 0 && b.len > 0)
		add_option(c, flag, arena_strdup(call->arena, buf_str(&b)));
	buf_free(&b);
	return rc;
}

static int
add_tools(struct call *call, struct err *err)
{
	if (add_list(call, "--allowedTools", option(call, "allowed_tools"),
		"options.allowed_tools",
		json_object_get(call->ask->config, "tools"), err) < 0)
		return -1;
	return add_list(call, "--disallowedTools",
	    option(call, "disallowed_tools"), "options.disallowed_tools", NULL,
	    err);
}

/* Settings of a user or a project could change what a prompt does: none are
 * read unless they are asked for. */
static int
add_settings(struct call *call, struct err *err)
{
	struct claude *c = call->state;
	const json_t *sources = option(call, "setting_sources");

	if (json_array_size(sources) > 0 || json_is_string(sources))
		return add_list(call, "--setting-sources", sources,
		    "options.setting_sources", NULL, err);
	add_option(c, "--setting-sources", "");
	return 0;
}

static const char *
text_option(const struct call *call, const char *key)
{
	return json_string_value(option(call, key));
}

static void
add_numbers(struct call *call)
{
	const json_t *turns = json_object_get(call->ask->config, "max_calls");
	const json_t *most = option(call, "max_budget_usd");
	struct claude *c = call->state;
	double n = json_number_value(turns), dollars = json_number_value(most);

	if (json_is_number(turns) && n >= 1 && n < 1e9)
		add_option(c, "--max-turns",
		    arena_printf(call->arena, "%lld", (long long)n));
	if (json_is_number(most) && isfinite(dollars) && dollars > 0)
		add_option(c, "--max-budget-usd",
		    arena_printf(call->arena, "%.6f", dollars));
}

static int
add_schema(struct call *call, struct err *err)
{
	const json_t *schema = json_object_get(call->ask->config, "schema");
	struct claude *c = call->state;
	struct buf b;

	if (call->ask->kind != PROMPT_OBJECT || schema == NULL)
		return 0;
	buf_init(&b, LIMIT_ARG_BYTES);
	json_print(&b, schema);
	if (!buf_full(&b))
		add_option(
		    c, "--json-schema", arena_strdup(call->arena, buf_str(&b)));
	else
		(void)fail(err, ERR_PROMPT,
		    "the schema is too large for Executor '%s'",
		    call->ask->provider->name);
	buf_free(&b);
	return err->code == ERR_NONE ? 0 : -1;
}

/* --- the prompt */

static void
add_part(struct buf *b, const json_t *part)
{
	struct str type = driver_string(json_object_get(part, "type"));
	struct str text = driver_string(json_object_get(part, "text"));

	if (str_is(type, "image"))
		text = STR("[Attached image]");
	else if (str_is(type, "file"))
		text = STR("[Attached file]");
	buf_add(b, text.p, text.len);
}

static void
add_content(struct buf *b, const json_t *content)
{
	struct str text = driver_string(content);
	const json_t *part;
	size_t i;

	buf_add(b, text.p, text.len);
	json_array_foreach(content, i, part)
	{
		if (i > 0)
			buf_addc(b, '\n');
		add_part(b, part);
	}
}

/* The system's messages, or all others, joined by blank lines. */
static void
join(struct buf *b, const json_t *messages, bool system)
{
	const json_t *m;
	bool first = true;
	size_t i;

	json_array_foreach(messages, i, m)
	{
		struct str role = driver_string(json_object_get(m, "role"));

		if (str_is(role, "system") != system)
			continue;
		if (!first)
			buf_adds(b, "\n\n");
		first = false;
		add_content(b, json_object_get(m, "content"));
	}
}

static int
add_system(struct call *call, struct err *err)
{
	bool preset = json_is_true(option(call, "preset"));
	struct claude *c = call->state;
	struct buf b;

	buf_init(&b, LIMIT_ARG_BYTES);
	join(&b, call->ask->messages, true);
	if (buf_full(&b))
		(void)fail(err, ERR_PROMPT,
		    "the system message is too large for Executor '%s'",
		    call->ask->provider->name);
	else if (b.len > 0 || !preset)
		add_option(c,
		    preset ? "--append-system-prompt" : "--system-prompt",
		    arena_strdup(call->arena, buf_str(&b)));
	buf_free(&b);
	return err->code == ERR_NONE ? 0 : -1;
}

static void
print_input(struct call *call)
{
	struct claude *c = call->state;

	join(&c->text, call->ask->messages, false);
	buf_adds(&c->input,
	    "{\"type\":\"user\",\"session_id\":\"\",\"message\":"
	    "{\"role\":\"user\",\"content\":");
	json_print_string(&c->input, buf_text(&c->text));
	buf_adds(&c->input, "},\"parent_tool_use_id\":null}\n");
}

/* --- the call */

static void
begin_argv(struct call *call)
{
	static const char *const fixed[] = {"-p", "--output-format",
	    "stream-json", "--verbose", "--input-format", "stream-json"};
	const char *const *own = call->ask->provider->argv;
	struct claude *c = call->state;
	size_t n = 0;

	while (own[n] != NULL)
		n++;
	c->argv = arena_array(call->arena, n + ARGS_MAX + 1, sizeof(*c->argv));
	for (size_t i = 0; i < n; i++)
		add(c, own[i]);
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		add(c, fixed[i]);
}

static int
make_argv(struct call *call, struct err *err)
{
	struct claude *c = call->state;

	begin_argv(call);
	if (call->ask->stream && call->ask->kind == PROMPT_TEXT)
		add(c, "--include-partial-messages");
	add_option(c, "--model", call->ask->model);
	add_option(
	    c, "--permission-mode", text_option(call, "permission_mode"));
	if (text_option(call, "mcp_config") != NULL) {
		add_option(c, "--mcp-config", text_option(call, "mcp_config"));
		add(c, "--strict-mcp-config");
	}
	add_numbers(call);
	if (add_tools(call, err) < 0 || add_settings(call, err) < 0 ||
	    add_schema(call, err) < 0 || add_system(call, err) < 0)
		return -1;
	add(c, NULL);
	return 0;
}

static int
claude_spawn(struct call *call, struct child_spec *spec, struct err *err)
{
	static const struct place taken[] = {
	    {"schema_name", NULL}, {"schema_description", NULL}};
	const struct provider *p = call->ask->provider;
	const char *dir = text_option(call, "cwd");
	struct claude *c = call->state;
	json_t *none = json_object();

	buf_init(&c->input, LIMIT_LINE_BYTES);
	buf_init(&c->text, LIMIT_LINE_BYTES);
	request_config(call, none, taken, ARRAY_LEN(taken));
	json_decref(none);
	if (make_argv(call, err) < 0)
		return -1;
	print_input(call);
	if (buf_full(&c->input) || buf_full(&c->text))
		return fail(err, ERR_PROMPT, "the prompt is too large");
	*spec = (struct child_spec){
	    .argv = c->argv,
	    .env = p->env,
	    .dir = dir != NULL ? dir : p->dir,
	    .input = {buf_str(&c->input), c->input.len},
	};
	return 0;
}

static void
claude_drop(struct call *call)
{
	struct claude *c = call->state;

	buf_free(&c->input);
	buf_free(&c->text);
}

/* --- what it says */

static void
say(struct call *call, struct str text)
{
	struct claude *c = call->state;

	c->said = c->said || text.len > 0;
	driver_text(call, text);
}

/* What an agent below the agent says is none of the answer. */
static bool
is_below(const json_t *line)
{
	return json_is_string(json_object_get(line, "parent_tool_use_id"));
}

static void
take_piece(struct call *call, const json_t *line)
{
	const json_t *event = json_object_get(line, "event");
	const json_t *delta = json_object_get(event, "delta");
	struct claude *c = call->state;

	if (is_below(line) ||
	    !str_is(
		driver_string(json_object_get(delta, "type")), "text_delta"))
		return;
	c->partial = true;
	say(call, driver_string(json_object_get(delta, "text")));
}

static void
take_blocks(struct call *call, const json_t *line)
{
	const json_t *message = json_object_get(line, "message");
	const json_t *content = json_object_get(message, "content"), *block;
	const struct claude *c = call->state;
	size_t i;

	if (c->partial || is_below(line))
		return;
	json_array_foreach(content, i, block)
	{
		if (str_is(
			driver_string(json_object_get(block, "type")), "text"))
			say(call,
			    driver_string(json_object_get(block, "text")));
	}
}

static struct usage
usage_of(const json_t *line)
{
	const json_t *usage = json_object_get(line, "usage");
	const json_t *cost = json_object_get(line, "total_cost_usd");
	double dollars = json_number_value(cost);
	struct usage u = {
	    .input = driver_tokens(json_object_get(usage, "input_tokens")),
	    .output = driver_tokens(json_object_get(usage, "output_tokens")),
	    .total = -1,
	};

	if (json_is_number(cost) && isfinite(dollars) && dollars >= 0) {
		u.has_cost = true;
		u.cost = dollars;
	}
	return u;
}

static int
take_failure(struct call *call, const json_t *line, struct err *err)
{
	const json_t *errors = json_object_get(line, "errors"), *one;
	struct str subtype = driver_string(json_object_get(line, "subtype"));
	struct str text = driver_string(json_object_get(line, "result"));
	struct buf b;
	size_t i;

	call->over = true;
	buf_init(&b, LIMIT_ERR_BYTES);
	json_array_foreach(errors, i, one)
	{
		struct str said = driver_error(call->arena, one);

		buf_adds(&b, i > 0 ? "; " : "");
		buf_add(&b, said.p, said.len);
	}
	if (b.len == 0 && str_is(subtype, "success"))
		buf_add(&b, text.p, text.len);
	if (b.len == 0)
		buf_addf(&b, "Error: %.*s", (int)subtype.len, subtype.p);
	(void)fail_text(err, ERR_PROVIDER, buf_text(&b));
	buf_free(&b);
	return -1;
}

static int
take_end(struct call *call, const json_t *line, struct err *err)
{
	struct str subtype = driver_string(json_object_get(line, "subtype"));
	struct usage usage = usage_of(line);
	const struct claude *c = call->state;
	struct event ev = {.type = EVENT_OBJECT_FINAL};

	if (!str_is(subtype, "success") ||
	    json_is_true(json_object_get(line, "is_error")))
		return take_failure(call, line, err);
	if (call->ask->kind == PROMPT_OBJECT) {
		ev.object = json_object_get(line, "structured_output");
		call->sink->event(call->sink, &ev);
	} else if (!c->said) {
		say(call, driver_string(json_object_get(line, "result")));
	}
	driver_finish(call, FINISH_STOP, &usage);
	return 0;
}

/* One that does not stream gives its last word alone. */
static int
take(struct call *call, const json_t *line, struct err *err)
{
	struct str type = driver_string(json_object_get(line, "type"));
	bool shown = call->ask->stream && call->ask->kind == PROMPT_TEXT;

	if (str_is(type, "result"))
		return take_end(call, line, err);
	if (shown && str_is(type, "stream_event"))
		take_piece(call, line);
	else if (shown && str_is(type, "assistant"))
		take_blocks(call, line);
	return 0;
}

static int
claude_frame(
    struct call *call, struct str event, struct str data, struct err *err)
{
	struct err why = {0};
	json_t *line = json_read(data, &why);
	int rc;

	(void)event;
	err_free(&why);
	if (json_is_object(line))
		rc = take(call, line, err);
	else
		rc = fail(err, ERR_PROVIDER,
		    "Executor '%s' failed: a line that is no JSON object",
		    call->ask->provider->name);
	json_decref(line);
	return rc;
}

const struct driver driver_claude_agent = {
    .name = "claude-agent",
    .executor = "claude-agent-sdk-v0",
    .abilities = DRIVER_AGENT | DRIVER_CHILD | DRIVER_TEXT | DRIVER_OBJECT,
    .state_size = sizeof(struct claude),
    .spawn = claude_spawn,
    .frame = claude_frame,
    .drop = claude_drop,
};
