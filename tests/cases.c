/* casetool DIR: runs recorded cases and says which differ.  DIR holds
 * template/NAME and unit/NAME.jsonl, as tests/data does, or it is itself a
 * folder of template cases.
 *
 * casetool --render FILE: compiles each line {"ast", "props"} of a file and
 * prints {"value"} or {"error"}, for comparison with another program. */
#include "cases.h"

#include "../common/base/json.h"
#include "../common/base/utf.h"
#include "../common/template/prompt.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- reading */

static void
die(const char *what, const char *why)
{
	(void)fprintf(stderr, "casetool: %s: %s\n", what, why);
	exit(2);
}

static bool
exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

/* The whole file, or nothing (.p is NULL) when there is none. */
struct str
read_file(struct arena *a, const char *path)
{
	struct buf b;
	char part[65536];
	struct str text;
	size_t n;
	FILE *f;

	if ((f = fopen(path, "rb")) == NULL) {
		if (errno != ENOENT)
			die(path, strerror(errno));
		return (struct str){0};
	}
	buf_init(&b, MAX_FILE);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&b, part, n);
	if (ferror(f) || buf_full(&b))
		die(path, "cannot be read");
	(void)fclose(f);
	text = (struct str){arena_strndup(a, buf_str(&b), b.len), b.len};
	buf_free(&b);
	return text;
}

struct js
parse_json(struct arena *a, struct str text, const char *name)
{
	struct err err = {0};
	struct json_in in;
	struct js value;

	json_in_init(&in, text, &err);
	if (json_in_js(&in, a, &value) == -1 || json_in_finish(&in) == -1)
		die(name, err.msg);
	json_in_free(&in);
	return value;
}

struct node *
parse_tree(struct arena *a, struct str text, const char *name)
{
	struct err err = {0};
	struct json_in in;
	struct node *root;

	json_in_init(&in, text, &err);
	if (ast_read(&in, a, &root, &err) == -1)
		die(name, err.msg);
	json_in_free(&in);
	return root;
}

struct str
stringify(struct arena *a, struct js value)
{
	struct buf b;
	struct str text = STR("undefined");

	buf_init(&b, MAX_FILE);
	if (js_stringify(a, &b, value))
		text =
		    (struct str){arena_strndup(a, buf_str(&b), b.len), b.len};
	buf_free(&b);
	return text;
}

/* The tree below a key of a case. */
struct node *
tree_of(struct arena *a, struct js value, const char *name)
{
	return parse_tree(a, stringify(a, value), name);
}

/* --- comparing */

static bool same(struct js a, struct js b);

static bool
same_object(const struct js_object *a, const struct js_object *b)
{
	const struct js *other;
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++) {
		other = js_find(b, a->props[i].key);
		if (other == NULL || !same(a->props[i].value, *other))
			return false;
	}
	return true;
}

static bool
same_array(const struct js_array *a, const struct js_array *b)
{
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (!same(a->items[i], b->items[i]))
			return false;
	return true;
}

/* Values that came from JSON; the order of keys does not count. */
static bool
same(struct js a, struct js b)
{
	if (a.type != b.type)
		return false;
	switch (a.type) {
	case JS_BOOL:
		return a.boolean == b.boolean;
	case JS_NUMBER:
		return a.number == b.number;
	case JS_STRING:
		return str16_eq(a.string, b.string);
	case JS_ARRAY:
		return same_array(a.array, b.array);
	case JS_OBJECT:
		return same_object(a.object, b.object);
	default:
		return true;
	}
}

void
verdict(const struct check *c, bool ok, struct str want, struct str got)
{
	if (ok) {
		c->tally->passed++;
		return;
	}
	c->tally->failed++;
	(void)printf("%s: %s\n  want %.*s\n  got  %.*s\n", c->name, c->what,
	    (int)want.len, want.p, (int)got.len, got.p);
}

