/* From what a prompt's `tools` say to tools that can be called: declared ones,
 * those of servers, and names that every vendor takes.  It refuses to know how
 * a tool is run. */
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/log.h"
#include "../base/utf.h"
#include "answers.h"
#include "scope.h"
#include "tool_int.h"

#include <stdio.h>
#include <string.h>

/* Vendors agree on so many bytes of a name. */
enum { NAME_BYTES = 64 };

/* --- what there is, for who mistyped a name */

static const char *
add_name(struct arena *a, const char *names, const char *name)
{
	return *names == '\0' ? name : arena_printf(a, "%s, %s", names, name);
}

static const char *
conf_names(const struct toolset *set)
{
	const struct settings *s = set->engine->settings;
	const char *names = "";

	for (size_t i = 0; i < s->n_tools; i++)
		names = add_name(set->arena, names, s->tools[i].name);
	return *names != '\0' ? names : "none";
}

static const char *
server_names(const struct toolset *set)
{
	const struct settings *s = set->engine->settings;
	const char *names = "";

	for (size_t i = 0; i < s->n_mcp; i++)
		names = add_name(set->arena, names, s->mcp[i].name);
	return *names != '\0' ? names : "none";
}

static const char *
listed_names(const struct toolset *set, const json_t *listed)
{
	const char *names = "", *name;
	const json_t *tool;
	size_t i;

	json_array_foreach(listed, i, tool)
	{
		name = json_string_value(json_object_get(tool, "name"));
		if (name != NULL)
			names = add_name(set->arena, names, name);
	}
	return *names != '\0' ? names : "none";
}

const char *
toolset_names(const struct toolset *set, struct arena *a)
{
	const char *names = "";

	for (size_t i = 0; i < set->n; i++)
		names = add_name(a, names, set->tools[i].decl.name);
	return *names != '\0' ? names : "none";
}

/* --- reading `tools` */

static int
may_use(const struct toolset *set, const char *name, struct err *err)
{
	if ((set->flags & TOOLSET_OURS) != 0)
		return 0;
	return scope_tool(set->engine->spend, name, err);
}

static const struct mcp_conf *
find_server(const struct toolset *set, struct str name)
{
	const struct settings *s = set->engine->settings;

	for (size_t i = 0; i < s->n_mcp; i++)
		if (str_is(name, s->mcp[i].name))
			return &s->mcp[i];
	return NULL;
}

/* mcp://SERVER/TOOL; TOOL may hold slashes, as names of tools may.  0: the URI
 * is none of ours, and there are others who may know it. */
static int
read_uri(struct toolset *set, struct wanted *w, struct err *err)
{
	const char *host = w->name + strlen("mcp://");
	const char *slash = strchr(host, '/');

	if (slash == NULL || slash == host || slash[1] == '\0') {
		if ((set->flags & TOOLSET_OTHERS) != 0)
			return 0;
		return fail(err, ERR_PROMPT,
		    "Invalid MCP URI: %s (it has the form mcp://SERVER/TOOL, "
		    "or mcp://SERVER/* for all tools)",
		    w->name);
	}
	w->server =
	    find_server(set, (struct str){host, (size_t)(slash - host)});
	if (w->server == NULL && (set->flags & TOOLSET_OTHERS) != 0)
		return 0;
	if (w->server == NULL)
		return fail(err, ERR_PROMPT,
		    "the MCP server of %s is not configured; there are: %s",
		    w->name, server_names(set));
	w->remote = strcmp(slash, "/*") == 0 ? NULL : slash + 1;
	if (!answers_strict(set->engine))
		w->connection = mcp_get(set->engine, w->server);
	return 1;
}

static int
read_name(struct toolset *set, struct wanted *w, struct err *err)
{
	const struct settings *s = set->engine->settings;

	for (size_t i = 0; i < s->n_tools; i++) {
		if (strcmp(s->tools[i].name, w->name) != 0)
			continue;
		w->conf = &s->tools[i];
		return 1;
	}
	if ((set->flags & TOOLSET_OTHERS) != 0)
		return 0;
	return fail(err, ERR_PROMPT,
	    "the tool %s is not configured; there are: %s", w->name,
	    conf_names(set));
}

static int
check_own(const struct wanted *w, struct err *err)
{
	const json_t *own = w->own, *part;

	if (own == NULL)
		return 0;
	if (!json_is_object(own))
		return fail(err, ERR_PROMPT,
		    "the tool %s of the prompt must be an object with "
		    "description and parameters",
		    w->name);
	part = json_object_get(own, "description");
	if (part != NULL && !json_is_string(part))
		return fail(err, ERR_PROMPT,
		    "the description of the tool %s must be text", w->name);
	part = json_object_get(own, "parameters");
	if (part != NULL && !json_is_object(part))
		return fail(err, ERR_PROMPT,
		    "the parameters of the tool %s must be a JSON Schema "
		    "object",
		    w->name);
	return 0;
}

