/* One description of OTLP's messages, written in either encoding: as JSON,
 * where members have names, or as protobuf, where they have numbers
 * (opentelemetry-proto 1.x).  It refuses to know what spans are about. */
#include "otlp.h"

#include "../base/crypt.h"
#include "../base/js.h"
#include "../base/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Wire types of protobuf. */
enum { WIRE_VARINT, WIRE_FIXED64, WIRE_BYTES };

struct writer {
	struct buf *b;
	bool json;
	bool first; /* of the members or items at this depth */
};

/* What is open: a JSON bracket, or where a message's length goes. */
struct open {
	size_t at;
	char bracket;
};

struct field {
	unsigned number;
	const char *name;
};

/* --- the two encodings */

static void
add_varint(struct buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_addc(b, (char)(unsigned char)(v | 0x80));
	buf_addc(b, (char)v);
}

/* printf would take most of the time. */
static void
add_quoted(struct buf *b, const char *text, size_t len)
{
	buf_addc(b, '"');
	buf_add(b, text, len);
	buf_addc(b, '"');
}

static void
add_name(struct buf *b, const char *name)
{
	add_quoted(b, name, strlen(name));
	buf_addc(b, ':');
}

/* Integers of 64 bits are texts in JSON. */
static void
add_integer(struct buf *b, int64_t i)
{
	char digits[JS_NUMBER_LEN];

	add_quoted(b, digits, js_integer_print(digits, i));
}

/* A tag, or a name: true for JSON, whose value comes next. */
static bool
begin_field(struct writer *w, struct field f, unsigned wire)
{
	if (!w->json) {
		add_varint(w->b, (uint64_t)f.number << 3 | wire);
		return false;
	}
	if (!w->first)
		buf_addc(w->b, ',');
	w->first = false;
	if (f.name != NULL)
		add_name(w->b, f.name);
	return true;
}

static struct open
open_message(struct writer *w, struct field f)
{
	struct open open = {.bracket = '}'};

	if (begin_field(w, f, WIRE_BYTES)) {
		buf_addc(w->b, '{');
		w->first = true;
		return open;
	}
	buf_addc(w->b, 0); /* its length, when it is short */
	open.at = w->b->len;
	return open;
}

/* Makes room for a length of more than one byte. */
static void
set_length(struct buf *b, size_t at)
{
	size_t len = b->len - at, more = 0, v;
	char *p;

	for (v = len >> 7; v != 0; v >>= 7)
		more++;
	if (more != 0 && buf_reserve(b, more) == NULL)
		return;
	if (buf_full(b))
		return;
	p = b->data + at;
	if (more != 0)
		memmove(p + more, p, len);
	b->len += more;
	for (v = len, p--; v >= 0x80; v >>= 7)
		*p++ = (char)(unsigned char)(v | 0x80);
	*p = (char)v;
}

/* A list is only there in JSON: protobuf repeats the field of its items. */
static struct open
open_list(struct writer *w, struct field f)
{
	struct open open = {.bracket = ']'};

	if (!w->json)
		return open;
	(void)begin_field(w, f, WIRE_BYTES);
	buf_addc(w->b, '[');
	w->first = true;
	return open;
}

static void
close_open(struct writer *w, struct open open)
{
	if (w->json)
		buf_addc(w->b, open.bracket);
	else if (open.bracket == '}')
		set_length(w->b, open.at);
	w->first = false;
}

static void
put_text(struct writer *w, struct field f, struct str text)
{
	if (begin_field(w, f, WIRE_BYTES)) {
		json_print_string(w->b, text);
		return;
	}
	add_varint(w->b, text.len);
	buf_add(w->b, text.p, text.len);
}

static void
put_string(struct writer *w, struct field f, const char *s)
{
	put_text(w, f, (struct str){s, strlen(s)});
}

/* Ids are hexadecimal in JSON. */
static void
put_id(struct writer *w, struct field f, const unsigned char *id, size_t len)
{
	char hex[2 * OTLP_TRACE_ID + 1];

	if (begin_field(w, f, WIRE_BYTES)) {
		hex_print(hex, id, len);
		add_quoted(w->b, hex, 2 * len);
		return;
	}
	add_varint(w->b, len);
	buf_add(w->b, id, len);
}

