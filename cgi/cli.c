/* The commands for a person at a terminal, each a thin use of what serves
 * requests too.  They refuse to guess: a wrong use ends with 2. */
#include "cli.h"

#include "../common/base/json.h"
#include "../common/base/limits.h"
#include "../common/eval/builtin.h"
#include "../common/template/prompt.h"
#include "check.h"
#include "doc.h"
#include "file.h"
#include "version.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

static int
usage(const char *problem, const char *what)
{
	(void)fprintf(stderr, PROGRAM ": %s%s\nTry `" PROGRAM " --help`.\n",
	    problem, what);
	return EXIT_USAGE;
}

/* A file, or standard input for "-"; freed by the arena. */
static int
read_input(struct arena *a, const char *path, struct str *text, struct err *err)
{
	struct stat st;
	struct buf b;
	int rc;

	buf_init(&b, LIMIT_BODY_BYTES_MAX);
	if (strcmp(path, "-") == 0)
		rc = file_read_fd(STDIN_FILENO, "standard input", &b, err);
	else
		rc = file_read(path, &b, &st, NULL, err);
	if (rc == 0)
		*text =
		    (struct str){arena_strndup(a, buf_str(&b), b.len), b.len};
	buf_free(&b);
	return rc;
}

/* Enters the `ast` of what `agentmark build` wrote; 1 when there is one. */
static int
find_ast(struct json_in *in)
{
	struct str key;
	int rc;

	if (json_in_peek(in) != JSON_IN_OBJECT)
		return 0;
	if (json_in_enter(in) == -1)
		return -1;
	while ((rc = json_in_key(in, &key)) == 1) {
		if (key.len == 3 && memcmp(key.p, "ast", 3) == 0)
			return 1;
		if (json_in_skip(in) == -1)
			return -1;
	}
	return rc;
}

static int
read_tree(struct arena *a, struct str text, struct node **root, struct err *err)
{
	struct json_in in;
	int rc;

	json_in_init(&in, text, err);
	rc = find_ast(&in);
	if (rc == 0) {
		json_in_free(&in);
		json_in_init(&in, text, err);
	}
	if (rc != -1)
		rc = ast_read(&in, a, root, err);
	json_in_free(&in);
	if (rc == 0 && *root == NULL)
		return fail(err, ERR_PROMPT, "the AST must be an object");
	return rc;
}

static int
read_props(struct arena *a, const char *path, struct js *props, struct err *err)
{
	struct json_in in;
	struct str text;
	int rc;

	*props = JS_UNDEF;
	if (path == NULL)
		return 0;
	if (read_input(a, path, &text, err) == -1)
		return -1;
	json_in_init(&in, text, err);
	rc = json_in_js(&in, a, props);
	if (rc == 0)
		rc = json_in_finish(&in);
	json_in_free(&in);
	return rc;
}

/* What is asked of `render`. */
struct rendering {
	const char *ast, *props; /* files */
	enum markdown_style style;
};

static int
render(
    struct arena *a, const struct rendering *r, struct js *out, struct err *err)
{
	struct node *root = NULL;
	struct str text;
	struct js props;

	if (read_input(a, r->ast, &text, err) == -1 ||
	    read_tree(a, text, &root, err) == -1) {
		err_prefix(err, "%s", r->ast);
		return -1;
	}
	if (read_props(a, r->props, &props, err) == -1) {
		err_prefix(err, "%s", r->props);
		return -1;
	}
	return prompt_compile(a, root, r->style, props, out, err);
}

static int
print_rendered(struct arena *a, const struct rendering *r)
{
	struct err err = {0};
	struct js out = JS_UNDEF;
	struct buf b;
	int status = 0;

	buf_init(&b, LIMIT_LINE_BYTES);
	if (render(a, r, &out, &err) == 0) {
		(void)js_stringify(a, &b, out);
	} else {
		status = EXIT_FAILED;
		buf_adds(&b, "{\"error\":");
		json_print_string(&b, (struct str){err.msg, strlen(err.msg)});
		buf_addc(&b, '}');
	}
	(void)fwrite(buf_str(&b), 1, b.len, stdout);
	(void)fputc('\n', stdout);
	err_free(&err);
	buf_free(&b);
	return status;
}

static bool
read_style(const char *arg, enum markdown_style *style)
{
	static const char *const names[] = {
	    [MARKDOWN_2_1] = "2.1", [MARKDOWN_2_2] = "2.2"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		*style = (enum markdown_style)i;
		if (strcmp(arg, names[i]) == 0)
			return true;
	}
	return false;
}

