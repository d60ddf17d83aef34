/* Finds the price of a model's name, which vendors and clouds dress with
 * prefixes, regions, dates and versions (protocol.md 7.2).  It refuses to know
 * who pays. */
#include "price.h"

#include "../base/limits.h"
#include "glob.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum {
	CANDIDATES = 24, /* forms of one name that are tried */
	KEY_SHORT = 4	 /* a shorter key is no prefix of anything */
};

/* The forms of a name: parts of what is lent. */
struct forms {
	struct str items[CANDIDATES];
	size_t n;
};

static bool
same(struct str s, const char *key)
{
	return strlen(key) == s.len && strncasecmp(s.p, key, s.len) == 0;
}

static void
add_form(struct forms *f, const char *p, size_t len)
{
	if (len == 0 || f->n == CANDIDATES)
		return;
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].len == len && f->items[i].p == p)
			return;
	f->items[f->n++] = (struct str){p, len};
}

static size_t
digits_at_end(struct str s)
{
	size_t n = 0;

	while (
	    n < s.len && s.p[s.len - 1 - n] >= '0' && s.p[s.len - 1 - n] <= '9')
		n++;
	return n;
}

/* Without the list's longest item at the front; .p NULL: none is there. */
static struct str
without_prefix(struct str s, const char *const *list)
{
	size_t len;

	for (; *list != NULL; list++) {
		len = strlen(*list);
		if (s.len > len && strncasecmp(s.p, *list, len) == 0)
			return (struct str){s.p + len, s.len - len};
	}
	return (struct str){NULL, 0};
}

/* "-2024-08-06": what is left in front of it, or 0. */
static size_t
before_date(struct str s)
{
	static const char form[] = "-dddd-dd-dd";
	size_t len = sizeof(form) - 1, i;

	if (s.len <= len)
		return 0;
	for (i = 0; i < len; i++) {
		char c = s.p[s.len - len + i];

		if (form[i] == 'd' ? c < '0' || c > '9' : c != form[i])
			return 0;
	}
	return s.len - len;
}

/* Without one date or version at the end: -2024-08-06, -20240806, @20240806,
 * -0613, -001, -v1, -v1:0, -latest. */
static size_t
before_suffix(struct str s)
{
	size_t n = before_date(s), at;

	if (n != 0)
		return n;
	if (s.len > 7 && strncasecmp(s.p + s.len - 7, "-latest", 7) == 0)
		return s.len - 7;
	n = digits_at_end(s);
	if (n == 0 || n + 2 > s.len)
		return 0;
	at = s.len - n - 1;
	if (s.p[at] == ':' && n <= 2)
		return at;
	if ((s.p[at] == '-' || s.p[at] == '@') && (n >= 3 && n <= 8))
		return at;
	if (s.p[at] == 'v' && at > 1 && s.p[at - 1] == '-')
		return at - 1;
	return 0;
}

static const char *const tuned[] = {"ft:", NULL};
static const char *const regions[] = {"us-gov.", "global.", "apac.", "us.",
    "eu.", "ap.", "jp.", "au.", "ca.", "sa.", "uk.", NULL};
static const char *const makers[] = {"anthropic.", "amazon.", "meta.",
    "mistral.", "cohere.", "ai21.", "deepseek.", "openai.", "qwen.", "google.",
    "moonshot.", "minimax.", NULL};

/* All forms of what is there, and of those. */
static void
add_forms(struct forms *f)
{
	const char *const *const lists[] = {tuned, regions, makers};

	for (size_t i = 0; i < f->n; i++) {
		struct str s = f->items[i], rest;
		const char *slash = memrchr(s.p, '/', s.len);

		for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
			rest = without_prefix(s, lists[k]);
			if (rest.p != NULL)
				add_form(f, rest.p, rest.len);
		}
		if (slash != NULL)
			add_form(
			    f, slash + 1, (size_t)(s.p + s.len - slash) - 1);
		add_form(f, s.p, before_suffix(s));
	}
}

/* A key may go on with more, but 4 does not go on with .5: that is another
 * version, at another price. */
static bool
goes_on(struct str s, size_t at)
{
	char next = s.p[at], digit = at + 1 < s.len ? s.p[at + 1] : '\0';

	if (strchr("-:.@/_", next) == NULL)
		return false;
	return next != '.' || s.p[at - 1] < '0' || s.p[at - 1] > '9' ||
	       digit < '0' || digit > '9';
}

