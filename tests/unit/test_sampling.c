/* Which rows are kept, against the vectors of protocol.md 3.4. */
#include "../../common/wire/sampling.h"

#include "../../common/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int
read_text(
    struct arena *a, const char *text, struct sampling *out, struct err *err)
{
	json_t *json = json_read((struct str){text, strlen(text)}, err);
	int rc;

	if (json == NULL)
		fail_msg("%s: %s", text, err->msg);
	rc = sampling_read(a, json, out, err);
	json_decref(json);
	return rc;
}

/* The kept rows of TOTAL as "0,3,7". */
static void
print_kept(const struct sampling *s, int64_t total, double random, char *out,
    size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (int64_t i = 0; i < total; i++)
		if (sampling_keeps(s, i, total, random))
			n += (size_t)snprintf(out + n, size - n, "%s%d",
			    n != 0 ? "," : "", (int)i);
}

static void
test_kept(void **state)
{
	static const struct {
		const char *json;
		int64_t total;
		double random;
		const char *kept;
	} cases[] = {
	    {"null", 3, 0.5, "0,1,2"},
	    {"{}", 3, 0.5, "0,1,2"},
	    {"{\"seed\":7}", 3, 0.5, "0,1,2"},
	    {"{\"sample\":20,\"seed\":42}", 20, 0, "3,4,9,11,14"},
	    {"{\"sample\":2e1,\"seed\":42.0}", 20, 0, "3,4,9,11,14"},
	    {"{\"sample\":50,\"seed\":42}", 20, 0,
		"3,4,7,9,10,11,12,13,14,16,17,18"},
	    {"{\"sample\":100}", 3, 0.999, "0,1,2"},
	    {"{\"sample\":50}", 2, 0.499, "0,1"},
	    {"{\"sample\":50}", 2, 0.5, ""},
	    {"{\"rows\":[5,0,2,2,99,0]}", 30, 0, "0,2,5"},
	    {"{\"rows\":[]}", 30, 0, ""},
	    {"{\"rows\":[1.5,\"2\",null,1e300,3.0]}", 30, 0, "3"},
	    {"{\"split\":{\"portion\":\"train\",\"percentage\":80}}", 5, 0,
		"0,1,2,3"},
	    {"{\"split\":{\"portion\":\"test\",\"percentage\":80}}", 5, 0, "4"},
	    {"{\"split\":{\"portion\":\"train\",\"percentage\":50}}", 5, 0,
		"0,1,2"},
	    {"{\"split\":{\"portion\":\"test\",\"percentage\":50}}", 5, 0,
		"3,4"},
	    {"{\"split\":{\"portion\":\"train\",\"percentage\":1}}", 5, 0, ""},
	    {"{\"split\":{\"portion\":\"train\",\"percentage\":20},\"seed\":"
	     "42}",
		20, 0, "3,4,9,11,14"},
	    {"{\"split\":{\"portion\":\"test\",\"percentage\":50},\"seed\":42}",
		20, 0, "0,1,2,5,6,8,15,19"},
	};
	struct arena *a = arena_new(NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sampling s;
		struct err err = {0};
		char kept[200];

		assert_int_equal(read_text(a, cases[i].json, &s, &err), 0);
		print_kept(
		    &s, cases[i].total, cases[i].random, kept, sizeof(kept));
		assert_string_equal(kept, cases[i].kept);
	}
	arena_free(a);
}

#define EXCLUSIVE                                                              \
	"Sampling options are mutually exclusive: only one of --sample, "      \
	"--rows, or --split may be used"
#define SAMPLE "Sample percentage must be an integer between 1 and 100"
#define SPLIT "Split percentage must be an integer between 1 and 99"
#define SEED "Seed must be a finite number"

