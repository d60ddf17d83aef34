/* The prompt's messages as turns of blocks.  Thoughts stand where they were
 * thought, results of tools are told by the user.  It knows no vendor's form of
 * a block. */
#include "turns.h"

#include "request.h"
#include "../base/utf.h"

#include <string.h>

bool
turn_is_blank(struct str text)
{
	return text.len == 0 || strspn(text.p, " \t\r\n") == text.len;
}

/* Text that is only white space is left out: models say it before they call. */
static int
add_part(struct call *call, const struct turn_blocks *blocks, json_t *out,
    const json_t *from, bool first, struct err *err)
{
	struct str type = driver_string(json_object_get(from, "type"));
	struct str text = driver_string(json_object_get(from, "text"));
	struct tool_part part;
	json_t *block;

	tool_part_read(from, blocks->driver, &part);
	if (part.type == TOOL_PART_RESULT)
		return blocks->result(call, out, &part, err);
	if (part.type == TOOL_PART_CALL) {
		if (!first)
			blocks->thoughts(out, &part);
		blocks->call(out, &part);
		return 0;
	}
	if (str_is(type, "text") && turn_is_blank(text))
		return 0;
	if (str_is(type, "text"))
		block = request_text(blocks->text_type, text);
	else if (str_is(type, "image") || str_is(type, "file"))
		block = blocks->media(call, from, err);
	else
		block = request_no_part("content part:", type, err);
	if (block == NULL)
		return -1;
	json_array_append_new(out, block);
	return 0;
}

/* Thoughts before the first call come before what was said, too. */
static int
add_content(struct call *call, const struct turn_blocks *blocks, json_t *out,
    const json_t *content, struct err *err)
{
	struct tool_part part;
	const json_t *first, *from;
	size_t i;

	if (!json_is_array(content)) {
		json_array_append_new(out,
		    request_text(blocks->text_type, driver_string(content)));
		return 0;
	}
	first = tool_part_first(content, blocks->driver, &part);
	if (first != NULL)
		blocks->thoughts(out, &part);
	for (i = 0; i < json_array_size(content); i++) {
		from = json_array_get(content, i);
		if (add_part(call, blocks, out, from, from == first, err) < 0)
			return -1;
	}
	return 0;
}

/* The blocks of the last message when it is ROLE's, else of a new one. */
static json_t *
turn_of(json_t *messages, const char *role)
{
	size_t n = json_array_size(messages);
	json_t *last = json_array_get(messages, n != 0 ? n - 1 : 0);

	if (!str_is(driver_string(json_object_get(last, "role")), role)) {
		last = json_pack("{sss[]}", "role", role, "content");
		json_array_append_new(messages, last);
	}
	return json_object_get(last, "content");
}

int
turns_add(struct call *call, const struct turn_blocks *blocks, json_t *body,
    struct err *err)
{
	const json_t *from = call->ask->messages;
	json_t *system = json_array(), *messages = json_array(), *to;
	int rc = 0;
	size_t i;

	json_object_set_new(body, "messages", messages);
	for (i = 0; i < json_array_size(from) && rc == 0; i++) {
		const json_t *message = json_array_get(from, i);
		struct str role =
		    driver_string(json_object_get(message, "role"));

		if (str_is(role, "system"))
			to = system;
		else
			to = turn_of(messages,
			    str_is(role, "assistant") ? "assistant" : "user");
		rc = add_content(
		    call, blocks, to, json_object_get(message, "content"), err);
	}
	if (json_array_size(system) != 0)
		json_object_set(body, "system", system);
	json_decref(system);
	return rc;
}
