/* Calls of tools on their way from a model: pieces become one call, a call one
 * event.  It knows no vendor, and not what a tool does. */
#include "tool_call.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

static int
too_many(struct err *err)
{
	return fail(err, ERR_PROVIDER,
	    "the model made more than %u tool calls at once", LIMIT_TOOL_CALLS);
}

static int
too_large(struct err *err)
{
	return fail(err, ERR_PROVIDER,
	    "the arguments of tool calls are larger than %u bytes",
	    LIMIT_OBJECT_BYTES);
}

int
tool_call_count(size_t *n, struct err *err)
{
	if (*n == LIMIT_TOOL_CALLS)
		return too_many(err);
	++*n;
	return 0;
}

int
tool_args_text(
    struct arena *a, const json_t *args, struct str *out, struct err *err)
{
	struct buf b;
	int rc = 0;

	*out = STR("{}");
	if (args == NULL || json_is_null(args))
		return 0;
	buf_init(&b, LIMIT_OBJECT_BYTES);
	json_print(&b, args);
	if (buf_full(&b))
		rc = too_large(err);
	else
		*out =
		    (struct str){arena_strndup(a, buf_str(&b), b.len), b.len};
	buf_free(&b);
	return rc;
}

struct tool_call *
tool_calls_at(struct call *call, struct tool_calls *calls, json_int_t index,
    struct err *err)
{
	struct tool_call *made;
	size_t i;

	for (i = calls->out; i < calls->n; i++)
		if (calls->all[i].index == index)
			return &calls->all[i];
	if (calls->n == LIMIT_TOOL_CALLS) {
		(void)too_many(err);
		return NULL;
	}
	if (calls->n == calls->cap) {
		calls->cap = calls->cap * 2 + 4;
		calls->all = arena_grow(call->arena, calls->all, calls->n,
		    calls->cap, sizeof(*calls->all));
	}
	if (calls->n == 0)
		calls->left = LIMIT_OBJECT_BYTES;
	made = &calls->all[calls->n++];
	*made = (struct tool_call){.index = index};
	buf_init(&made->id, LIMIT_ERR_BYTES);
	buf_init(&made->name, LIMIT_ERR_BYTES);
	buf_init(&made->args, LIMIT_OBJECT_BYTES);
	return made;
}

static void
set_once(struct buf *b, struct str text)
{
	if (b->len == 0)
		buf_add(b, text.p, text.len);
}

void
tool_call_name(struct tool_call *made, struct str id, struct str name)
{
	set_once(&made->id, id);
	set_once(&made->name, name);
}

int
tool_call_add(struct tool_calls *calls, struct tool_call *made,
    struct str piece, struct err *err)
{
	if (piece.len > calls->left)
		return too_large(err);
	calls->left -= piece.len;
	wtf8_add(&made->args, piece);
	return 0;
}

/* How many calls the steps before this one made. */
static size_t
calls_before(const struct ask *ask)
{
	size_t i, k, n = 0;

	for (i = 0; i < json_array_size(ask->messages); i++) {
		const json_t *content = json_object_get(
		    json_array_get(ask->messages, i), "content");

		for (k = 0; k < json_array_size(content); k++) {
			struct str type = driver_string(json_object_get(
			    json_array_get(content, k), "type"));

			n += str_is(type, "tool-call");
		}
	}
	return n;
}

/* Some servers give none, and a result must name its call. */
static struct str
made_up_id(struct call *call, size_t n)
{
	const char *id = arena_printf(
	    call->arena, "call_%zu", calls_before(call->ask) + n + 1);

	return str_from(id);
}

void
tool_call_emit(struct call *call, const struct told *told)
{
	struct str text = told->args.len != 0 ? told->args : STR("{}");
	struct event ev = {.type = EVENT_TOOL_CALL};
	struct err bad = {0};
	json_t *value = json_read(text, &bad), *holder = NULL;

	err_free(&bad);
	ev.tool.id = told->id.len != 0 ? told->id : made_up_id(call, told->n);
	ev.tool.name = told->name;
	ev.tool.keep = told->keep;
	ev.tool.value = value;
	ev.tool.is_error = value == NULL;
	if (value == NULL) {
		holder = json_object();
		json_set_str(holder, "text", text);
		ev.tool.value = json_object_get(holder, "text");
	}
	call->sink->event(call->sink, &ev);
	json_decref(value);
	json_decref(holder);
}

static void
free_call(struct tool_call *made)
{
	buf_free(&made->id);
	buf_free(&made->name);
	buf_free(&made->args);
	json_decref(made->keep);
	made->keep = NULL;
}

void
tool_calls_emit(struct call *call, struct tool_calls *calls)
{
	for (; calls->out < calls->n; calls->out++) {
		struct tool_call *made = &calls->all[calls->out];
		struct told told = {
		    .id = buf_text(&made->id),
		    .name = buf_text(&made->name),
		    .args = buf_text(&made->args),
		    .n = calls->out,
		    .keep = made->keep,
		};

		tool_call_emit(call, &told);
		free_call(made);
	}
}

void
tool_calls_free(struct tool_calls *calls)
{
	for (; calls->out < calls->n; calls->out++)
		free_call(&calls->all[calls->out]);
}