static int
want(struct toolset *set, const char *name, const json_t *own, struct err *err)
{
	struct wanted *w = &set->wanted[set->n_wanted];
	int rc;

	*w = (struct wanted){.name = name, .own = own};
	if (check_own(w, err) < 0 || may_use(set, name, err) < 0)
		return -1;
	if (strncmp(name, "mcp://", strlen("mcp://")) == 0)
		rc = read_uri(set, w, err);
	else
		rc = read_name(set, w, err);
	if (rc > 0)
		set->n_wanted++;
	return rc < 0 ? -1 : 0;
}

static int
read_list(struct toolset *set, const json_t *list, struct err *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (!json_is_string(item))
			return fail(
			    err, ERR_PROMPT, "`tools` must be a list of names");
		if (want(set, json_string_value(item), NULL, err) < 0)
			return -1;
	}
	return 0;
}

static int
read_object(struct toolset *set, const json_t *object, struct err *err)
{
	const char *name;
	const json_t *own;
	void *it = json_object_iter((json_t *)object);

	for (; it != NULL; it = json_object_iter_next((json_t *)object, it)) {
		name = json_object_iter_key(it);
		own = json_object_iter_value(it);
		if (want(set, name, own, err) < 0)
			return -1;
	}
	return 0;
}

struct toolset *
toolset_open(struct engine *engine, struct arena *a, const json_t *names,
    unsigned flags, struct err *err)
{
	struct toolset *set = arena_zalloc(a, sizeof(*set));
	size_t n = json_is_object(names) ? json_object_size(names)
					 : json_array_size(names);
	int rc = 0;

	set->engine = engine;
	set->arena = a;
	set->flags = flags;
	if (n > LIMIT_TOOLS) {
		(void)fail(err, ERR_PROMPT,
		    "the prompt names more than %u tools", LIMIT_TOOLS);
		return NULL;
	}
	set->wanted = arena_array(a, n, sizeof(*set->wanted));
	if (json_is_array(names))
		rc = read_list(set, names, err);
	else if (json_is_object(names))
		rc = read_object(set, names, err);
	else if (names != NULL && !json_is_null(names))
		rc = fail(err, ERR_PROMPT, "`tools` must be a list of names");
	return rc == 0 ? set : NULL;
}

/* --- making the tools */

static const json_t *
keep(struct toolset *set, const json_t *json)
{
	return json_own(set->arena, json_incref((json_t *)json));
}

static bool
same_source(const struct tool *a, const struct tool *b)
{
	return a->conf == b->conf && a->server == b->server;
}

/* A later one of the same name takes the place of an earlier one, as in the
 * reference, whose tools are the members of one object. */
static int
add(struct toolset *set, const struct tool *tool, struct err *err)
{
	for (size_t i = 0; i < set->n; i++) {
		if (strcmp(set->tools[i].wire, tool->wire) != 0)
			continue;
		if (!same_source(&set->tools[i], tool))
			log_reason(LEVEL_WARNING, "tool_replaced", tool->wire);
		set->tools[i] = *tool;
		return 0;
	}
	if (set->n == LIMIT_TOOLS)
		return fail(err, ERR_PROMPT,
		    "the prompt names more than %u tools", LIMIT_TOOLS);
	if (set->n == set->cap) {
		set->cap = set->cap != 0 ? set->cap * 2 : 8;
		set->tools = arena_grow(set->arena, set->tools, set->n,
		    set->cap, sizeof(*set->tools));
	}
	set->tools[set->n++] = *tool;
	return 0;
}

void
wanted_overrule(const struct wanted *w, struct tool_decl *decl)
{
	const char *description =
	    json_string_value(json_object_get(w->own, "description"));
	const json_t *parameters = json_object_get(w->own, "parameters");

	if (description != NULL)
		decl->description = description;
	if (parameters != NULL)
		decl->schema = parameters;
}

static int
add_declared(struct toolset *set, const struct wanted *w, struct err *err)
{
	const struct tool_conf *conf = w->conf;
	struct tool tool = {
	    .wire = conf->name,
	    .conf = conf,
	    .decl = {.description = conf->description,
		.schema = conf->parameters},
	};

	wanted_overrule(w, &tool.decl);
	return add(set, &tool, err);
}

/* Ownership of what the server listed is shared, for it may list anew. */
static int
add_remote(struct toolset *set, const struct wanted *w, const json_t *listed,
    struct err *err)
{
	const char *name = json_string_value(json_object_get(listed, "name"));
	const json_t *schema = json_object_get(listed, "inputSchema");
	struct tool tool = {
	    .wire = name,
	    .server = w->server,
	    .remote = name,
	    .decl = {.description = json_string_value(
			 json_object_get(listed, "description")),
		.schema = json_is_object(schema) ? schema : NULL},
	};
	const char *uri;

	if (name == NULL)
		return 0;
	uri = arena_printf(set->arena, "mcp://%s/%s", w->server->name, name);
	if (may_use(set, uri, err) < 0)
		return -1;
	(void)keep(set, listed);
	wanted_overrule(w, &tool.decl);
	return add(set, &tool, err);
}

