/* The commands for a person at a terminal, each a thin use of what serves
 * requests too.  They refuse to guess: a wrong use ends with 2. */
#include "cli.h"

#include "../common/base/limits.h"
#include "../common/eval/builtin.h"
#include "../common/net/http.h"
#include "cli_prompt.h"
#include "conf.h"
#include "conf_vendor.h"
#include "doc.h"
#include "study.h"
#include "version.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
print_signature(const struct conf *conf, const char *path)
{
	struct arena *a = arena_new(NULL);
	char signature[SIGN_LEN + 1];
	struct err err = {0};
	struct str body;
	int status = EXIT_FAILED;

	if (cli_read(a, path, &body, &err) == -1) {
		(void)fprintf(stderr, PROGRAM ": %s\n", err.msg);
	} else {
		sign_body(conf->secrets.items[0].key, body, signature);
		(void)printf("x-agentmark-signature-256: %s\n", signature);
		status = 0;
	}
	err_free(&err);
	arena_free(a);
	return status;
}

static int
run_sign(const char *file, int n_args, char *const *args)
{
	struct conf *conf;
	int status = EXIT_FAILED;

	if (n_args > 1)
		return cli_usage("sign: unexpected ", args[1]);
	conf = conf_load(&(struct conf_source){.file = file});
	if (conf->secrets.n != 0)
		status = print_signature(conf, n_args == 1 ? args[0] : "-");
	else
		(void)fprintf(stderr,
		    PROGRAM ": there is no secret to sign with; "
			    "`" PROGRAM " check` says more\n");
	conf_free(conf);
	return status;
}

static int
run_evals(const char *file, int n_args, char *const *args)
{
	struct buf b;

	(void)file;
	if (n_args > 0)
		return cli_usage("evals: unexpected ", args[0]);
	buf_init(&b, LIMIT_LINE_BYTES);
	builtin_print_docs(&b);
	(void)fwrite(buf_str(&b), 1, b.len, stdout);
	buf_free(&b);
	return 0;
}

static int
run_providers(const char *file, int n_args, char *const *args)
{
	(void)file;
	if (n_args > 0)
		return cli_usage("providers: unexpected ", args[0]);
	conf_vendors_print(stdout);
	return 0;
}

static int
run_example(const char *file, int n_args, char *const *args)
{
	(void)file;
	if (n_args > 0)
		return cli_usage("example: unexpected ", args[0]);
	doc_example(stdout);
	return 0;
}

static int
run_man(const char *file, int n_args, char *const *args)
{
	(void)file;
	if (n_args > 1)
		return cli_usage("man: unexpected ", args[1]);
	if (n_args == 0 || strcmp(args[0], "1") == 0)
		doc_man_program(stdout);
	else if (strcmp(args[0], "5") == 0)
		doc_man_file(stdout);
	else
		return cli_usage("man: there is no page in section ", args[0]);
	return 0;
}

static int
run_help(const char *file, int n_args, char *const *args)
{
	(void)file;
	(void)n_args;
	(void)args;
	doc_help(stdout);
	return 0;
}

static int
run_version(const char *file, int n_args, char *const *args)
{
	struct err err = {0};
	const char *tls = http_tls(&err);

	(void)file;
	(void)n_args;
	(void)args;
	(void)printf(PROGRAM " " PACKAGE_VERSION " (renders like " TEMPLATEDX
			     ", answers like " AGENTMARK ")\nTLS: %s\n",
	    tls != NULL ? tls : err.msg);
	err_free(&err);
	return 0;
}