void
verdict_text(const struct check *c, struct str want, struct str got)
{
	verdict(c, str_eq(want, got), want, got);
}

struct str
text_of(struct arena *a, struct js value)
{
	return utf8_from(a, js_to_string(a, value));
}

/* WANT comes from JSON; GOT is what JSON.stringify would make of it. */
void
verdict_value(const struct check *c, struct js want, struct js got)
{
	struct str text = stringify(c->arena, got);
	struct js back = JS_UNDEF;

	if (!str_is(text, "undefined"))
		back = parse_json(c->arena, text, c->name);
	verdict(c, same(want, back), stringify(c->arena, want), text);
}

struct str
error_text(struct arena *a, struct err *err)
{
	struct str text = {arena_strdup(a, err->msg), strlen(err->msg)};

	err_free(err);
	return text;
}

/* Texts that only a JavaScript engine or the reference's validator could have
 * made are ours to choose. */
static bool
is_exempt(struct js error, struct str message)
{
	static const char v8[] = "Cannot read properties of";

	return js_is_string(js_get(error, "text"), "any") ||
	       memmem(message.p, message.len, v8, sizeof(v8) - 1) != NULL ||
	       (message.len > 0 && message.p[0] == '[');
}

static void
verdict_error(const struct check *c, struct js error, struct str got)
{
	struct str want = text_of(c->arena, js_get(error, "message"));

	verdict(c, is_exempt(error, want) || str_eq(want, got), want, got);
}

/* Compares what compiling came to with {ok, value | error}. */
static void
verdict_run(const struct check *c, struct js want, int rc, struct js got,
    struct err *err)
{
	bool ok = js_truthy(js_get(want, "ok"));
	struct str text;

	if (rc == 0 && ok) {
		verdict_value(c, js_get(want, "value"), got);
		return;
	}
	text = rc == 0 ? stringify(c->arena, got) : error_text(c->arena, err);
	if (rc == -1 && !ok)
		verdict_error(c, js_get(want, "error"), text);
	else
		verdict(c, false, stringify(c->arena, want), text);
}

/* --- template cases */

static struct js
read_props(struct arena *a, const char *dir)
{
	const char *path = arena_printf(a, "%s/props.json", dir);
	struct str text = read_file(a, path);
	struct js props;

	if (text.p == NULL)
		return JS_UNDEF;
	props = parse_json(a, text, path);
	return props.type == JS_NULL ? JS_UNDEF : props;
}

static void
check_engine(struct check *c, const char *what, const struct node *tree,
    struct js props, struct js want)
{
	struct err err = {0};
	struct js got = JS_UNDEF;
	int rc;

	c->what = what;
	rc = prompt_compile(c->arena, tree, MARKDOWN_2_1, props, &got, &err);
	verdict_run(c, want, rc, got, &err);
}

static void
check_runner(
    struct check *c, const struct node *tree, struct js props, struct js want)
{
	struct err err = {0};
	struct prompt prompt;
	int rc;

	c->what = "runner";
	rc = prompt_load(c->arena, tree, MARKDOWN_2_1, props, &prompt, &err);
	verdict_run(c, want, rc, prompt.compiled, &err);
}

/* A case without a tree is one that a parser refuses. */
static void
check_template(struct check *c, const char *dir)
{
	struct arena *a = c->arena;
	const char *path = arena_printf(a, "%s/expected.json", dir);
	struct js expected = parse_json(a, read_file(a, path), path);
	struct js props = read_props(a, dir), compressed;
	struct node *tree = NULL, *parsed;
	struct str text;

	text = read_file(a, arena_printf(a, "%s/ast.json", dir));
	if (text.p != NULL)
		tree = parse_tree(a, text, dir);
	parsed = check_source(c, dir, expected, tree);
	if (tree == NULL)
		return;
	if (parsed != NULL)
		check_engine(c, "engine, from its source", parsed, props,
		    js_get(expected, "engine"));
	check_engine(c, "engine", tree, props, js_get(expected, "engine"));
	check_engine(c, "engine_no_props", tree, JS_UNDEF,
	    js_get(expected, "engine_no_props"));
	check_runner(c, tree, props, js_get(expected, "runner"));
	text = read_file(a, arena_printf(a, "%s/ast.compressed.json", dir));
	if (text.p == NULL)
		return;
	/* It is recorded only where it differs. */
	compressed = js_get(expected, "engine_compressed");
	if (compressed.type == JS_UNDEFINED)
		compressed = js_get(expected, "engine");
	check_engine(c, "engine_compressed", parse_tree(a, text, dir), props,
	    compressed);
}

