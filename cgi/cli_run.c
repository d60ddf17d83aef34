/* `run`: a prompt is answered right here, by the runner that answers webhooks,
 * or posted to an endpoint, signed.  It refuses to know what the answer looks
 * like (terminal.c). */
#include "cli.h"

#include "../common/base/limits.h"
#include "../common/run/dispatch.h"
#include "../common/wire/job.h"
#include "cli_post.h"
#include "cli_prompt.h"
#include "conf.h"
#include "terminal.h"
#include "version.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>

struct running {
	const char *prompt, *props, *url, *secret, *output;
	bool once;
	struct arena *arena;
	struct node *ast;
	struct js values; /* props */
	struct terminal terminal;
};

/* --- here */

/* No secret is needed to ask oneself. */
static void
run_here(struct running *run, const char *file)
{
	struct conf *conf = conf_load(&(struct conf_source){.file = file});
	json_t *data = json_object();
	struct job job = {
	    .type = JOB_PROMPT_RUN,
	    .ast = run->ast,
	    .props = run->values,
	    .stream = !run->once,
	    .data = data,
	};
	struct runner *runner;

	log_set_level(LEVEL_ERROR);
	if (conf_wrong(conf) != NULL) {
		conf_tell(conf);
		run->terminal.failed = true;
	} else {
		runner = runner_new(&conf->settings);
		runner_run(runner, run->arena, &job, &run->terminal.reply);
		runner_free(runner);
	}
	json_decref(data);
	conf_free(conf);
}

/* --- elsewhere */

static void
print_body(struct running *run, struct buf *b)
{
	buf_adds(b, "{\"type\":\"prompt-run\",\"data\":{\"ast\":");
	ast_print(run->arena, b, run->ast);
	if (run->values.type != JS_UNDEFINED) {
		buf_adds(b, ",\"customProps\":");
		(void)js_stringify(run->arena, b, run->values);
	}
	buf_addf(b, ",\"options\":{\"shouldStream\":%s}}}",
	    run->once ? "false" : "true");
}

static void
run_elsewhere(struct running *run)
{
	struct loop *loop = loop_new();
	struct buf body;

	buf_init(&body, LIMIT_LINE_BYTES);
	print_body(run, &body);
	if (buf_full(&body))
		terminal_error(
		    &run->terminal, STR("the prompt is too large to be sent"));
	else
		cli_post(loop,
		    &(struct cli_post){run->url, run->secret,
			{buf_str(&body), body.len}, LIMIT_REPLY_BYTES},
		    &run->terminal.reply);
	loop_free(loop);
	buf_free(&body);
}

/* --- the command */

/* What files are called that the prompt makes: its own name without endings. */
static const char *
base_name(struct arena *a, const char *path)
{
	const char *name = basename(arena_strdup(a, path));
	size_t len = strcspn(name, ".");

	return len == 0 ? "output" : arena_strndup(a, name, len);
}

static int
load(struct running *run, const char *file, struct err *err)
{
	if (cli_prompt(run->arena, run->prompt, &run->ast, err) == -1 ||
	    cli_props(run->arena, run->props, &run->values, err) == -1)
		return -1;
	if (run->url == NULL)
		return 0;
	return cli_secret(run->arena, run->secret, file, &run->secret, err);
}

static int
answer(struct running *run, const char *file)
{
	struct err err = {0};

	terminal_init(&run->terminal, run->arena, run->output,
	    base_name(run->arena, run->prompt));
	if (load(run, file, &err) == -1)
		terminal_error(
		    &run->terminal, (struct str){err.msg, strlen(err.msg)});
	else if (run->url != NULL)
		run_elsewhere(run);
	else
		run_here(run, file);
	terminal_end(&run->terminal);
	terminal_free(&run->terminal);
	err_free(&err);
	return run->terminal.failed ? EXIT_FAILED : 0;
}

int
cli_run_prompt(const char *file, int n_args, char *const *args)
{
	struct running run = {.output = "."};
	const struct cli_arg known[] = {
	    {NULL, &run.prompt, NULL},
	    {"--props", &run.props, NULL},
	    {"--url", &run.url, NULL},
	    {"--secret", &run.secret, NULL},
	    {"--output", &run.output, NULL},
	    {"--no-stream", NULL, &run.once},
	};
	int status = cli_args("run", known, ARRAY_LEN(known), n_args, args);

	if (status != 0)
		return status;
	if (run.prompt == NULL)
		return cli_usage("run: which file?", "");
	run.arena = arena_new(NULL);
	status = answer(&run, file);
	arena_free(run.arena);
	return status;
}
