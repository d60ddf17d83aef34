/* Gathers the routes of all that is delivered.  It refuses to know how each is
 * made. */
#include "../common/run/alert.h"
#include "../common/run/scores.h"
#include "../common/run/telemetry.h"
#include "conf_load.h"

void
conf_finish_routes(struct loader *l)
{
	struct settings *s = &l->conf->settings;
	const struct telemetry *t = s->telemetry;
	size_t n = t != NULL ? t->n_collectors : 0, i;
	const struct route **routes = arena_array(
	    l->conf->arena, s->n_alerts + 2 * n + 1, sizeof(*routes));

	s->n_routes = 0;
	for (i = 0; i < s->n_alerts; i++)
		routes[s->n_routes++] = &s->alerts[i].route;
	for (i = 0; i < n; i++) {
		routes[s->n_routes++] = &t->collectors[i].traces;
		if (t->collectors[i].wants_metrics)
			routes[s->n_routes++] = &t->collectors[i].metrics;
	}
	if (s->scores != NULL)
		routes[s->n_routes++] = &s->scores->route;
	s->routes = routes;
}