static int
add_one_remote(struct toolset *set, const struct wanted *w, struct err *err)
{
	const json_t *tool;
	size_t i;

	json_array_foreach(w->listed, i, tool)
	{
		const char *name =
		    json_string_value(json_object_get(tool, "name"));

		if (name != NULL && strcmp(name, w->remote) == 0)
			return add_remote(set, w, tool, err);
	}
	return fail(err, ERR_PROMPT,
	    "the MCP server %s has no tool %s; there are: %s", w->server->name,
	    w->remote, listed_names(set, w->listed));
}

static int
add_wanted(struct toolset *set, const struct wanted *w, struct err *err)
{
	const json_t *tool;
	size_t i;

	if (w->conf != NULL)
		return add_declared(set, w, err);
	if (w->connection == NULL) /* a replay: nobody is asked */
		return 0;
	if (w->remote != NULL)
		return add_one_remote(set, w, err);
	json_array_foreach(w->listed, i, tool)
	{
		if (add_remote(set, w, tool, err) < 0)
			return -1;
	}
	return 0;
}

/* --- names that vendors take */

static bool
fits_vendors(const char *name)
{
	size_t len = strlen(name);
	size_t good = strspn(name,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return len > 0 && good == len && len <= NAME_BYTES;
}

static bool
is_taken(const struct toolset *set, const char *name)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->tools[i].decl.name != NULL &&
		    strcmp(set->tools[i].decl.name, name) == 0)
			return true;
	return false;
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* One _ for every other character, however many bytes it has. */
static size_t
plain_name(char out[NAME_BYTES + 1], const char *wire)
{
	size_t len = 0;

	for (; *wire != '\0' && len < NAME_BYTES; wire++) {
		if (is_alnum(*wire) || *wire == '-')
			out[len++] = *wire;
		else if (((unsigned char)*wire & 0xc0) != 0x80)
			out[len++] = '_';
	}
	if (len == 0)
		out[len++] = '_';
	out[len] = '\0';
	return len;
}

static const char *
make_name(const struct toolset *set, const char *wire)
{
	char name[NAME_BYTES + 1], suffix[16];
	size_t len = plain_name(name, wire), tail;

	for (unsigned n = 2; is_taken(set, name); n++) {
		tail = (size_t)snprintf(suffix, sizeof(suffix), "_%u", n);
		if (len > NAME_BYTES - tail)
			len = NAME_BYTES - tail;
		memcpy(name + len, suffix, tail + 1);
	}
	return arena_strdup(set->arena, name);
}

/* Those whose names are good keep them, whatever stands before them. */
static void
name_tools(struct toolset *set)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (fits_vendors(set->tools[i].wire))
			set->tools[i].decl.name = set->tools[i].wire;
	for (i = 0; i < set->n; i++)
		if (set->tools[i].decl.name == NULL)
			set->tools[i].decl.name =
			    make_name(set, set->tools[i].wire);
}

static void
make_decls(struct toolset *set)
{
	json_t *none = NULL;

	name_tools(set);
	set->decls = arena_array(set->arena, set->n, sizeof(*set->decls));
	for (size_t i = 0; i < set->n; i++) {
		struct tool_decl *decl = &set->tools[i].decl;

		if (decl->schema == NULL && none == NULL) {
			none = json_pack(
			    "{s:s, s:{}}", "type", "object", "properties");
			(void)json_own(set->arena, none);
		}
		if (decl->schema == NULL)
			decl->schema = none;
		set->decls[i] = *decl;
	}
}

/* --- when it is ready */

/* All servers must be there at once: what they list is lent for one turn. */
static int
ask_servers(struct toolset *set, struct err *err)
{
	int rc = 1;

	for (size_t i = 0; i < set->n_wanted; i++) {
		struct wanted *w = &set->wanted[i];
		int there;

		if (w->connection == NULL)
			continue;
		there = mcp_tools(w->connection, &w->listed, err);
		if (there < 0)
			return -1;
		if (there == 0)
			rc = 0;
	}
	return rc;
}

int
toolset_ready(struct toolset *set, struct err *err)
{
	int rc;

	if (set->ready)
		return 1;
	rc = ask_servers(set, err);
	if (rc <= 0)
		return rc;
	for (size_t i = 0; i < set->n_wanted; i++)
		if (add_wanted(set, &set->wanted[i], err) < 0)
			return -1;
	make_decls(set);
	set->ready = true;
	return 1;
}

const struct tool_decl *
toolset_decls(const struct toolset *set, size_t *n)
{
	*n = set->n;
	return set->decls;
}

/* An agent may know a tool by the name that the prompt has. */
const struct tool *
toolset_find(const struct toolset *set, struct str name)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (str_is(name, set->tools[i].decl.name))
			return &set->tools[i];
	for (i = 0; i < set->n; i++)
		if (str_is(name, set->tools[i].wire))
			return &set->tools[i];
	return NULL;
}

struct str
toolset_wire_name(const struct toolset *set, struct str name)
{
	const struct tool *tool = toolset_find(set, name);

	if (tool == NULL)
		return name;
	return str_from(tool->wire);
}
