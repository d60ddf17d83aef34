/* Every transcript gives the same events whatever pieces it arrives in: each
 * split in two, each in three for the short ones, and byte by byte. */
#include "../../common/net/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MANY 4096

struct transcript {
	enum frame_kind kind;
	const char *bytes;
	const char *events; /* "name|data" of each, and a LF */
};

static const struct transcript transcripts[] = {
    {FRAME_SSE, "data: {\"a\":1}\n\ndata: [DONE]\n\n", "|{\"a\":1}\n|[DONE]\n"},
    {FRAME_SSE, "event: ping\ndata: x\n\n", "ping|x\n"},
    {FRAME_SSE, "event:ping\r\ndata:x\r\n\r\ndata:y\r\n\r\n", "ping|x\n|y\n"},
    {FRAME_SSE, "event: a\rdata: b\r\rdata: c\r\r", "a|b\n|c\n"},
    {FRAME_SSE, "data: one\rdata: two\ndata: three\r\n\n",
	"|one\\ntwo\\nthree\n"},
    {FRAME_SSE, "data: a\n\r\ndata: b\n\r\r\n", "|a\n|b\n"},
    {FRAME_SSE,
	"\xef\xbb\xbf"
	"data: bom\n\n",
	"|bom\n"},
    {FRAME_SSE,
	"\n\xef\xbb\xbf"
	"data: late\n\n",
	""},
    {FRAME_SSE, ": comment\n:\nid: 7\nretry: 10\ndata: z\n\n", "|z\n"},
    {FRAME_SSE, "event: lost\n\ndata: kept\n\n", "|kept\n"},
    {FRAME_SSE, "event: one\nevent: two\ndata: d\n\n", "two|d\n"},
    {FRAME_SSE, "data\n\ndata:\n\ndata: \n\n", "|\n|\n|\n"},
    {FRAME_SSE, "data\ndata\n\n", "|\\n\n"},
    {FRAME_SSE, "data:  two blanks\n\n", "| two blanks\n"},
    {FRAME_SSE, "data: a:b: c\n\n", "|a:b: c\n"},
    {FRAME_SSE, "datax: n\n data: n\nDATA: n\n\n", ""},
    {FRAME_SSE, "data: unfinished\n", ""},
    {FRAME_SSE, "data: x\n\ndata: unfinished", "|x\n"},
    {FRAME_SSE, "\n\n\r\r\n\r\n", ""},
    {FRAME_SSE, "", ""},
    {FRAME_SSE, "data: \xc3\xa9\xf0\x9f\x98\x80\n\n",
	"|\xc3\xa9\xf0\x9f\x98\x80\n"},
    {FRAME_SSE, "data: a\n\n\ndata: b\n\n", "|a\n|b\n"},
    {FRAME_LINES, "{\"a\":1}\n{\"b\":2}\r\n\n\r\nlast",
	"|{\"a\":1}\n"
	"|{\"b\":2}\n|last\n"},
    {FRAME_LINES, "a\rb\n", "|a\rb\n"},
    {FRAME_LINES, "\xef\xbb\xbfone\ntwo\n", "|one\n|two\n"},
    {FRAME_LINES, "", ""},
    {FRAME_LINES, "\n\n", ""},
    {FRAME_LINES, "x\r", "|x\n"},
};

static int
note(void *arg, struct str event, struct str data)
{
	struct buf *b = arg;

	buf_add(b, event.p, event.len);
	buf_addc(b, '|');
	for (size_t i = 0; i < data.len; i++) {
		if (data.p[i] == '\n')
			buf_adds(b, "\\n");
		else
			buf_addc(b, data.p[i]);
	}
	buf_addc(b, '\n');
	return 0;
}

/* Feeds a copy that is gone afterwards: nothing may point into it. */
static void
feed(struct frame *f, const char *p, size_t len, struct buf *out)
{
	struct err err = {0};
	char *copy = malloc(len + 1);

	memcpy(copy, p, len);
	assert_int_equal(
	    frame_feed(f, (struct str){copy, len}, note, out, &err), 0);
	memset(copy, 'X', len);
	free(copy);
	assert_int_equal(err.code, ERR_NONE);
}

