/* Records what happens in a run as spans and hands them over when it has ended.
 * It refuses to know what the attributes mean, but for those that carry what
 * somebody may not want to be seen. */
#include "trace.h"

#include "../base/clock.h"
#include "../base/crypt.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "../base/log.h"
#include "../store/store.h"
#include "telemetry.h"
#include "trace_media.h"
#include "trace_send.h"

#include <string.h>

struct span {
	struct trace *trace;
	struct span *next; /* in the order of their start */
	struct otlp_span otlp;
	struct otlp_attr *attrs;
	size_t cap_attrs;
	struct otlp_event *events;
	size_t cap_events;
	struct otlp_link link;
	bool ended;
};

struct trace {
	struct engine *engine;
	struct arena *arena;
	struct span *first, **last;
	size_t n;
};

/* --- what may not be seen (8.6) */

enum content { INPUT = 1, OUTPUT = 2 };

static const struct {
	const char *key;
	enum content content;
} contents[] = {
    {"agentmark.input", INPUT},
    {"agentmark.props", INPUT},
    {"agentmark.dataset_input", INPUT},
    {"agentmark.dataset_expected_output", INPUT},
    {"gen_ai.tool.call.arguments", INPUT},
    {"agentmark.output", OUTPUT},
    {"gen_ai.tool.call.result", OUTPUT},
    {"agentmark.eval.reason", OUTPUT},
};

static bool
is_hidden(const struct span *s, const char *key)
{
	const struct telemetry *t = s->trace->engine->settings->telemetry;
	size_t i;

	for (i = 0; i < ARRAY_LEN(contents); i++)
		if (strcmp(contents[i].key, key) == 0)
			return contents[i].content == INPUT ? t->hide_inputs
							    : t->hide_outputs;
	return false;
}

/* --- spans */

static void
draw_id(struct engine *engine, unsigned char *id, size_t len)
{
	if (engine->n_drawn < len) {
		crypt_random(engine->drawn, sizeof(engine->drawn));
		engine->n_drawn = sizeof(engine->drawn);
	}
	engine->n_drawn -= len;
	memcpy(id, engine->drawn + engine->n_drawn, len);
}

static struct span *
add_span(struct trace *t, struct span *parent, const char *name)
{
	struct span *s;

	if (t->n == LIMIT_TRACE_SPANS)
		return NULL;
	t->n++;
	s = arena_zalloc(t->arena, sizeof(*s));
	s->trace = t;
	s->otlp.name = arena_strdup(t->arena, name);
	s->otlp.kind = OTLP_INTERNAL;
	s->otlp.start_ns = clock_wall_ns();
	draw_id(t->engine, s->otlp.span_id, OTLP_SPAN_ID);
	if (parent != NULL) {
		memcpy(s->otlp.trace_id, parent->otlp.trace_id, OTLP_TRACE_ID);
		memcpy(s->otlp.parent, parent->otlp.span_id, OTLP_SPAN_ID);
		s->otlp.has_parent = true;
	}
	*t->last = s;
	t->last = &s->next;
	return s;
}

struct trace *
trace_start(struct engine *engine, struct arena *a, const char *name,
    char out[TRACE_ID_LEN + 1])
{
	const struct telemetry *conf = engine->settings->telemetry;
	unsigned char id[OTLP_TRACE_ID];
	struct trace *t;

	draw_id(engine, id, sizeof(id));
	hex_print(out, id, sizeof(id));
	if (conf == NULL || conf->n_collectors == 0)
		return NULL;
	t = arena_zalloc(a, sizeof(*t));
	t->engine = engine;
	t->arena = a;
	t->last = &t->first;
	(void)add_span(t, NULL, name);
	memcpy(t->first->otlp.trace_id, id, sizeof(id));
	return t;
}

struct span *
trace_root(struct trace *t)
{
	return t != NULL ? t->first : NULL;
}

struct span *
span_start(struct span *parent, const char *name)
{
	return parent != NULL ? add_span(parent->trace, parent, name) : NULL;
}

void
span_name(struct span *s, const char *name)
{
	if (s != NULL)
		s->otlp.name = arena_strdup(s->trace->arena, name);
}

void
span_kind(struct span *s, enum otlp_kind kind)
{
	if (s != NULL)
		s->otlp.kind = kind;
}

