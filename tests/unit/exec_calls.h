/* Calls that run in a test, and what came of them as text. */
#ifndef EXEC_CALLS_H
#define EXEC_CALLS_H

#include "../../common/run/exec.h"

struct said {
	struct sink sink; /* first */
	struct buf text;  /* an event a line */
	struct exec *exec;
	int64_t began, ended; /* clock_mono_ms() */
	bool answers;	      /* tool requests, with "sunny" */
};

/* Of the test that runs. */
extern struct engine calls_engine;
extern struct settings calls_settings;
extern struct arena *calls_arena;

/* Setup and teardown of a test: no child is left after it. */
int calls_setup(void **state);
int calls_teardown(void **state);

/* Starts ASK; fails the test when it cannot. */
void calls_start(struct said *s, const struct ask *ask);
void calls_wait(struct said *s);
/* Waits, compares and frees it. */
void calls_expect(struct said *s, const char *text);
void calls_free(struct said *s);
/* All of these. */
void calls_run(struct said *s, const struct ask *ask, const char *text);

/* Messages with one of the user. */
const json_t *calls_messages(const char *user);
const json_t *calls_json(const char *text);

/* A provider that runs a script of the shell with the driver command. */
struct provider calls_shell(const char *script, int64_t workers);

#endif