/* In pieces that end at A, at B and at the end; or bytes when A is MANY. */
static void
replay(const struct transcript *t, size_t a, size_t b)
{
	size_t len = strlen(t->bytes);
	struct err err = {0};
	struct frame f;
	struct buf out;

	frame_init(&f, t->kind, MANY);
	buf_init(&out, MANY);
	for (size_t i = 0; a == MANY && i < len; i++)
		feed(&f, t->bytes + i, 1, &out);
	if (a != MANY) {
		feed(&f, t->bytes, a, &out);
		feed(&f, t->bytes + a, b - a, &out);
		feed(&f, t->bytes + b, len - b, &out);
	}
	assert_int_equal(frame_end(&f, note, &out, &err), 0);
	assert_string_equal(buf_str(&out), t->events);
	buf_free(&out);
	frame_free(&f);
}

static void
test_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(transcripts); i++) {
		size_t len = strlen(transcripts[i].bytes);

		for (size_t a = 0; a <= len; a++) {
			for (size_t b = a; b <= len; b++)
				replay(&transcripts[i], a, b);
		}
		replay(&transcripts[i], MANY, 0);
	}
}

static int
refuse_second(void *arg, struct str event, struct str data)
{
	int *calls = arg;

	(void)event;
	(void)data;
	return ++*calls == 2 ? 7 : 0;
}

static void
test_result_stops(void **state)
{
	struct err err = {0};
	struct frame f;
	int calls = 0;

	(void)state;
	frame_init(&f, FRAME_SSE, MANY);
	assert_int_equal(
	    frame_feed(&f, STR("data: 1\n\ndata: 2\n\ndata: 3\n\n"),
		refuse_second, &calls, &err),
	    7);
	assert_int_equal(calls, 2);
	frame_free(&f);
}

/* Feeds TEXT in pieces of STEP bytes to a frame of at most MAX. */
static int
feed_limited(const char *text, size_t step, size_t max, struct err *err)
{
	size_t len = strlen(text);
	struct frame f;
	struct buf out;
	int rc = 0;

	frame_init(&f, FRAME_SSE, max);
	buf_init(&out, MANY);
	for (size_t i = 0; rc == 0 && i < len; i += step) {
		size_t n = len - i < step ? len - i : step;

		rc = frame_feed(&f, (struct str){text + i, n}, note, &out, err);
	}
	buf_free(&out);
	frame_free(&f);
	return rc;
}

static void
test_limit(void **state)
{
	static const char *const large[] = {
	    "data: 0123456789abcdef\n\n",
	    "data: 0123456789abcdef",
	    "data: 0123456\ndata: 0123456\ndata: 01234\n\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(large); i++) {
		for (size_t step = 1; step < 50; step++) {
			struct err err = {0};

			assert_int_equal(
			    feed_limited(large[i], step, 16, &err), -1);
			assert_int_equal(err.code, ERR_PROVIDER);
			assert_string_equal(err.msg,
			    "an event of the stream is larger than 16 bytes");
			err_free(&err);
			assert_int_equal(
			    feed_limited(large[i], step, 24, &err), 0);
		}
	}
}

/* A stream of blank lines or of one long line takes linear time. */
static void
test_linear(void **state)
{
	size_t len = 8u << 20;
	char *text = malloc(len);
	struct err err = {0};
	struct frame f;
	struct buf out;

	(void)state;
	buf_init(&out, MANY);
	for (int c = 0; c < 3; c++) {
		memset(text, "\r\nx"[c], len);
		frame_init(&f, FRAME_SSE, len);
		for (size_t i = 0; i < len; i += len / 64)
			assert_int_equal(
			    frame_feed(&f, (struct str){text + i, len / 64},
				note, &out, &err),
			    0);
		frame_free(&f);
	}
	buf_free(&out);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_split),
	    cmocka_unit_test(test_result_stops),
	    cmocka_unit_test(test_limit),
	    cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