void
span_end(struct span *s)
{
	if (s == NULL || s->ended)
		return;
	s->ended = true;
	s->otlp.end_ns = clock_wall_ns();
	if (s->otlp.end_ns < s->otlp.start_ns)
		s->otlp.end_ns = s->otlp.start_ns;
	if (s->otlp.status == OTLP_UNSET)
		s->otlp.status = OTLP_OK;
}

/* --- attributes */

/* Where KEY's value goes; NULL where it is not wanted. */
static struct otlp_attr *
slot(struct span *s, const char *key)
{
	size_t i;

	if (s == NULL || is_hidden(s, key))
		return NULL;
	for (i = 0; i < s->otlp.n_attrs; i++)
		if (strcmp(s->attrs[i].key, key) == 0)
			return &s->attrs[i];
	if (s->otlp.n_attrs == LIMIT_SPAN_ATTRS)
		return NULL;
	if (s->otlp.n_attrs == s->cap_attrs) {
		s->cap_attrs = s->cap_attrs * 2 + 8;
		s->attrs = arena_grow(s->trace->arena, s->attrs,
		    s->otlp.n_attrs, s->cap_attrs, sizeof(*s->attrs));
		s->otlp.attrs = s->attrs;
	}
	s->attrs[i].key = arena_strdup(s->trace->arena, key);
	s->otlp.n_attrs++;
	return &s->attrs[i];
}

/* Collectors take UTF-8 only. */
static struct str
copy(struct span *s, struct str text)
{
	struct arena *a = s->trace->arena;

	text = utf8_clean(a, text);
	return (struct str){arena_strndup(a, text.p, text.len), text.len};
}

static void
set_text(struct span *s, const char *key, enum otlp_type type, struct str value)
{
	struct otlp_attr *attr = slot(s, key);

	if (attr == NULL)
		return;
	attr->type = type;
	attr->text = copy(s, value);
}

void
span_text(struct span *s, const char *key, struct str value)
{
	set_text(s, key, OTLP_TEXT, value);
}

void
span_string(struct span *s, const char *key, const char *value)
{
	if (s != NULL && value != NULL)
		set_text(s, key, OTLP_TEXT, str_from(value));
}

void
span_texts(struct span *s, const char *key, const char *json_array)
{
	if (s != NULL)
		set_text(s, key, OTLP_TEXTS, str_from(json_array));
}

void
span_json(struct span *s, const char *key, const json_t *value)
{
	struct buf b;
	json_t *shown;

	if (s == NULL || value == NULL || is_hidden(s, key))
		return;
	shown = trace_strip(
	    value, s->trace->engine->settings->telemetry->media_bytes);
	buf_init(&b, LIMIT_LINE_BYTES);
	json_print(&b, shown);
	span_text(s, key, buf_text(&b));
	buf_free(&b);
	json_decref(shown);
}

void
span_int(struct span *s, const char *key, int64_t value)
{
	struct otlp_attr *attr = slot(s, key);

	if (attr == NULL)
		return;
	attr->type = OTLP_INT;
	attr->i = value;
}

void
span_double(struct span *s, const char *key, double value)
{
	struct otlp_attr *attr = slot(s, key);

	if (attr == NULL)
		return;
	attr->type = OTLP_DOUBLE;
	attr->d = value;
}

void
span_bool(struct span *s, const char *key, bool value)
{
	struct otlp_attr *attr = slot(s, key);

	if (attr == NULL)
		return;
	attr->type = OTLP_BOOL;
	attr->b = value;
}

void
span_event(struct span *s, const char *name, const char *key, const char *value)
{
	struct otlp_event *event;
	struct otlp_attr *attr;

	if (s == NULL || s->otlp.n_events == LIMIT_SPAN_EVENTS)
		return;
	if (s->otlp.n_events == s->cap_events) {
		s->cap_events = s->cap_events * 2 + 2;
		s->events = arena_grow(s->trace->arena, s->events,
		    s->otlp.n_events, s->cap_events, sizeof(*s->events));
		s->otlp.events = s->events;
	}
	event = &s->events[s->otlp.n_events++];
	*event = (struct otlp_event){
	    .name = arena_strdup(s->trace->arena, name),
	    .at_ns = clock_wall_ns(),
	};
	if (key == NULL)
		return;
	attr = arena_zalloc(s->trace->arena, sizeof(*attr));
	attr->key = arena_strdup(s->trace->arena, key);
	attr->text = copy(s, str_from(value));
	event->attrs = attr;
	event->n_attrs = 1;
}

