/* Finds evals by their names.  It refuses to know what an eval is. */
#include "settings.h"

#include "../base/utf.h"
#include "eval_run.h"

static const struct eval_conf *
find(const struct eval_conf *evals, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(name, evals[i].name))
			return &evals[i];
	return NULL;
}

const struct eval_conf *
settings_eval(const struct settings *s, struct str name)
{
	const struct eval_conf *eval = find(s->evals, s->n_evals, name);

	if (eval != NULL)
		return eval;
	return find(s->builtin_evals, s->n_builtin_evals, name);
}