const struct command cli_commands[] = {
    {"render", "FILE [--props FILE] [--markdown 2.1|2.2]", cli_render,
	"Prints the compiled prompt, messages and configuration, as one line "
	"of JSON, or an object with the key error and status 1.  FILE is a "
	"prompt's source (.mdx) or its tree in JSON, as it is posted or as "
	"`agentmark build` wrote it; - is standard input.  Without --props "
	"there are no props; --markdown is the option templates.markdown, "
	"which is not read from the configuration."},
    {"parse", "FILE", cli_parse,
	"Prints the tree of a prompt's source as one line of JSON, with what "
	"it imports in place; or an object with the key error and status 1.  "
	"The error begins with the place, and its second line is the one that "
	"offends."},
    {"run",
	"FILE [--props FILE] [--no-stream] [--output DIR] [--url URL [--secret "
	"SECRET]]",
	cli_run_prompt,
	"Runs a prompt right here, with the providers of the configuration, "
	"or posts it to the endpoint at URL, signed with SECRET (itself, "
	"env:NAME or file:PATH; without it the one that is configured).  Text "
	"appears as it comes, objects are indented, images and speech become "
	"files in DIR (the current one) whose names are printed; tool calls, "
	"tokens and errors go to standard error.  Ends with status 1 for any "
	"error, one in the middle of a stream too."},
    {"experiment", "PROMPT... [OPTION]...", cli_experiment,
	"Runs prompts over a dataset, scores every row and tells what that is "
	"worth: right here, with the providers of the configuration, or at an "
	"endpoint.  Ends with status 1 when a gate or a row has failed or rows "
	"are missing, with 2 when nothing could run.  A first Ctrl-C ends it "
	"in good order, a second one at once."},
    {"merge", "RUN... [OPTION]...", cli_merge,
	"Makes one run of its shards, wherever they ran, and reports on it as "
	"`experiment` does, with its options --threshold, --gate, --baseline, "
	"--confidence, --seed, --format and --output.  RUN is the path or the "
	"id of a journal.  Of rows that are there twice the last good answer "
	"counts; shards and rows that are missing are told, and end this with "
	"status 1."},
    {"report", "RUN... [OPTION]...", cli_report,
	"The same report for each run by itself; several are compared with "
	"the first one."},
    {"relay", "--to URL [--secret-file FILE] [--listen HOST:PORT]", cli_relay,
	"For programs on this machine that post to an address but cannot sign, "
	"as AgentMark's CLI: takes their posts at localhost:9417 (HOST is "
	"localhost, 127.0.0.1 or [::1]), signs them, posts them to the "
	"endpoint "
	"at URL and hands its answers back as they come.  The secret is the "
	"first line of FILE, or the first that is configured, for instance in "
	"AGENTMARK_WEBHOOK_SECRET.  Requests that name another host, that come "
	"from a page in a browser or are no JSON are refused."},
    {"sign", "[FILE]", run_sign,
	"Prints the header that signs a body, read from FILE or standard "
	"input, with the first configured secret."},
    {"init",
	"[--server NAME] [--path PATH] [--provider NAME] [--key "
	"env:NAME|file:PATH] [--group NAME] [--force]",
	init_command,
	"Configures the program.  Asks what the options do not tell: the web "
	"server (lighttpd, lighttpd-socket, apache-fcgid, apache-proxy, "
	"apache-cgi, nginx, caddy, cgi-bin or none), the path of the URL, the "
	"provider of models and where its key comes from, and the file of the "
	"configuration (the option --config).  Makes a secret, writes the "
	"configuration, the secret and the snippet for the web server beside "
	"each other, and prints what AgentMark has to be told and what to do "
	"next.  A key may be typed when it is asked for; it is kept in a file. "
	" What is secret has mode 0600, or, made by root, 0640 for the group "
	"of web servers (--group).  Files that are there are not overwritten "
	"without --force, and a secret never is."},
    {"check",
	"[--offline] [--json] | --url URL [--secret-file FILE] [--silence "
	"SECONDS] [--json]",
	cli_check,
	"Tells what the configuration means and what is wrong with it, and "
	"tries what it names within some seconds: directories, programs, "
	"judges, the store, and, unless --offline is there, keys of "
	"providers, MCP servers and all addresses, by requests that cost "
	"nothing.  With --url it tries a mount from outside instead, with the "
	"first secret that is configured or the first line of FILE, and the "
	"built-in model alone: signatures, streaming, large bodies, "
	"compression, requests at once, and with --silence whether a stream "
	"may be silent for so long (as 65).  A line for each finding: ok, "
	"warning, error or not tried, and what mends it; --json prints one "
	"object instead.  Ends with status 1 when there was an error, or "
	"requests would be answered 503.  Secrets are not printed."},
    {"pool",
	"[--listen SOCKET|ADDR:PORT] [--min N] [--max N] [OPTION VALUE]...",
	pool_command,
	"Listens, and keeps FastCGI workers, each of which serves one request "
	"at a time: no fewer than --min (1), no more than --max (64), and so "
	"many that --min-spare (1) to --max-spare (4) are idle.  It listens "
	"at a path, whose file gets --mode (0660) and --owner (USER, :GROUP or "
	"both), or at an address in numbers; without --listen, at the socket "
	"that is passed as descriptor 0 or by systemd.  A worker that has "
	"served --max-requests or has grown beyond --max-memory (in MiB) is "
	"replaced by another (0, never), and so is one that dies: at once, and "
	"after "
	"1 to 30 s when workers die young again and again.  SIGHUP reads the "
	"configuration again: when it is good all workers are replaced, the "
	"old ones after their request and within --reload-timeout (30m), "
	"otherwise they stay.  SIGTERM and SIGINT end the pool: requests may "
	"go on for --stop-timeout (10s).  The log counts the workers once a "
	"minute, and at SIGUSR2.  TIME is seconds, or has a unit: ms, s, m, "
	"h."},
    {"evals", "", run_evals,
	"Prints what the built-in evals do and which options they take."},
    {"providers", "", run_providers,
	"Prints the vendors that are known without being configured, as a "
	"table: names, drivers, addresses, the variables of their keys, what "
	"can be asked of them and how they differ from the rest."},
    {"tools", "", cli_tools,
	"Prints the tools that prompts may name: those that are configured, "
	"and those of the MCP servers, which are asked now; with status 1 "
	"when one of them cannot be."},
    {"runs", "", cli_runs,
	"Lists the journals of experiments, the newest first: when each "
	"began, whether it runs, is complete or was cut off and can be gone "
	"on with (data.resume), its name and its dataset."},
    {"purge", "[--older-than DAYS | --all]", cli_purge,
	"Removes the journals of experiments that nobody writes and that were "
	"last written before so many days, and answers that have been kept for "
	"so long; without a number those that are older than "
	"experiments.retention_days and experiments.cache_days."},
    {"example", "", run_example,
	"Prints a configuration file that explains every option."},
    {"man", "[1|5]", run_man,
	"Prints a manual page, for man -l: this one (1), or that of the "
	"configuration (5)."},
    {"help", "", run_help, "Prints this; so does --help."},
    {"version", "", run_version,
	"Prints the version, those of AgentMark that it matches, and that of "
	"the library that speaks TLS; so does --version."},
};
const size_t cli_n_commands = ARRAY_LEN(cli_commands);

