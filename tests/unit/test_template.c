/* The parts of the renderer that recorded cases do not reach: the order of
 * jobs, arrow functions by their syntax, loops without a body, what validation
 * says, URLs, and the limits. */
#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/base/utf.h"
#include "../../common/mdx/arrow.h"
#include "../../common/template/prompt.h"
#include "../../common/template/queue.h"
#include "../../common/template/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- the queue */

struct trace {
	struct queue queue;
	char text[64];
};

struct step {
	struct trace *trace;
	const char *name;
};

static void
note(void *arg, struct outcome outcome)
{
	struct step *step = arg;
	size_t len = strlen(step->trace->text);

	(void)snprintf(step->trace->text + len, sizeof(step->trace->text) - len,
	    "%s%s", step->name, outcome.state == PROMISE_REJECTED ? "!" : "");
}

static void
jobs_run_in_order(void **state)
{
	struct arena *a = arena_new(NULL);
	struct trace trace = {.text = ""};
	struct queue *q = &trace.queue;
	struct step names[] = {{&trace, "a"}, {&trace, "b"}, {&trace, "c"},
	    {&trace, "d"}, {&trace, "e"}};
	struct promise *late, *follower, *both[2];

	(void)state;
	queue_init(q, a);
	late = promise_new(q);
	follower = promise_new(q);
	promise_then(q, late, note, &names[0]);
	promise_follow(q, late, follower);
	promise_then(q, follower, note, &names[1]); /* later than a */
	promise_then(q, promise_of(q, NULL), note, &names[2]);
	promise_then(q, promise_all(q, NULL, 0), note, &names[3]);
	both[0] = late;
	both[1] = promise_failed(q, "no");
	promise_then(q, promise_all(q, both, 2), note, &names[4]);
	promise_fulfil(q, late, NULL);
	promise_reject(q, late, "too late");
	assert_string_equal(trace.text, "");
	queue_run(q);
	assert_string_equal(trace.text, "cdae!b");
	arena_free(a);
}

/* --- arrow functions */

static const struct {
	const char *source, *want; /* "-": none; "?": not simple */
} arrows[] = {
    {"x => x", "x"},
    {"(item) => (<>{item}</>)", "item"},
    {"(item, i) => 1", "item,i"},
    {" ( /* , */ a , // )\n b, ) => 1", "a,b"},
    {"() => 1", ""},
    {"async (a) => a", "a"},
    {"async a => a", "a"},
    {"async => 1", "async"},
    {"((x) => x)", "x"},
    {"( ( ( x => x ) ) )", "x"},
    {"({a, b}) => a", "?"},
    {"([a], b) => a", "?"},
    {"(a = \")\") => a", "?"},
    {"(a = f(1, 2), b) => a", "?"},
    {"(...rest) => 1", "?"},
    {"($x, _y, \xc3\xa9) => 1", "$x,_y,\xc3\xa9"},
    {"props.items", "-"},
    {"f(x => x)", "-"},
    {"(a, b)", "-"},
    {"\"x => y\"", "-"},
    {"a, b => c", "-"},
    {"function (x) { return x }", "-"},
    {"", "-"},
    {"((((", "-"},
};

static const char *
describe(struct arena *a, const struct arrow *arrow)
{
	const char *text = "";
	struct str name;
	size_t i;

	if (!arrow->is_arrow)
		return "-";
	if (!arrow->simple)
		return "?";
	for (i = 0; i < arrow->n_params; i++) {
		name = utf8_from(a, arrow->params[i]);
		text = arena_printf(a, "%s%s%.*s", text, i > 0 ? "," : "",
		    (int)name.len, name.p);
	}
	return text;
}

static void
arrows_are_found(void **state)
{
	struct arena *a = arena_new(NULL);
	struct str text;
	const char *got;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(arrows); i++) {
		text = (struct str){arrows[i].source, strlen(arrows[i].source)};
		got = describe(a, arrow_find(a, utf16_from(a, text)));
		if (strcmp(got, arrows[i].want) != 0)
			fail_msg("%s: want %s, got %s", arrows[i].source,
			    arrows[i].want, got);
	}
	arena_free(a);
}

/* --- prompts */

static struct node *
tree(struct arena *a, const char *frontmatter, const char *children)
{
	const char *json = arena_printf(a,
	    "{\"children\":[{\"type\":\"yaml\",\"value\":\"%s\"}%s%s]}",
	    frontmatter, *children != '\0' ? "," : "", children);
	struct err err = {0};
	struct json_in in;
	struct node *root;

	json_in_init(&in, (struct str){json, strlen(json)}, &err);
	assert_int_equal(ast_read(&in, a, &root, &err), 0);
	json_in_free(&in);
	return root;
}

