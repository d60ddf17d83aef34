/* From the MCP servers of the file to what the runner connects to, with
 * env("NAME") in their values as AgentMark's own configuration has it.  It
 * refuses to connect. */
#include "../common/run/mcp.h"
#include "conf_load.h"

#include <string.h>

/* --- env(NAME) */

/* The NAME of env(NAME), env("NAME") or env('NAME') at TEXT, and how long all
 * of it is; 0 when it is none. */
static size_t
find_name(const char *text, struct str *name)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	const char *p = text + strlen("env(");
	char quote = *p == '"' || *p == '\'' ? *p++ : '\0';

	*name = (struct str){p, strspn(p, alphabet)};
	p += name->len;
	if (name->len == 0 || (quote != '\0' && *p++ != quote) || *p != ')')
		return 0;
	return (size_t)(p + 1 - text);
}

/* TEXT with the variables in it; what is not set is noted. */
static const char *
expand(struct loader *l, const char *what, const char *text, size_t line)
{
	struct arena *a = l->conf->arena;
	const char *out = "", *at, *name, *value;
	struct str found;
	size_t len;

	while ((at = strstr(text, "env(")) != NULL) {
		len = find_name(at, &found);
		if (len == 0) {
			out = arena_printf(
			    a, "%s%.*s", out, (int)(at + 4 - text), text);
			text = at + 4;
			continue;
		}
		name = arena_strndup(a, found.p, found.len);
		value = strncmp(name, "HTTP_", 5) != 0
			    ? conf_variable(l->source, name)
			    : NULL;
		if (value == NULL)
			conf_problem(l, CONF_BAD_CONFIG, line,
			    "%s: Missing environment variable: %s", what, name);
		out = arena_printf(a, "%s%.*s%s", out, (int)(at - text), text,
		    value != NULL ? value : "");
		text = at + len;
	}
	return *out == '\0' ? text : arena_printf(a, "%s%s", out, text);
}

static void
expand_list(struct loader *l, const struct conf_mcp *from, const char *option,
    struct conf_list *list)
{
	const char **items = list->items;
	const char *what = conf_key(l, &from->item, option);

	for (size_t i = 0; i < list->n; i++)
		items[i] = expand(l, what, items[i],
		    list->line != 0 ? list->line : from->item.line);
}

static void
expand_value(struct loader *l, const struct conf_mcp *from, const char *option,
    struct conf_value *v)
{
	if (v->text != NULL)
		v->text = expand(
		    l, conf_key(l, &from->item, option), v->text, v->line);
}

/* --- servers */

static void
make_program(struct loader *l, const struct conf_mcp *from, struct mcp_conf *to)
{
	to->argv = conf_command(l, &from->item, &from->exec);
	to->env = conf_env(l, &from->item, &from->env);
	if (from->dir.text != NULL)
		to->dir = conf_beside(l, from->dir.text);
	if (from->headers.n != 0 || from->transport != MCP_AUTO)
		conf_complain(l, &from->item, 0,
		    ": headers and transport are for url only");
}

static void
make_url(struct loader *l, struct conf_mcp *from, struct mcp_conf *to)
{
	/* Its path is a server's own: a slash at its end may count. */
	if (conf_url(l, conf_key(l, &from->item, "url"), &from->url,
		from->item.line) != NULL)
		to->url = from->url.text;
	if (from->env.n != 0 || from->dir.source != NULL)
		conf_complain(
		    l, &from->item, 0, ": env and dir are for exec only");
	to->headers = conf_headers(l, &from->item, &from->headers);
}

static void
make_server(struct loader *l, struct conf_mcp *from, struct mcp_conf *to)
{
	bool program = from->exec.line != 0, url = from->url.source != NULL;

	expand_value(l, from, "url", &from->url);
	expand_value(l, from, "dir", &from->dir);
	expand_list(l, from, "headers", &from->headers);
	expand_list(l, from, "exec", &from->exec);
	expand_list(l, from, "env", &from->env);
	*to = (struct mcp_conf){
	    .name = from->item.name,
	    .transport = (enum mcp_transport)from->transport,
	    .timeout_ms = from->timeout_ms,
	};
	if (*to->name == '\0' || strchr(to->name, '/') != NULL)
		conf_complain(
		    l, &from->item, 0, ": a name without / is wanted");
	if (to->timeout_ms == 0)
		conf_complain(
		    l, &from->item, 0, ".timeout must be more than 0");
	if (program == url)
		conf_complain(l, &from->item, 0, " needs either exec or url");
	else if (program)
		make_program(l, from, to);
	else
		make_url(l, from, to);
}

void
conf_finish_mcp(struct loader *l)
{
	struct conf *conf = l->conf;
	struct conf_mcp *from = conf->mcp_list.items;
	size_t n = conf->mcp_list.n;
	struct mcp_conf *servers =
	    arena_array(conf->arena, n, sizeof(*servers));

	for (size_t i = 0; i < n; i++)
		make_server(l, &from[i], &servers[i]);
	conf->settings.mcp = servers;
	conf->settings.n_mcp = n;
}
