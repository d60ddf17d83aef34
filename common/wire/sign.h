/* The signature of a request (protocol.md 1.3, D8): HMAC-SHA256 over the raw
 * bytes, hashed while they are read, compared in constant time.
 *
 * Only sign_finish() makes a struct verified, and job_decode() takes nothing
 * else: what is not authenticated cannot be parsed. */
#ifndef SIGN_H
#define SIGN_H

#include "../base/arena.h"
#include "../base/err.h"

enum sign_mode { SIGN_REQUIRED, SIGN_OPTIONAL, SIGN_OFF };

struct secret {
	const char *name; /* for the log */
	struct str key;
};

struct secrets {
	enum sign_mode mode;
	struct secret *items;
	size_t n;
};

struct signer;	 /* hashes one body with every secret at once */
struct verified; /* a body that may be parsed */

/* In the arena, which wipes the state when it is freed. */
struct signer *sign_start(struct arena *a, const struct secrets *secrets);
void sign_update(struct signer *s, struct str bytes);

/* HEADER is the value of x-agentmark-signature-256, .p NULL when absent.  BODY
 * is all that went through sign_update().  401 texts as protocol.md 1.3. */
const struct verified *sign_finish(struct signer *s, struct str header,
    struct str body, struct err *err) MUST_USE;

struct str verified_body(const struct verified *v);
/* The name of the secret that signed it, or NULL (optional or off). */
const char *verified_by(const struct verified *v);

/* "sha256=" and 64 hex digits; OUT holds SIGN_LEN + 1 bytes. */
enum { SIGN_LEN = 7 + 64 };
void sign_body(struct str key, struct str body, char *out);

#endif
