/* A scripted HTTP server on 127.0.0.1, in processes of its own. */
#ifndef SCRIPT_SERVER_H
#define SCRIPT_SERVER_H

#include <sys/types.h>

#include <stdatomic.h>

/* What the server saw; shared by all its processes. */
struct script_seen {
	atomic_int connections;
	atomic_int flaky;    /* failures since it was well */
	atomic_llong closed; /* ms; when a peer left what was held open */
};

struct script_server {
	int port;
	int dead_port; /* refuses */
	int mute_port; /* takes connections and says nothing */
	pid_t pid;
	struct script_seen *seen;
};

extern struct script_server server;

/* Group setup and teardown of cmocka. */
int script_server_start(void **state);
int script_server_stop(void **state);

#endif
