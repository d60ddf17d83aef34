/* Reads bytes as the tree of a prompt and loads it: frontmatter, the walk with
 * every tag, Markdown and validation.  The tree's own limits must hold. */
#include "../../common/base/json.h"
#include "../../common/template/prompt.h"
#include "../../common/template/url.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char props_text[] =
    "{\"name\":\"N\",\"flag\":true,\"items\":[1,\"*a*\",null,{\"k\":[2]}],"
    "\"x\":\"l1\\n# l2 \",\"lone\":\"\\ud800\"}";

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct prompt prompt;
	struct json_in in;
	struct node *root;
	struct js out;

	json_in_init(&in, text, &err);
	if (ast_read(&in, a, &root, &err) == 0) {
		if (prompt_load(a, root, MARKDOWN_2_2, read_props(a), &prompt,
			&err) == -1 &&
		    (err.code == ERR_NONE || err.msg == NULL))
			abort();
		err_free(&err);
		(void)prompt_compile(
		    a, root, MARKDOWN_2_1, read_props(a), &out, &err);
	}
	(void)url_valid(text);
	json_in_free(&in);
	err_free(&err);
	arena_free(a);
	return 0;
}
