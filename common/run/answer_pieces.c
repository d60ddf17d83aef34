/* An answer as bytes and back: its pieces in order, then who gave it.  What is
 * read is not trusted.  It refuses to know where they are kept. */
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "answers_int.h"

/* The first byte of an answer: a program that writes other answers has another
 * one. */
enum { VERSION = 1, END = 0xff };

enum { STEP = 1, AGENT = 2, OURS = 4, ERROR = 8 };

#define PIECE sizeof(struct piece)

/* A value that is none. */
#define ABSENT UINT32_MAX

static bool
is_tool(enum event_type type)
{
	return type == EVENT_TOOL_CALL || type == EVENT_TOOL_REQUEST ||
	       type == EVENT_TOOL_RESULT;
}

/* --- writing */

static void
put_number(struct buf *b, uint64_t n, size_t bytes)
{
	unsigned char out[8];

	for (size_t i = 0; i < bytes; i++)
		out[i] = (unsigned char)(n >> 8 * i);
	buf_add(b, out, bytes);
}

static void
put_text(struct buf *b, struct str text)
{
	put_number(b, text.p != NULL ? text.len : ABSENT, 4);
	buf_add(b, text.p, text.p != NULL ? text.len : 0);
}

static void
put_json(struct buf *b, const json_t *json)
{
	struct buf text;

	buf_init(&text, LIMIT_CACHE_ANSWER_BYTES);
	if (json != NULL)
		json_print(&text, json);
	b->full = b->full || text.full;
	put_text(b, json != NULL ? buf_text(&text) : (struct str){NULL, 0});
	buf_free(&text);
}

static void
put_usage(struct buf *b, const struct usage *u)
{
	put_number(b, u->unknown, 1);
	put_number(b, (uint64_t)u->input, 8);
	put_number(b, (uint64_t)u->output, 8);
	put_number(b, (uint64_t)u->total, 8);
	put_number(b, (uint64_t)u->cached, 8);
	put_number(b, (uint64_t)u->reasoning, 8);
}

/* Deltas that follow each other are one text. */
static bool
add_to_last(struct pieces_out *r, const struct event *ev)
{
	struct buf *b = &r->bytes;
	uint32_t len = 0;

	if (r->text == 0 || r->last != ev->type || b->full)
		return false;
	buf_add(b, ev->text.p, ev->text.len);
	len = (uint32_t)(b->len - r->text - 4);
	for (size_t i = 0; i < 4; i++)
		b->data[r->text + i] = (char)(len >> 8 * i);
	return true;
}

static void
put_event(struct pieces_out *r, const struct event *ev)
{
	struct buf *b = &r->bytes;

	switch (ev->type) {
	case EVENT_TEXT_DELTA:
	case EVENT_REASONING_DELTA:
		r->text = b->len;
		r->last = ev->type;
		put_text(b, ev->text);
		break;
	case EVENT_TOOL_CALL:
	case EVENT_TOOL_REQUEST:
	case EVENT_TOOL_RESULT:
		put_text(b, ev->tool.id);
		put_text(b, ev->tool.name);
		put_json(b, ev->tool.value);
		break;
	case EVENT_OBJECT_FINAL:
		put_json(b, ev->object);
		break;
	case EVENT_FINISH:
		put_number(b, ev->finish.reason, 1);
		put_usage(b, &ev->finish.usage);
		break;
	default:
		break;
	}
}

static unsigned
flags_of(const struct piece *piece)
{
	const struct event *ev = &piece->event;
	unsigned flags = piece->step ? STEP : 0;

	flags |= piece->agent ? AGENT : 0;
	flags |= piece->ours ? OURS : 0;
	return flags | (is_tool(ev->type) && ev->tool.is_error ? ERROR : 0);
}

/* Snapshots of an object are not kept: the last one is the object. */
void
pieces_add(struct pieces_out *r, const struct piece *piece)
{
	const struct event *ev = &piece->event;
	bool text = !piece->step && (ev->type == EVENT_TEXT_DELTA ||
					ev->type == EVENT_REASONING_DELTA);

	if (r->bytes.len == 0)
		buf_addc(&r->bytes, VERSION);
	if (!piece->step && ev->type == EVENT_OBJECT_DELTA)
		return;
	if (text && add_to_last(r, ev))
		return;
	r->text = 0;
	buf_addc(&r->bytes, (char)ev->type);
	buf_addc(&r->bytes, (char)flags_of(piece));
	if (!piece->step)
		put_event(r, ev);
}

void
pieces_end(struct pieces_out *r, const char *provider, const char *model)
{
	buf_addc(&r->bytes, (char)END);
	put_text(&r->bytes, str_from(provider));
	put_text(&r->bytes, str_from(model));
}

/* --- reading */

/* What is left. */
struct left {
	const char *p, *end;
};

