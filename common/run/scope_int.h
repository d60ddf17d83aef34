/* What scope.c and spend.c share. */
#ifndef SCOPE_INT_H
#define SCOPE_INT_H

#include "../store/store.h"
#include "scope.h"

struct spend {
	const struct scope *scope; /* NULL: the secret has none */
	const char *who;	   /* "the secret ci", for texts */
	double most;		   /* of this run, US dollars; NAN: no limit */
	double spent, reserved;	   /* of this run */
	double largest;		   /* that was to be reserved so far */
	int64_t resets;		   /* when the budget that refused last is
				    * whole again, ms; 0: never */
};

enum { PERIODS = 2 };

/* The budgets of SCOPE that last longer than a run at NOW (ms); returns how
 * many.  Keys live in the arena. */
size_t scope_periods(const struct scope *scope, struct arena *a, int64_t now,
    struct store_budget budgets[PERIODS]);

#endif
