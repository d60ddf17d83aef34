/* A driver translates between a prompt and one vendor's wire form.  It is
 * pure: no clock, no files, no sockets; bytes come in, events go out.
 *
 * The order of calls: build, then either driver_frame() for every event of a
 * stream and driver_end(), or body for a whole reply.  A vendor's refusal goes
 * to explain instead.  A driver may emit what it likes in any order: the guard
 * (guard.h) between it and the world makes it one well-formed sequence. */
#ifndef DRIVER_H
#define DRIVER_H

#include "traits.h"
#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/err.h"
#include "../wire/event.h"

enum prompt_kind {
	PROMPT_TEXT,
	PROMPT_OBJECT,
	PROMPT_IMAGE,
	PROMPT_SPEECH,
	PROMPT_EMBED, /* no prompt: texts become vectors */
	PROMPT__MAX
};
const char *prompt_kind_name(enum prompt_kind kind);

/* Images and speech: one whole answer, never a stream. */
bool prompt_kind_is_media(enum prompt_kind kind);

struct provider_limits; /* run/limit.h */
struct span;		/* run/trace.h */
struct js;

/* Where a model is served: one entry of the configuration. */
struct provider {
	const char *name; /* "openai" */
	const struct driver *driver;
	const char *base_url;	    /* without a slash at its end */
	const char *api_key;	    /* NULL: none is sent */
	const char *const *pool;    /* all its keys, NULL-ended; NULL: one key.
				     * The runner puts one of them in api_key */
	const char *const *headers; /* extra "Name: value" lines, or NULL */
	bool strict_schemas;	    /* response_format.json_schema.strict */
	unsigned quirks;	    /* bits of quirk.h */
	const char *key_header;	    /* that carries the key alone; NULL: the
				     * driver's own way */
	const char *lacks; /* what must be set before it can be used, or NULL */
	bool idle;	   /* built in, and nobody has set anything of it */
	const struct provider_limits *limits; /* NULL: none */
	const json_t *options;	 /* what one driver alone knows; or NULL */
	const char *const *argv; /* of an executor's program, NULL-ended */
	const char *const *env;	 /* more "NAME=value" for it, or NULL */
	const char *dir;	 /* where it runs; NULL: ours */
	int64_t workers;	 /* of it that stay; 0: one for each call */
};

/* A tool that the model may call.  NAME is the one that vendors see: letters,
 * digits, _ and -, 64 at most (run/tool.h maps there and back). */
struct tool_decl {
	const char *name;
	const char *description; /* NULL: none */
	const json_t *schema;	 /* of its arguments, a JSON Schema object */
};

/* Where else a call may go when its provider fails. */
struct target {
	const struct provider *provider;
	const char *model;
};

/* What an answer comes to, added up by the runner over all of its calls. */
struct bill {
	double usd;
	int64_t calls;	/* that were counted */
	int64_t cached; /* answers that the cache gave in place of a call */
	bool unknown;	/* a model has no price */
	bool refused;	/* a budget did not allow a call */
};

/* What is asked of a model.  MESSAGES are those of the compiled prompt, CONFIG
 * its text_config or object_config (protocol.md 6.2).  For images and speech
 * CONFIG is the compiled image_config or speech_config, with the text in it,
 * which is also the one message.  For embeddings MESSAGES is a list of texts
 * and there is no CONFIG.
 *
 * After a step with tool calls two messages more are there, with parts of these
 * forms beside those of protocol.md 6.5:
 *   {role:"assistant", content:[{type:"text",text}?,
 *     {type:"tool-call",toolCallId,toolName,args,badArgs?:true,keep?}…]}
 *   {role:"tool", content:[{type:"tool-result",toolCallId,toolName,result,
 *     isError?:true}…]}
 * Names are those of TOOLS.  With badArgs ARGS is the text that the model gave
 * as arguments and that is no JSON.  KEEP is {driver:…, …}: only the driver
 * that made it reads it. */
struct ask {
	const struct provider *provider;
	const char *model; /* the id that the vendor knows */
	enum prompt_kind kind;
	bool stream;
	const json_t *messages; /* [{role, content}], or [text] */
	const json_t *config;
	const struct tool_decl *tools; /* in the prompt's order */
	size_t n_tools;
	const struct target *fallbacks; /* tried in order */
	size_t n_fallbacks;
	bool v4;	      /* AI SDK v4's semantics instead of v5's (10.2) */
	const char *name;     /* of the prompt, or NULL */
	const json_t *props;  /* or NULL; for executors */
	const struct js *row; /* what it is asked about, or NULL; not for
			       * drivers */
	const char *traceparent; /* W3C, or NULL */
	struct span *span;	 /* that calls belong to; NULL: none */
	int64_t repeat;		 /* of the same question, from 0 */
	struct bill *bill;	 /* NULL: nobody wants to know */
};

