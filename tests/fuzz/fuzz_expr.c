/* Parses and evaluates bytes as a template expression, and renders its value:
 * nothing that a prompt may hold must crash, leak or run away. */
#include "../../common/base/json.h"
#include "../../common/base/utf.h"
#include "../../common/template/eval.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char props_text[] =
    "{\"s\":\"str\",\"e\":\"\",\"n\":5,\"z\":-0.5,\"t\":true,\"nul\":null,"
    "\"arr\":[1,\"a\",null,[2,[3]],{\"k\":\"v\"}],"
    "\"o\":{\"2\":\"two\",\"10\":\"ten\",\"a\":{\"b\":{}}},"
    "\"uni\":\"\\u00e9\\ud83d\\ude00\\u00df\\u03a3\",\"lone\":\"\\ud800\"}";

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
	struct arena *a = arena_new(NULL);
	struct js vars = js_object(a), value;
	struct eval ev = {.arena = a, .shared = js_object(a).object};
	struct scope root = {.vars = vars.object}, scope = {.parent = &root};
	struct str text = {(const char *)data, size};
	struct err err = {0};

	js_set_lit(a, vars.object, "props", read_props(a));
	js_set_lit(a, vars.object, "d", js_date(a, 86400000));
	if (eval_source(&ev, &scope, utf16_from(a, text), &value, &err) == 0)
		(void)eval_text(&ev, value);
	else if (err.code != ERR_PROMPT || err.msg == NULL)
		abort();
	err_free(&err);
	arena_free(a);
	return 0;
}