static int
get_number(struct left *in, size_t bytes, uint64_t *n)
{
	if ((size_t)(in->end - in->p) < bytes)
		return -1;
	*n = 0;
	for (size_t i = 0; i < bytes; i++)
		*n |= (uint64_t)(unsigned char)in->p[i] << 8 * i;
	in->p += bytes;
	return 0;
}

static int
get_int(struct left *in, int64_t *n)
{
	uint64_t bits;

	if (get_number(in, 8, &bits) < 0)
		return -1;
	*n = (int64_t)bits;
	return 0;
}

static int
get_text(struct left *in, struct str *text)
{
	uint64_t len;

	if (get_number(in, 4, &len) < 0)
		return -1;
	*text = (struct str){NULL, 0};
	if (len == ABSENT)
		return 0;
	if (len > (size_t)(in->end - in->p))
		return -1;
	*text = (struct str){in->p, (size_t)len};
	in->p += len;
	return 0;
}

static int
get_json(struct left *in, struct arena *a, const json_t **json)
{
	struct err err = {0};
	struct str text;
	json_t *value;

	*json = NULL;
	if (get_text(in, &text) < 0)
		return -1;
	if (text.p == NULL)
		return 0;
	value = json_read(text, &err);
	err_free(&err);
	if (value == NULL)
		return -1;
	(void)json_own(a, value);
	*json = value;
	return 0;
}

static int
get_usage(struct left *in, struct usage *u)
{
	uint64_t unknown;

	if (get_number(in, 1, &unknown) < 0)
		return -1;
	u->unknown = unknown != 0;
	return get_int(in, &u->input) < 0 || get_int(in, &u->output) < 0 ||
		       get_int(in, &u->total) < 0 ||
		       get_int(in, &u->cached) < 0 ||
		       get_int(in, &u->reasoning) < 0
		   ? -1
		   : 0;
}

/* It costs nothing to say it again. */
static int
get_finish(struct left *in, struct event *ev)
{
	uint64_t reason;

	if (get_number(in, 1, &reason) < 0 || reason >= FINISH__MAX ||
	    get_usage(in, &ev->finish.usage) < 0)
		return -1;
	ev->finish.reason = (enum finish_reason)reason;
	ev->finish.usage.has_cost = true;
	return 0;
}

static int
get_tool(struct left *in, struct arena *a, struct event *ev)
{
	if (get_text(in, &ev->tool.id) < 0 || get_text(in, &ev->tool.name) < 0)
		return -1;
	return get_json(in, a, &ev->tool.value);
}

static int
get_event(struct left *in, struct arena *a, struct event *ev)
{
	switch (ev->type) {
	case EVENT_TEXT_DELTA:
	case EVENT_REASONING_DELTA:
		return get_text(in, &ev->text);
	case EVENT_TOOL_CALL:
	case EVENT_TOOL_REQUEST:
	case EVENT_TOOL_RESULT:
		return get_tool(in, a, ev);
	case EVENT_OBJECT_FINAL:
		return get_json(in, a, &ev->object);
	case EVENT_FINISH:
		return get_finish(in, ev);
	default:
		return -1;
	}
}

/* 1; 0: the end; -1. */
static int
get_piece(struct left *in, struct arena *a, struct piece *piece)
{
	uint64_t type, flags;

	*piece = (struct piece){0};
	if (get_number(in, 1, &type) < 0)
		return -1;
	if (type == END)
		return 0;
	if (type >= EVENT__MAX || get_number(in, 1, &flags) < 0)
		return -1;
	piece->event.type = (enum event_type)type;
	piece->step = (flags & STEP) != 0;
	piece->agent = (flags & AGENT) != 0;
	piece->ours = (flags & OURS) != 0;
	if (piece->step)
		return 1;
	if (get_event(in, a, &piece->event) < 0)
		return -1;
	if ((flags & ERROR) != 0 && is_tool(piece->event.type))
		piece->event.tool.is_error = true;
	return 1;
}

static int
get_source(struct left *in, struct arena *a, struct pieces *r)
{
	struct str provider, model;

	if (get_text(in, &provider) < 0 || get_text(in, &model) < 0 ||
	    provider.p == NULL || model.p == NULL || in->p != in->end)
		return -1;
	r->provider = arena_strndup(a, provider.p, provider.len);
	r->model = arena_strndup(a, model.p, model.len);
	return 0;
}

int
pieces_read(struct arena *a, struct str bytes, struct pieces *r)
{
	struct left in = {bytes.p, bytes.p + bytes.len};
	size_t cap = 4;
	uint64_t version;
	int more;

	*r = (struct pieces){.items = arena_array(a, cap, PIECE)};
	if (get_number(&in, 1, &version) < 0 || version != VERSION)
		return -1;
	while ((more = get_piece(&in, a, &r->items[r->n])) > 0) {
		if (++r->n < cap)
			continue;
		r->items = arena_grow(a, r->items, r->n, 2 * cap, PIECE);
		cap *= 2;
	}
	return more == 0 ? get_source(&in, a, r) : -1;
}
