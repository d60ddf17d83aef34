/* From the evals of the file to what the runner calls: which kind each one is,
 * and whether what is said about it fits that kind.  It refuses to know what
 * an eval does. */
#include "../common/base/utf.h"
#include "conf_load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- the kinds */

/* The first key that its options do not take has its own line. */
static size_t
line_of_options(const struct builtin *b, const struct conf_tree *options)
{
	struct err err = {0};
	size_t line = options->line, i = 0;
	const char *key;
	json_t *value, *one;
	int rc;

	json_object_foreach(options->json, key, value)
	{
		one = json_object();
		(void)json_object_set(one, key, value);
		rc = builtin_check(b, one, &err);
		json_decref(one);
		err_free(&err);
		if (rc == -1) {
			line = options->lines[i];
			break;
		}
		i++;
	}
	return line;
}

static void
make_builtin(
    struct loader *l, const struct conf_eval *from, struct eval_conf *to)
{
	const char *name = from->use.text;
	struct err err = {0};

	if (!conf_is_set(&from->use))
		name = from->item.name;
	to->builtin = name != NULL ? builtin_find(name) : NULL;
	if (to->builtin == NULL) {
		conf_complain(l, &from->item, from->use.line,
		    ".use: there is no built-in eval %s",
		    name != NULL ? name : "without a name");
		return;
	}
	to->options = from->options.json;
	if (builtin_check(to->builtin, to->options, &err) == -1)
		conf_complain(l, &from->item,
		    line_of_options(to->builtin, &from->options),
		    ".options: %s", err.msg);
	err_free(&err);
}

static void
warn_unreadable(struct loader *l, const struct conf_eval *from,
    const char *path, size_t line)
{
	if (access(path, R_OK) == -1)
		conf_warning(l, line, "evals.%s: %s cannot be read",
		    from->item.name, path);
}

static void
make_command(
    struct loader *l, const struct conf_eval *from, struct eval_conf *to)
{
	to->argv = conf_command(l, &from->item, &from->exec);
	to->workers = from->workers;
}

static void
make_http(struct loader *l, const struct conf_eval *from, struct eval_conf *to)
{
	to->url = conf_url(
	    l, conf_key(l, &from->item, "http"), &from->http, from->item.line);
	to->secret = conf_signs(l, &from->item, &from->secret);
}

/* The models must be such as some provider serves. */
static const char *const *
make_models(
    struct loader *l, const struct conf_eval *from, struct conf_list *list)
{
	const char *const *names = conf_names(l, list);
	const struct provider *provider;
	struct err err = {0};
	const char *id;
	size_t i;

	for (i = 0; names[i] != NULL && l->conf->code == CONF_OK; i++) {
		if (model_resolve(&l->conf->settings.models, names[i],
			&provider, &id, &err) == -1)
			conf_complain(
			    l, &from->item, list->line, ": %s", err.msg);
		err_free(&err);
	}
	return names;
}

static void
make_judge(struct loader *l, const struct conf_eval *from, struct eval_conf *to)
{
	struct conf_list models = from->models;

	if (*from->judge.text == '\0') {
		conf_complain(l, &from->item, from->judge.line,
		    ".judge: a file is wanted");
		return;
	}
	to->judge = conf_beside(l, from->judge.text);
	warn_unreadable(l, from, to->judge, from->judge.line);
	to->options = from->options.json;
	if (models.n != 0)
		to->models = make_models(l, from, &models);
}

static void
make_similar(
    struct loader *l, const struct conf_eval *from, struct eval_conf *to)
{
	struct conf_list models = {.line = from->similar.line};
	const char **name;

	if (from->similar.text == NULL || *from->similar.text == '\0') {
		conf_complain(l, &from->item, from->similar.line,
		    ".similar: a model is wanted");
		return;
	}
	name = conf_add(l, &models, sizeof(*name));
	*name = from->similar.text;
	to->models = make_models(l, from, &models);
}

/* What makes each kind. */
static void (*const makers[])(
    struct loader *, const struct conf_eval *, struct eval_conf *) = {
    [EVAL_BUILTIN] = make_builtin,
    [EVAL_COMMAND] = make_command,
    [EVAL_HTTP] = make_http,
    [EVAL_JUDGE] = make_judge,
    [EVAL_SIMILAR] = make_similar,
};
_Static_assert(ARRAY_LEN(makers) == EVAL__MAX, "a row for every kind");

static enum eval_kind
find_kind(struct loader *l, const struct conf_eval *from)
{
	const bool given[] = {
	    [EVAL_BUILTIN] = conf_is_set(&from->use),
	    [EVAL_COMMAND] = from->exec.line != 0,
	    [EVAL_HTTP] = conf_is_set(&from->http),
	    [EVAL_JUDGE] = conf_is_set(&from->judge),
	    [EVAL_SIMILAR] = conf_is_set(&from->similar),
	};
	size_t which = conf_which(given, ARRAY_LEN(given));

	_Static_assert(ARRAY_LEN(given) == EVAL__MAX, "a row for every kind");
	if (which < EVAL__MAX)
		return (enum eval_kind)which;
	if (which == EVAL__MAX && builtin_find(from->item.name) != NULL)
		return EVAL_BUILTIN;
	conf_complain(l, &from->item, 0,
	    " needs one of use, exec, http, judge and similar");
	return EVAL__MAX;
}

/* --- what holds for all */

