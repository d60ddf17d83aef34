/* The one door to libsodium: HMAC-SHA256 in pieces, SHA-256, a comparison that
 * takes the same time whatever differs, BLAKE2b, randomness, hex, base64, and
 * wiping; and to libmd: MD5, for names that protect nothing. */
#ifndef CRYPT_H
#define CRYPT_H

#include "arena.h"

enum {
	CRYPT_MAC_LEN = 32,
	CRYPT_SHA256_LEN = 32,
	CRYPT_MD5_LEN = 16,
	CRYPT_HASH_LEN = 16
};

/* Once, before anything else here; -1 when there is no randomness. */
int crypt_init(void) MUST_USE;

/* A running HMAC-SHA256.  The state is in the arena, which wipes it when it is
 * freed; KEY is not kept. */
struct hmac;
struct hmac *hmac_new(struct arena *a, struct str key) MUST_USE;
void hmac_add(struct hmac *h, struct str bytes);
void hmac_end(struct hmac *h, uint8_t mac[CRYPT_MAC_LEN]);

/* Whether LEN bytes are equal, in constant time. */
bool crypt_equal(const void *a, const void *b, size_t len) NONNULL;

void crypt_wipe(void *p, size_t len) NONNULL;
void crypt_random(void *p, size_t len) NONNULL;

void crypt_sha256(struct str bytes, uint8_t digest[CRYPT_SHA256_LEN]);
/* BLAKE2b, shortened: fast, and nobody finds two texts of one hash. */
void crypt_hash(struct str bytes, uint8_t digest[CRYPT_HASH_LEN]);
void crypt_md5(struct str bytes, uint8_t digest[CRYPT_MD5_LEN]);
/* Tells what was damaged, protects from nobody; faster still (SipHash). */
uint64_t crypt_checksum(struct str bytes);

/* Lower-case hex; OUT holds 2 * LEN + 1 bytes. */
void hex_print(char *out, const void *p, size_t len) NONNULL;
/* Exactly 2 * LEN digits of either case into LEN bytes; false when not. */
bool hex_read(void *out, size_t len, struct str hex);

/* Base64 of the usual alphabet, padded, in the arena. */
struct str base64_print(struct arena *a, struct str bytes) MUST_USE;

/* Back, with or without its padding; .p is NULL for what is no base64. */
struct str base64_read(struct arena *a, struct str text) MUST_USE;

#endif
