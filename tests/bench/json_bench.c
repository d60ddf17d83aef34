/* Prints how many megabytes a second the readers and the printer do, on one
 * large tree that is made of the trees of tests/data/template, or of the files
 * that are named.  A tool for people, not a test. */
#include "../../common/base/ast.h"
#include "../../common/base/json.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TEXT_BYTES = 1 << 20, ROUNDS = 100 };

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void
add_file(struct buf *b, const char *path)
{
	char part[65536];
	size_t n;
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		perror(path);
		exit(2);
	}
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(b, part, n);
	(void)fclose(f);
}

static void
make_text(struct buf *b, char **paths, size_t n)
{
	size_t i;

	buf_adds(b, "{\"type\":\"root\",\"children\":[");
	for (i = 0; b->len < TEXT_BYTES; i++) {
		if (i != 0)
			buf_addc(b, ',');
		add_file(b, paths[i % n]);
	}
	buf_adds(b, "]}");
}

/* Takes what ast_read() passes over out of a tree. */
static void
strip(json_t *json)
{
	json_t *value;
	const char *key;
	size_t i;

	json_array_foreach(json, i, value)
	{
		strip(value);
	}
	(void)json_object_del(json, "position");
	(void)json_object_del(json, "data");
	json_object_foreach(json, key, value)
	{
		strip(value);
	}
}

static json_t *
read_tree(struct str text)
{
	struct err err = {0};
	json_t *tree = json_read(text, &err);

	if (tree != NULL)
		return tree;
	(void)fprintf(stderr, "%s\n", err.msg);
	exit(1);
}

static double
time_tree(struct str text)
{
	double start = now(), seconds;
	json_t *tree = read_tree(text);

	seconds = now() - start;
	json_decref(tree);
	return seconds;
}

/* Jansson's own reader refuses some texts: no time at all. */
static double
time_jansson(struct str text)
{
	double start = now(), seconds;
	json_t *tree = json_loadb(text.p, text.len, JSON_ALLOW_NUL, NULL);

	seconds = now() - start;
	if (tree == NULL)
		return 0;
	json_decref(tree);
	return seconds;
}

static double
time_print(struct str text)
{
	json_t *tree = read_tree(text);
	double start, seconds;
	struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	start = now();
	json_print(&b, tree);
	seconds = now() - start;
	buf_free(&b);
	json_decref(tree);
	return seconds;
}

static double
time_skip(struct str text)
{
	struct err err = {0};
	struct json_in in;
	double start = now(), seconds;

	json_in_init(&in, text, &err);
	if (json_in_skip(&in) != 0)
		exit(1);
	seconds = now() - start;
	json_in_free(&in);
	return seconds;
}

static double
time_ast(struct str text)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct json_in in;
	struct node *root;
	double start = now(), seconds;

	json_in_init(&in, text, &err);
	if (ast_read(&in, a, &root, &err) != 0) {
		(void)fprintf(stderr, "%s\n", err.msg);
		exit(1);
	}
	seconds = now() - start;
	json_in_free(&in);
	arena_free(a);
	return seconds;
}

static void
report(
    const char *what, double (*run)(struct str), struct str text, size_t bytes)
{
	double best = 1e9, seconds;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		seconds = run(text);
		if (seconds < best)
			best = seconds;
	}
	if (best > 0)
		(void)printf(
		    "%-42s %8.1f MB/s\n", what, (double)bytes / best / 1e6);
	else
		(void)printf("%-42s  refused\n", what);
}

static void
run_all(struct str text)
{
	json_t *tree = read_tree(text);
	struct buf lean;
	struct str stripped;

	strip(tree);
	buf_init(&lean, SIZE_MAX / 4);
	json_print(&lean, tree);
	json_decref(tree);
	stripped = (struct str){buf_str(&lean), lean.len};
	(void)printf("%zu bytes, %zu of them position and data\n", text.len,
	    text.len - lean.len);
	report("text to Jansson tree", time_tree, text, text.len);
	report("the same without position and data", time_tree, stripped,
	    lean.len);
	report(
	    "the same by Jansson's own reader", time_jansson, text, text.len);
	report("Jansson tree to text", time_print, text, text.len);
	report("skipping the whole text", time_skip, text, text.len);
	report("ast_read, over all bytes", time_ast, text, text.len);
	report("ast_read, over the skipped bytes", time_ast, text,
	    text.len - lean.len);
	buf_free(&lean);
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir");
	char pattern[4096];
	glob_t found;
	struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	if (argc > 1) {
		make_text(&b, argv + 1, (size_t)argc - 1);
	} else {
		(void)snprintf(pattern, sizeof(pattern),
		    "%s/tests/data/template/*/ast.json",
		    srcdir != NULL ? srcdir : ".");
		if (glob(pattern, 0, NULL, &found) != 0) {
			(void)fprintf(stderr, "nothing at %s\n", pattern);
			return 2;
		}
		make_text(&b, found.gl_pathv, found.gl_pathc);
		globfree(&found);
	}
	run_all((struct str){buf_str(&b), b.len});
	buf_free(&b);
	return 0;
}