/* What is said and means nothing to the kind would be a silent mistake. */
static void
refuse_others(
    struct loader *l, const struct conf_eval *from, enum eval_kind kind)
{
	const struct {
		bool given;
		const char *key, *kinds;
		bool fits;
	} rules[] = {
	    {from->options.json != NULL, "options", "use and judge",
		kind == EVAL_BUILTIN || kind == EVAL_JUDGE},
	    {from->workers != 0, "workers", "exec", kind == EVAL_COMMAND},
	    {conf_is_set(&from->secret), "secret", "http", kind == EVAL_HTTP},
	    {from->models.line != 0, "models", "judge", kind == EVAL_JUDGE},
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].given && !rules[i].fits)
			conf_complain(l, &from->item, 0, ": %s is for %s only",
			    rules[i].key, rules[i].kinds);
}

static bool
is_pointer(const char *p)
{
	if (*p != '\0' && *p != '/')
		return false;
	while ((p = strchr(p, '~')) != NULL)
		if (*++p != '0' && *p != '1')
			return false;
	return true;
}

static void
make_eval(struct loader *l, const struct conf_eval *from, struct eval_conf *to)
{
	enum eval_kind kind = find_kind(l, from);

	*to = (struct eval_conf){
	    .name = from->item.name,
	    .kind = kind,
	    .negate = from->negate,
	    .weight = from->weight.present ? from->weight.value : (double)NAN,
	    .threshold =
		from->threshold.present ? from->threshold.value : (double)NAN,
	    .pointer = from->pointer.text,
	    .strip_fences = from->strip_fences,
	    .timeout_ms = from->timeout_ms,
	};
	if (*to->name == '\0')
		conf_complain(l, &from->item, 0, ": a name is wanted");
	if (to->pointer != NULL && !is_pointer(to->pointer))
		conf_complain(l, &from->item, from->pointer.line,
		    ".transform.pointer: a JSON pointer begins with /");
	if (to->timeout_ms == 0)
		conf_complain(
		    l, &from->item, 0, ".timeout must be more than 0");
	if (kind == EVAL__MAX)
		return;
	makers[kind](l, from, to);
	refuse_others(l, from, kind);
}

/* --- the list */

static void
make_builtins(struct loader *l)
{
	struct settings *s = &l->conf->settings;
	struct eval_conf *to;
	struct conf_eval from;
	size_t i;

	to = arena_array(l->conf->arena, n_builtins, sizeof(*to));
	for (i = 0; i < n_builtins; i++) {
		from = (struct conf_eval){
		    .item = {.map = "evals", .name = builtins[i].name}};
		conf_defaults(l, "evals.NAME.", &from);
		make_eval(l, &from, &to[i]);
	}
	s->builtin_evals = to;
	s->n_builtin_evals = n_builtins;
}

static const struct eval_conf *
find_eval(const struct eval_conf *evals, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(evals[i].name, name) == 0)
			return &evals[i];
	return NULL;
}

/* Adds the built-in evals behind the N that the file makes, which shadow
 * them; returns how many there are then. */
static size_t
add_all(const struct settings *s, struct eval_conf *evals, size_t n)
{
	for (size_t i = 0; i < s->n_builtin_evals; i++)
		if (find_eval(evals, n, s->builtin_evals[i].name) == NULL)
			evals[n++] = s->builtin_evals[i];
	return n;
}

static size_t
add_named(struct loader *l, struct eval_conf *evals, size_t n)
{
	const struct settings *s = &l->conf->settings;
	const struct conf_list *list = &l->conf->builtin_list;
	const char *const *names = list->items;
	const struct eval_conf *eval;
	bool all = false;
	size_t i, k;

	for (i = 0; i < list->n; i++) {
		for (k = 0; k < i && strcmp(names[k], names[i]) != 0; k++)
			;
		if (k < i)
			conf_problem(l, CONF_BAD_CONFIG, list->line,
			    "evals: %s is there twice", names[i]);
		all = all || strcmp(names[i], "all") == 0;
		eval =
		    find_eval(s->builtin_evals, s->n_builtin_evals, names[i]);
		if (eval == NULL && strcmp(names[i], "all") != 0)
			conf_problem(l, CONF_BAD_CONFIG, list->line,
			    "evals: there is no built-in eval %s", names[i]);
		else if (eval != NULL && find_eval(evals, n, names[i]) == NULL)
			evals[n++] = *eval;
	}
	return all ? add_all(s, evals, n) : n;
}

struct sorted {
	struct str16 key;
	struct eval_conf eval;
};

static int
compare(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;

	return str16_cmp(x->key, y->key);
}

static void
sort_evals(struct loader *l, struct eval_conf *evals, size_t n)
{
	struct sorted *sorted;
	struct str name;
	size_t i;

	if (n == 0)
		return;
	sorted = arena_array(l->conf->arena, n, sizeof(*sorted));
	for (i = 0; i < n; i++) {
		name = (struct str){evals[i].name, strlen(evals[i].name)};
		sorted[i].key = utf16_from(l->conf->arena, name);
		sorted[i].eval = evals[i];
	}
	qsort(sorted, n, sizeof(*sorted), compare);
	for (i = 0; i < n; i++)
		evals[i] = sorted[i].eval;
}

void
conf_finish_evals(struct loader *l)
{
	struct conf *conf = l->conf;
	const struct conf_eval *from = conf->eval_list.items;
	size_t n = conf->eval_list.n, i;
	struct eval_conf *evals;

	make_builtins(l);
	evals = arena_array(conf->arena, n + n_builtins, sizeof(*evals));
	for (i = 0; i < n; i++)
		make_eval(l, &from[i], &evals[i]);
	if (conf->eval_list.line == 0 && conf->builtin_list.line == 0)
		n = add_all(&conf->settings, evals, n);
	else
		n = add_named(l, evals, n);
	sort_evals(l, evals, n);
	conf->settings.evals = evals;
	conf->settings.n_evals = n;
}