#define TEXT "name: x\\ntext_config: {model_name: m}"

/* The error of loading, or the compiled prompt as JSON. */
static const char *
load(struct arena *a, const char *frontmatter, const char *children)
{
	struct err err = {0};
	struct prompt prompt;
	const char *text;
	struct buf b;

	if (prompt_load(a, tree(a, frontmatter, children), MARKDOWN_2_1,
		JS_UNDEF, &prompt, &err) == -1) {
		text = arena_strdup(a, err.msg);
		err_free(&err);
		return text;
	}
	buf_init(&b, 1 << 20);
	(void)js_stringify(a, &b, prompt.compiled);
	text = arena_strdup(a, buf_str(&b));
	buf_free(&b);
	return text;
}

#define LOOP(children)                                                         \
	"{\"type\":\"mdxJsxFlowElement\",\"name\":\"ForEach\","                \
	"\"attributes\":[],\"children\":[" children "]}"
#define CODE(source) "{\"type\":\"mdxFlowExpression\",\"value\":\"" source "\"}"
#define PREFIX "Error processing MDX JSX Element: "

static const struct {
	const char *children, *want;
} loops[] = {
    {LOOP(""), PREFIX "ForEach expects exactly one child function."},
    {LOOP(CODE("a") "," CODE("b")),
	PREFIX "ForEach expects exactly one child function."},
    {LOOP(CODE("a")), PREFIX "ForEach expects a function as its child."},
    {LOOP("{\"type\":\"mdxTextExpression\",\"value\":\"a => a\"}"),
	PREFIX "ForEach expects a function as its child."},
    {LOOP("{\"type\":\"text\",\"value\":\"a => a\"}"),
	PREFIX "ForEach expects a function as its child."},
    {LOOP(CODE("({a}) => 1")), PREFIX "Only simple identifiers are supported "
				      "as function parameters."},
    {LOOP(CODE("() => 1")),
	PREFIX "Function must have at least one parameter."},
};

static void
loops_are_checked(void **state)
{
	struct arena *a = arena_new(NULL);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(loops); i++)
		assert_string_equal(
		    load(a, TEXT, loops[i].children), loops[i].want);
	arena_free(a);
}

/* Built prompts have no `data`: the function is found by its syntax. */
static void
loops_need_no_data(void **state)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct js out, messages;

	(void)state;
	assert_int_equal(
	    prompt_compile(a,
		tree(a, TEXT,
		    "{\"type\":\"mdxJsxFlowElement\",\"name\":\"User\","
		    "\"attributes\":[],\"children\":[{\"type\":"
		    "\"mdxJsxFlowElement\",\"name\":\"ForEach\","
		    "\"attributes\":[{\"type\":\"mdxJsxAttribute\",\"name\":"
		    "\"arr\",\"value\":{\"type\":"
		    "\"mdxJsxAttributeValueExpression\",\"value\":\"[1, 2]\"}}"
		    "],\"children\":[" CODE("x => <b>{x}</b>") "]}]}"),
		MARKDOWN_2_1, JS_UNDEF, &out, &err),
	    0);
	messages = js_get(out, "messages");
	assert_int_equal(messages.array->n, 1);
	assert_true(js_is_string(js_get(messages.array->items[0], "content"),
	    "<b>\n  1\n</b>\n\n<b>\n  2\n</b>"));
	err_free(&err);
	arena_free(a);
}

#define USER(children)                                                         \
	"{\"type\":\"mdxJsxFlowElement\",\"name\":\"User\",\"attributes\":[]," \
	"\"children\":[" children "]}"
#define IMAGE(url)                                                             \
	"{\"type\":\"mdxJsxFlowElement\",\"name\":\"ImageAttachment\","        \
	"\"attributes\":[{\"type\":\"mdxJsxAttribute\",\"name\":\"image\","    \
	"\"value\":\"" url "\"}],\"children\":[]}"

