/* One mount while it is tried, and what its probes share. */
#ifndef DOCTOR_MOUNT_H
#define DOCTOR_MOUNT_H

#include "doctor.h"

/* What works so far. */
enum level { NOTHING, REACHED, SIGNED, SPEAKS };

struct mount {
	struct doctor *d;
	const struct mount_conf *conf;
	enum level level;
	const char *server; /* what it calls itself, or NULL */
	const struct trial *first;
	bool buffers; /* nothing is streamed */
};

enum { MOUNT_MS = 15000 }; /* for a request that is usual */

enum signing { RIGHT, NONE, MALFORMED, WRONG };

/* One request; what is not said is the usual. */
struct sending {
	struct str body;
	enum signing signing;
	const char *more; /* a header */
	int64_t limit_ms;
	bool leave; /* at the first piece of the answer */
};

/* Starts one request. */
struct trial *mount_post(struct mount *m, struct sending s) MUST_USE;
/* Returns T at its end. */
struct trial *mount_wait(struct trial *t) NONNULL;
/* Says what nobody expected of T. */
void mount_failed(struct mount *m, const char *what, const struct trial *t);
const char *mount_remedy(const struct mount *m, enum remedy what) NONNULL;
bool mount_says(const struct trial *t, const char *text) NONNULL;

/* The probes of streams, by the built-in model (doctor_stream.c). */
void mount_try_model(struct mount *m, const char *what);
void mount_try_stream(struct mount *m, const char *what);
void mount_try_compression(struct mount *m, const char *what);
void mount_try_at_once(struct mount *m, const char *what);
void mount_try_leaving(struct mount *m, const char *what);
void mount_try_silence(struct mount *m, const char *what);

#endif
