/* Decides whether a body may be looked at.  It knows the signature's form
 * (protocol.md 1.3 and D8) and refuses to know where body, header and secrets
 * come from. */
#include "sign.h"

#include "../base/crypt.h"

#include <string.h>

static const char prefix[] = "sha256=";
enum { PREFIX_LEN = sizeof(prefix) - 1 };
_Static_assert(SIGN_LEN == PREFIX_LEN + 2 * CRYPT_MAC_LEN,
    "a signature is its prefix and a MAC in hex");

struct signer {
	struct arena *arena;
	const struct secrets *secrets;
	struct hmac **hmacs; /* one for each secret */
	size_t n;
};

struct verified {
	struct str body;
	const char *by;
};

struct signer *
sign_start(struct arena *a, const struct secrets *secrets)
{
	struct signer *s = arena_zalloc(a, sizeof(*s));
	size_t i;

	s->arena = a;
	s->secrets = secrets;
	if (secrets->mode == SIGN_OFF)
		return s;
	s->n = secrets->n;
	s->hmacs = arena_array(a, s->n, sizeof(s->hmacs[0]));
	for (i = 0; i < s->n; i++)
		s->hmacs[i] = hmac_new(a, secrets->items[i].key);
	return s;
}

void
sign_update(struct signer *s, struct str bytes)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		hmac_add(s->hmacs[i], bytes);
}

static bool
read_header(struct str header, uint8_t mac[CRYPT_MAC_LEN])
{
	if (header.len != SIGN_LEN || memcmp(header.p, prefix, PREFIX_LEN) != 0)
		return false;
	return hex_read(mac, CRYPT_MAC_LEN,
	    (struct str){header.p + PREFIX_LEN, header.len - PREFIX_LEN});
}

/* The secret that made MAC, or NULL; every secret is tried, so that the time
 * does not tell which. */
static const struct secret *
find_secret(struct signer *s, const uint8_t mac[CRYPT_MAC_LEN])
{
	const struct secret *found = NULL;
	uint8_t own[CRYPT_MAC_LEN];
	size_t i;

	for (i = 0; i < s->n; i++) {
		hmac_end(s->hmacs[i], own);
		if (crypt_equal(own, mac, sizeof(own)))
			found = &s->secrets->items[i];
	}
	crypt_wipe(own, sizeof(own));
	return found;
}

static const struct verified *
accept_body(struct signer *s, struct str body, const char *by)
{
	struct verified *v = arena_alloc(s->arena, sizeof(*v));

	v->body = body;
	v->by = by;
	return v;
}

const struct verified *
sign_finish(
    struct signer *s, struct str header, struct str body, struct err *err)
{
	const struct secret *secret = NULL;
	uint8_t mac[CRYPT_MAC_LEN];

	if (s->secrets->mode == SIGN_OFF)
		return accept_body(s, body, NULL);
	if (header.p == NULL || header.len == 0) {
		if (s->secrets->mode == SIGN_OPTIONAL)
			return accept_body(s, body, NULL);
		(void)fail(err, ERR_SIGNATURE,
		    "Missing signature header: Expected "
		    "x-agentmark-signature-256 header for webhook "
		    "verification");
		return NULL;
	}
	if (read_header(header, mac))
		secret = find_secret(s, mac);
	if (secret == NULL) {
		(void)fail(err, ERR_SIGNATURE,
		    "Invalid webhook signature - signature verification "
		    "failed");
		return NULL;
	}
	return accept_body(s, body, secret->name);
}

struct str
verified_body(const struct verified *v)
{
	return v->body;
}

const char *
verified_by(const struct verified *v)
{
	return v->by;
}

void
sign_body(struct str key, struct str body, char *out)
{
	struct arena *a = arena_new(NULL);
	struct hmac *h = hmac_new(a, key);
	uint8_t mac[CRYPT_MAC_LEN];

	hmac_add(h, body);
	hmac_end(h, mac);
	memcpy(out, prefix, PREFIX_LEN);
	hex_print(out + PREFIX_LEN, mac, sizeof(mac));
	arena_free(a);
}
