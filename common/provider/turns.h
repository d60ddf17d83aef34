/* Messages for vendors who want turns of blocks that alternate between the user
 * and the assistant, with the system's apart: Anthropic, and Amazon after it.
 * What a block looks like is the vendor's. */
#ifndef TURNS_H
#define TURNS_H

#include "tool_ask.h"

/* How a vendor writes the blocks of a message. */
struct turn_blocks {
	const struct driver *driver;
	const char *text_type; /* of a block of text; NULL: it has none */
	/* Adds what was thought before a call. */
	void (*thoughts)(json_t *out, const struct tool_part *part);
	void (*call)(json_t *out, const struct tool_part *part);
	int (*result)(struct call *call, json_t *out,
	    const struct tool_part *part, struct err *err);
	/* An image or a file; NULL fails. */
	json_t *(*media)(
	    struct call *call, const json_t *part, struct err *err);
};

/* Sets BODY's messages, and system when there is one. */
int turns_add(struct call *call, const struct turn_blocks *blocks, json_t *body,
    struct err *err);

/* Whether a text is only white space, which these vendors refuse. */
bool turn_is_blank(struct str text);

#endif