static int
visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
run_templates(struct tally *tally, const char *dir)
{
	struct check c = {.tally = tally};
	struct dirent **entries;
	char *path;
	int n, i;

	if ((n = scandir(dir, &entries, visible, alphasort)) < 0)
		die(dir, strerror(errno));
	for (i = 0; i < n; i++) {
		c.arena = arena_new(NULL);
		c.name = entries[i]->d_name;
		path = arena_printf(c.arena, "%s/%s", dir, c.name);
		if (exists(arena_printf(c.arena, "%s/expected.json", path)))
			check_template(&c, path);
		arena_free(c.arena);
		free(entries[i]);
	}
	free(entries);
}

/* Calls FN for each line of TEXT, with an arena of its own. */
void
each_line(struct check *c, struct str text, line_fn *fn, struct js context)
{
	const char *name = c->name, *p = text.p, *end = text.p + text.len;
	const char *stop;
	unsigned number = 1;
	struct js line;

	for (; p < end; p = stop + 1, number++) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (stop == NULL)
			stop = end;
		if (stop == p)
			continue;
		c->arena = arena_new(NULL);
		c->name = arena_printf(c->arena, "%s:%u", name, number);
		line = parse_json(
		    c->arena, (struct str){p, (size_t)(stop - p)}, c->name);
		fn(c, line, context);
		arena_free(c->arena);
	}
}

static int
run_cases(const char *dir)
{
	struct arena *a = arena_new(NULL);
	struct tally tally = {0};
	const char *templates = arena_printf(a, "%s/template", dir);
	const char *unit = arena_printf(a, "%s/unit", dir);

	if (exists(templates) || exists(unit)) {
		if (exists(templates))
			run_templates(&tally, templates);
		run_units(&tally, unit);
	} else {
		run_templates(&tally, dir);
	}
	arena_free(a);
	(void)printf("%u passed, %u failed\n", tally.passed, tally.failed);
	return tally.failed > 0 || tally.passed == 0;
}

/* --- rendering for a comparison */

static void
render_line(struct check *c, struct js line, struct js context)
{
	struct node *tree = tree_of(c->arena, js_get(line, "ast"), c->name);
	struct js result = js_object(c->arena), value;
	struct err err = {0};
	struct str text;

	(void)context;
	if (prompt_compile(c->arena, tree, MARKDOWN_2_1, js_get(line, "props"),
		&value, &err) == 0) {
		js_set_lit(c->arena, result.object, "value", value);
	} else {
		text = error_text(c->arena, &err);
		js_set_lit(c->arena, result.object, "error",
		    js_string_utf8(c->arena, text));
	}
	text = stringify(c->arena, result);
	(void)printf("%.*s\n", (int)text.len, text.p);
}

static int
render_file(const char *path)
{
	struct arena *a = arena_new(NULL);
	struct check c = {.name = path};
	struct str text = read_file(a, path);

	if (text.p == NULL)
		die(path, "is not there");
	each_line(&c, text, render_line, JS_UNDEF);
	arena_free(a);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--render") == 0)
		return render_file(argv[2]);
	if (argc == 2 && argv[1][0] != '-')
		return run_cases(argv[1]);
	(void)fprintf(stderr, "usage: casetool DIR\n"
			      "       casetool --render FILE\n");
	return 2;
}
