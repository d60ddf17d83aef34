/* print_otlp traces|metrics json|protobuf: a request of OTLP that holds all
 * that otlp.c can write, for tests/otlp, which reads it with the official
 * definitions. */
#include "../../common/base/arena.h"
#include "../../common/wire/otlp.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LONG_TEXT = 20000, MAX = 1024 * 1024 };

#define TEXT(name, literal)                                                    \
	{                                                                      \
		.key = (name), .type = OTLP_TEXT, .text = {                    \
			literal,                                               \
			strlen(literal)                                        \
		}                                                              \
	}
#define INT(name, value)                                                       \
	{                                                                      \
		.key = (name), .type = OTLP_INT, .i = (value)                  \
	}
#define DOUBLE(name, value)                                                    \
	{                                                                      \
		.key = (name), .type = OTLP_DOUBLE, .d = (double)(value)       \
	}
#define BOOL(name, value)                                                      \
	{                                                                      \
		.key = (name), .type = OTLP_BOOL, .b = (value)                 \
	}

static void
print_spans(struct buf *piece, enum otlp_encoding encoding, const char *longer)
{
	const struct otlp_attr attrs[] = {
	    TEXT("text", "Grüße, \"Welt\" \\ \n\t\001 \xf0\x9f\x98\x80"),
	    TEXT("text.empty", ""),
	    {.key = "text.long",
		.type = OTLP_TEXT,
		.text = {longer, LONG_TEXT}},
	    {.key = "text.127", .type = OTLP_TEXT, .text = {longer, 127}},
	    {.key = "text.128", .type = OTLP_TEXT, .text = {longer, 128}},
	    INT("int", 12345678901234),
	    INT("int.zero", 0),
	    INT("int.negative", -1),
	    INT("int.least", INT64_MIN),
	    INT("int.most", INT64_MAX),
	    DOUBLE("double", 0.1),
	    DOUBLE("double.tiny", 5e-324),
	    DOUBLE("double.whole", 3),
	    DOUBLE("double.nan", NAN),
	    DOUBLE("double.infinite", -INFINITY),
	    BOOL("bool", true),
	    BOOL("bool.not", false),
	    {.key = "texts",
		.type = OTLP_TEXTS,
		.text = {"[\"stop\",\"\",\"ü\"]", 16}},
	    {.key = "texts.none", .type = OTLP_TEXTS, .text = {"[]", 2}},
	};
	const struct otlp_attr event_attrs[] = {
	    TEXT("why", "429"), INT("n", 2)};
	const struct otlp_event events[] = {
	    {.name = "retry",
		.at_ns = 1700000000123456789,
		.attrs = event_attrs,
		.n_attrs = 2},
	    {.name = "", .at_ns = 0},
	};
	struct otlp_link links[2];
	struct otlp_span span = {
	    .name = "text_basic",
	    .kind = OTLP_INTERNAL,
	    .start_ns = 1700000000000000000,
	    .end_ns = 1700000000999999999,
	    .attrs = attrs,
	    .n_attrs = ARRAY_LEN(attrs),
	    .events = events,
	    .n_events = 2,
	    .links = links,
	    .n_links = 2,
	    .status = OTLP_ERROR,
	    .message = STR("rate limit"),
	};

	memset(span.trace_id, 0xab, sizeof(span.trace_id));
	memset(span.span_id, 0x01, sizeof(span.span_id));
	memset(links, 0xfe, sizeof(links));
	otlp_add_span(piece, encoding, &span);
	span = (struct otlp_span){
	    .name = "chat gpt-4o",
	    .kind = OTLP_CLIENT,
	    .has_parent = true,
	    .status = OTLP_OK,
	};
	memset(span.trace_id, 0xab, sizeof(span.trace_id));
	memset(span.span_id, 0x02, sizeof(span.span_id));
	memset(span.parent, 0x01, sizeof(span.parent));
	otlp_add_span(piece, encoding, &span);
	span.status = OTLP_UNSET;
	otlp_add_span(piece, encoding, &span);
}

static void
print_traces(struct buf *b, enum otlp_encoding encoding,
    const struct otlp_attr *resource, size_t n)
{
	char longer[LONG_TEXT];
	struct buf piece;

	memset(longer, 'x', sizeof(longer));
	buf_init(&piece, MAX);
	print_spans(&piece, encoding, longer);
	otlp_print_traces(
	    b, encoding, resource, n, (struct str){buf_str(&piece), piece.len});
	buf_free(&piece);
}

static void
print_metrics(struct buf *b, enum otlp_encoding encoding,
    const struct otlp_attr *resource, size_t n)
{
	const struct otlp_attr attrs[] = {TEXT("model", "gpt-4o"), INT("i", 7)};
	const int64_t start = 1700000000000000000, now = start + 1;
	const uint64_t counts[] = {0, 3, 500, 1};
	const double bounds[] = {0.01, 0.5, 10};
	const struct otlp_point points[] = {
	    {.name = "agentmark.requests",
		.unit = "{request}",
		.attrs = attrs,
		.n_attrs = 2,
		.value = 12.5},
	    {.name = "agentmark.runs", .value = 0},
	    {.name = "gen_ai.client.operation.duration",
		.unit = "s",
		.attrs = attrs,
		.n_attrs = 1,
		.value = 77.25,
		.bounds = bounds,
		.counts = counts,
		.n_bounds = 3},
	};

	otlp_print_metrics(
	    b, encoding, resource, n, points, ARRAY_LEN(points), start, now);
}

int
main(int argc, char **argv)
{
	const struct otlp_attr resource[] = {
	    TEXT("service.name", "agentmark-client"),
	    TEXT("agentmark.app_id", "app"),
	};
	enum otlp_encoding encoding;
	struct buf b;

	if (argc != 3) {
		(void)fprintf(
		    stderr, "usage: print_otlp traces|metrics json|protobuf\n");
		return 2;
	}
	encoding = strcmp(argv[2], "json") == 0 ? OTLP_JSON : OTLP_PROTOBUF;
	buf_init(&b, MAX);
	if (strcmp(argv[1], "traces") == 0)
		print_traces(&b, encoding, resource, ARRAY_LEN(resource));
	else
		print_metrics(&b, encoding, resource, ARRAY_LEN(resource));
	(void)fwrite(b.data, 1, b.len, stdout);
	buf_free(&b);
	return 0;
}