static bool
begins(struct str s, const char *key)
{
	size_t len = strlen(key);

	return len >= KEY_SHORT && len < s.len &&
	       strncasecmp(s.p, key, len) == 0 && goes_on(s, len);
}

/* The row whose key is a form, the earliest form first. */
static const struct price_row *
find_exact(const struct price_row *rows, size_t n, const struct forms *f)
{
	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; k < n; k++)
			if (same(f->items[i], rows[k].key))
				return &rows[k];
	return NULL;
}

static const struct price_row *
find_prefix(const struct price_row *rows, size_t n, const struct forms *f)
{
	const struct price_row *best = NULL;

	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < f->n; i++)
			if (begins(f->items[i], rows[k].key) &&
			    (best == NULL ||
				strlen(rows[k].key) > strlen(best->key)))
				best = &rows[k];
	return best;
}

/* The longest pattern that one of the two whole names matches. */
static const struct price_row *
find_pattern(
    const struct price_row *rows, size_t n, const char *full, const char *model)
{
	const struct price_row *best = NULL;

	for (size_t k = 0; k < n; k++)
		if (glob_is_pattern(rows[k].key) &&
		    (glob_match(rows[k].key, full, true) ||
			glob_match(rows[k].key, model, true)) &&
		    (best == NULL || strlen(rows[k].key) > strlen(best->key)))
			best = &rows[k];
	return best;
}

static bool
is_ours(const struct provider *p)
{
	return (p->driver->abilities & (DRIVER_LOCAL | DRIVER_CHILD)) != 0 ||
	       strcmp(p->driver->name, "ollama") == 0;
}

static const struct price_row *
find_row(const struct prices *prices, const struct provider *p,
    const char *model, const char *full)
{
	const struct price_row *row = NULL;
	struct forms f = {.n = 0};

	add_form(&f, full, strlen(full));
	add_form(&f, model, strlen(model));
	add_forms(&f);
	if (prices != NULL) {
		row = find_exact(prices->rows, prices->n, &f);
		if (row == NULL)
			row =
			    find_pattern(prices->rows, prices->n, full, model);
		if (row == NULL)
			row = find_prefix(prices->rows, prices->n, &f);
	}
	if (row != NULL || is_ours(p))
		return row;
	row = find_exact(price_table, price_table_n, &f);
	if (row == NULL)
		row = find_prefix(price_table, price_table_n, &f);
	return row;
}

bool
price_find(const struct prices *prices, const struct provider *p,
    const char *model, struct price *price)
{
	struct arena *a = arena_new(NULL);
	const struct price_row *row;

	row = find_row(
	    prices, p, model, arena_printf(a, "%s/%s", p->name, model));
	arena_free(a);
	*price = (struct price){0};
	if (row != NULL) {
		*price = row->price;
		return true;
	}
	if (is_ours(p))
		return true;
	if (prices == NULL || isnan(prices->unpriced))
		return false;
	price->input = price->cached = price->output = prices->unpriced;
	return true;
}

/* --- what a call comes to */

/* Vendors count what is read from a cache as part of the input, and some leave
 * what the model thinks out of the output, though not out of the total. */
static double
price_of_tokens(const struct price *p, const struct usage *u, bool output)
{
	double fresh = (double)u->input, cached = (double)u->cached;
	double out = (double)u->output, rest;
	bool is_long = p->long_from != 0 && u->input > p->long_from;
	double sum;

	cached = fmin(fmax(cached, 0), fresh);
	fresh -= cached;
	rest = (double)u->total - (double)u->input;
	if (u->total >= 0 && rest > out)
		out = rest;
	sum = (fresh * p->input + cached * p->cached) *
	      (is_long ? p->long_input : 1);
	if (output)
		sum += out * p->output * (is_long ? p->long_output : 1);
	return sum / 1e6;
}

double
price_of(const struct price *p, enum prompt_kind kind,
    const struct usage *usage, const struct price_units *units)
{
	double images = p->image * (double)units->images;
	double spoken = p->characters * (double)units->characters / 1e6;
	bool output = true;

	if (kind == PROMPT_IMAGE)
		output = p->image == 0;
	else if (kind == PROMPT_SPEECH)
		output = p->characters == 0;
	return p->call + images + spoken + price_of_tokens(p, usage, output);
}

/* --- how large a prompt is */

/* What the largest image is at most vendors; what a file of many pages may be,
 * which is a whole context; what surrounds each message; the vendor's own words
 * about tools. */
