/* Another model in a prompt: a table of frontmatters and what becomes of them,
 * to the byte. */
#include "../../common/base/utf.h"
#include "../../common/template/prompt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *yaml, *result; /* of an error: how it begins */
} rows[] = {
    {"name: p\ntext_config:\n  model_name: a # why\n  temperature: 1.0\nd: "
     "2020-01-01\n",
	"name: p\ntext_config:\n  model_name: \"new/m\\\"x\" # why\n  "
	"temperature: 1.0\nd: 2020-01-01\n"},
    {"text_config: {model_name: 'it''s', top_p: .5}",
	"text_config: {model_name: \"new/m\\\"x\", top_p: .5}"},
    {"{\"text_config\":{\"model_name\":\"a\"}}",
	"{\"text_config\":{\"model_name\":\"new/m\\\"x\"}}"},
    {"text_config:\n  model_name: >-\n    a\n  top_p: 1\n",
	"text_config:\n  model_name: \"new/m\\\"x\"\n  top_p: 1\n"},
    /* Places are characters, not bytes. */
    {"name: \"\u00e4\U0001f600\"\nimage_config: {model_name: \u00e9x}\n",
	"name: \"\u00e4\U0001f600\"\nimage_config: {model_name: "
	"\"new/m\\\"x\"}\n"},
    /* Rows are run by the text's configuration. */
    {"object_config: {model_name: o}\ntext_config: {model_name: t}",
	"object_config: {model_name: o}\ntext_config: {model_name: "
	"\"new/m\\\"x\"}"},
    {"a: {model_name: no}\nspeech_config:\n  model_name:\n",
	"a: {model_name: no}\nspeech_config:\n  model_name: \"new/m\\\"x\"\n"},
    {"m: &m a\ntext_config: {model_name: *m}",
	"another model: the prompt's model_name is an alias"},
    {"m: &m {model_name: a}\ntext_config: *m",
	"another model: text_config of the prompt is an alias"},
    {"m: &m {model_name: a}\ntext_config: {<<: *m}",
	"another model: the prompt's text_config has no model_name"},
    {"text_config: {top_p: 1}",
	"another model: the prompt's text_config has no model_name"},
    {"name: p", "another model: the prompt has no configuration of one"},
    {"text_config: {", "did not find"},
};

static const char *
change(struct arena *a, const char *yaml)
{
	struct node text = {.kind = NODE_TEXT}, front = {.kind = NODE_YAML};
	struct node *children[] = {&text, &front};
	struct node root = {.kind = NODE_ROOT,
	    .has_children = true,
	    .children = children,
	    .n_children = 2};
	const struct node *out;
	struct err err = {0};
	const char *result;
	struct str s;

	front.value = js_string_utf8(a, (struct str){yaml, strlen(yaml)});
	if (prompt_with_model(
		a, &root, PROMPT_FOR_ROWS, "new/m\"x", &out, &err) == -1) {
		result = arena_strdup(a, err.msg);
		err_free(&err);
		return result;
	}
	s = utf8_from(a, front.value.string);
	assert_string_equal(arena_strndup(a, s.p, s.len), yaml);
	assert_ptr_equal(out->children[0], &text);
	s = utf8_from(a, out->children[1]->value.string);
	return arena_strndup(a, s.p, s.len);
}

static void
changes_the_model_alone(void **state)
{
	struct arena *a = arena_new(NULL);
	const char *got;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		got = change(a, rows[i].yaml);
		if (strncmp(got, rows[i].result, strlen(rows[i].result)) != 0)
			fail_msg("%s\nbecame\n%s", rows[i].yaml, got);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(changes_the_model_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