static int
run_render(const char *file, int n_args, char *const *args)
{
	struct rendering r = {.style = MARKDOWN_2_1};
	struct arena *a;
	int i, status;

	(void)file;
	for (i = 0; i < n_args; i++) {
		if (strcmp(args[i], "--props") == 0 && i + 1 < n_args)
			r.props = args[++i];
		else if (strcmp(args[i], "--markdown") == 0 && i + 1 < n_args &&
			 read_style(args[i + 1], &r.style))
			i++;
		else if (r.ast == NULL &&
			 (args[i][0] != '-' || args[i][1] == '\0'))
			r.ast = args[i];
		else
			return usage("render: unexpected ", args[i]);
	}
	if (r.ast == NULL)
		return usage("render: which file?", "");
	a = arena_new(NULL);
	status = print_rendered(a, &r);
	arena_free(a);
	return status;
}

static int
print_signature(const struct conf *conf, const char *path)
{
	struct arena *a = arena_new(NULL);
	char signature[SIGN_LEN + 1];
	struct err err = {0};
	struct str body;
	int status = EXIT_FAILED;

	if (read_input(a, path, &body, &err) == -1) {
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
	struct conf_source source = {.file = file};
	struct conf *conf;
	int status = EXIT_FAILED;

	if (n_args > 1)
		return usage("sign: unexpected ", args[1]);
	conf = conf_load(&source);
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
run_check(const char *file, int n_args, char *const *args)
{
	struct conf_source source = {.file = file};
	struct conf *conf;
	int status;

	if (n_args > 0)
		return usage("check: unexpected ", args[0]);
	conf = conf_load(&source);
	check_print(stdout, conf);
	status = conf->code == CONF_OK ? 0 : EXIT_FAILED;
	conf_free(conf);
	return status;
}

static int
run_evals(const char *file, int n_args, char *const *args)
{
	struct buf b;

	(void)file;
	if (n_args > 0)
		return usage("evals: unexpected ", args[0]);
	buf_init(&b, LIMIT_LINE_BYTES);
	builtin_print_docs(&b);
	(void)fwrite(buf_str(&b), 1, b.len, stdout);
	buf_free(&b);
	return 0;
}

static int
run_example(const char *file, int n_args, char *const *args)
{
	(void)file;
	if (n_args > 0)
		return usage("example: unexpected ", args[0]);
	doc_example(stdout);
	return 0;
}

static int
run_man(const char *file, int n_args, char *const *args)
{
	(void)file;
	if (n_args > 0)
		return usage("man: unexpected ", args[0]);
	doc_man(stdout);
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
	(void)file;
	(void)n_args;
	(void)args;
	(void)printf(
	    PROGRAM " " PACKAGE_VERSION " (renders like " TEMPLATEDX ")\n");
	return 0;
}

const struct command cli_commands[] = {
    {"render", "AST.json [--props FILE] [--markdown 2.1|2.2]", run_render,
	"Prints the compiled prompt, messages and configuration, as one line "
	"of JSON, or an object with the key error and status 1.  AST.json is "
	"a tree as it is posted, or what `agentmark build` wrote; - is "
	"standard input.  Without --props there are no props; --markdown is "
	"the option templates.markdown, which is not read from the file."},
    {"sign", "[FILE]", run_sign,
	"Prints the header that signs a body, read from FILE or standard "
	"input, with the first configured secret."},
    {"check", "", run_check,
	"Tells what the configuration means and what is wrong with it, and "
	"ends with status 1 when requests would be answered 503.  Secrets "
	"are not printed."},
    {"evals", "", run_evals,
	"Prints what the built-in evals do and which options they take."},
    {"example", "", run_example,
	"Prints a configuration file that explains every option."},
    {"man", "", run_man, "Prints the manual page."},
    {"help", "", run_help, "Prints this; so does --help."},
    {"version", "", run_version,
	"Prints the version, and that of the renderer that it matches; so "
	"does --version."},
};
const size_t cli_n_commands = ARRAY_LEN(cli_commands);

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
		(void)usage("--config: which file?", "");
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
	return usage("there is no command ", name);
}

int
cli_lost(const char *file)
{
	struct conf_source source = {.file = file};
	struct conf *conf = conf_load(&source);
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
