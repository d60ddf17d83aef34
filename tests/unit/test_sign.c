/* Signatures: the vectors of protocol.md 1.3, every form that is refused, the
 * three modes and more than one secret. */
#include "../../common/base/crypt.h"
#include "../../common/wire/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOPSECRET                                                              \
	"dc5725fc82e18fea791914440fea5ab27eb5f1bdadaae2da130cdc080cc52b1a"
#define TOPSECRET_UPPER                                                        \
	"DC5725FC82E18FEA791914440FEA5AB27EB5F1BDADAAE2DA130CDC080CC52B1A"

static const char body[] = "{\"event\":{\"type\":\"alert\"}}";
static const char missing[] =
    "Missing signature header: Expected x-agentmark-signature-256 header for "
    "webhook verification";
static const char invalid[] =
    "Invalid webhook signature - signature verification failed";

static struct str
text(const char *s)
{
	return (struct str){s, s != NULL ? strlen(s) : 0};
}

static void
test_vectors(void **state)
{
	static const struct {
		const char *key, *body, *signature;
	} vectors[] = {
	    {"topsecret", body, "sha256=" TOPSECRET},
	    {"DEFAULT", "x",
		"sha256=425e765253936c8da7dbb6efe8cc209d"
		"3c7067b28aa3a79ab674634c7d29766e"},
	    {"cl\xc3\xa9", "\xc3\xa9",
		"sha256=379aed3ea9ad6435d18a87afff6c5836"
		"f34e35ead0bc0a014c25014a0f008b5b"},
	};
	char out[SIGN_LEN + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		sign_body(text(vectors[i].key), text(vectors[i].body), out);
		assert_string_equal(out, vectors[i].signature);
	}
}

/* Verifies BODY with HEADER in pieces of STEP bytes; the result is copied. */
static const char *
verify(const struct secrets *secrets, const char *header, size_t step,
    struct err *err)
{
	struct arena *a = arena_new(NULL);
	struct signer *s = sign_start(a, secrets);
	const struct verified *v;
	const char *by = "nobody";
	size_t i, n;

	for (i = 0; i < sizeof(body) - 1; i += n) {
		n = sizeof(body) - 1 - i < step ? sizeof(body) - 1 - i : step;
		sign_update(s, (struct str){body + i, n});
	}
	v = sign_finish(s, text(header), STR(body), err);
	if (v != NULL) {
		assert_ptr_equal(verified_body(v).p, body);
		assert_int_equal(verified_body(v).len, sizeof(body) - 1);
		by = verified_by(v) != NULL ? verified_by(v) : "no secret";
	}
	arena_free(a);
	return by;
}

static struct secret two[] = {
    {"new", {"a newer secret", 14}},
    {"old", {"topsecret", 9}},
};

static void
test_accepted(void **state)
{
	const struct secrets secrets = {SIGN_REQUIRED, two, 2};
	struct err err = {0};
	char newer[SIGN_LEN + 1];

	(void)state;
	for (size_t step = 1; step < sizeof(body); step++)
		assert_string_equal(
		    verify(&secrets, "sha256=" TOPSECRET, step, &err), "old");
	assert_string_equal(
	    verify(&secrets, "sha256=" TOPSECRET_UPPER, 7, &err), "old");
	sign_body(two[0].key, STR(body), newer);
	assert_string_equal(verify(&secrets, newer, 7, &err), "new");
	assert_int_equal(err.code, ERR_NONE);
}

static void
test_refused(void **state)
{
	static const char *const headers[] = {
	    TOPSECRET,
	    "sha256",
	    "sha256=",
	    "SHA256=" TOPSECRET,
	    "Sha256=" TOPSECRET,
	    "md5=" TOPSECRET,
	    "sha1=" TOPSECRET,
	    "=" TOPSECRET,
	    " sha256=" TOPSECRET,
	    "sha256= " TOPSECRET,
	    "sha256=" TOPSECRET " ",
	    "sha256=" TOPSECRET "0",
	    "sha256=" TOPSECRET "=",
	    "sha256=" TOPSECRET "=x",
	    "sha256=" TOPSECRET ", sha256=" TOPSECRET,
	    "sha256=dc5725fc82e18fea791914440fea5ab2",
	    "sha256="
	    "dc5725fc82e18fea791914440fea5ab27eb5f1bdadaae2da130cdc080cc52b1",
	    "sha256="
	    "dc5725fc82e18fea791914440fea5ab27eb5f1bdadaae2da130cdc080cc52b1b",
	    "sha256="
	    "gc5725fc82e18fea791914440fea5ab27eb5f1bdadaae2da130cdc080cc52b1a",
	};
	const enum sign_mode modes[] = {SIGN_REQUIRED, SIGN_OPTIONAL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers) * 2; i++) {
		struct secrets secrets = {modes[i % 2], two, 2};
		struct err err = {0};

		assert_string_equal(
		    verify(&secrets, headers[i / 2], 9, &err), "nobody");
		assert_int_equal(err.code, ERR_SIGNATURE);
		assert_string_equal(err.msg, invalid);
		err_free(&err);
	}
}

static void
test_modes(void **state)
{
	static const char *const absent[] = {NULL, ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(absent); i++) {
		struct secrets secrets = {SIGN_REQUIRED, two, 2};
		struct err err = {0};

		assert_string_equal(
		    verify(&secrets, absent[i], 9, &err), "nobody");
		assert_string_equal(err.msg, missing);
		err_free(&err);
		secrets.mode = SIGN_OPTIONAL;
		assert_string_equal(
		    verify(&secrets, absent[i], 9, &err), "no secret");
		secrets.mode = SIGN_OFF;
		assert_string_equal(
		    verify(&secrets, absent[i], 9, &err), "no secret");
		assert_string_equal(
		    verify(&secrets, "sha256=nonsense", 9, &err), "no secret");
		assert_int_equal(err.code, ERR_NONE);
	}
}

/* Without a secret nothing is right. */
static void
test_no_secret(void **state)
{
	const struct secrets secrets = {SIGN_REQUIRED, NULL, 0};
	struct err err = {0};

	(void)state;
	assert_string_equal(
	    verify(&secrets, "sha256=" TOPSECRET, 9, &err), "nobody");
	assert_string_equal(err.msg, invalid);
	err_free(&err);
}

static void
test_hex(void **state)
{
	uint8_t bytes[3] = {0};
	char out[7];

	(void)state;
	assert_true(hex_read(bytes, 3, STR("00fFa5")));
	hex_print(out, bytes, 3);
	assert_string_equal(out, "00ffa5");
	assert_false(hex_read(bytes, 3, STR("00ffa")));
	assert_false(hex_read(bytes, 3, STR("00ffa5a")));
	assert_false(hex_read(bytes, 3, STR("00 ffa")));
	assert_false(hex_read(bytes, 3, (struct str){NULL, 0}));
	assert_true(crypt_equal("abc", "abc", 3));
	assert_false(crypt_equal("abc", "abd", 3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_accepted),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_modes),
	    cmocka_unit_test(test_no_secret),
	    cmocka_unit_test(test_hex),
	};

	if (crypt_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