/* What the engine is to send; all of it lives as long as the call. */
struct http_spec {
	const char *url;
	const char **headers; /* "Name: value", NULL-ended */
	struct str body;
	const char *sigv4;     /* "aws:amz:REGION:SERVICE": to be signed so */
	const char *sigv4_key; /* "ACCESS_KEY:SECRET_KEY" */
};

/* What an executor's program is started with and told; all of it lives as long
 * as the call. */
struct child_spec {
	const char *const *argv;
	const char *const *env; /* more than a clean one; NULL: nothing */
	const char *dir;
	int64_t workers;   /* that stay and serve call after call; 0: none */
	struct str input;  /* lines */
	struct str cancel; /* the line that cancels, or "" */
	bool open;	   /* its input stays open for answers */
};

/* One call's way through a driver; the driver's own state follows. */
struct call {
	const struct ask *ask;
	struct arena *arena; /* of this call */
	struct sink *sink;   /* the guard */
	void *state;	     /* driver->state_size bytes, zeroed */
	uint64_t number;     /* of this call among all of the process */
	bool seen;	     /* one event of a stream, or line, at least */
	bool over;	     /* the last word was said, in order */
	/* A child's last word may be an error that stands for a refusal with
	 * this status, 0: for none; ms that its vendor wants to be left alone,
	 * -1: it says nothing. */
	int status;
	int64_t retry_after;
	/* Why the model stopped, FINISH_UNKNOWN before that is known. */
	enum finish_reason reason;
	bool has_reason;
	/* Of the model, as far as its server holds to them. */
	struct traits traits;
	/* The tool whose arguments are the object; NULL: there is none. */
	const char *object_tool;
	struct buf said; /* beside an object, or in its place */
	bool refused;	 /* the model has said that it will not answer */
	/* The vendor's own name of what answered, or NULL. */
	const char *model;
	/* Names of config keys that the vendor has no place for, comma
	 * separated, set by build: logged once, never dropped silently. */
	struct buf ignored;
};

enum {
	DRIVER_TEXT = 1,
	DRIVER_OBJECT = 2,
	DRIVER_LOCAL = 4,
	DRIVER_IMAGE = 8,
	DRIVER_SPEECH = 16,
	DRIVER_TOOLS = 32,  /* takes ask->tools */
	DRIVER_AGENT = 64,  /* runs all steps of tools by itself, which it may
			     * know by their names alone (ask->config) */
	DRIVER_CHILD = 128, /* a program of ours, not a URL */
};

/* Attachments that a vendor does not fetch by itself: run/fetch.h. */
enum {
	DRIVER_BYTES_IMAGES = 1,
	DRIVER_BYTES_FILES = 2, /* of any other type */
	DRIVER_BYTES_TEXTS = 4, /* text/… */
};

/* How the bytes of a stream are cut into events. */
enum driver_framing {
	DRIVER_SSE,    /* server-sent events */
	DRIVER_LINES,  /* lines of JSON */
	DRIVER_RECORDS /* Amazon's event stream: binary records */
};

struct driver {
	const char *name;
	/* What error texts call it (protocol.md 10.1); NULL: the provider's
	 * name. */
	const char *executor;
	unsigned abilities;
	unsigned bytes_only; /* DRIVER_BYTES_… */
	enum driver_framing framing;
	bool any_type; /* a stream's content type says nothing */
	size_t state_size;

