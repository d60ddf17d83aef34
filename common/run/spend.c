/* Money: what a call may cost at most is taken from the budgets before it goes
 * out, what it did cost stays taken.  It refuses to know how calls are made. */
#include "scope_int.h"

#include "../base/json.h"
#include "../base/clock.h"
#include "price.h"

#include <math.h>
#include <string.h>

struct charge {
	struct spend *spend;
	struct store *store;
	struct bill *bill; /* of the answer, or NULL */
	struct price price;
	struct price_units units;
	enum prompt_kind kind;
	bool priced, ended;
	double amount;	     /* reserved */
	int64_t reservation; /* in the store; 0: none */
};

static const struct prices none = {.unpriced = NAN, .max_output = 4096};

/* Float sums of what was reserved and given back do not come to nothing. */
static double
not_below_zero(double d)
{
	return d > 0 ? d : 0;
}

static bool
has_budget(const struct spend *s)
{
	return !isnan(s->most) ||
	       (s->scope != NULL &&
		   (!isnan(s->scope->day) || !isnan(s->scope->month)));
}

/* --- the most that a call may cost */

/* Vendors know their own ceilings: a prompt that sets none gets ours, and so
 * does one that sets what is no number of tokens. */
static double
limit_output(struct arena *a, struct ask *ask, int64_t most)
{
	const json_t *own = json_object_get(ask->config, "max_tokens");
	double tokens = json_is_number(own) ? json_number_value(own) : 0;
	json_t *config;

	if (isfinite(tokens) && tokens >= 1)
		return ceil(tokens);
	config = ask->config != NULL ? json_copy((json_t *)ask->config)
				     : json_object();
	(void)json_object_set_new(config, "max_tokens", json_integer(most));
	(void)json_own(a, config);
	ask->config = config;
	return (double)most;
}

static double
worst_case(const struct charge *c, struct arena *a, struct ask *ask,
    const struct prices *prices)
{
	struct usage usage = {.total = -1};
	double output = 0;

	usage.input = price_tokens(&c->price, ask);
	if (c->price.output > 0 && !prompt_kind_is_media(ask->kind) &&
	    ask->kind != PROMPT_EMBED)
		output = limit_output(a, ask, prices->max_output);
	else if (prompt_kind_is_media(ask->kind))
		output = (double)prices->max_output;
	usage.output = output < 1e15 ? (int64_t)output : (int64_t)1e15;
	return price_of(&c->price, ask->kind, &usage, &c->units);
}

/* --- refusals */

static int
refuse(struct spend *s, const struct store_budget *b, double amount, bool held,
    struct err *err)
{
	char at[CLOCK_TEXT_LEN + 1] = "";

	s->resets = b->to;
	if (b->to != 0)
		clock_print(at, b->to);
	if (held) {
		s->resets = 0;
		return fail(err, ERR_BUSY,
		    "calls that run now hold the %s budget of %s "
		    "(%.6g USD): this one may cost up to %.6g USD",
		    b->key, s->who, b->most, amount);
	}
	return fail(err, ERR_BUDGET,
	    "the %s budget of %s (%.6g USD) is spent: this call "
	    "may cost up to %.6g USD%s%s",
	    b->key, s->who, b->most, amount,
	    *at != '\0' ? "; it resets at " : "", at);
}

/* What is said of a budget of the store. */
static int
refuse_period(struct engine *e, struct spend *s, const struct store_budget *b,
    double amount, struct err *err)
{
	struct store_budget named = *b;
	double spent = 0, reserved = 0;

	store_spent(e->store, b, &spent, &reserved);
	named.key = strrchr(b->key, ':') + 1;
	return refuse(
	    s, &named, amount, reserved > 0 && spent + amount <= b->most, err);
}

/* --- reservations */

static int
reserve_run(struct spend *s, double amount, struct err *err)
{
	struct store_budget run = {.key = "run", .most = s->most};

	if (isnan(s->most) || s->spent + s->reserved + amount <= s->most)
		return 0;
	return refuse(s, &run, amount,
	    s->reserved > 0 && s->spent + amount <= s->most, err);
}