enum {
	PRICE_SEEN = 5000,
	TOKENS_FILE = 200000,
	TOKENS_MESSAGE = 16,
	TOKENS_TOOLS = 1000
};

static int64_t
tokens_of_text(const char *p, size_t len)
{
	int64_t halves = 2;

	for (size_t i = 0; i < len; i++)
		halves += (p[i] >= 'a' && p[i] <= 'z') || p[i] == ' ' ? 1 : 2;
	return halves / 2;
}

static int64_t tokens_of(const struct price *p, const json_t *json, int depth);

/* An attachment, whose bytes are no text; 0 when it is none. */
static int64_t
tokens_of_part(const struct price *p, const json_t *part)
{
	const char *type = json_string_value(json_object_get(part, "type"));
	const char *mime = json_string_value(json_object_get(part, "mimeType"));
	int64_t seen = p->seen != 0 ? p->seen : PRICE_SEEN;

	if (type == NULL)
		return 0;
	if (strcmp(type, "image") == 0)
		return seen;
	if (strcmp(type, "file") != 0)
		return 0;
	if (mime == NULL)
		mime = json_string_value(json_object_get(part, "mediaType"));
	return mime != NULL && strncasecmp(mime, "image/", 6) == 0
		   ? seen
		   : TOKENS_FILE;
}

static int64_t
tokens_of_object(const struct price *p, const json_t *json, int depth)
{
	int64_t sum = tokens_of_part(p, json);
	const char *key;
	json_t *value;

	if (sum != 0)
		return sum;
	sum = 2;
	json_object_foreach((json_t *)json, key, value) sum +=
	    tokens_of_text(key, strlen(key)) + tokens_of(p, value, depth + 1);
	return sum;
}

/* Deeper than LIMIT_JSON_DEPTH nothing of ours is printed either. */
static int64_t
tokens_of(const struct price *p, const json_t *json, int depth)
{
	int64_t sum = 2;
	json_t *item;
	size_t i;

	if (depth > LIMIT_JSON_DEPTH)
		return 0;
	switch (json != NULL ? json_typeof(json) : JSON_NULL) {
	case JSON_STRING:
		return tokens_of_text(
		    json_string_value(json), json_string_length(json));
	case JSON_ARRAY:
		json_array_foreach((json_t *)json, i, item) sum +=
		    tokens_of(p, item, depth + 1);
		return sum;
	case JSON_OBJECT:
		return tokens_of_object(p, json, depth);
	case JSON_INTEGER:
	case JSON_REAL:
		return 20;
	default:
		return 5;
	}
}

int64_t
price_tokens(const struct price *p, const struct ask *ask)
{
	const json_t *schema = json_object_get(ask->config, "schema");
	int64_t sum = tokens_of(p, ask->messages, 0);

	sum += TOKENS_MESSAGE * (int64_t)(json_array_size(ask->messages) + 1);
	if (schema != NULL)
		sum += TOKENS_TOOLS + tokens_of(p, schema, 0);
	if (ask->n_tools != 0)
		sum += TOKENS_TOOLS;
	for (size_t i = 0; i < ask->n_tools; i++) {
		const struct tool_decl *t = &ask->tools[i];

		sum += TOKENS_MESSAGE + tokens_of(p, t->schema, 0) +
		       tokens_of_text(t->name, strlen(t->name));
		if (t->description != NULL)
			sum += tokens_of_text(
			    t->description, strlen(t->description));
	}
	return sum;
}

static int64_t
characters(const struct ask *ask)
{
	const json_t *message = json_array_get(ask->messages, 0);
	const json_t *text = json_object_get(message, "content");
	const char *p = json_string_value(text);
	int64_t n = 0;

	for (size_t i = 0; i < json_string_length(text); i++)
		n += ((unsigned char)p[i] & 0xc0) != 0x80;
	return n;
}

/* More images than any vendor makes are refused elsewhere. */
static int64_t
images(const struct ask *ask)
{
	const json_t *n = json_object_get(ask->config, "num_images");
	double wanted = json_is_number(n) ? ceil(json_number_value(n)) : 1;

	if (!(wanted > 1))
		return 1;
	return wanted < 1e9 ? (int64_t)wanted : 1000000000;
}

struct price_units
price_units(const struct ask *ask)
{
	struct price_units units = {0};

	if (ask->kind == PROMPT_IMAGE)
		units.images = images(ask);
	if (ask->kind == PROMPT_SPEECH)
		units.characters = characters(ask);
	return units;
}