static const struct {
	const char *frontmatter, *children, *want;
} prompts[] = {
    {"", "", "the prompt has no frontmatter"},
    {"# c", "", "the prompt's frontmatter is empty"},
    {"name: x", "", "Invalid prompt"},
    {"words", "", "Invalid prompt"},
    {TEXT, "",
	"{\"name\":\"x\",\"messages\":[],\"text_config\":{\"model_name\":"
	"\"m\"}}"},
    {"text_config: {}", "",
	"name: is missing; text_config.model_name: is missing"},
    {"name: 1\\ntext_config: {model_name: m, temperature: hot, top_p: .nan, "
     "tools: [a, 1], tool_choice: any}",
	"",
	"name: expected a string, got a number; text_config.temperature: "
	"expected a number, got a string; text_config.top_p: expected a "
	"number, got NaN; text_config.tools[1]: expected a string, got a "
	"number; text_config.tool_choice: must be auto, none, required or "
	"{type: tool, tool_name: NAME}"},
    {"name: x\\ntext_config: {model_name: m, tool_choice: {type: tool}}", "",
	"text_config.tool_choice.tool_name: is missing"},
    {"name: x\\ntext_config: {model_name: m, temperature: -.inf}", "",
	"text_config.temperature: expected a number, got Infinity"},
    {"name: x\\ntext_config: m", "",
	"text_config: expected an object, got a string"},
    {"name: x\\nobject_config: {model_name: m}", "",
	"object_config.schema: is missing"},
    {"name: x\\nobject_config: {model_name: m, schema: [a]}", "",
	"object_config.schema: expected an object, got an array"},
    {"name: x\\nimage_config: {model_name: m, size: 1x, aspect_ratio: a:b}", "",
	"image_config.size: must be two numbers with x between them; "
	"image_config.aspect_ratio: must be two numbers with : between them"},
    {"name: x\\nspeech_config: {model_name: m, speed: ~}", "",
	"speech_config.speed: expected a number, got null"},
    {TEXT "\\ntest_settings: ~", "",
	"test_settings: expected an object, got null"},
    {TEXT "\\ntest_settings: {props: 1, evals: x, regression_tolerance: 2, "
	  "score_thresholds: {a: -1, b: 0.5}}",
	"",
	"test_settings.props: expected an object, got a number; "
	"test_settings.evals: expected an array of strings, got a string; "
	"test_settings.regression_tolerance: must not be more than 1; "
	"test_settings.score_thresholds.a: must not be less than 0"},
    {TEXT "\\nagentmark_meta: 1", "",
	"agentmark_meta: expected an object, got a number"},
    {TEXT, USER(IMAGE("no-url")), "messages[0].content[1].image: is not a URL"},
    {TEXT "\\nimage_config: {model_name: m}", "",
	"messages: is missing; text_config: is missing"},
};

static void
prompts_are_validated(void **state)
{
	struct arena *a = arena_new(NULL);
	const char *got;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(prompts); i++) {
		got = load(a, prompts[i].frontmatter, prompts[i].children);
		if (strcmp(got, prompts[i].want) != 0)
			fail_msg("%s: want %s, got %s", prompts[i].frontmatter,
			    prompts[i].want, got);
	}
	arena_free(a);
}

/* One prompt, several props; what test_settings says when there are none. */
static void
prompts_are_formatted(void **state)
{
	static const char message[] =
	    "{\"type\":\"mdxJsxFlowElement\",\"name\":\"User\",\"attributes\":"
	    "[],\"children\":[" CODE("props.a") "]}";
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct prompt prompt;
	struct js props = js_object(a), out;

	(void)state;
	assert_int_equal(
	    prompt_check(a,
		tree(a, TEXT "\\ntest_settings: {props: {a: test}}", message),
		MARKDOWN_2_1, PROMPT_FOR_RUN, &prompt, &err),
	    0);
	assert_int_equal(prompt.kind, TEMPLATE_TEXT);
	js_set_lit(a, props.object, "a", js_string_lit(a, "own"));
	assert_int_equal(prompt_format(a, &prompt, props, &out, &err), 0);
	out = js_get(js_get(out, "messages").array->items[0], "content");
	assert_true(js_is_string(out, "own"));
	assert_int_equal(prompt_format(a, &prompt, JS_UNDEF, &out, &err), 0);
	out = js_get(js_get(out, "messages").array->items[0], "content");
	assert_true(js_is_string(out, "test"));
	assert_int_equal(
	    prompt_format(a, &prompt, js_object(a), &out, &err), 0);
	out = js_get(js_get(out, "messages").array->items[0], "content");
	assert_true(js_is_string(out, ""));
	arena_free(a);
}

static void
no_tree(void **state)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct js out;

	(void)state;
	assert_int_equal(
	    prompt_compile(a, NULL, MARKDOWN_2_1, JS_UNDEF, &out, &err), -1);
	assert_int_equal(err.code, ERR_PROMPT);
	err_free(&err);
	arena_free(a);
}

