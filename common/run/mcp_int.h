/* What the files of the MCP client share: servers, requests that wait for an
 * answer, and the transports' table.
 *
 * mcp.c keeps the servers and calls, mcp_session.c connects one and asks,
 * mcp_list.c has its tools, mcp_message.c writes JSON-RPC, mcp_receive.c takes
 * what a server says.  mcp_stdio.c, mcp_http.c and mcp_sse.c carry it, the
 * latter two in exchanges of mcp_post.c. */
#ifndef MCP_INT_H
#define MCP_INT_H

#include "../base/buf.h"
#include "../base/json.h"
#include "../net/frame.h"
#include "../net/proc.h"
#include "mcp.h"

struct mcp_post;

enum mcp_state {
	MCP_DOWN,
	MCP_OPENING,  /* the transport comes to life */
	MCP_ASKING,   /* initialize is out */
	MCP_GREETING, /* notifications/initialized is on its way */
	MCP_UP
};

enum mcp_listing {
	MCP_UNLISTED,
	MCP_LISTING,
	MCP_LISTED,
	MCP_UNLISTABLE /* the server's reason says why */
};

enum mcp_method { MCP_INITIALIZE, MCP_LIST, MCP_CALL, MCP_METHOD__MAX };

/* A question of ours.  Its clock runs from when it is sent. */
struct mcp_request {
	struct mcp_request *next;
	struct mcp_server *server;
	int64_t id;
	enum mcp_method method;
	json_t *params;	       /* owned */
	struct mcp_call *call; /* of MCP_CALL */
	struct timer clock;
	uint64_t heard; /* the server's, when it was sent */
	bool sent;
	bool repeated; /* in a second session */
};

/* One message that goes out. */
struct mcp_out {
	struct str text;
	struct mcp_request *request; /* NULL: no answer will come */
	bool greeting;		     /* tell mcp_greeted() when it arrived */
};

struct mcp_link {
	/* Begins; mcp_opened() at once or later, or mcp_failed(). */
	void (*open)(struct mcp_server *s);
	void (*send)(struct mcp_server *s, const struct mcp_out *out);
	/* The request is over, whatever may still come for it; BROKEN: stop
	 * what carries it. */
	void (*forget)(
	    struct mcp_server *s, const struct mcp_request *r, bool broken);
	/* No event comes any more. */
	void (*close)(struct mcp_server *s);
	/* Ends a session that stands in order; is_leaving until it has. */
	void (*leave)(struct mcp_server *s);
	bool (*is_leaving)(const struct mcp_server *s);
};
extern const struct mcp_link mcp_stdio, mcp_http, mcp_sse;

struct mcp_server {
	struct mcp_server *next;
	struct engine *engine;
	const struct mcp_conf *conf;
	const struct mcp_link *link;
	enum mcp_state state;
	struct timer clock; /* of MCP_OPENING */

	/* What was agreed on. */
	const char *version;
	bool stateless; /* of 2026-07-28: no session, all in every request */
	int refused;	/* the status that streamable HTTP was refused with, so
			 * that SSE is tried; 0 */

	struct mcp_request *requests;
	int64_t last_id;
	uint64_t heard; /* how often it said something */
	unsigned noise; /* unasked lines since it was asked something */

	enum mcp_listing listing;
	json_t *tools; /* as mcp_tools() gives them; NULL: none yet */
	json_t *pages; /* tools of the pages that are read */
	size_t page_bytes;
	unsigned n_pages;
	int64_t listed; /* when */
	bool stale;	/* it said that they changed, or began anew */

	char *reason;	   /* of the last failure */
	unsigned failures; /* since it last did what was asked */
	int64_t not_before;

	/* Of standard input and output. */
	struct proc *proc;

	/* Of HTTP. */
	struct mcp_post *posts;
	struct timer pump;
	char *session;	     /* Mcp-Session-Id */
	unsigned generation; /* of sessions: what belongs to an old one */
	char *endpoint;	     /* of SSE */
};

struct mcp_servers {
	struct mcp_server *first;
};

/* --- mcp.c */

/* Ends what is connected; requests fail with the reason, and so does a listing
 * that runs. */
void mcp_failed(struct mcp_server *s, const char *fmt, ...)
    PRINTF_LIKE(2, 3) NONNULL;

/* Ends a request.  RESULT is taken. */
void mcp_answered(struct mcp_request *r, json_t *result, bool is_error);
void mcp_refused(struct mcp_request *r, const char *fmt, ...)
    PRINTF_LIKE(2, 3) NONNULL;

