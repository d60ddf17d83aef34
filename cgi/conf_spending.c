/* From options to what the signers of requests may use and spend, and to what
 * models cost.  It refuses to count anything. */
#include "../common/run/price.h"
#include "../common/run/scope.h"
#include "conf_load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double
limit_of(const struct conf_real *real)
{
	return real->present ? real->value : (double)NAN;
}

static bool
is_limited(const struct scope *s)
{
	return s->models != NULL || s->tools != NULL || s->datasets != NULL ||
	       !isnan(s->run) || !isnan(s->day) || !isnan(s->month);
}

static struct scope
make_scope(struct loader *l, const char *name, struct conf_scope *from)
{
	return (struct scope){
	    .name = name,
	    .models = conf_names(l, &from->models),
	    .tools = conf_names(l, &from->tools),
	    .datasets = conf_names(l, &from->datasets),
	    .run = limit_of(&from->run),
	    .day = limit_of(&from->day),
	    .month = limit_of(&from->month),
	};
}

/* A name must mean one secret where scopes depend on it. */
static void
check_name(struct loader *l, const char *name, size_t line)
{
	const struct secrets *secrets = &l->conf->secrets;
	size_t i, n = 0;

	for (i = 0; i < secrets->n; i++)
		n += strcmp(secrets->items[i].name, name) == 0;
	if (strcmp(name, scope_unsigned) == 0)
		conf_problem(l, CONF_BAD_CONFIG, line,
		    "webhook.secrets: the name %s is that of requests without "
		    "a signature",
		    name);
	else if (n > 1)
		conf_problem(l, CONF_BAD_CONFIG, line,
		    "webhook.secrets: the name %s is there twice, and what it "
		    "may use and spend depends on it",
		    name);
}

/* Whoever may leave out the signature would not be held to any scope. */
static void
check_unsigned(struct loader *l, size_t n, bool unsigned_limited)
{
	const struct conf *conf = l->conf;

	if (n == 0 || unsigned_limited || conf->secrets.mode == SIGN_REQUIRED)
		return;
	conf_problem(l, CONF_BAD_CONFIG, 0,
	    "webhook.signature: requests without a signature may use and spend "
	    "anything, so that what is said of secrets means nothing: require "
	    "it, or limit webhook.unsigned");
}

static void
check_store(struct loader *l, const struct scope *s)
{
	if (l->conf->settings.store == NULL &&
	    (!isnan(s->day) || !isnan(s->month)))
		conf_problem(l, CONF_BAD_CONFIG, 0,
		    "the budget of %s for a day or a month needs a store, and "
		    "there is none",
		    s->name);
}

static void
make_scopes(struct loader *l)
{
	struct conf *conf = l->conf;
	struct settings *s = &conf->settings;
	struct conf_secret *items = conf->secret_list.items;
	struct scope *scopes, *next;
	size_t i;

	scopes =
	    arena_array(conf->arena, conf->secret_list.n + 2, sizeof(*scopes));
	next = scopes;
	*next = make_scope(l, CONF_PLAIN_SECRET, &conf->secret_scope);
	next += is_limited(next);
	for (i = 0; i < conf->secret_list.n; i++) {
		*next = make_scope(
		    l, conf_secret_name(l, &items[i], i), &items[i].scope);
		if (!is_limited(next))
			continue;
		check_name(l, (next++)->name, items[i].item.line);
	}
	*next = make_scope(l, scope_unsigned, &conf->unsigned_scope);
	check_unsigned(l, (size_t)(next - scopes), is_limited(next));
	next += is_limited(next);
	s->scopes = scopes;
	s->n_scopes = (size_t)(next - scopes);
	for (i = 0; i < s->n_scopes; i++)
		check_store(l, &scopes[i]);
}

/* --- prices */

static double
price(const struct conf_real *real, double otherwise)
{
	return real->present ? real->value : otherwise;
}

static struct price_row
make_row(struct loader *l, const struct conf_price *from)
{
	double input = price(&from->input, 0);

	if (*from->item.name == '\0')
		conf_problem(l, CONF_BAD_CONFIG, from->item.line,
		    "prices: a model is wanted");
	return (struct price_row){
	    .key = from->item.name,
	    .price =
		{
		    .input = input,
		    .cached = price(&from->cached, input),
		    .output = price(&from->output, 0),
		    .image = price(&from->image, 0),
		    .characters = price(&from->characters, 0),
		    .call = price(&from->call, 0),
		},
	};
}

static double
read_unpriced(struct loader *l)
{
	const struct conf_value *v = &l->conf->unpriced;
	double d = NAN;
	char *end;

	if (v->text == NULL || strcmp(v->text, "refuse") == 0)
		return d;
	if (strspn(v->text, "0123456789.") == strlen(v->text)) {
		d = strtod(v->text, &end);
		if (end != v->text && *end == '\0')
			return d;
	}
	conf_problem(l, CONF_BAD_CONFIG, v->line,
	    "spending.unpriced must be refuse or US dollars for a million "
	    "tokens, not \"%s\"",
	    v->text);
	return NAN;
}

static void
make_prices(struct loader *l)
{
	struct conf *conf = l->conf;
	const struct conf_price *items = conf->price_list.items;
	struct prices *prices = arena_zalloc(conf->arena, sizeof(*prices));
	struct price_row *rows;
	size_t i;

	rows = arena_array(conf->arena, conf->price_list.n, sizeof(*rows));
	for (i = 0; i < conf->price_list.n; i++)
		rows[i] = make_row(l, &items[i]);
	prices->rows = rows;
	prices->n = conf->price_list.n;
	prices->unpriced = read_unpriced(l);
	prices->max_output = conf->max_output;
	conf->settings.prices = prices;
}

void
conf_finish_spending(struct loader *l)
{
	make_scopes(l);
	make_prices(l);
}
