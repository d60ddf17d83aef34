/* `run`: a prompt is answered right here, by the runner that answers webhooks,
 * or posted to an endpoint, signed.  It refuses to know what the answer looks
 * like (terminal.c). */
#include "cli_prompt.h"

#include "../common/base/json.h"
#include "../common/base/limits.h"
#include "../common/net/http.h"
#include "../common/run/dispatch.h"
#include "../common/wire/job.h"
#include "../common/wire/sign.h"
#include "conf.h"
#include "terminal.h"
#include "version.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct running {
	const char *prompt, *props, *url, *secret, *output;
	bool once;
	struct arena *arena;
	struct node *ast;
	struct js values; /* props */
	struct terminal terminal;
};

/* --- here */

static void
show_notes(const struct conf *conf)
{
	const struct conf_note *note = conf->notes.items;
	size_t i;

	for (i = 0; i < conf->notes.n; i++)
		if (note[i].code == CONF_BAD_CONFIG)
			(void)fprintf(stderr, PROGRAM ": %s\n", note[i].text);
}

/* No secret is needed to ask oneself. */
static void
run_here(struct running *run, const char *file)
{
	struct conf_source source = {.file = file};
	struct conf *conf = conf_load(&source);
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
	if (conf->code == CONF_BAD_CONFIG) {
		show_notes(conf);
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

struct post {
	struct terminal *terminal;
	struct http *http;
	struct buf body; /* of a whole reply */
	int status;
	bool stream, ended;
};

static void
on_head(void *arg, int status)
{
	struct post *post = arg;
	const char *type = http_header(post->http, "content-type");

	post->status = status;
	post->stream =
	    status >= 200 && status <= 299 &&
	    (http_header(post->http, "agentmark-streaming") != NULL ||
		(type != NULL && strcasestr(type, "ndjson") != NULL));
	if (post->stream)
		post->terminal->reply.stream(&post->terminal->reply);
}

static void
on_data(void *arg, struct str bytes)
{
	struct post *post = arg;

	if (post->stream)
		post->terminal->reply.write(&post->terminal->reply, bytes);
	else
		buf_add(&post->body, bytes.p, bytes.len);
}

static void
on_end(void *arg, enum http_end how, const char *reason)
{
	struct post *post = arg;
	struct str body = {buf_str(&post->body), post->body.len};

	post->ended = true;
	if (how != HTTP_OK)
		terminal_error(
		    post->terminal, (struct str){reason, strlen(reason)});
	else if (!post->stream)
		post->terminal->reply.json(
		    &post->terminal->reply, post->status, body);
}

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

/* Signed, when there is a secret. */
static const char **
make_headers(struct running *run, struct str body)
{
	const char **headers = arena_array(run->arena, 4, sizeof(*headers));
	char signature[SIGN_LEN + 1];

	headers[0] = "Content-Type: application/json";
	headers[1] = "Accept: */*";
	headers[2] = headers[3] = NULL;
	if (run->secret == NULL)
		return headers;
	sign_body(
	    (struct str){run->secret, strlen(run->secret)}, body, signature);
	headers[2] = arena_printf(
	    run->arena, "x-agentmark-signature-256: %s", signature);
	return headers;
}

static void
wait_for_end(struct running *run, struct loop *loop, struct str body)
{
	struct post post = {.terminal = &run->terminal};
	const struct http_request request = {
	    .url = run->url,
	    .headers = make_headers(run, body),
	    .body = body,
	    .clocks = {.connect = 10000},
	    .max_body = LIMIT_REPLY_BYTES,
	};
	const struct http_events events = {on_head, on_data, on_end, &post};
	struct err err = {0};

	buf_init(&post.body, LIMIT_REPLY_BYTES);
	post.http = http_start(loop, &request, &events, &err);
	if (post.http == NULL)
		terminal_error(
		    &run->terminal, (struct str){err.msg, strlen(err.msg)});
	while (post.http != NULL && !post.ended)
		loop_turn(loop, -1);
	http_free(post.http);
	buf_free(&post.body);
	err_free(&err);
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
		wait_for_end(run, loop, (struct str){buf_str(&body), body.len});
	loop_free(loop);
	buf_free(&body);
}

/* --- the command */

/* The secret itself, env:NAME or file:PATH; without one, that of the
 * configuration. */
static int
find_secret(struct running *run, const char *file, struct err *err)
{
	struct conf_source source = {.file = file};
	const char *said = run->secret;
	struct conf *conf;
	struct str text;

	if (said != NULL && strncmp(said, "env:", 4) == 0) {
		run->secret = getenv(said + 4);
		if (run->secret == NULL)
			return fail(err, ERR_UNCONFIGURED,
			    "the variable %s is not set", said + 4);
	} else if (said != NULL && strncmp(said, "file:", 5) == 0) {
		if (cli_read(run->arena, said + 5, &text, err) == -1)
			return -1;
		run->secret =
		    arena_strndup(run->arena, text.p, strcspn(text.p, "\r\n"));
	} else if (said == NULL) {
		conf = conf_load(&source);
		if (conf->secrets.n != 0)
			run->secret = arena_strndup(run->arena,
			    conf->secrets.items[0].key.p,
			    conf->secrets.items[0].key.len);
		conf_free(conf);
	}
	return 0;
}

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
	return run->url != NULL ? find_secret(run, file, err) : 0;
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
	const struct {
		const char *name, **value;
	} options[] = {
	    {"--props", &run.props},
	    {"--url", &run.url},
	    {"--secret", &run.secret},
	    {"--output", &run.output},
	};
	size_t k;
	int i, status;

	for (i = 0; i < n_args; i++) {
		for (k = 0; k < ARRAY_LEN(options); k++)
			if (strcmp(args[i], options[k].name) == 0)
				break;
		if (k < ARRAY_LEN(options) && i + 1 < n_args)
			*options[k].value = args[++i];
		else if (strcmp(args[i], "--no-stream") == 0)
			run.once = true;
		else if (run.prompt == NULL &&
			 (args[i][0] != '-' || args[i][1] == '\0'))
			run.prompt = args[i];
		else
			return cli_usage("run: unexpected ", args[i]);
	}
	if (run.prompt == NULL)
		return cli_usage("run: which file?", "");
	run.arena = arena_new(NULL);
	status = answer(&run, file);
	arena_free(run.arena);
	return status;
}
