/* Any bytes as a prompt file that may import a component or itself, and what
 * comes of it rendered and printed.  Whatever is parsed must print. */
#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/base/utf.h"
#include "../../common/mdx/mdx.h"
#include "../../common/template/prompt.h"
#include "../../common/template/source.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char props_text[] =
    "{\"name\":\"N\",\"flag\":true,\"items\":[1,\"*a*\",null,{\"k\":[2]}],"
    "\"x\":\"l1\\n# l2 \",\"lone\":\"\\ud800\"}";

static const char component[] =
    "{props.children}\n\n- a {props.a} {props.b + 1}\n\n<If condition={true}>\n"
    "{props.a}\n</If>\n";

static const char schemas[] =
    "{\"a\":{\"$ref\":\"s#/b\"},\"b\":{\"type\":\"string\"},"
    "\"c~d\":[1,{\"$ref\":\"#/a\"}]}";

/* Paths that begin with a point name the file itself, those with `s` schemas,
 * others a component. */
static int
load(void *arg, struct arena *a, struct str from, struct str path,
    struct source_file *out, struct err *err)
{
	const struct source_file *self = arg;

	(void)a;
	(void)from;
	if (path.len == 0)
		return fail(err, ERR_PROMPT, "no such file");
	*out = (struct source_file){path, STR(component)};
	if (path.p[0] == '.')
		*out = *self;
	if (path.p[0] == 's')
		out->text = STR(schemas);
	return 0;
}

static struct js
read_props(struct arena *a)
{
	struct err err = {0};
	struct json_in in;
	struct js v;

	json_in_init(&in, STR(props_text), &err);
	if (json_in_js(&in, a, &v) != 0)
		abort();
	json_in_free(&in);
	return v;
}

static void
print_as(struct arena *a, const struct node *root, enum markdown_style style)
{
	struct err err = {0};
	struct str16 md;

	if (markdown_print(a, root, style, &md, &err) == -1 &&
	    err.code == ERR_NONE)
		abort();
	err_free(&err);
}

static void
print(struct arena *a, const struct node *root)
{
	print_as(a, root, MARKDOWN_2_1);
	print_as(a, root, MARKDOWN_2_2);
}

/* As it is loaded for a run, and compiled for a person. */
static int
render(struct arena *a, const struct node *root, struct err *err)
{
	struct prompt prompt;
	struct js out;

	if (prompt_load(a, root, MARKDOWN_2_2, read_props(a), &prompt, err) ==
		-1 &&
	    err->msg == NULL)
		abort();
	err_free(err);
	return prompt_compile(a, root, MARKDOWN_2_1, read_props(a), &out, err);
}

/* Twice the same, as a body and as a file. */
static void
parse_body(struct arena *a, struct str text)
{
	struct str16 units = utf16_from(a, text);
	struct err err = {0};
	struct node *root;

	if (mdx_parse(a, units, &root, &err) == 0)
		print(a, root);
	else if (err.code == ERR_NONE || err.msg == NULL)
		abort();
	err_free(&err);
}

static void
parse_file(struct arena *a, struct str text)
{
	struct source_file file = {STR("main.mdx"), text};
	struct source_loader loader = {load, &file};
	struct err err = {0};
	struct node *root;

	int rc = source_parse(a, &file, &loader, &root, &err);

	if (rc == 0) {
		print(a, root);
		rc = render(a, root, &err);
	}
	if (rc == -1 && (err.code == ERR_NONE || err.msg == NULL))
		abort();
	err_free(&err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct arena *a = arena_new(NULL);

	parse_body(a, text);
	parse_file(a, text);
	arena_free(a);
	return 0;
}
