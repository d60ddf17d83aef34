/* Everything of libsodium and libmd that the program uses, so that nothing else
 * needs to know the libraries.  It refuses to know what is signed and why. */
#include "crypt.h"

#include <sys/types.h>

#include <md5.h>
#include <sodium.h>

_Static_assert(CRYPT_MAC_LEN == crypto_auth_hmacsha256_BYTES,
    "the length of a MAC is libsodium's");

_Static_assert(CRYPT_SHA256_LEN == crypto_hash_sha256_BYTES,
    "the length of a SHA-256 is libsodium's");

_Static_assert(
    CRYPT_MD5_LEN == MD5_DIGEST_LENGTH, "the length of a digest is libmd's");

struct hmac {
	crypto_auth_hmacsha256_state state;
};

int
crypt_init(void)
{
	return sodium_init() < 0 ? -1 : 0;
}

static void
wipe_state(void *arg)
{
	struct hmac *h = arg;

	sodium_memzero(&h->state, sizeof(h->state));
}

struct hmac *
hmac_new(struct arena *a, struct str key)
{
	struct hmac *h = arena_alloc(a, sizeof(*h));

	(void)crypto_auth_hmacsha256_init(
	    &h->state, (const unsigned char *)key.p, key.len);
	arena_on_free(a, wipe_state, h);
	return h;
}

void
hmac_add(struct hmac *h, struct str bytes)
{
	(void)crypto_auth_hmacsha256_update(
	    &h->state, (const unsigned char *)bytes.p, bytes.len);
}

void
hmac_end(struct hmac *h, uint8_t mac[CRYPT_MAC_LEN])
{
	(void)crypto_auth_hmacsha256_final(&h->state, mac);
}

bool
crypt_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

void
crypt_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}

void
crypt_random(void *p, size_t len)
{
	randombytes_buf(p, len);
}

void
crypt_sha256(struct str bytes, uint8_t digest[CRYPT_SHA256_LEN])
{
	(void)crypto_hash_sha256(
	    digest, (const unsigned char *)bytes.p, bytes.len);
}

void
crypt_hash(struct str bytes, uint8_t digest[CRYPT_HASH_LEN])
{
	(void)crypto_generichash(digest, CRYPT_HASH_LEN,
	    (const unsigned char *)bytes.p, bytes.len, NULL, 0);
}

uint64_t
crypt_checksum(struct str bytes)
{
	static const unsigned char key[crypto_shorthash_KEYBYTES];
	unsigned char sum[crypto_shorthash_BYTES];
	uint64_t n = 0;

	(void)crypto_shorthash(
	    sum, (const unsigned char *)bytes.p, bytes.len, key);
	for (size_t i = 0; i < sizeof(sum); i++)
		n = n << 8 | sum[i];
	return n;
}

void
crypt_md5(struct str bytes, uint8_t digest[CRYPT_MD5_LEN])
{
	MD5_CTX state;

	MD5Init(&state);
	if (bytes.len != 0)
		MD5Update(&state, (const uint8_t *)bytes.p, bytes.len);
	MD5Final(digest, &state);
}

void
hex_print(char *out, const void *p, size_t len)
{
	(void)sodium_bin2hex(out, 2 * len + 1, p, len);
}

bool
hex_read(void *out, size_t len, struct str hex)
{
	size_t n = 0;

	if (hex.p == NULL || hex.len != 2 * len)
		return false;
	return sodium_hex2bin(out, len, hex.p, hex.len, NULL, &n, NULL) == 0 &&
	       n == len;
}

struct str
base64_print(struct arena *a, struct str bytes)
{
	const int variant = sodium_base64_VARIANT_ORIGINAL;
	size_t size = sodium_base64_encoded_len(bytes.len, variant);
	char *out = arena_alloc(a, size);

	(void)sodium_bin2base64(
	    out, size, (const unsigned char *)bytes.p, bytes.len, variant);
	return (struct str){out, size - 1};
}

struct str
base64_read(struct arena *a, struct str text)
{
	size_t max = text.len / 4 * 3 + 3, n;
	char *out = arena_alloc(a, max);

	while (text.len > 0 && text.p[text.len - 1] == '=')
		text.len--;
	if (sodium_base642bin((unsigned char *)out, max, text.p, text.len, NULL,
		&n, NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0)
		return (struct str){NULL, 0};
	return (struct str){out, n};
}
