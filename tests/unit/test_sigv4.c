/* Signatures against those that botocore made of the same requests at the same
 * moment, and what cannot be signed. */
#include "../../common/net/sigv4.h"

#include "../../common/base/crypt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* 2026-01-02T03:04:05.678Z */
static const int64_t now = INT64_C(1767323045678);

struct vector {
	const char *url, *scope, *key, *token, *body;
	const char *host, *names, *signature;
};

static const struct vector vectors[] = {
    {"https://bedrock-runtime.us-east-1.amazonaws.com/model/"
     "anthropic.claude-3-5-sonnet-20241022-v2%3A0/converse",
	"aws:amz:us-east-1:bedrock",
	"AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", NULL,
	"{\"messages\":[]}", "bedrock-runtime.us-east-1.amazonaws.com",
	"content-type;host;x-amz-date",
	"313b724e6aba41b478aadb9b914c29a1c8bce95c08f6f2c702cb33de83698a58"},
    {"https://bedrock-runtime.eu-central-1.amazonaws.com/model/"
     "arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Ainference-profile"
     "%2Feu.x-v1%3A0/converse-stream",
	"aws:amz:eu-central-1:bedrock", "AKIDEXAMPLE:secret:with:colons",
	"tok/en+==", "\xc3\xa9", "bedrock-runtime.eu-central-1.amazonaws.com",
	"content-type;host;x-amz-date;x-amz-security-token",
	"ef4cc84c28af8b2afba0046b04559d46578b9bb3d1d5403ee5c31ca280b7c7bd"},
    {"http://127.0.0.1:8080/model/plain/converse", "aws:amz:us-west-2:bedrock",
	"A:s", NULL, "", "127.0.0.1:8080", "content-type;host;x-amz-date",
	"5139f63e104851298579e98cfe5ed8b3c86b17652e4de9b2e66bad538b0ec29a"},
    {"https://h.test:443/", "aws:amz:us-west-2:bedrock", "A:s", NULL, "x",
	"h.test", "content-type;host;x-amz-date",
	"1c2c2f09741172fb82ddf9b2780c662bb4caf202301912a1682da30c316455a5"},
    {"https://user@h.test", "aws:amz:us-west-2:svc", "A:s", NULL, "x", "h.test",
	"content-type;host;x-amz-date",
	"784b552dd0beb44ec0a1e7be8d67cc58403f19093e34c76b3ee8da3d128eebf8"},
};

/* The key's name and the scope without "aws:amz:" as the credential has it. */
static const char *
credential(struct arena *a, const struct vector *v)
{
	const char *place = v->scope + strlen("aws:amz:");

	return arena_printf(a, "%.*s/20260102/%.*s/%s/aws4_request",
	    (int)strcspn(v->key, ":"), v->key, (int)strcspn(place, ":"), place,
	    strchr(place, ':') + 1);
}

static void
check_vector(const struct vector *v)
{
	struct arena *a = arena_new(NULL);
	const char *lines[] = {
	    "Content-Type:  application/json ",
	    "Accept: application/json",
	    NULL,
	    NULL,
	};
	const struct http_request r = {
	    .url = v->url,
	    .headers = lines,
	    .body = {v->body, strlen(v->body)},
	    .sigv4 = v->scope,
	    .sigv4_key = v->key,
	};
	struct err err = {0};
	const char *const *got;
	size_t n = 2;

	if (v->token != NULL)
		lines[n++] =
		    arena_printf(a, "X-Amz-Security-Token: %s", v->token);
	assert_int_equal(sigv4_check(&r, &err), 0);
	got = sigv4_sign(a, &r, now);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(got[i], lines[i]);
	assert_string_equal(got[n], arena_printf(a, "Host: %s", v->host));
	assert_string_equal(got[n + 1], "X-Amz-Date: 20260102T030405Z");
	assert_string_equal(
	    got[n + 2], arena_printf(a,
			    "Authorization: AWS4-HMAC-SHA256 Credential=%s, "
			    "SignedHeaders=%s, Signature=%s",
			    credential(a, v), v->names, v->signature));
	assert_null(got[n + 3]);
	arena_free(a);
}

static void
test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
		check_vector(&vectors[i]);
}

static void
test_refusals(void **state)
{
	static const char region[] =
	    "a signature needs a region and a service, not '%s'";
	static const char parts[] =
	    "a signature needs a key of two parts, ACCESS:SECRET";
	static const struct {
		const char *url, *scope, *key, *error;
	} cases[] = {
	    {"https://h.test/", "aws:amz", "A:s", region},
	    {"https://h.test/", "aws:amz::bedrock", "A:s", region},
	    {"https://h.test/", "aws:amz:us-east-1:", "A:s", region},
	    {"https://h.test/", "aws:amz:r:s", "A", parts},
	    {"https://h.test/", "aws:amz:r:s", ":s", parts},
	    {"https://h.test/", "aws:amz:r:s", "A:", parts},
	    {"https://h.test/", "aws:amz:r:s", NULL, parts},
	    {"https://h.test/?a=b", "aws:amz:r:s", "A:s",
		"the address of a signed request has a query"},
	};
	char want[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct http_request r = {.url = cases[i].url,
		    .sigv4 = cases[i].scope,
		    .sigv4_key = cases[i].key};
		struct err err = {0};

		if (cases[i].error == region)
			(void)snprintf(
			    want, sizeof(want), region, cases[i].scope);
		else
			(void)snprintf(
			    want, sizeof(want), "%s", cases[i].error);
		assert_int_equal(sigv4_check(&r, &err), -1);
		assert_string_equal(err.msg, want);
		assert_int_equal(err.code, ERR_UNCONFIGURED);
		err_free(&err);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_refusals),
	};

	if (crypt_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
