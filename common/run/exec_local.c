/* Carries one attempt to a driver that needs nobody else, at the pace that is
 * configured.  It refuses to know what it says. */
#include "exec_int.h"

static void
speak(void *arg)
{
	exec_ready(arg, EXEC_CALLING);
}

static int
build(struct exec *x)
{
	(void)x;
	return 0;
}

static void
start(struct exec *x)
{
	exec_ready(x, EXEC_CALLING);
}

/* Says the next pieces. */
static void
say_next(struct exec *x)
{
	struct engine *e = x->engine;
	int64_t delay = e->settings->echo_delay_ms;
	int more;

	do {
		more = x->ask.provider->driver->next(x->call, &x->err);
	} while (more > 0 && (delay == 0 || !x->ask.stream));
	if (more < 0)
		x->unmade = true; /* another try would say the same */
	if (more <= 0)
		exec_ready(x, EXEC_ENDED);
	else
		timer_set(
		    e->loop, &x->timer, loop_now(e->loop) + delay, speak, x);
}

static void
stop(struct exec *x)
{
	(void)x;
}

const struct exec_source exec_local = {
    .build = build,
    .start = start,
    .stop = stop,
    .step = say_next,
};