static void
add_fixed64(struct buf *b, uint64_t v)
{
	char bytes[8];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(unsigned char)(v >> (8 * i));
	buf_add(b, bytes, sizeof(bytes));
}

static void
put_time(struct writer *w, struct field f, int64_t ns)
{
	if (begin_field(w, f, WIRE_FIXED64))
		add_integer(w->b, ns);
	else
		add_fixed64(w->b, (uint64_t)ns);
}

static void
put_int(struct writer *w, struct field f, int64_t i)
{
	if (begin_field(w, f, WIRE_VARINT))
		add_integer(w->b, i);
	else
		add_varint(w->b, (uint64_t)i);
}

static void
put_enum(struct writer *w, struct field f, int value)
{
	if (begin_field(w, f, WIRE_VARINT))
		buf_addf(w->b, "%d", value);
	else
		add_varint(w->b, (uint64_t)value);
}

static void
put_bool(struct writer *w, struct field f, bool value)
{
	if (begin_field(w, f, WIRE_VARINT))
		buf_adds(w->b, value ? "true" : "false");
	else
		add_varint(w->b, value);
}

/* JSON has names for what is not finite (proto3's JSON mapping). */
static void
put_double(struct writer *w, struct field f, double d)
{
	char text[JS_NUMBER_LEN];
	uint64_t bits;

	if (!begin_field(w, f, WIRE_FIXED64)) {
		memcpy(&bits, &d, sizeof(bits));
		add_fixed64(w->b, bits);
	} else if (!isfinite(d)) {
		buf_adds(w->b, isnan(d) ? "\"NaN\""
			       : d > 0	? "\"Infinity\""
					: "\"-Infinity\"");
	} else {
		buf_add(w->b, text, js_number_print(text, d));
	}
}

/* --- attributes */

#define FIELD(number, name) ((struct field){number, name})

static void
put_texts(struct writer *w, struct str array)
{
	struct err ignored = {0};
	json_t *texts = json_read(array, &ignored);
	struct open value = open_message(w, FIELD(5, "arrayValue"));
	struct open list = open_list(w, FIELD(1, "values")), item;
	size_t i;

	for (i = 0; i < json_array_size(texts); i++) {
		const json_t *text = json_array_get(texts, i);

		item = open_message(w, FIELD(1, NULL));
		put_text(w, FIELD(1, "stringValue"),
		    (struct str){
			json_is_string(text) ? json_string_value(text) : "",
			json_string_length(text)});
		close_open(w, item);
	}
	close_open(w, list);
	close_open(w, value);
	json_decref(texts);
	err_free(&ignored);
}

static void
put_value(struct writer *w, const struct otlp_attr *attr)
{
	switch (attr->type) {
	case OTLP_TEXT:
		put_text(w, FIELD(1, "stringValue"), attr->text);
		break;
	case OTLP_BOOL:
		put_bool(w, FIELD(2, "boolValue"), attr->b);
		break;
	case OTLP_INT:
		put_int(w, FIELD(3, "intValue"), attr->i);
		break;
	case OTLP_DOUBLE:
		put_double(w, FIELD(4, "doubleValue"), attr->d);
		break;
	case OTLP_TEXTS:
		put_texts(w, attr->text);
		break;
	}
}

static void
put_attrs(
    struct writer *w, unsigned number, const struct otlp_attr *attrs, size_t n)
{
	struct open list, item, value;
	size_t i;

	if (n == 0)
		return;
	list = open_list(w, FIELD(number, "attributes"));
	for (i = 0; i < n; i++) {
		item = open_message(w, FIELD(number, NULL));
		put_string(w, FIELD(1, "key"), attrs[i].key);
		value = open_message(w, FIELD(2, "value"));
		put_value(w, &attrs[i]);
		close_open(w, value);
		close_open(w, item);
	}
	close_open(w, list);
}

/* --- spans */

