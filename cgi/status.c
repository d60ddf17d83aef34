/* Shows metrics to who may see them.  It refuses to know what is counted. */
#include "status.h"

#include "../common/base/buf.h"
#include "../common/base/crypt.h"
#include "../common/base/limits.h"

#include <string.h>
#include <strings.h>

static const char page[] = "/metrics";

static bool
ends_with_page(const char *path)
{
	size_t len, n = sizeof(page) - 1;

	if (path == NULL)
		return false;
	len = strcspn(path, "?");
	return len >= n && memcmp(path + len - n, page, n) == 0;
}

static const char *
token_of(struct conn *conn)
{
	const char *bearer = conn->ops->var(conn, "HTTP_AUTHORIZATION");

	if (bearer != NULL && strncasecmp(bearer, "Bearer ", 7) == 0)
		return bearer + 7;
	/* Some web servers keep Authorization to themselves. */
	return conn->ops->var(conn, "HTTP_X_STATUS_TOKEN");
}

static bool
may_see(const struct conf *conf, struct conn *conn)
{
	const char *token = conf->status_token.text, *said = token_of(conn);

	return token != NULL && *token != '\0' && said != NULL &&
	       strlen(said) == strlen(token) &&
	       crypt_equal(said, token, strlen(token));
}

bool
status_answer(struct gate *gate, struct conn *conn, struct answer *answer)
{
	struct buf b;

	if (!ends_with_page(conn->ops->var(conn, "PATH_INFO")) &&
	    !ends_with_page(conn->ops->var(conn, "REQUEST_URI")))
		return false;
	if (!may_see(gate->conf, conn)) {
		answer_text(answer, 404, STR("not found\n"));
		return true;
	}
	buf_init(&b, LIMIT_LINE_BYTES);
	runner_metrics(gate->runner, &b);
	answer_text(answer, 200, (struct str){buf_str(&b), b.len});
	buf_free(&b);
	return true;
}