const struct cli_option *
cli_options_of(const struct command *c)
{
	return c->run == cli_experiment ? study_options : NULL;
}

int
cli_options(int argc, char *const *argv, const char **file)
{
	static const char option[] = "--config";
	size_t len = sizeof(option) - 1;

	*file = NULL;
	if (argc < 1 || strncmp(argv[0], option, len) != 0)
		return 0;
	if (argv[0][len] == '=') {
		*file = argv[0] + len + 1;
		return 1;
	}
	if (argv[0][len] != '\0')
		return 0;
	if (argc < 2) {
		(void)cli_usage("--config: which file?", "");
		return -1;
	}
	*file = argv[1];
	return 2;
}

int
cli_run(const char *file, int argc, char *const *argv)
{
	const char *name = argv[0];
	size_t i;
	int status;

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		name = "version";
	for (i = 0; i < cli_n_commands; i++) {
		if (strcmp(cli_commands[i].name, name) != 0)
			continue;
		status = cli_commands[i].run(file, argc - 1, argv + 1);
		if (fflush(stdout) != 0 || ferror(stdout)) {
			(void)fprintf(
			    stderr, PROGRAM ": cannot write the output\n");
			return EXIT_FAILED;
		}
		return status;
	}
	return cli_usage("there is no command ", name);
}

int
cli_lost(const char *file)
{
	struct conf *conf = conf_load(&(struct conf_source){.file = file});
	const struct conf_note *note = conf->notes.items;
	size_t i;

	(void)fprintf(stderr,
	    PROGRAM ": a web server starts this program, as CGI or FastCGI; "
		    "here is neither a request\nnor a listening socket.  "
		    "`" PROGRAM " --help` lists what else it can do.\n");
	for (i = 0; i < conf->notes.n; i++)
		if (note[i].code != CONF_OK)
			(void)fprintf(stderr, "to mend: %s\n", note[i].text);
	if (conf->code == CONF_OK)
		(void)fprintf(stderr, "The configuration is complete.\n");
	conf_free(conf);
	return EXIT_USAGE;
}
