/* Makes a row the props of a judge's prompt.  Templates cannot ask for the type
 * of a value, so what a prompt shows is given as text too.  It refuses to know
 * what the prompt makes of it. */
#include "judge_props.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

static void
add_str(struct buf *b, struct str text)
{
	buf_add(b, text.p, text.len);
}

/* Content in parts: texts, and the types of attachments. */
static void
add_part(struct buf *b, const json_t *part)
{
	struct str text = json_str(json_object_get(part, "text"));

	buf_addc(b, '\n');
	if (text.p != NULL) {
		add_str(b, text);
		return;
	}
	buf_addc(b, '[');
	add_str(b, json_str(json_object_get(part, "type")));
	buf_addc(b, ']');
}

/* "ROLE: content", a message after the other. */
static void
add_message(struct buf *b, const json_t *message)
{
	const json_t *content = json_object_get(message, "content");
	size_t i;

	if (b->len != 0)
		buf_adds(b, "\n\n");
	add_str(b, json_str(json_object_get(message, "role")));
	buf_adds(b, ": ");
	add_str(b, json_str(content));
	for (i = 0; i < json_array_size(content); i++)
		add_part(b, json_array_get(content, i));
}

static struct js
conversation(struct arena *a, const json_t *messages)
{
	struct js text;
	struct buf b;
	size_t i;

	buf_init(&b, LIMIT_RENDER_BYTES);
	for (i = 0; i < json_array_size(messages); i++)
		add_message(&b, json_array_get(messages, i));
	text = js_string_utf8(a, buf_text(&b));
	buf_free(&b);
	return text;
}

static struct js
as_text(struct arena *a, const json_t *value)
{
	struct str text = builtin_text(a, value);

	return text.p != NULL ? js_string_utf8(a, text) : JS_UNDEF;
}

static struct js
make_texts(struct arena *a, const json_t *input, const json_t *output,
    const json_t *expected)
{
	struct js texts = js_object(a);

	js_set_lit(a, texts.object, "input",
	    json_is_array(input) ? conversation(a, input) : as_text(a, input));
	js_set_lit(a, texts.object, "output", as_text(a, output));
	js_set_lit(a, texts.object, "expectedOutput", as_text(a, expected));
	return texts;
}

struct js
judge_props(struct arena *a, const struct eval_case *c, const json_t *options,
    bool swapped)
{
	const json_t *output = swapped ? c->expected : c->output;
	const json_t *expected = swapped ? c->output : c->expected;
	struct js props = js_from_json(a, options);

	if (props.type != JS_OBJECT)
		props = js_object(a);
	js_set_lit(a, props.object, "input", js_from_json(a, c->input));
	js_set_lit(a, props.object, "output", js_from_json(a, output));
	js_set_lit(
	    a, props.object, "expectedOutput", js_from_json(a, expected));
	js_set_lit(a, props.object, "props", js_from_json(a, c->props));
	js_set_lit(a, props.object, "metadata", js_from_json(a, c->metadata));
	js_set_lit(
	    a, props.object, "text", make_texts(a, c->input, output, expected));
	return props;
}
