/* Reads prompts for the commands and prints what becomes of them: the tree, or
 * what a model would be asked.  It refuses to ask a model. */
#include "cli_prompt.h"

#include "../common/base/json.h"
#include "../common/base/limits.h"
#include "../common/run/prompt_file.h"
#include "../common/template/prompt.h"
#include "../common/template/source.h"
#include "cli.h"
#include "file.h"
#include "version.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
cli_read(struct arena *a, const char *path, struct str *text, struct err *err)
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

int
cli_props(struct arena *a, const char *path, struct js *props, struct err *err)
{
	struct json_in in;
	struct str text;
	int rc;

	*props = JS_UNDEF;
	if (path == NULL)
		return 0;
	if (cli_read(a, path, &text, err) == -1)
		return -1;
	json_in_init(&in, text, err);
	rc = json_in_js(&in, a, props);
	if (rc == 0)
		rc = json_in_finish(&in);
	json_in_free(&in);
	if (rc == -1)
		err_prefix(err, "%s", path);
	return rc;
}

/* --- prompts */

/* The folder above FILE, a real path, that holds agentmark.json; its own when
 * there is none. */
static const char *
project_of(struct arena *a, const char *file)
{
	char *own = dirname(arena_strdup(a, file)), *dir = own;

	for (;;) {
		if (access(arena_printf(a, "%s/agentmark.json", dir), F_OK) ==
		    0)
			return dir;
		if (strcmp(dir, "/") == 0)
			return own;
		dir = dirname(arena_strdup(a, dir));
	}
}

/* PATH without what leads elsewhere. */
static const char *
real_path(struct arena *a, const char *path, struct err *err)
{
	char *real = realpath(path, NULL);
	const char *copy;

	if (real == NULL) {
		(void)fail(err, ERR_REQUEST, "prompt not found: %s", path);
		return NULL;
	}
	copy = arena_strdup(a, real);
	free(real);
	return copy;
}

const char *
cli_project(struct arena *a, const char *path, struct err *err)
{
	const char *file;

	if (strcmp(path, "-") == 0)
		return ".";
	file = real_path(a, path, err);
	return file != NULL ? project_of(a, file) : NULL;
}

static int
read_source_file(
    struct arena *a, const char *path, struct node **ast, struct err *err)
{
	const char *file = real_path(a, path, err), *root, *below;

	if (file == NULL)
		return -1;
	root = project_of(a, file);
	below = file + strlen(root);
	return prompt_file_read(
	    a, root, (struct str){below, strlen(below)}, ast, err);
}

static bool
is_json(struct str text)
{
	size_t i = 0;

	while (i < text.len && strchr(" \t\r\n", text.p[i]) != NULL)
		i++;
	return i < text.len && text.p[i] == '{';
}

int
cli_prompt(
    struct arena *a, const char *path, struct node **ast, struct err *err)
{
	struct source_file file = {.name = {path, strlen(path)}};
	size_t len = strlen(path);
	int rc;

	*ast = NULL;
	if (len > 4 && strcmp(path + len - 4, ".mdx") == 0)
		return read_source_file(a, path, ast, err);
	if (cli_read(a, path, &file.text, err) == -1)
		return -1;
	if (strcmp(path, "-") == 0 && !is_json(file.text))
		return source_parse(a, &file, NULL, ast, err);
	rc = prompt_file_tree(a, file.text, ast, err);
	if (rc == -1)
		err_prefix(err, "%s", path);
	return rc;
}

/* --- printing */

/* The line that was made, or {"error":…}. */
static int
print_line(struct buf *b, int rc, struct err *err)
{
	if (rc == 0 && buf_full(b))
		rc = fail(err, ERR_PROMPT, "it is too large to be printed");
	if (rc == -1) {
		buf_clear(b);
		buf_adds(b, "{\"error\":");
		json_print_string(b, (struct str){err->msg, strlen(err->msg)});
		buf_addc(b, '}');
	}
	(void)fwrite(buf_str(b), 1, b->len, stdout);
	(void)fputc('\n', stdout);
	err_free(err);
	buf_free(b);
	return rc == 0 ? 0 : EXIT_FAILED;
}

/* What is asked of `render`. */
struct rendering {
	const char *prompt, *props; /* files */
	enum markdown_style style;
};

static int
render(
    struct arena *a, const struct rendering *r, struct buf *b, struct err *err)
{
	struct node *root;
	struct js props, out;

	if (cli_prompt(a, r->prompt, &root, err) == -1 ||
	    cli_props(a, r->props, &props, err) == -1 ||
	    prompt_compile(a, root, r->style, props, &out, err) == -1)
		return -1;
	(void)js_stringify(a, b, out);
	return 0;
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

int
cli_render(const char *file, int n_args, char *const *args)
{
	struct rendering r = {.style = MARKDOWN_2_1};
	const char *style = NULL;
	const struct cli_arg known[] = {
	    {NULL, &r.prompt, NULL},
	    {"--props", &r.props, NULL},
	    {"--markdown", &style, NULL},
	};
	struct err err = {0};
	struct arena *a;
	struct buf b;
	int status;

	(void)file;
	status = cli_args("render", known, ARRAY_LEN(known), n_args, args);
	if (status != 0)
		return status;
	if (style != NULL && !read_style(style, &r.style))
		return cli_usage("render: --markdown cannot be ", style);
	if (r.prompt == NULL)
		return cli_usage("render: which file?", "");
	a = arena_new(NULL);
	buf_init(&b, LIMIT_LINE_BYTES);
	status = print_line(&b, render(a, &r, &b, &err), &err);
	arena_free(a);
	return status;
}

int
cli_parse(const char *file, int n_args, char *const *args)
{
	struct err err = {0};
	struct arena *a;
	struct node *root;
	struct buf b;
	int rc, status;

	(void)file;
	if (n_args != 1)
		return cli_usage(
		    n_args == 0 ? "parse: which file?" : "parse: unexpected ",
		    n_args == 0 ? "" : args[1]);
	a = arena_new(NULL);
	buf_init(&b, LIMIT_LINE_BYTES);
	rc = cli_prompt(a, args[0], &root, &err);
	if (rc == 0)
		ast_print(a, &b, root);
	status = print_line(&b, rc, &err);
	arena_free(a);
	return status;
}
