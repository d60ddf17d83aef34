/* Amazon's records: the same events at every split, sizes, damage of every bit,
 * and a vector from elsewhere. */
#include "records.h"

#include "../../common/base/crypt.h"
#include "../../common/net/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 1u << 20 };

static int
note(void *arg, struct str event, struct str data)
{
	struct buf *b = arg;

	buf_addf(
	    b, "%.*s|%.*s\n", (int)event.len, event.p, (int)data.len, data.p);
	return 0;
}

/* Feeds a copy that is gone afterwards: nothing may point into it. */
static int
feed(struct frame *f, const char *p, size_t len, struct buf *out,
    struct err *err)
{
	char *copy = malloc(len != 0 ? len : 1);
	int rc;

	memcpy(copy, p, len);
	rc = frame_feed(f, (struct str){copy, len}, note, out, err);
	free(copy);
	return rc;
}

static int
replay(struct str bytes, size_t first, size_t step, size_t max, struct buf *out,
    struct err *err)
{
	struct frame f;
	size_t at = 0, n;
	int rc = 0;

	buf_clear(out);
	frame_init(&f, FRAME_RECORDS, max);
	for (n = first; at < bytes.len && rc == 0; n = step) {
		if (n > bytes.len - at)
			n = bytes.len - at;
		rc = feed(&f, bytes.p + at, n, out, err);
		at += n;
	}
	if (rc == 0)
		rc = frame_end(&f, note, out, err);
	frame_free(&f);
	return rc;
}

static void
fill(struct buf *b)
{
	static const char *const names[] = {
	    ":message-type", ":error-code", ":error-message"};
	static const char *const values[] = {
	    "error", "InternalError", "it broke"};

	record_lines(b,
	    STR("event messageStart {\"role\":\"assistant\"}\n"
		"event contentBlockDelta {\"delta\":{\"text\":\"a\\nb\"}}\n"
		"event empty \n"
		"exception throttlingException {\"message\":\"slow down\"}\n"));
	record_add(b, names, values, 3, STR("ignored"));
	record_add(b, names, values, 1, STR(""));
	record_add(b, names, values, 0, STR("plain"));
}

static const char wanted[] =
    "messageStart|{\"role\":\"assistant\"}\n"
    "contentBlockDelta|{\"delta\":{\"text\":\"a\\nb\"}}\n"
    "empty|\n"
    "exception/throttlingException|{\"message\":\"slow down\"}\n"
    "error/InternalError|it broke\n"
    "error/|\n"
    "|plain\n";

static void
test_every_split(void **state)
{
	struct err err = {0};
	struct buf b, out;
	struct str bytes;

	(void)state;
	buf_init(&b, MANY);
	buf_init(&out, MANY);
	fill(&b);
	bytes = (struct str){b.data, b.len};
	for (size_t i = 0; i <= b.len; i++) {
		assert_int_equal(replay(bytes, i, MANY, MANY, &out, &err), 0);
		assert_string_equal(buf_str(&out), wanted);
	}
	for (size_t step = 1; step < 64; step++) {
		assert_int_equal(
		    replay(bytes, step, step, MANY, &out, &err), 0);
		assert_string_equal(buf_str(&out), wanted);
	}
	/* What is unfinished is dropped. */
	for (size_t len = 0; len < b.len; len++) {
		bytes.len = len;
		assert_int_equal(replay(bytes, len, 1, MANY, &out, &err), 0);
		assert_memory_equal(buf_str(&out), wanted, out.len);
		assert_true(out.len < strlen(wanted));
	}
	buf_free(&b);
	buf_free(&out);
}

/* No bit can be flipped unseen.  A length that grew is noticed by the checksum
 * of the lengths, before anything is waited for. */
