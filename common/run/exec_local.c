/* Carries one attempt to a driver that needs nobody else, at the pace that is
 * configured.  It refuses to know what it says. */
#include "../base/limits.h"
#include "exec_int.h"

#include <string.h>

/* echo/delay-MS is slow on its own: whoever looks at a mount needs lines that
 * come one after the other, however it is configured. */
static int64_t
delay_of(const struct exec *x)
{
	static const char prefix[] = "delay-";
	const char *digits = x->ask.model + sizeof(prefix) - 1;
	int64_t ms = 0;

	if (strncmp(x->ask.model, prefix, sizeof(prefix) - 1) != 0)
		return x->engine->settings->echo_delay_ms;
	for (; *digits >= '0' && *digits <= '9'; digits++)
		if (ms < LIMIT_ECHO_DELAY_MS)
			ms = 10 * ms + (*digits - '0');
	return ms < LIMIT_ECHO_DELAY_MS ? ms : LIMIT_ECHO_DELAY_MS;
}

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
	int64_t delay = delay_of(x);
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