static void
put_events(struct writer *w, const struct otlp_span *span)
{
	struct open list, item;
	size_t i;

	if (span->n_events == 0)
		return;
	list = open_list(w, FIELD(11, "events"));
	for (i = 0; i < span->n_events; i++) {
		const struct otlp_event *event = &span->events[i];

		item = open_message(w, FIELD(11, NULL));
		put_time(w, FIELD(1, "timeUnixNano"), event->at_ns);
		put_string(w, FIELD(2, "name"), event->name);
		put_attrs(w, 3, event->attrs, event->n_attrs);
		close_open(w, item);
	}
	close_open(w, list);
}

static void
put_links(struct writer *w, const struct otlp_span *span)
{
	struct open list, item;
	size_t i;

	if (span->n_links == 0)
		return;
	list = open_list(w, FIELD(13, "links"));
	for (i = 0; i < span->n_links; i++) {
		item = open_message(w, FIELD(13, NULL));
		put_id(w, FIELD(1, "traceId"), span->links[i].trace_id,
		    OTLP_TRACE_ID);
		put_id(w, FIELD(2, "spanId"), span->links[i].span_id,
		    OTLP_SPAN_ID);
		close_open(w, item);
	}
	close_open(w, list);
}

static void
put_status(struct writer *w, const struct otlp_span *span)
{
	struct open status = open_message(w, FIELD(15, "status"));

	if (span->message.len != 0)
		put_text(w, FIELD(2, "message"), span->message);
	if (span->status != OTLP_UNSET)
		put_enum(w, FIELD(3, "code"), (int)span->status);
	close_open(w, status);
}

void
otlp_add_span(
    struct buf *b, enum otlp_encoding encoding, const struct otlp_span *span)
{
	struct writer w = {b, encoding == OTLP_JSON, b->len == 0};
	struct open item = open_message(&w, FIELD(2, NULL));

	put_id(&w, FIELD(1, "traceId"), span->trace_id, OTLP_TRACE_ID);
	put_id(&w, FIELD(2, "spanId"), span->span_id, OTLP_SPAN_ID);
	if (span->has_parent)
		put_id(
		    &w, FIELD(4, "parentSpanId"), span->parent, OTLP_SPAN_ID);
	put_string(&w, FIELD(5, "name"), span->name);
	put_enum(&w, FIELD(6, "kind"), (int)span->kind);
	put_time(&w, FIELD(7, "startTimeUnixNano"), span->start_ns);
	put_time(&w, FIELD(8, "endTimeUnixNano"), span->end_ns);
	put_attrs(&w, 9, span->attrs, span->n_attrs);
	put_events(&w, span);
	put_links(&w, span);
	put_status(&w, span);
	close_open(&w, item);
}

/* --- requests */

/* What stands around spans and metrics alike. */
struct around {
	struct open resources, resource, scopes, scope;
};

static const char scope_name[] = "agentmark";

static void
open_request(struct writer *w, struct around *o, const char *resources,
    const char *scopes, const struct otlp_attr *resource, size_t n)
{
	struct open inner;

	if (w->json)
		buf_addc(w->b, '{');
	w->first = true;
	o->resources = open_list(w, FIELD(1, resources));
	o->resource = open_message(w, FIELD(1, NULL));
	inner = open_message(w, FIELD(1, "resource"));
	put_attrs(w, 1, resource, n);
	close_open(w, inner);
	o->scopes = open_list(w, FIELD(2, scopes));
	o->scope = open_message(w, FIELD(2, NULL));
	inner = open_message(w, FIELD(1, "scope"));
	put_string(w, FIELD(1, "name"), scope_name);
	close_open(w, inner);
}

static void
close_request(struct writer *w, const struct around *o)
{
	close_open(w, o->scope);
	close_open(w, o->scopes);
	close_open(w, o->resource);
	close_open(w, o->resources);
	if (w->json)
		buf_addc(w->b, '}');
}

void
otlp_print_traces(struct buf *b, enum otlp_encoding encoding,
    const struct otlp_attr *resource, size_t n_resource, struct str spans)
{
	struct writer w = {b, encoding == OTLP_JSON, true};
	struct around around;
	struct open list;

	open_request(
	    &w, &around, "resourceSpans", "scopeSpans", resource, n_resource);
	list = open_list(&w, FIELD(2, "spans"));
	buf_add(b, spans.p, spans.len);
	close_open(&w, list);
	close_request(&w, &around);
}

