/* Tools as what is asked of a model speaks of them: calls and results in its
 * messages, and which tool it is to choose.  The same at every vendor up to the
 * point where a vendor's names begin, which are not known here. */
#include "tool_ask.h"

#include "request.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

/* The longest name that vendors take; longer ones were cut (run/tool.h). */
enum { NAME_LEN = 64 };

/* What KEEP holds is for the driver that made it. */
static const json_t *
kept(const json_t *part, const struct driver *driver)
{
	const json_t *keep = json_object_get(part, "keep");

	if (str_is(
		driver_string(json_object_get(keep, "driver")), driver->name))
		return keep;
	return NULL;
}

void
tool_part_read(
    const json_t *part, const struct driver *driver, struct tool_part *out)
{
	struct str type = driver_string(json_object_get(part, "type"));

	*out = (struct tool_part){
	    .id = driver_string(json_object_get(part, "toolCallId")),
	    .name = driver_string(json_object_get(part, "toolName")),
	};
	if (str_is(type, "tool-call")) {
		out->type = TOOL_PART_CALL;
		out->value = json_object_get(part, "args");
		out->bad = json_is_true(json_object_get(part, "badArgs"));
		out->keep = kept(part, driver);
	} else if (str_is(type, "tool-result")) {
		out->type = TOOL_PART_RESULT;
		out->value = json_object_get(part, "result");
		out->bad = json_is_true(json_object_get(part, "isError"));
	}
}

bool
tool_part_any(const json_t *content)
{
	size_t i;

	for (i = 0; i < json_array_size(content); i++) {
		const json_t *part = json_array_get(content, i);
		struct str type = driver_string(json_object_get(part, "type"));

		if (str_is(type, "tool-call") || str_is(type, "tool-result"))
			return true;
	}
	return false;
}

const json_t *
tool_part_first(
    const json_t *parts, const struct driver *driver, struct tool_part *out)
{
	size_t i;

	for (i = 0; i < json_array_size(parts); i++) {
		tool_part_read(json_array_get(parts, i), driver, out);
		if (out->type == TOOL_PART_CALL)
			return json_array_get(parts, i);
	}
	return NULL;
}

/* A tool may give nothing, a call may have no arguments. */
static struct str
text_of_nothing(const struct tool_part *part)
{
	return part->type == TOOL_PART_CALL ? STR("{}") : STR("null");
}

int
tool_part_text(struct arena *a, const struct tool_part *part, struct str *out,
    struct err *err)
{
	bool plain = part->type == TOOL_PART_RESULT || part->bad;
	struct buf b;
	int rc = 0;

	if (plain && json_is_string(part->value)) {
		*out = driver_string(part->value);
		return 0;
	}
	if (part->value == NULL) {
		*out = text_of_nothing(part);
		return 0;
	}
	buf_init(&b, LIMIT_RENDER_BYTES);
	json_print(&b, part->value);
	if (buf_full(&b))
		rc = fail(err, ERR_PROMPT,
		    "the %s of tool '%.*s' is larger than %u bytes",
		    part->type == TOOL_PART_CALL ? "call" : "result",
		    (int)part->name.len,
		    part->name.len != 0 ? part->name.p : "",
		    LIMIT_RENDER_BYTES);
	else
		*out =
		    (struct str){arena_strndup(a, buf_str(&b), b.len), b.len};
	buf_free(&b);
	return rc;
}

json_t *
tool_part_input(const struct tool_part *part)
{
	if (json_is_object(part->value))
		return json_incref((json_t *)part->value);
	return json_object();
}

void
tool_decl_add(json_t *to, const struct tool_decl *decl, const char *key)
{
	json_object_set_new(to, "name", json_string(decl->name));
	if (decl->description != NULL)
		json_set_str(to, "description", str_from(decl->description));
	if (decl->schema != NULL)
		json_object_set(to, key, (json_t *)decl->schema);
	else
		json_object_set_new(to, key,
		    json_pack("{sss{}}", "type", "object", "properties"));
}

/* --- tool_choice */

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* Whether DECLARED is what vendors see of the name MEANT. */
static bool
is_replaced(const char *declared, struct str meant)
{
	size_t i;

	for (i = 0; i < meant.len && i < NAME_LEN; i++)
		if (declared[i] != (is_plain(meant.p[i]) ? meant.p[i] : '_'))
			return false;
	return declared[i] == '\0';
}

/* The tool of an MCP server is declared under its own name. */
static struct str
own_name(struct str name)
{
	static const char scheme[] = "mcp://";
	const char *slash;

	if (name.len < strlen(scheme) ||
	    memcmp(name.p, scheme, strlen(scheme)) != 0)
		return name;
	slash = memrchr(name.p, '/', name.len);
	return (struct str){
	    slash + 1, (size_t)(name.p + name.len - (slash + 1))};
}

static int
find_tool(const struct ask *ask, struct str name, struct tool_choice *out,
    struct err *err)
{
	struct str own = own_name(name);
	size_t i;

	out->mode = TOOL_MODE_ONE;
	for (i = 0; i < ask->n_tools; i++)
		if (str_is(name, ask->tools[i].name)) {
			out->name = ask->tools[i].name;
			return 0;
		}
	for (i = 0; i < ask->n_tools; i++)
		if (is_replaced(ask->tools[i].name, own)) {
			out->name = ask->tools[i].name;
			return 0;
		}
	return fail(err, ERR_PROMPT,
	    "tool_choice names '%.*s', which is none of the prompt's tools",
	    (int)name.len, name.len != 0 ? name.p : "");
}

int
tool_choice_read(struct call *call, struct tool_choice *out, struct err *err)
{
	const struct ask *ask = call->ask;
	const json_t *choice = json_object_get(ask->config, "tool_choice");
	struct str word = driver_string(choice);

	*out = (struct tool_choice){.mode = TOOL_MODE_AUTO};
	if ((call->traits.has & TRAIT_NO_FORCED_TOOL) != 0 &&
	    (json_is_object(choice) || str_is(word, "required"))) {
		request_ignore(call, "tool_choice");
		return 0;
	}
	if (json_is_object(choice))
		return find_tool(ask,
		    driver_string(json_object_get(choice, "tool_name")), out,
		    err);
	if (str_is(word, "none"))
		out->mode = TOOL_MODE_NONE;
	else if (str_is(word, "required"))
		out->mode = TOOL_MODE_REQUIRED;
	return 0;
}

static bool
is_declared(const struct ask *ask, const char *name)
{
	size_t i;

	for (i = 0; i < ask->n_tools; i++)
		if (strcmp(ask->tools[i].name, name) == 0)
			return true;
	return false;
}

const char *
tool_object_name(struct call *call)
{
	const char *name = "json";

	while (is_declared(call->ask, name))
		name = arena_printf(call->arena, "%s_", name);
	return name;
}