void
span_fail(struct span *s, struct str message)
{
	if (s == NULL || s->otlp.status == OTLP_ERROR)
		return;
	s->otlp.status = OTLP_ERROR;
	s->otlp.message = copy(s, message);
}

void
span_fail_with(struct span *s, const struct err *err)
{
	const char *text = err->msg != NULL ? err->msg : "";

	span_fail(s, str_from(text));
	span_end(s);
}

void
span_fail_of(struct span *s, struct str output)
{
	if (s == NULL)
		return;
	if (s->trace->engine->settings->telemetry->hide_outputs)
		output.len = 0;
	span_fail(s, output);
}

/* --- W3C Trace Context */

/* 00-<32 hex>-<16 hex>-<2 hex>; a later version may say more behind it. */
static bool
read_traceparent(const char *text, struct otlp_link *out)
{
	static const unsigned char none[OTLP_TRACE_ID];
	size_t len = strlen(text);
	unsigned char byte;

	return len >= TRACEPARENT_LEN && text[2] == '-' && text[35] == '-' &&
	       text[52] == '-' && strncmp(text, "ff", 2) != 0 &&
	       (len == TRACEPARENT_LEN || (strncmp(text, "00", 2) != 0 &&
					      text[TRACEPARENT_LEN] == '-')) &&
	       hex_read(&byte, 1, (struct str){text, 2}) &&
	       hex_read(&byte, 1, (struct str){text + 53, 2}) &&
	       hex_read(
		   out->trace_id, OTLP_TRACE_ID, (struct str){text + 3, 32}) &&
	       hex_read(
		   out->span_id, OTLP_SPAN_ID, (struct str){text + 36, 16}) &&
	       memcmp(out->trace_id, none, OTLP_TRACE_ID) != 0 &&
	       memcmp(out->span_id, none, OTLP_SPAN_ID) != 0;
}

void
span_link(struct span *s, const char *traceparent)
{
	if (s == NULL || traceparent == NULL ||
	    !read_traceparent(traceparent, &s->link))
		return;
	s->otlp.links = &s->link;
	s->otlp.n_links = 1;
}

bool
span_traceparent(const struct span *s, char out[TRACEPARENT_LEN + 1])
{
	if (s == NULL)
		return false;
	memcpy(out, "00-", 3);
	hex_print(out + 3, s->otlp.trace_id, OTLP_TRACE_ID);
	out[35] = '-';
	hex_print(out + 36, s->otlp.span_id, OTLP_SPAN_ID);
	memcpy(out + 52, "-01", 4);
	return true;
}

/* --- the end */

/* What is larger than one thing to be delivered may be. */
static void
lose(struct engine *engine)
{
	store_count(
	    engine->store, "agentmark_dropped_total", "route=\"traces\"", 1);
	log_line(LEVEL_WARNING, "trace_dropped", "reason=\"it is too large\"");
}

static void
add(struct engine *engine, const struct trace *t, enum otlp_encoding encoding)
{
	const struct span *s;
	struct buf b;

	buf_init(&b, LIMIT_STORE_ITEM_BYTES);
	for (s = t->first; s != NULL; s = s->next)
		otlp_add_span(&b, encoding, &s->otlp);
	if (buf_full(&b))
		lose(engine);
	else
		traces_add(engine, encoding, buf_text(&b));
	buf_free(&b);
}

/* D6: its own name unless grouping has set one. */
static void
set_trace_name(struct span *root)
{
	static const char key[] = "agentmark.trace_name";
	size_t i;

	for (i = 0; i < root->otlp.n_attrs; i++)
		if (strcmp(root->attrs[i].key, key) == 0)
			return;
	span_string(root, key, root->otlp.name);
}

void
trace_end(struct engine *engine, struct trace *t)
{
	const struct telemetry *conf = engine->settings->telemetry;
	bool added[2] = {false, false};
	struct span *s;
	size_t i;

	if (t == NULL)
		return;
	set_trace_name(t->first);
	for (s = t->first; s != NULL; s = s->next)
		span_end(s);
	for (i = 0; i < conf->n_collectors; i++) {
		enum otlp_encoding encoding = conf->collectors[i].encoding;

		if (!added[encoding])
			add(engine, t, encoding);
		added[encoding] = true;
	}
}