static void
test_damage(void **state)
{
	struct err err = {0};
	struct buf b, out;

	(void)state;
	buf_init(&b, MANY);
	buf_init(&out, MANY);
	record_event(&b, "messageStop", "{\"stopReason\":\"end_turn\"}");
	for (size_t i = 0; i < 8 * b.len; i++) {
		b.data[i / 8] = (char)(b.data[i / 8] ^ 1 << i % 8);
		for (size_t step = 1; step < b.len; step += 9) {
			assert_int_equal(replay((struct str){b.data, b.len},
					     step, step, MANY, &out, &err),
			    -1);
			assert_int_equal(err.code, ERR_PROVIDER);
			assert_non_null(strstr(err.msg, "checksum"));
			err_free(&err);
		}
		b.data[i / 8] = (char)(b.data[i / 8] ^ 1 << i % 8);
		assert_int_equal(out.len, 0);
	}
	buf_free(&b);
	buf_free(&out);
}

/* Records whose checksums are right and whose contents may not be, made by
 * other means than ours. */
static void
test_contents(void **state)
{
	static const char headers[] =
	    "a record of the stream is damaged: its headers";
	static const char lengths[] =
	    "a record of the stream is damaged: its lengths";
	static const struct {
		const char *hex, *error;
	} cases[] = {
	    /* headers of all types, and one that counts */
	    {"000000740000006024c2f83e0161000162010163022a01640300050165040000"
	     "0005016605000000000000000501670600022a2a0168070002686901690800"
	     "00000000000000016a09000102030405060708090a0b0c0d0e0f0b3a657665"
	     "6e742d7479706507000474797065626f6479f60c24bf",
		NULL},
	    {"0000001300000003db6b638101610affab9622", headers},
	    {"0000001300000003db6b6381056162bbcbd794", headers},
	    {"000000170000000729860158016107000561623c52410d", headers},
	    {"0000001400000004f72f2a3201610700ca8c1f30", headers},
	    {"0000001200000002910c7aa70161586f5691", headers},
	    {"0000000f00000000e77248b8", lengths},
	    {"000000140000000580281aa4", lengths},
	    {"ffffffff00000000ffffffff",
		"an event of the stream is larger than 1048576 bytes"},
	};
	struct buf out;

	(void)state;
	buf_init(&out, MANY);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char bytes[256];
		size_t len = strlen(cases[i].hex) / 2;
		struct err err = {0};
		int rc;

		assert_true(hex_read(bytes, len,
		    (struct str){cases[i].hex, strlen(cases[i].hex)}));
		rc = replay(
		    (struct str){bytes, len}, len, len, MANY, &out, &err);
		assert_int_equal(rc, cases[i].error != NULL ? -1 : 0);
		if (cases[i].error != NULL)
			assert_string_equal(err.msg, cases[i].error);
		else
			assert_string_equal(buf_str(&out), "type|body\n");
		err_free(&err);
	}
	buf_free(&out);
}

static void
test_limit(void **state)
{
	struct err err = {0};
	struct buf b, out;

	(void)state;
	buf_init(&b, MANY);
	buf_init(&out, MANY);
	record_event(&b, "t", "payload");
	for (size_t step = 1; step <= b.len; step++) {
		struct str bytes = {b.data, b.len};

		assert_int_equal(
		    replay(bytes, step, step, b.len, &out, &err), 0);
		assert_string_equal(buf_str(&out), "t|payload\n");
		assert_int_equal(
		    replay(bytes, step, step, b.len - 1, &out, &err), -1);
		assert_non_null(strstr(err.msg, "is larger than"));
		err_free(&err);
	}
	buf_free(&b);
	buf_free(&out);
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
	struct buf b;
	int calls = 0;

	(void)state;
	buf_init(&b, MANY);
	for (int i = 0; i < 3; i++)
		record_event(&b, "t", "");
	frame_init(&f, FRAME_RECORDS, MANY);
	assert_int_equal(frame_feed(&f, (struct str){b.data, b.len},
			     refuse_second, &calls, &err),
	    7);
	assert_int_equal(calls, 2);
	frame_free(&f);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_split),
	    cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_contents),
	    cmocka_unit_test(test_limit),
	    cmocka_unit_test(test_result_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
