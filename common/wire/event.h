/* What a model says, as a sequence of events (protocol.md 0.1).  Every driver
 * speaks this vocabulary and every sink listens to it. */
#ifndef EVENT_H
#define EVENT_H

#include "../base/base.h"

#include <jansson.h>

enum event_type {
	EVENT_TEXT_DELTA,
	EVENT_REASONING_DELTA,
	EVENT_TOOL_CALL,
	EVENT_TOOL_RESULT,
	EVENT_TOOL_REQUEST, /* an executor asks us to run a tool and waits */
	EVENT_OBJECT_DELTA, /* a whole snapshot */
	EVENT_OBJECT_FINAL,
	EVENT_FINISH,
	EVENT_ERROR,
	EVENT__MAX
};

/* Tokens; protocol.md 2.7 and D3: zero where the provider gave none. */
struct usage {
	int64_t input, output;
	int64_t total; /* -1: unknown, then input + output */
	int64_t cached, reasoning;
	bool unknown;  /* an executor gave none: none is shown */
	bool has_cost; /* an executor has counted what it spent */
	double cost;   /* US dollars */
};

enum finish_reason {
	FINISH_STOP,
	FINISH_LENGTH,
	FINISH_CONTENT_FILTER,
	FINISH_TOOL_CALLS,
	FINISH_ERROR,
	FINISH_OTHER,
	FINISH_UNKNOWN,
	FINISH__MAX
};

/* Everything is borrowed and valid during the call that hands it over. */
struct event {
	enum event_type type;
	union {
		struct str text; /* of deltas and of the error */
		struct {
			struct str id, name;
			const json_t *value; /* arguments or result, or NULL */
			/* Of a result: the tool failed and this is why.  Of a
			 * call: its arguments are no JSON, VALUE is their
			 * text. */
			bool is_error;
			/* Of a call: what its driver wants to see again in the
			 * next step, with the call; NULL: nothing. */
			const json_t *keep;
		} tool;
		const json_t *object; /* NULL: no value */
		struct {
			enum finish_reason reason;
			struct usage usage;
		} finish;
	};
};

/* Its name on the wire: "stop", "length", "content-filter", … (2.9). */
const char *finish_name(enum finish_reason reason);

/* A listener. */
struct sink {
	void (*event)(struct sink *self, const struct event *ev);
};

#endif
