/* For commands that ask an endpoint elsewhere: the secret, and one signed
 * POST. */
#ifndef CLI_POST_H
#define CLI_POST_H

#include "../common/base/arena.h"
#include "../common/net/loop.h"
#include "../common/run/reply.h"

/* The secret that SAID means: itself, env:NAME or file:PATH; NULL: the first of
 * the configuration (FILE is that of --config), or none, which is NULL.  Fails
 * where none is found because the configuration is wrong. */
int cli_secret(struct arena *a, const char *said, const char *file,
    const char **secret, struct err *err) MUST_USE;

/* That of --secret-file, or, where PATH is NULL, of the configuration; without
 * one this fails. */
int cli_secret_needed(struct arena *a, const char *path, const char *file,
    struct str *secret, struct err *err) MUST_USE;

struct cli_post {
	const char *url;
	const char *secret; /* NULL: not signed */
	struct str body;
	size_t max_reply;
};

/* Posts, and hands what comes back to REPLY as it comes; a failure is an answer
 * too (reply_fail()).  Returns at the end, or when the reply says that nobody
 * is there any more: a signal's handler may let it. */
void cli_post(
    struct loop *loop, const struct cli_post *post, struct reply *reply);

#endif
