/* One request from its first variable to its last byte. */
#ifndef REQUEST_H
#define REQUEST_H

#include "../common/run/dispatch.h"
#include "conf.h"
#include "conn.h"

struct gate {
	struct conf_source source;
	struct conf *conf;
	struct runner *runner;
};

/* Opens the log that CONF names; the old one stays when that fails. */
void gate_open_log(const struct conf *conf);

/* Loads the configuration, opens the log and makes the runner. */
void gate_init(struct gate *gate, const char *conf_file);
void gate_free(struct gate *gate);

/* Answers the request that CONN has accepted. */
void request_answer(struct gate *gate, struct conn *conn);

#endif
