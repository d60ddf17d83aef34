/* What the calls of a process share beside their policy: workers that stay.  It
 * refuses to know who uses them. */
#include "../net/pool.h"
#include "exec.h"

struct pools *
engine_workers(struct engine *engine)
{
	if (engine->workers == NULL)
		engine->workers = pools_new(engine->loop);
	return engine->workers;
}

void
engine_workers_free(struct engine *engine)
{
	pools_free(engine->workers);
	engine->workers = NULL;
}
