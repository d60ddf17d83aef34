/* Shows what secrets may use and spend.  It refuses to know how that is
 * enforced. */
#include "check.h"

#include "../common/run/price.h"
#include "../common/run/scope.h"

#include <math.h>

static void
print_list(FILE *out, const char *what, const char *const *globs)
{
	if (globs == NULL)
		return;
	(void)fprintf(out, ", %s", what);
	if (*globs == NULL)
		(void)fprintf(out, " none");
	for (; *globs != NULL; globs++)
		(void)fprintf(out, " %s", *globs);
}

static void
print_limit(FILE *out, const char *what, double dollars)
{
	if (!isnan(dollars))
		(void)fprintf(out, ", %g USD a %s", dollars, what);
}

void
check_print_spending(FILE *out, const struct settings *s)
{
	const struct scope *scope = s->scopes;
	size_t i;

	for (i = 0; i < s->n_scopes; i++, scope++) {
		(void)fprintf(out, "scope: %s", scope->name);
		print_list(out, "models", scope->models);
		print_list(out, "tools", scope->tools);
		print_list(out, "datasets", scope->datasets);
		print_limit(out, "run", scope->run);
		print_limit(out, "day", scope->day);
		print_limit(out, "month", scope->month);
		(void)fprintf(out, "\n");
	}
	if (s->n_scopes == 0 && s->prices->n == 0)
		return;
	(void)fprintf(out,
	    "prices: %zu of the configuration, %zu built in (%s), others ",
	    s->prices->n, price_table_n, price_table_date);
	if (isnan(s->prices->unpriced))
		(void)fprintf(out, "refused where a budget holds\n");
	else
		(void)fprintf(
		    out, "%g USD for a million tokens\n", s->prices->unpriced);
}