/* --- metrics */

/* All fixed64 of one field: packed in protobuf. */
static void
put_counts(struct writer *w, struct field f, const uint64_t *counts, size_t n)
{
	size_t i;

	if (begin_field(w, f, WIRE_BYTES)) {
		for (i = 0; i < n; i++)
			buf_addf(w->b, "%s\"%" PRIu64 "\"", i == 0 ? "[" : ",",
			    counts[i]);
		buf_addc(w->b, ']');
		return;
	}
	add_varint(w->b, 8 * n);
	for (i = 0; i < n; i++)
		add_fixed64(w->b, counts[i]);
}

static void
put_bounds(struct writer *w, struct field f, const double *bounds, size_t n)
{
	uint64_t bits;
	size_t i;

	if (begin_field(w, f, WIRE_BYTES)) {
		for (i = 0; i < n; i++)
			buf_addf(
			    w->b, "%s%.17g", i == 0 ? "[" : ",", bounds[i]);
		buf_addc(w->b, ']');
		return;
	}
	add_varint(w->b, 8 * n);
	for (i = 0; i < n; i++) {
		memcpy(&bits, &bounds[i], sizeof(bits));
		add_fixed64(w->b, bits);
	}
}

static void
put_histogram(struct writer *w, const struct otlp_point *point)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i <= point->n_bounds; i++)
		count += point->counts[i];
	put_time(w, FIELD(4, "count"), (int64_t)count);
	put_double(w, FIELD(5, "sum"), point->value);
	put_counts(
	    w, FIELD(6, "bucketCounts"), point->counts, point->n_bounds + 1);
	put_bounds(
	    w, FIELD(7, "explicitBounds"), point->bounds, point->n_bounds);
}

static void
put_point(struct writer *w, const struct otlp_point *point, int64_t start_ns,
    int64_t now_ns)
{
	bool histogram = point->bounds != NULL;
	struct open item = open_message(w, FIELD(1, NULL));

	put_attrs(w, histogram ? 9 : 7, point->attrs, point->n_attrs);
	put_time(w, FIELD(2, "startTimeUnixNano"), start_ns);
	put_time(w, FIELD(3, "timeUnixNano"), now_ns);
	if (histogram)
		put_histogram(w, point);
	else
		put_double(w, FIELD(4, "asDouble"), point->value);
	close_open(w, item);
}

/* Points of one name are one metric; returns how many those are. */
static size_t
put_metric(struct writer *w, const struct otlp_point *points, size_t n,
    int64_t start_ns, int64_t now_ns)
{
	const int cumulative = 2;
	bool histogram = points[0].bounds != NULL;
	struct open metric = open_message(w, FIELD(2, NULL)), data, list;
	size_t i;

	put_string(w, FIELD(1, "name"), points[0].name);
	if (points[0].unit != NULL)
		put_string(w, FIELD(3, "unit"), points[0].unit);
	data = open_message(
	    w, histogram ? FIELD(9, "histogram") : FIELD(7, "sum"));
	list = open_list(w, FIELD(1, "dataPoints"));
	for (i = 0; i < n && strcmp(points[i].name, points[0].name) == 0; i++)
		put_point(w, &points[i], start_ns, now_ns);
	close_open(w, list);
	put_enum(w, FIELD(2, "aggregationTemporality"), cumulative);
	if (!histogram)
		put_bool(w, FIELD(3, "isMonotonic"), true);
	close_open(w, data);
	close_open(w, metric);
	return i;
}

void
otlp_print_metrics(struct buf *b, enum otlp_encoding encoding,
    const struct otlp_attr *resource, size_t n_resource,
    const struct otlp_point *points, size_t n_points, int64_t start_ns,
    int64_t now_ns)
{
	struct writer w = {b, encoding == OTLP_JSON, true};
	struct around around;
	struct open list;
	size_t i;

	open_request(&w, &around, "resourceMetrics", "scopeMetrics", resource,
	    n_resource);
	list = open_list(&w, FIELD(2, "metrics"));
	for (i = 0; i < n_points;)
		i += put_metric(&w, points + i, n_points - i, start_ns, now_ns);
	close_open(&w, list);
	close_request(&w, &around);
}