/* Those that wait fail with the reason of the last failure. */
void mcp_deny(struct mcp_server *s) NONNULL;
/* Ends what is connected and nothing else. */
void mcp_disconnect(struct mcp_server *s) NONNULL;

/* --- mcp_session.c */

/* Makes sure that the server is connected, or will be. */
void mcp_connect(struct mcp_server *s) NONNULL;
/* What the transports tell. */
void mcp_opened(struct mcp_server *s) NONNULL;
void mcp_greeted(struct mcp_server *s) NONNULL;
/* The session GENERATION is lost: begins another one, unless that was done,
 * and asks R again in it. */
void mcp_begin_anew(
    struct mcp_server *s, struct mcp_request *r, unsigned generation) NONNULL;
/* A new request, which takes PARAMS; mcp_start() sends it when it can be, and
 * may end it. */
struct mcp_request *mcp_ask(
    struct mcp_server *s, enum mcp_method method, json_t *params) NONNULL;
void mcp_start(struct mcp_request *r) NONNULL;
/* Takes it off the list and frees it. */
void mcp_drop(struct mcp_request *r, bool broken) NONNULL;
/* Drops it and tells the server that nobody waits for it. */
void mcp_cancel(struct mcp_request *r) NONNULL;
/* Answers of MCP_INITIALIZE and MCP_LIST; ERROR is the message's, or NULL. */
void mcp_initialized(
    struct mcp_request *r, const json_t *result, const json_t *error);

/* --- mcp_list.c */

/* A request for the first page, which is not started. */
struct mcp_request *mcp_first_page(struct mcp_server *s) NONNULL;
void mcp_page(struct mcp_request *r, const json_t *result, const json_t *error);

/* --- mcp_receive.c */

/* What the server said: one message, or several in an array.  -1 when it is
 * none of them. */
int mcp_receive(struct mcp_server *s, struct str text) MUST_USE;
/* One more thing that nobody asked for: too many end the session. */
void mcp_noise(struct mcp_server *s) NONNULL;

/* --- mcp_message.c */

extern const char *const mcp_versions[]; /* the preferred one first */
const char *mcp_method_name(enum mcp_method method);
/* All print one line without its end. */
void mcp_print_request(struct buf *b, const struct mcp_request *r) NONNULL;
void mcp_print_greeting(struct buf *b) NONNULL;
void mcp_print_cancel(struct buf *b, int64_t id, const char *why) NONNULL;
void mcp_print_answer(struct buf *b, const json_t *id, const char *method);
json_t *mcp_initialize_params(void);
/* The server speaks a version without sessions. */
bool mcp_is_stateless(const json_t *error);
bool mcp_has_no_method(const json_t *error);
/* What a result comes to. */
json_t *mcp_result_value(const json_t *result, bool *is_error) NONNULL;
/* Its text: owned by ERROR, or a literal. */
const char *mcp_error_text(const json_t *error);

/* --- mcp_post.c */

enum mcp_post_kind {
	MCP_POST,	 /* a message */
	MCP_POST_STREAM, /* the GET of SSE */
	MCP_POST_DELETE
};

/* One exchange over HTTP. */
struct mcp_post {
	struct mcp_post *next;
	struct mcp_server *server;
	struct mcp_request *request; /* waits for its answer, or NULL */
	enum mcp_post_kind kind;
	bool greeting;
	unsigned generation; /* of the session that it belongs to */
	char *session;	     /* that it names, or NULL */
	struct buf body, reply;
	struct http *http; /* NULL: to be started */
	struct frame frame;
	bool framed;
	bool dead; /* to be freed */
	int status;
	const char *type; /* of the reply */
};

/* OUT, which is NULL for a GET or DELETE, is copied; it starts with the next
 * turn. */
void mcp_post_add(
    struct mcp_server *s, enum mcp_post_kind kind, const struct mcp_out *out);
/* It, and all: no event comes any more. */
void mcp_post_drop(struct mcp_post *p) NONNULL;
void mcp_posts_drop(struct mcp_server *s) NONNULL;
/* At the end: frees them, outside all callbacks. */
void mcp_posts_free(struct mcp_server *s) NONNULL;

/* --- mcp_http.c, mcp_sse.c */

/* The reply has ended, as HOW says. */
void mcp_http_ended(
    struct mcp_post *p, enum http_end how, const char *reason) NONNULL;
/* An event of the stream of SSE, and its end. */
void mcp_sse_event(struct mcp_server *s, struct str event, struct str data);
void mcp_sse_ended(struct mcp_post *p, const char *reason) NONNULL;
/* What is wrong with a reply of that status, in words. */
const char *mcp_http_refusal(struct mcp_post *p, struct buf *b) NONNULL;

#endif