/* Money is not spent where nobody can count it. */
static int
reserve_periods(struct engine *e, struct arena *a, struct charge *c,
    double amount, struct err *err)
{
	struct store_budget budgets[PERIODS];
	size_t n, over = 0;

	n = scope_periods(c->spend->scope, a, clock_wall_ms(), budgets);
	if (n == 0)
		return 0;
	c->reservation = store_reserve(e->store, budgets, n, amount, &over);
	if (c->reservation > 0)
		return 0;
	if (c->reservation == 0)
		return refuse_period(
		    e, c->spend, &budgets[over < n ? over : 0], amount, err);
	c->reservation = 0;
	return fail(err, ERR_BUDGET,
	    "the budget of %s cannot be counted now: the store "
	    "does not answer",
	    c->spend->who);
}

/* A call that nobody ended was cut. */
static void
end_charge(void *charge)
{
	(void)spend_end(charge, NULL, true);
}

/* What is known of a call before it is made. */
static int
estimate(struct engine *engine, struct arena *a, struct ask *ask,
    struct charge *c, struct err *err)
{
	const struct prices *prices = engine->settings->prices;
	struct spend *s = engine->spend;

	if (prices == NULL)
		prices = &none;
	c->spend = s;
	c->store = engine->store;
	c->bill = ask->bill;
	c->kind = ask->kind;
	c->units = price_units(ask);
	c->priced = price_find(prices, ask->provider, ask->model, &c->price);
	if (!has_budget(s))
		return 0;
	if (!c->priced)
		return fail(err, ERR_MODEL,
		    "the model %s of %s has no price, and a budget holds for "
		    "%s: set prices or spending.unpriced",
		    ask->model, ask->provider->name, s->who);
	c->amount = worst_case(c, a, ask, prices);
	return 0;
}

/* In all budgets, or in none. */
static int
reserve(struct engine *e, struct arena *a, struct charge *c, struct err *err)
{
	struct spend *s = c->spend;

	if (!has_budget(s))
		return 0;
	s->largest = fmax(s->largest, c->amount);
	if (reserve_run(s, c->amount, err) < 0 ||
	    reserve_periods(e, a, c, c->amount, err) < 0) {
		if (c->bill != NULL)
			c->bill->refused = true;
		return -1;
	}
	s->reserved += c->amount;
	return 0;
}

int
spend_begin(struct engine *engine, struct arena *a, struct ask *ask,
    struct charge **charge, struct err *err)
{
	struct charge *c;

	*charge = NULL;
	if (engine->spend == NULL)
		return 0;
	c = arena_zalloc(a, sizeof(*c));
	if (estimate(engine, a, ask, c, err) < 0 ||
	    reserve(engine, a, c, err) < 0)
		return -1;
	arena_on_free(a, end_charge, c);
	*charge = c;
	return 0;
}

/* --- looking ahead */

/* What is left of all budgets when HELD, what calls that run now hold, is taken
 * off or not; *LEAST is the budget that has least. */
static double
left(struct engine *e, struct arena *a, bool held, struct store_budget *least)
{
	const struct spend *s = e->spend;
	struct store_budget budgets[PERIODS];
	double spent, reserved, most = INFINITY, rest;
	size_t n = scope_periods(s->scope, a, clock_wall_ms(), budgets);

	if (!isnan(s->most)) {
		most = s->most - s->spent - (held ? s->reserved : 0);
		*least = (struct store_budget){.key = "run", .most = s->most};
	}
	for (size_t i = 0; i < n; i++) {
		spent = reserved = 0;
		store_spent(e->store, &budgets[i], &spent, &reserved);
		rest = budgets[i].most - spent - (held ? reserved : 0);
		if (rest >= most)
			continue;
		most = rest;
		*least = budgets[i];
		least->key = strrchr(budgets[i].key, ':') + 1;
	}
	return most;
}

