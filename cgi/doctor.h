/* What `check` tries and what came of it, told to a person as it is found out
 * or to a machine at the end.  No secret may be in a text. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "../common/base/limits.h"
#include "../common/net/http.h"
#include "../common/run/exec.h"
#include "conf.h"

#include <stdio.h>

enum verdict {
	DOCTOR_OK,
	DOCTOR_WARNING,
	DOCTOR_ERROR,
	DOCTOR_UNTRIED,
	DOCTOR__MAX
};

struct doctor {
	struct arena *arena;
	struct loop *loop;
	const struct conf *conf;
	FILE *out;
	struct buf *json; /* of findings; NULL: they are printed as text */
	bool failed;	  /* some finding is an error */
	/* The smallest difference of a server's clock to ours, in ms, and whose
	 * it is; NULL: none was seen. */
	int64_t skew;
	const char *skew_of;
};

void doctor_init(struct doctor *d, const struct conf *conf, FILE *out) NONNULL;
/* Says how the clock is, and what is to be said at the end; the exit status. */
int doctor_finish(struct doctor *d) NONNULL;

/* Says what came of WHAT.  MEND are lines, or NULL. */
void doctor_say(struct doctor *d, const char *what, enum verdict verdict,
    const char *mend, const char *format, ...) PRINTF_LIKE(5, 6);

/* --- exchanges */

/* One exchange, and when its parts came, in ms since it began. */
struct trial {
	struct doctor *doctor;
	struct http *http;
	const char *host;
	bool leave; /* at the first piece of the body */

	int64_t began, head, last;	       /* HEAD is -1 until it comes */
	int64_t moments[LIMIT_DOCTOR_MOMENTS]; /* of pieces of the body */
	size_t n_moments;
	struct buf body;
	int status; /* 0: none came */
	enum http_end how;
	const char *reason;
	struct http_facts facts;
	const char *server, *location, *type, *coding; /* or NULL */
	bool streams, ended;
};

/* Starts an exchange, which lasts as long as D, and so must REQUEST's body.
 * One that cannot even be tried ends at once, as HTTP_NO_REPLY. */
struct trial *doctor_start(
    struct doctor *d, const struct http_request *request) MUST_USE;
void doctor_wait(struct trial *t) NONNULL;

/* --- groups of findings */

/* What was found wrong when the configuration was read. */
void doctor_notes(struct doctor *d) NONNULL;
/* What the configuration names, tried from here. */
void doctor_files(struct doctor *d) NONNULL;
void doctor_network(struct doctor *d) NONNULL;

/* What is asked of a mount from outside. */
struct mount_conf {
	const char *url;
	struct str key;
	int64_t silence_ms; /* 0: not tried */
};
void doctor_mount(struct doctor *d, const struct mount_conf *conf) NONNULL;

/* The lines of SERVER's configuration that mend WHAT, "streaming" for one;
 * SERVER is what it calls itself, or NULL. */
enum remedy {
	REMEDY_PATH,
	REMEDY_STREAM,
	REMEDY_COMPRESSION,
	REMEDY_HEADER,
	REMEDY_BODY,
	REMEDY_CHUNKED,
	REMEDY_SILENCE,
	REMEDY_LEAVING,
	REMEDY_WORKERS,
	REMEDY_GATEWAY,
	REMEDY__MAX
};
const char *doctor_remedy(
    struct arena *a, enum remedy what, const char *server);

#endif