/* --- limits */

static void
deep_trees_fail(void **state)
{
	struct arena *a = arena_new(NULL);
	struct node nodes[LIMIT_AST_DEPTH + 4] = {{.kind = NODE_ROOT}};
	struct node *links[LIMIT_AST_DEPTH + 4];
	struct node *root = tree(a, TEXT, "");
	struct err err = {0};
	struct js out;
	size_t i;

	(void)state;
	for (i = 0; i + 1 < ARRAY_LEN(nodes); i++) {
		links[i] = &nodes[i + 1];
		nodes[i] = (struct node){.kind = NODE_BLOCKQUOTE,
		    .has_children = true,
		    .children = &links[i],
		    .n_children = 1};
	}
	nodes[i] = (struct node){.kind = NODE_THEMATIC_BREAK};
	nodes[0] = *root;
	nodes[0].children = arena_grow(a, root->children, root->n_children,
	    root->n_children + 1, sizeof(struct node *));
	nodes[0].children[nodes[0].n_children++] = &nodes[1];
	assert_int_equal(
	    prompt_compile(a, &nodes[0], MARKDOWN_2_1, JS_UNDEF, &out, &err),
	    -1);
	assert_int_equal(err.code, ERR_INTERNAL);
	err_free(&err);
	arena_free(a);
}

/* A long prop that many expressions name does not fill the memory. */
static void
large_results_fail(void **state)
{
	static const char doubled[] = CODE("props.a + props.a + props.a");
	struct arena *a = arena_new(NULL);
	struct js props = js_object(a), out;
	const char *children = doubled;
	struct err err = {0};
	struct buf b;
	int i;

	(void)state;
	buf_init(&b, 8u << 20);
	while (b.len < (4u << 20))
		buf_adds(&b, "0123456789abcdef");
	js_set_lit(a, props.object, "a",
	    js_string_utf8(a, (struct str){b.data, b.len}));
	for (i = 0; i < 8; i++)
		children = arena_printf(a, "%s,%s", children, doubled);
	assert_int_equal(prompt_compile(a, tree(a, TEXT, children),
			     MARKDOWN_2_1, props, &out, &err),
	    -1);
	assert_int_equal(err.code, ERR_PROMPT);
	assert_non_null(strstr(err.msg, "renders to more than"));
	buf_free(&b);
	err_free(&err);
	arena_free(a);
}

/* --- URLs */

static const struct {
	const char *text;
	bool valid;
} urls[] = {
    {"http://a.b/c?d#e", true},
    {"https:a.b", true},
    {" HTTP:\\\\a.b\n", true},
    {"data:image/png;base64,AA==", true},
    {"mailto:x", true},
    {"x://", true},
    {"file:///etc", true},
    {"http://1.2.3.4:80/", true},
    {"http://0x7f.1/", true},
    {"http://[::1]/", true},
    {"http://[1::1.2.3.4]:65535/", true},
    {"http://u:p@h/", true},
    {"ht\ntp://a/", true},
    {"", false},
    {"iVBORw0KGgo=", false},
    {"/path", false},
    {"1x:a", false},
    {"http://", false},
    {"http:///", false},
    {"http://a b/", false},
    {"http://a%00b/", false},
    {"http://a:99999/", false},
    {"http://a:x/", false},
    {"http://1.2.3.256/", false},
    {"http://1.2.3.4.5/", false},
    {"http://[::1/", false},
    {"http://[1:2:3]/", false},
    {"http://[1::2::3]/", false},
    {"http://u@/", false},
    {"x://u@/", false},
    {"x://a b/", false},
    {"file://a^b/", false},
};

static void
urls_are_told(void **state)
{
	struct str text;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(urls); i++) {
		text = (struct str){urls[i].text, strlen(urls[i].text)};
		if (url_valid(text) != urls[i].valid)
			fail_msg("%s", urls[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(jobs_run_in_order),
	    cmocka_unit_test(arrows_are_found),
	    cmocka_unit_test(loops_are_checked),
	    cmocka_unit_test(loops_need_no_data),
	    cmocka_unit_test(prompts_are_validated),
	    cmocka_unit_test(prompts_are_formatted),
	    cmocka_unit_test(no_tree),
	    cmocka_unit_test(deep_trees_fail),
	    cmocka_unit_test(large_results_fail),
	    cmocka_unit_test(urls_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
