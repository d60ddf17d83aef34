/* Any bytes as the JSON of a tree, and the tree as Markdown: printing it again
 * must give the same, and what is not empty must end in a line end. */
#include "../../common/base/json.h"
#include "../../common/base/utf.h"
#include "../../common/template/markdown.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct str16 md)
{
	uint16_t last;

	if (md.len == 0)
		return;
	last = md.p[md.len - 1];
	if (last != '\n' && last != '\r')
		abort();
}

static void
print(struct arena *a, const struct node *root, enum markdown_style style)
{
	struct err err = {0}, again_err = {0};
	struct str16 md, again;
	int rc = markdown_print(a, root, style, &md, &err);

	if (rc != markdown_print(a, root, style, &again, &again_err))
		abort();
	if (rc == 0) {
		check(md);
		if (!str16_eq(md, again))
			abort();
	}
	err_free(&err);
	err_free(&again_err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct json_in in;
	struct node *root = NULL;

	json_in_init(&in, (struct str){(const char *)data, size}, &err);
	if (ast_read(&in, a, &root, &err) == 0 && root != NULL) {
		print(a, root, MARKDOWN_2_1);
		print(a, root, MARKDOWN_2_2);
	}
	json_in_free(&in);
	err_free(&err);
	arena_free(a);
	return 0;
}
