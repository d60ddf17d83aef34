/* Any bytes as a signature header, and what is behind their first line as the
 * body: what is accepted must be exactly "sha256=" and the right 64 digits. */
#include "../../common/base/crypt.h"
#include "../../common/wire/sign.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct secret keys[] = {
    {"one", {"first secret", 12}},
    {"two", {"second secret", 13}},
};

static bool
is_right(struct str header, struct str body)
{
	char right[SIGN_LEN + 1];

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		sign_body(keys[i].key, body, right);
		if (header.len == SIGN_LEN && memcmp(header.p, right, 7) == 0 &&
		    strncasecmp(header.p, right, SIGN_LEN) == 0)
			return true;
	}
	return false;
}

static void
check(enum sign_mode mode, struct str header, struct str body)
{
	const struct secrets secrets = {mode, keys, ARRAY_LEN(keys)};
	struct arena *a = arena_new(NULL);
	struct signer *s = sign_start(a, &secrets);
	struct err err = {0};
	const struct verified *v;
	bool open;

	sign_update(s, (struct str){body.p, body.len / 2});
	sign_update(
	    s, (struct str){body.p + body.len / 2, body.len - body.len / 2});
	v = sign_finish(s, header, body, &err);
	open = mode == SIGN_OFF || (mode == SIGN_OPTIONAL && header.len == 0);
	if ((v != NULL) != (open || is_right(header, body)))
		abort();
	if ((v == NULL) != (err.code == ERR_SIGNATURE))
		abort();
	err_free(&err);
	arena_free(a);
}

/* A fuzzer cannot guess a MAC: where the input begins with '!', the header is
 * made right before its other bytes are put over it. */
static void
check_close(struct str header, struct str body)
{
	char right[SIGN_LEN + 1];

	sign_body(keys[header.len % 2].key, body, right);
	if (header.len > 2)
		right[(unsigned char)header.p[1] % SIGN_LEN] ^= header.p[2];
	check(SIGN_REQUIRED, (struct str){right, SIGN_LEN}, body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	const char *end = size != 0 ? memchr(p, '\n', size) : NULL;
	struct str header = {p, end != NULL ? (size_t)(end - p) : size};
	struct str body = {"", 0};

	if (crypt_init() == -1)
		abort();
	if (end != NULL)
		body = (struct str){end + 1, size - header.len - 1};
	for (enum sign_mode mode = SIGN_REQUIRED; mode <= SIGN_OFF; mode++)
		check(mode, header, body);
	if (header.len != 0 && *header.p == '!')
		check_close(header, body);
	return 0;
}