static void
test_refused(void **state)
{
	static const struct {
		const char *json, *message;
	} cases[] = {
	    {"{\"sample\":10,\"rows\":[1]}", EXCLUSIVE},
	    {"{\"sample\":0,\"split\":{}}", EXCLUSIVE},
	    {"{\"rows\":[1],\"split\":{}}", EXCLUSIVE},
	    {"{\"sample\":0}", SAMPLE},
	    {"{\"sample\":101}", SAMPLE},
	    {"{\"sample\":12.5}", SAMPLE},
	    {"{\"sample\":\"5\"}", SAMPLE},
	    {"{\"sample\":-1}", SAMPLE},
	    {"{\"rows\":[0,-1]}", "Row index must be non-negative, got -1"},
	    {"{\"rows\":[-0.5]}", "Row index must be non-negative, got -0.5"},
	    {"{\"rows\":5}", "Sampling rows must be an array"},
	    {"{\"split\":{\"portion\":\"x\",\"percentage\":5}}",
		"Split portion must be \"train\" or \"test\", got \"x\""},
	    {"{\"split\":{}}",
		"Split portion must be \"train\" or \"test\", got "
		"\"undefined\""},
	    {"{\"split\":{\"portion\":\"train\",\"percentage\":0}}", SPLIT},
	    {"{\"split\":{\"portion\":\"train\",\"percentage\":100}}", SPLIT},
	    {"{\"split\":{\"portion\":\"train\",\"percentage\":\"5\"}}", SPLIT},
	    {"{\"split\":{\"portion\":\"train\"}}", SPLIT},
	    {"{\"seed\":\"x\"}", SEED},
	    {"{\"sample\":10,\"seed\":[]}", SEED},
	    {"{\"sample\":10,\"seed\":null}", SEED},
	    {"{\"sample\":null}", SAMPLE},
	    {"{\"rows\":null}", "Sampling rows must be an array"},
	    {"{\"sample\":null,\"rows\":[1]}", EXCLUSIVE},
	    {"5", "Sampling must be an object"},
	    {"[]", "Sampling must be an object"},
	};
	struct arena *a = arena_new(NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sampling s;
		struct err err = {0};

		assert_int_equal(read_text(a, cases[i].json, &s, &err), -1);
		assert_int_equal(err.code, ERR_PROMPT);
		assert_string_equal(err.msg, cases[i].message);
		err_free(&err);
	}
	arena_free(a);
}

static void
test_random(void **state)
{
	static const struct {
		double seed;
		int64_t index;
		double value;
	} cases[] = {
	    {0, 0, 0.26642920868471265},
	    {0, 1, 0.6270739405881613},
	    {0, 2, 0.7342509443406016},
	    {0, 3, 0.7202267837710679},
	    {0, 4, 0.9236361971125007},
	    {0, 5, 0.6897749109193683},
	    {42, 0, 0.6011037519201636},
	    {42, 1, 0.9998110907617956},
	    {42, 2, 0.8361802322324365},
	    {42, 3, 0.03719550580717623},
	    {42, 4, 0.060074036940932274},
	    {42, 5, 0.62949686544016},
	    {42, 100, 0.6522225458174944},
	    {-1, 0, 0.8964226141106337},
	    {2147483647, 0, 0.4290980885270983},
	    {4294967296, 0, 0.26642920868471265},
	    {-4294967296, 0, 0.26642920868471265},
	    {1e308, 0, 0.26642920868471265},
	    {1.5, 0, 0.6270739405881613},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_true(sampling_random(cases[i].seed, cases[i].index) ==
			    cases[i].value);
}

static void
test_needs_total(void **state)
{
	static const struct sampling plain = {.mode = SAMPLING_SPLIT};
	static const struct sampling seeded = {
	    .mode = SAMPLING_SPLIT, .has_seed = true};
	static const struct sampling rows = {.mode = SAMPLING_ROWS};

	(void)state;
	assert_true(sampling_needs_total(&plain));
	assert_false(sampling_needs_total(&seeded));
	assert_false(sampling_needs_total(&rows));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kept),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_needs_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
