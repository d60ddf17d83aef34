/* Answers GET: who may see what.  It refuses to know what is counted and how a
 * page looks. */
#include "status.h"

#include "../common/base/buf.h"
#include "../common/base/crypt.h"
#include "../common/base/limits.h"
#include "../common/store/store.h"

#include <string.h>
#include <strings.h>

/* --- who asks */

/* Browsers ask their user for a name, which is nothing to us, and a password.
 */
static const char *
basic_password(struct arena *a, const char *text)
{
	struct str said =
	    base64_read(a, (struct str){text, strcspn(text, " \t")});
	const char *colon =
	    said.p != NULL ? memchr(said.p, ':', said.len) : NULL;

	if (colon == NULL)
		return NULL;
	return arena_strndup(
	    a, colon + 1, said.len - (size_t)(colon + 1 - said.p));
}

static const char *
token_of(struct arena *a, struct conn *conn)
{
	const char *said = conn->ops->var(conn, "HTTP_AUTHORIZATION");

	if (said != NULL && strncasecmp(said, "Bearer ", 7) == 0)
		return said + 7;
	if (said != NULL && strncasecmp(said, "Basic ", 6) == 0)
		return basic_password(a, said + 6);
	/* Some web servers keep Authorization to themselves. */
	return conn->ops->var(conn, "HTTP_X_STATUS_TOKEN");
}

static bool
may_see(const struct conf *conf, struct conn *conn)
{
	const char *token = conf->status_token.text, *said;
	struct arena *a = arena_new(NULL);
	bool may;

	said = token_of(a, conn);
	may = token != NULL && *token != '\0' && said != NULL &&
	      strlen(said) == strlen(token) &&
	      crypt_equal(said, token, strlen(token));
	arena_free(a);
	return may;
}

/* --- what is asked for */

static void
show_page(struct gate *gate, struct answer *answer)
{
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	status_page(&b, runner_engine(gate->runner));
	answer_page(answer, (struct str){buf_str(&b), b.len});
	buf_free(&b);
}

static void
show_metrics(struct gate *gate, struct answer *answer)
{
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	runner_metrics(gate->runner, &b);
	answer_text(answer, 200, (struct str){buf_str(&b), b.len});
	buf_free(&b);
}

static void
show_health(struct gate *gate, struct answer *answer)
{
	(void)gate;
	answer_text(answer, 200, STR("ok\n"));
}

/* Reasons are in the log and in `check`: anybody may ask. */
static void
show_readiness(struct gate *gate, struct answer *answer)
{
	const struct conf *conf = gate->conf;
	struct err err = {0};

	if (conf->code != CONF_OK)
		answer_text(answer, 503, STR("not configured\n"));
	else if (conf->settings.store != NULL &&
		 store_check(runner_engine(gate->runner)->store, &err) == -1)
		answer_text(answer, 503, STR("the store cannot be used\n"));
	else
		answer_text(answer, 200, STR("ready\n"));
	err_free(&err);
}

static const struct page {
	const char *path;
	bool open; /* to everybody */
	bool asks; /* browsers for the token */
	void (*show)(struct gate *gate, struct answer *answer);
} pages[] = {
    {"/status", false, true, show_page},
    {"/metrics", false, false, show_metrics},
    {"/healthz", true, false, show_health},
    {"/readyz", true, false, show_readiness},
};

static bool
ends_with(const char *path, const char *end)
{
	size_t len, n = strlen(end);

	if (path == NULL)
		return false;
	len = strcspn(path, "?");
	return len >= n && memcmp(path + len - n, end, n) == 0;
}

static const struct page *
find_page(struct conn *conn)
{
	const char *info = conn->ops->var(conn, "PATH_INFO");
	const char *uri = conn->ops->var(conn, "REQUEST_URI");
	size_t i;

	for (i = 0; i < ARRAY_LEN(pages); i++)
		if (ends_with(info, pages[i].path) ||
		    ends_with(uri, pages[i].path))
			return &pages[i];
	return NULL;
}

static void
refuse(const struct gate *gate, const struct page *page, struct answer *answer)
{
	const char *token = gate->conf->status_token.text;

	if (!page->asks || token == NULL || *token == '\0') {
		answer_text(answer, 404, STR("not found\n"));
		return;
	}
	answer->head = "WWW-Authenticate: Basic realm=\"agentmark-fcgi: any "
		       "name, and status.token as the password\"\r\n";
	answer_text(answer, 401, STR("the status token is needed\n"));
}

bool
status_answer(struct gate *gate, struct conn *conn, struct answer *answer)
{
	const struct page *page = find_page(conn);

	/* A server that passes on the endpoint's own path alone. */
	if (page == NULL && may_see(gate->conf, conn))
		page = &pages[0];
	if (page == NULL)
		return false;
	if (page->open || may_see(gate->conf, conn))
		page->show(gate, answer);
	else
		refuse(gate, page, answer);
	return true;
}
