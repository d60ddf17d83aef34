/* The streams of a Mastra server of version 0: lines of AI SDK's data stream,
 * a letter or digit that names the kind, a colon, a value of JSON.  A tool's
 * result names its call by id alone.  What is asked is not known here. */
#include "mastra.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

/* What Mastra puts before every error of a stream. */
static const char prefix[] =
    "An error occurred while processing your request. ";

static int
take_error(struct call *call, const json_t *value, struct err *err)
{
	struct str text = driver_error(call->arena, value);
	struct err ignored = {0};
	size_t len = strlen(prefix);
	json_t *inner;

	if (text.len > len && memcmp(text.p, prefix, len) == 0)
		text = (struct str){text.p + len, text.len - len};
	/* What was no Error is printed as JSON. */
	inner = json_read(text, &ignored);
	err_free(&ignored);
	if (json_is_object(inner))
		text = driver_error(call->arena, inner);
	json_decref(inner);
	return fail_text(err, ERR_PROVIDER, text);
}

/* The end of a step ('e') is followed by another step or by the end ('d'),
 * which counts all of them. */
static void
take_end(struct call *call, char kind, const json_t *value)
{
	mastra_reason(
	    call, driver_string(json_object_get(value, "finishReason")));
	mastra_usage(call->state, json_object_get(value, "usage"));
	if (kind == 'd')
		mastra_settle(call);
}

static int
take_part(struct call *call, char kind, const json_t *value, struct err *err)
{
	switch (kind) {
	case '0':
		driver_text(call, driver_string(value));
		return 0;
	case 'g':
		driver_reasoning(call, driver_string(value));
		return 0;
	case '9':
		return mastra_tool_call(call, value, err);
	case 'a':
		mastra_tool_result(call, value);
		return 0;
	case '3':
		return take_error(call, value, err);
	case 'd':
	case 'e':
		take_end(call, kind, value);
		return 0;
	default:
		return 0;
	}
}

static int
mastra_v0_frame(
    struct call *call, struct str event, struct str data, struct err *err)
{
	struct err why = {0};
	json_t *value = NULL;
	int rc;

	(void)event;
	if (call->ask->kind == PROMPT_OBJECT)
		return mastra_body(call, data, err);
	if (data.len > 2 && data.p[1] == ':')
		value = json_read((struct str){data.p + 2, data.len - 2}, &why);
	if (value == NULL)
		return driver_bad_event(&why, err);
	rc = take_part(call, data.p[0], value, err);
	json_decref(value);
	return rc;
}

const struct driver driver_mastra_v0 = {
    .name = "mastra-v0",
    .executor = "mastra-v0",
    .abilities = DRIVER_TEXT | DRIVER_OBJECT | DRIVER_AGENT,
    .framing = DRIVER_LINES,
    .any_type = true,
    .state_size = sizeof(struct mastra),
    .build = mastra_v0_build,
    .probe = mastra_probe,
    .frame = mastra_v0_frame,
    .body = mastra_body,
    .explain = driver_explain,
};
