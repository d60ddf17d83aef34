/* Evals that run at once in a test, and what came of them. */
#ifndef EVAL_SLOTS_H
#define EVAL_SLOTS_H

#include "../../common/run/eval_run.h"

struct slot {
	struct eval_run *eval; /* NULL: free */
	struct eval_case c;
	int done; /* calls of the callback */
};

/* Of the test that runs. */
extern struct engine slot_engine;
extern struct arena *slot_arena;

/* Setup and teardown of a test; no child is left after it.  slot_close() is a
 * teardown that does not look. */
int slot_setup(void **state);
int slot_teardown(void **state);
void slot_close(void);

/* Values in the arena of the test. */
const json_t *slot_json(const char *text);
const json_t *slot_text(const char *s);

/* An eval named `e`, without rules, of ten seconds; and one that is a script
 * of the shell. */
struct eval_conf slot_conf(enum eval_kind kind);
struct eval_conf slot_shell(const char *script, int64_t workers);

struct slot *slot_start(const struct eval_conf *conf, struct eval_case c);
/* On a row of which nothing but the output is known. */
struct slot *slot_start_output(
    const struct eval_conf *conf, const char *output);
void slot_wait(const struct slot *s);

/* Waits and compares the result, as JSON. */
void slot_expect(const struct slot *s, const char *result);
/* One eval of OUTPUT from start to end. */
void slot_expect_output(
    const struct eval_conf *conf, const char *output, const char *result);
/* One that cannot be started. */
void slot_expect_no_program(struct eval_conf *conf);

#define RESULT(reason)                                                         \
	"{\"name\":\"e\",\"score\":0,\"passed\":false,\"reason\":\"" reason    \
	"\"}"
#define FAILED(reason) RESULT("eval error: " reason)

#endif