	/* Makes the request.  Not for local drivers and not for children. */
	int (*build)(
	    struct call *call, struct http_spec *spec, struct err *err);
	/* A GET that costs nothing and that the key is needed for, as a rule: a
	 * list.  NULL: the vendor has none. */
	void (*probe)(struct call *call, struct http_spec *spec);
	/* One event of a stream, or one line, unless the call is over.  -1
	 * ends the call with the error. */
	int (*frame)(struct call *call, struct str event, struct str data,
	    struct err *err);
	/* A whole reply of a one-shot call. */
	int (*body)(struct call *call, struct str text, struct err *err);
	/* A stream has ended in order, after its reason and without a last
	 * word.  NULL: then it was cut. */
	int (*end)(struct call *call, struct err *err);
	/* The message of a refusal (status >= 400), in the call's arena. */
	struct str (*explain)(struct call *call, int status, struct str text);
	/* The tool whose arguments are the object, NULL for none of this call.
	 * May be NULL: there is never one. */
	const char *(*object_tool)(struct call *call);
	/* Children only, in place of build and body: every line that it
	 * prints goes to frame. */
	int (*spawn)(
	    struct call *call, struct child_spec *spec, struct err *err);
	/* Children only, may be NULL: the line that answers a tool request
	 * with RESULT, with its end. */
	void (*answer)(struct call *call, struct str id, const json_t *result,
	    bool is_error, struct buf *line);
	/* Local drivers only: emits the next piece; returns 1 while there is
	 * more, 0 after the last one. */
	int (*next)(struct call *call, struct err *err);
	/* Embeddings, in place of build, body and end; NULL when the vendor
	 * makes none.  The answer is one final object, the list of the texts'
	 * vectors in order, and a finish. */
	int (*embed_build)(
	    struct call *call, struct http_spec *spec, struct err *err);
	int (*embed_body)(struct call *call, struct str text, struct err *err);
	/* Images and speech, in place of build, body and end; NULL when the
	 * vendor makes neither.  TYPE is the reply's content type, maybe "".
	 * The answer is one final object, the list of images or the speech as
	 * the wire has it (protocol.md 2.6), and a finish. */
	int (*media_build)(
	    struct call *call, struct http_spec *spec, struct err *err);
	int (*media_body)(struct call *call, struct str type, struct str text,
	    struct err *err);
	/* How many images a model makes in one call, 1 or more; NULL: any
	 * number. */
	unsigned (*images_at_once)(const char *model);
	/* May be NULL: called when the call's arena is about to be freed. */
	void (*drop)(struct call *call);
};

/* The table of all drivers; ends with NULL. */
extern const struct driver *const drivers[];
const struct driver *driver_find(const char *name);

/* A call for ASK in the arena A, with the driver's state; drop and what else
 * must be given back happens when the arena is freed. */
struct call *driver_call(
    struct arena *a, const struct ask *ask, struct sink *sink) MUST_USE;

/* What comes of a stream or of a child.  An event behind the last word is
 * passed over; a reply that ends (in order, or CUT off in the middle) before it
 * fails, unless the driver knows better. */
int driver_frame(
    struct call *call, struct str event, struct str data, struct err *err);
int driver_end(struct call *call, bool cut, struct err *err);

/* What drivers share.  Empty deltas are not emitted. */
void driver_text(struct call *call, struct str text);
void driver_reasoning(struct call *call, struct str text);
void driver_finish(
    struct call *call, enum finish_reason reason, const struct usage *usage);

/* Text of an answer; where the object is a tool's arguments it is no part of
 * it and kept in call->said. */
void driver_words(struct call *call, struct str text);

/* A refusal is the answer of a text prompt; of an object it is kept. */
void driver_refusal(struct call *call, struct str text);

/* Fails with what the model said in place of an object. */
int driver_refused(const struct call *call, struct err *err);

/* Ends an answer whose object is the arguments of a tool: ANSWERED says that it
 * was called.  Fails when the model has refused. */
int driver_settle(struct call *call, bool answered, const struct usage *usage,
    struct err *err);

/* The model that the vendor says has answered; anything but text is none. */
void driver_model(struct call *call, const json_t *model);

/* What vendors call the reasons of their models to stop. */
struct reason_name {
	const char *name;
	enum finish_reason reason;
};

/* Takes the reason that is called NAME; none is told by NAME.p NULL. */
void driver_reason(struct call *call, const struct reason_name *names, size_t n,
    struct str name);

/* An event of a stream, or a whole reply, which the call owns: an object of
 * JSON.  NULL fails. */
json_t *driver_event(struct str data, struct err *err) MUST_USE;
const json_t *driver_reply(
    struct call *call, struct str text, struct err *err) MUST_USE;

/* The failures that all vendors have; -1.  WHY, which is taken, is what is
 * wrong with an event, .msg NULL when it is no object. */
int driver_bad_event(struct err *why, struct err *err);
int driver_bad_reply(struct err *err);

/* Fails with the error that a vendor sent. */
int driver_fail(struct call *call, const json_t *error, struct err *err);

/* The same for the error within REPLY, which may come with status 200; 0 when
 * there is none. */
int driver_check(struct call *call, const json_t *reply, struct err *err);

/* A number of tokens; 0 for anything else than a number above zero. */
int64_t driver_tokens(const json_t *json);

/* The text of an error as a vendor sent it (protocol.md 2.8), in the arena. */
struct str driver_error(struct arena *a, const json_t *error);

/* explain for vendors whose refusals are JSON with a message in it. */
struct str driver_explain(struct call *call, int status, struct str text);

/* The text of a string of JSON; .p is NULL when it is none. */
struct str driver_string(const json_t *json);

/* What a cut reply is called (AI SDK's words). */
extern const char driver_cut_text[];

extern const struct driver driver_anthropic, driver_bedrock, driver_chat,
    driver_claude_agent, driver_command, driver_echo, driver_gemini,
    driver_mastra, driver_mastra_v0, driver_ollama, driver_responses;

#endif
