/* `tools`: what prompts may name, with what the configured MCP servers have.
 * All are asked at once.  It refuses to know how they are spoken to. */
#include "../common/net/loop.h"
#include "../common/run/tool.h"
#include "cli.h"
#include "cli_prompt.h"
#include "conf.h"
#include "grid.h"
#include "version.h"

#include <stdio.h>
#include <string.h>

/* The name in a line, what it does indented below it. */
static void
print_tool(const char *name, const char *text)
{
	grid_put(stdout, false, GRID_PLAIN, name);
	(void)fputc('\n', stdout);
	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, "\n");

		if (len > 0) {
			(void)fputs("    ", stdout);
			grid_text(stdout, (struct str){text, len});
			(void)fputc('\n', stdout);
		}
		text += len + (text[len] != '\0');
	}
}

static void
print_server(struct arena *a, const char *server, const json_t *tools)
{
	for (size_t i = 0; i < json_array_size(tools); i++) {
		const json_t *tool = json_array_get(tools, i);

		print_tool(
		    arena_printf(a, "mcp://%s/%s", server,
			json_string_value(json_object_get(tool, "name"))),
		    json_string_value(json_object_get(tool, "description")));
	}
}

/* Every answer has its clock, so this ends. */
static int
print_when_known(struct engine *engine, struct arena *a,
    const struct mcp_conf *conf, struct mcp_server *s)
{
	struct err err = {0};
	const json_t *tools;
	int rc;

	while ((rc = mcp_tools(s, &tools, &err)) == 0)
		loop_turn(engine->loop, -1);
	if (rc > 0) {
		print_server(a, conf->name, tools);
	} else {
		(void)fputs(PROGRAM ": ", stderr);
		grid_put(stderr, false, GRID_PLAIN, err.msg);
		(void)fputc('\n', stderr);
	}
	err_free(&err);
	return rc;
}

static int
print_all(const struct conf *conf)
{
	const struct settings *settings = &conf->settings;
	struct engine engine = {.loop = loop_new(), .settings = settings};
	struct arena *a = arena_new(NULL);
	struct mcp_server **servers =
	    arena_array(a, settings->n_mcp, sizeof(struct mcp_server *));
	int status = 0;
	size_t i;

	for (i = 0; i < settings->n_mcp; i++)
		servers[i] = mcp_get(&engine, &settings->mcp[i]);
	for (i = 0; i < settings->n_tools; i++)
		print_tool(
		    settings->tools[i].name, settings->tools[i].description);
	for (i = 0; i < settings->n_mcp; i++)
		if (print_when_known(
			&engine, a, &settings->mcp[i], servers[i]) < 0)
			status = EXIT_FAILED;
	mcp_free_all(&engine);
	loop_free(engine.loop);
	arena_free(a);
	return status;
}

int
cli_tools(const char *file, int n_args, char *const *args)
{
	struct conf *conf;
	int status = EXIT_FAILED;

	if (n_args > 0)
		return cli_usage("tools: unexpected ", args[0]);
	conf = conf_load(&(struct conf_source){.file = file});
	if (conf_wrong(conf) == NULL)
		status = print_all(conf);
	else
		(void)fprintf(stderr,
		    PROGRAM ": the configuration is wrong; `" PROGRAM
			    " check` says more\n");
	conf_free(conf);
	return status;
}