bool
spend_room(struct engine *engine)
{
	struct store_budget least;
	struct arena *a;
	bool room;

	if (engine->spend == NULL || !has_budget(engine->spend))
		return true;
	a = arena_new(NULL);
	room = left(engine, a, true, &least) >= engine->spend->largest;
	arena_free(a);
	return room;
}

double
spend_estimate(struct engine *engine, struct arena *a, const struct ask *ask,
    int64_t *tokens)
{
	const struct prices *prices = engine->settings->prices;
	struct charge c = {.kind = ask->kind, .units = price_units(ask)};
	struct ask copy = *ask;

	if (prices == NULL)
		prices = &none;
	c.priced = price_find(prices, ask->provider, ask->model, &c.price);
	*tokens = price_tokens(&c.price, ask);
	return c.priced ? worst_case(&c, a, &copy, prices) : (double)NAN;
}

void
spend_lower(struct spend *s, double most)
{
	if (s != NULL)
		s->most = isnan(s->most) ? most : fmin(s->most, most);
}

int
spend_check(struct engine *engine, struct arena *a, const struct ask *ask,
    struct err *err)
{
	struct store_budget least;
	struct charge c = {0};
	struct ask copy = *ask;

	if (engine->spend == NULL || !has_budget(engine->spend))
		return 0;
	if (estimate(engine, a, &copy, &c, err) < 0)
		return -1;
	if (left(engine, a, false, &least) >= c.amount)
		return 0;
	return refuse(engine->spend, &least, c.amount, false, err);
}

/* --- what it came to */

/* A vendor that tells no tokens at all has not said that it was free. */
static double
cost_of(const struct charge *c, const struct usage *usage)
{
	bool tells = usage->input > 0 || usage->output > 0 || usage->total > 0;

	if (usage->has_cost && isfinite(usage->cost) && usage->cost >= 0)
		return usage->cost;
	if (!c->priced)
		return 0;
	if (!tells && c->units.images == 0 && c->units.characters == 0)
		return c->amount;
	return price_of(&c->price, c->kind, usage, &c->units);
}

static void
add_to_bill(const struct charge *c, const struct usage *usage, double cost)
{
	struct bill *bill = c->bill;

	if (bill == NULL)
		return;
	bill->usd += cost;
	bill->calls++;
	if (!c->priced && (usage == NULL || !usage->has_cost))
		bill->unknown = true;
}

double
spend_end(struct charge *charge, const struct usage *usage, bool sent)
{
	struct spend *s;
	double cost = 0;

	if (charge == NULL || charge->ended)
		return 0;
	charge->ended = true;
	s = charge->spend;
	if (usage != NULL)
		cost = cost_of(charge, usage);
	else if (sent)
		cost = charge->amount;
	if (usage != NULL || sent)
		add_to_bill(charge, usage, cost);
	s->reserved = not_below_zero(s->reserved - charge->amount);
	s->spent += cost;
	if (charge->reservation != 0)
		store_settle(charge->store, charge->reservation, cost);
	return cost;
}

void
spend_budgets(struct engine *engine,
    void (*each)(void *arg, const struct budget_state *state), void *arg)
{
	const struct settings *s = engine->settings;
	struct store_budget budgets[PERIODS];
	struct arena *a = arena_new(NULL);
	size_t n;

	for (size_t i = 0; i < s->n_scopes; i++) {
		n = scope_periods(&s->scopes[i], a, clock_wall_ms(), budgets);
		for (size_t k = 0; k < n; k++) {
			struct budget_state state = {
			    .secret = s->scopes[i].name,
			    .period = strrchr(budgets[k].key, ':') + 1,
			    .most = budgets[k].most,
			    .resets = budgets[k].to,
			};

			store_spent(engine->store, &budgets[k], &state.spent,
			    &state.reserved);
			each(arg, &state);
		}
	}
	arena_free(a);
}

double
spend_total(const struct spend *s)
{
	return s != NULL ? s->spent : 0;
}

int64_t
spend_resets(const struct spend *s)
{
	int64_t wait;

	if (s == NULL || s->resets == 0)
		return 0;
	wait = s->resets - clock_wall_ms();
	return wait > 0 ? (wait + 999) / 1000 : 1;
}
