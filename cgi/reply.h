/* The gate's side of the runner's reply: heads and bodies as a web server
 * wants them. */
#ifndef GATE_REPLY_H
#define GATE_REPLY_H

#include "../common/run/reply.h"
#include "conn.h"

struct answer {
	struct reply reply; /* first: what the runner gets */
	struct conn *conn;
	bool head_only;	  /* HEAD: no body leaves */
	const char *head; /* lines more of the head, or NULL */
	const char *request_id;
	int status;
	size_t bytes; /* of the body */
};

void answer_init(struct answer *a, struct conn *conn) NONNULL;

/* A whole reply of plain text; TEXT may be empty. */
void answer_text(struct answer *a, int status, struct str text);

/* A page of HTML that may load nothing from elsewhere. */
void answer_page(struct answer *a, struct str text);

#endif
