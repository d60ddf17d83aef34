/* From the tools of the file to what the runner calls.  It refuses to know what
 * a tool does. */
#include "../common/eval/schema.h"
#include "../common/run/tool.h"
#include "conf_load.h"

#include <string.h>

static void
make_command(
    struct loader *l, const struct conf_tool *from, struct tool_conf *to)
{
	to->kind = TOOL_COMMAND;
	to->argv = conf_command(l, &from->item, &from->exec);
	to->env = conf_env(l, &from->item, &from->env);
	to->workers = from->workers;
	if (from->secret.source != NULL)
		conf_complain(l, &from->item, from->secret.line,
		    ".secret is for http only");
}

static void
make_http(struct loader *l, const struct conf_tool *from, struct tool_conf *to)
{
	to->kind = TOOL_HTTP;
	to->url = conf_url(
	    l, conf_key(l, &from->item, "http"), &from->http, from->item.line);
	to->secret = conf_signs(l, &from->item, &from->secret);
	if (from->workers != 0)
		conf_complain(l, &from->item, 0, ".workers is for exec only");
	if (from->env.n != 0)
		conf_complain(l, &from->item, 0, ".env is for exec only");
}

/* Whether it can be used; what vendors insist on is said as well. */
static void
check_parameters(
    struct loader *l, const struct conf_tool *from, const json_t *schema)
{
	json_t *empty = json_object();
	const char *type = json_string_value(json_object_get(schema, "type"));
	struct err err = {0};
	struct str reason;

	if (schema_check(schema, empty, l->conf->arena, &reason, &err) == -1)
		conf_complain(l, &from->item, from->parameters.line,
		    ".parameters: %s", err.msg);
	else if (type == NULL || strcmp(type, "object") != 0)
		conf_warning(l, from->parameters.line,
		    "tools.%s.parameters: vendors want `type: object`",
		    from->item.name);
	err_free(&err);
	json_decref(empty);
}

static void
make_tool(struct loader *l, const struct conf_tool *from, struct tool_conf *to)
{
	bool command = from->exec.line != 0;
	bool http = from->http.source != NULL;

	*to = (struct tool_conf){
	    .name = from->item.name,
	    .description = from->description.text,
	    .parameters = from->parameters.json,
	    .timeout_ms = from->timeout_ms,
	};
	if (*to->name == '\0' || strncmp(to->name, "mcp://", 6) == 0)
		conf_complain(l, &from->item, 0,
		    ": a name is wanted that is no URI of a server's tool");
	if (to->timeout_ms == 0)
		conf_complain(
		    l, &from->item, 0, ".timeout must be more than 0");
	if (to->parameters != NULL)
		check_parameters(l, from, to->parameters);
	if (command == http)
		conf_complain(
		    l, &from->item, 0, ": either exec or http is wanted");
	else if (command)
		make_command(l, from, to);
	else
		make_http(l, from, to);
}

void
conf_finish_tools(struct loader *l)
{
	struct conf *conf = l->conf;
	const struct conf_tool *from = conf->tool_list.items;
	size_t n = conf->tool_list.n, i;
	struct tool_conf *tools = arena_array(conf->arena, n, sizeof(*tools));

	for (i = 0; i < n; i++)
		make_tool(l, &from[i], &tools[i]);
	conf->settings.tools = tools;
	conf->settings.n_tools = n;
}
