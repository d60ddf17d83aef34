/* Says on a root span what AgentMark reads there.  It refuses to know how spans
 * are kept and where they go. */
#include "trace_root.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

static void
set_member(
    struct span *s, const char *key, const json_t *data, const char *member)
{
	const json_t *text = json_object_get(data, member);

	if (json_string_length(text) != 0)
		span_text(s, key, json_str(text));
}

/* --- grouping (8.5) */

/* Texts as they are, anything else as JSON; null and "" are not there. */
static void
set_any(struct span *s, const char *key, const json_t *value)
{
	if (value == NULL || json_is_null(value))
		return;
	if (!json_is_string(value))
		span_json(s, key, value);
	else if (json_string_length(value) != 0)
		span_text(s, key, json_str(value));
}

/* Both spellings, in `data` and in what the SDKs call telemetry. */
static const struct {
	const char *camel, *snake, *key;
} groups[] = {
    {"traceName", "trace_name", "agentmark.trace_name"},
    {"sessionId", "session_id", "agentmark.session_id"},
    {"sessionId", "session_id", "gen_ai.conversation.id"},
    {"sessionName", "session_name", "agentmark.session_name"},
    {"userId", "user_id", "agentmark.user_id"},
    {"tags", "tags", "agentmark.tags"},
};

static bool
is_group(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(groups); i++)
		if (strcmp(name, groups[i].camel) == 0 ||
		    strcmp(name, groups[i].snake) == 0)
			return true;
	return false;
}

static void
set_groups(struct span *s, const json_t *from)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(groups); i++) {
		set_any(
		    s, groups[i].key, json_object_get(from, groups[i].snake));
		set_any(
		    s, groups[i].key, json_object_get(from, groups[i].camel));
	}
}

static void
set_metadata(struct span *s, const json_t *metadata)
{
	char key[200];
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)metadata, name, value)
	{
		if (is_group(name))
			continue;
		(void)snprintf(key, sizeof(key), "agentmark.metadata.%s", name);
		set_any(s, key, value);
	}
}

void
root_request(struct span *s, const json_t *data)
{
	const json_t *telemetry = json_object_get(data, "telemetry");
	const json_t *metadata = json_object_get(telemetry, "metadata");

	if (s == NULL)
		return;
	set_groups(s, metadata);
	set_groups(s, data);
	set_metadata(s, metadata);
	set_metadata(s, json_object_get(data, "metadata"));
	set_member(s, "agentmark.metadata.commit_sha", data, "commitSha");
	set_member(s, "agentmark.prompt_path", data, "promptPath");
	set_member(s, "agentmark.experiment_key", data, "experimentKey");
	set_member(s, "agentmark.source_tree_hash", data, "sourceTreeHash");
}

/* --- the prompt */

static void
set_js(struct span *s, struct arena *a, const char *key, struct js value)
{
	struct buf b;

	if (s == NULL)
		return;
	buf_init(&b, LIMIT_LINE_BYTES);
	(void)js_stringify(a, &b, value);
	span_text(s, key, buf_text(&b));
	buf_free(&b);
}

void
root_prompt(struct span *s, struct arena *a, const struct prompt *prompt)
{
	struct js name = js_get(prompt->frontmatter, "name");
	struct js meta = js_get(prompt->frontmatter, "agentmark_meta");
	struct js commit = js_get(meta, "commit_sha");

	if (s == NULL)
		return;
	if (name.type == JS_STRING && js_truthy(name))
		span_text(
		    s, "agentmark.prompt_name", utf8_from(a, name.string));
	if (commit.type == JS_STRING && js_truthy(commit))
		span_text(s, "agentmark.metadata.commit_sha",
		    utf8_from(a, commit.string));
}

/* Of each message what AgentMark reads. */
static void
set_input(struct span *s, const json_t *messages)
{
	json_t *input = json_array(), *to;
	const json_t *message, *content;
	size_t i;

	json_array_foreach(messages, i, message)
	{
		content = json_object_get(message, "content");
		to = json_object();
		(void)json_object_set(
		    to, "role", json_object_get(message, "role"));
		if (content == NULL || json_is_null(content))
			(void)json_object_set_new(
			    to, "content", json_string(""));
		else
			(void)json_object_set(to, "content", (json_t *)content);
		(void)json_array_append_new(input, to);
	}
	span_json(s, "agentmark.input", input);
	json_decref(input);
}

void
root_ask(
    struct span *s, struct arena *a, const struct ask *ask, struct js props)
{
	bool media = prompt_kind_is_media(ask->kind);

	if (s == NULL)
		return;
	if (!media && json_array_size(ask->messages) != 0)
		set_input(s, ask->messages);
	if (props.type != JS_UNDEFINED && props.type != JS_NULL)
		set_js(s, a, "agentmark.props", props);
	set_member(s, "gen_ai.request.model", ask->config, "model_name");
	if (media)
		return;
	span_string(s, "gen_ai.operation.name", "chat");
	span_string(s, "agentmark.span.kind", "llm");
}

/* --- what came of it */

void
root_result(struct span *s, const struct result *r, bool keep_empty)
{
	if (s == NULL)
		return;
	if (json_is_string(r->value))
		set_any(s, "agentmark.output", r->value);
	else if (r->object && r->value != NULL)
		span_json(s, "agentmark.output", r->value);
	else if (!r->object && (r->text.len != 0 || keep_empty))
		span_text(s, "agentmark.output", buf_text(&r->text));
	if (r->finished && !r->media && !r->usage.unknown) {
		span_int(s, "gen_ai.usage.input_tokens", r->usage.input);
		span_int(s, "gen_ai.usage.output_tokens", r->usage.output);
	}
	if (r->failed)
		span_fail(s, buf_text(&r->error));
}

/* --- rows */

void
root_row(struct span *s, struct arena *a, const struct root_row *row)
{
	if (s == NULL)
		return;
	span_string(s, "agentmark.dataset_run_id", row->run_id);
	span_string(s, "agentmark.dataset_run_name", row->run_name);
	span_string(s, "agentmark.dataset_item_name", row->item);
	span_string(s, "agentmark.dataset_path", row->dataset);
	set_any(s, "agentmark.dataset_expected_output", row->expected);
	if (json_is_null(row->expected))
		span_string(s, "agentmark.dataset_expected_output", "null");
	set_js(s, a, "agentmark.dataset_input", row->input);
}
