/* What is known of vendors ahead, and what becomes of it and of the options
 * that go with it: quirks, placeholders in URLs, the two parts of a key of
 * Amazon's.  It refuses to know what a quirk does. */
#include "conf_vendor.h"

#include "../common/base/json.h"
#include "../common/base/utf.h"
#include "conf_load.h"

#include <string.h>

/* Where values come from that nobody has set. */
static const char built_in[] = "built in";

#define KEYED(name, title, driver, url, variable, quirks)                      \
	{name, title, driver, url, variable, quirks},
#define BARE(name, title, driver, url, quirks)                                 \
	{name, title, driver, url, NULL, quirks},

const struct vendor conf_vendors[] = {CONF_VENDORS(KEYED, BARE)};
const size_t conf_n_vendors = ARRAY_LEN(conf_vendors);

void
conf_preset_vendors(struct loader *l)
{
	for (size_t i = 0; i < conf_n_vendors; i++) {
		const struct vendor *v = &conf_vendors[i];
		const char *prefix =
		    arena_printf(l->conf->arena, "providers.%s", v->name);

		conf_set_path(l,
		    arena_printf(l->conf->arena, "%s.driver", prefix),
		    v->driver, built_in);
		if (v->base_url != NULL)
			conf_set_path(l,
			    arena_printf(l->conf->arena, "%s.base_url", prefix),
			    v->base_url, built_in);
	}
}

static const struct vendor *
find_vendor(const char *name)
{
	for (size_t i = 0; i < conf_n_vendors; i++)
		if (strcmp(conf_vendors[i].name, name) == 0)
			return &conf_vendors[i];
	return NULL;
}

static bool
is_built_in(const struct conf_value *v)
{
	return v->source != NULL && strcmp(v->source, built_in) == 0;
}

/* --- quirks */

/* Those that are set take the place of those that are known. */
static unsigned
make_quirks(struct loader *l, const struct conf_provider *from)
{
	const struct vendor *v = find_vendor(from->item.name);
	const char *const *names = from->quirks.items;
	unsigned bits = 0, bit;

	if (from->quirks.line == 0)
		return v != NULL ? v->quirks : 0;
	for (size_t i = 0; i < from->quirks.n; i++) {
		bit = quirk_find(names[i]);
		if (bit == 0)
			conf_problem(l, CONF_BAD_CONFIG, from->quirks.line,
			    "providers.%s.quirks: there is no %s",
			    from->item.name, names[i]);
		bits |= bit;
	}
	return bits;
}

/* --- placeholders */

static const char *
value_of(const struct conf_provider *from, struct str name)
{
	if (str_is(name, "region"))
		return from->region.text;
	if (str_is(name, "resource"))
		return from->resource.text;
	return NULL;
}

/* The URL with values in place of names in braces; what has no value stays and
 * is named in P->lacks. */
static void
fill_url(struct loader *l, struct conf_provider *from, struct provider *p)
{
	struct arena *a = l->conf->arena;
	const char *url = from->base_url.text, *open, *close, *value;
	struct str name;

	while (url != NULL && (open = strchr(url, '{')) != NULL &&
	       (close = strchr(open, '}')) != NULL) {
		name = (struct str){open + 1, (size_t)(close - open - 1)};
		value = value_of(from, name);
		if (value == NULL) {
			p->lacks = arena_printf(a, "providers.%s.%.*s",
			    from->item.name, (int)name.len, name.p);
			break;
		}
		url = arena_printf(
		    a, "%.*s%s%s", (int)(open - url), url, value, close + 1);
	}
	from->base_url.text = url;
}

/* A value becomes a part of a host's name. */
static void
check_label(struct loader *l, const struct conf_provider *from,
    const char *option, const struct conf_value *v)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

	if (v->text == NULL ||
	    (*v->text != '\0' && v->text[strspn(v->text, allowed)] == '\0'))
		return;
	conf_problem(l, CONF_BAD_CONFIG, v->line,
	    "providers.%s.%s: letters, digits and - are wanted, not \"%s\"",
	    from->item.name, option, v->text);
}

/* --- keys of Amazon's */

static const char *
join_key(struct arena *a, const char *access, const char *secret)
{
	char *key = arena_printf(a, "%s:%s", access, secret);

	return conf_hide(a, key, strlen(key));
}

/* What the driver needs beside the key. */
static void
add_option(struct arena *a, struct provider *p, const char *name,
    const struct conf_value *v)
{
	json_t *own;

	if (v->text == NULL || *v->text == '\0')
		return;
	own = p->options != NULL ? json_copy((json_t *)p->options)
				 : json_object();
	json_object_set_new(own, name, json_string(v->text));
	(void)json_own(a, own);
	p->options = own;
}

static void
make_amazon(struct loader *l, struct conf_provider *from, struct provider *p)
{
	struct arena *a = l->conf->arena;
	const char *access = from->access_key.text;
	const char *secret = from->secret_key.text;
	bool signs = access != NULL && secret != NULL && *access != '\0' &&
		     *secret != '\0';

	if (p->driver != &driver_bedrock)
		return;
	/* A key of Bedrock's own is for nothing else, so it comes first. */
	if (p->api_key == NULL && p->pool == NULL && signs) {
		p->api_key = join_key(a, access, secret);
		from->api_key.source = from->access_key.source;
	}
	add_option(a, p, "region", &from->region);
	add_option(a, p, "session_token", &from->session_token);
	if (from->session_token.text != NULL &&
	    conf_has_control(from->session_token.text))
		conf_problem(l, CONF_BAD_CONFIG, from->session_token.line,
		    "providers.%s.session_token holds a control character",
		    from->item.name);
}

static void
make_key_header(
    struct loader *l, const struct conf_provider *from, struct provider *p)
{
	const struct conf_value *v = &from->key_header;

	/* Bearers are tokens there, which expire. */
	if (strcmp(from->item.name, "azure") == 0)
		p->key_header = "api-key";
	if (v->text == NULL)
		return;
	p->key_header = *v->text != '\0' ? v->text : NULL;
	if (strpbrk(v->text, ": \t") != NULL || conf_has_control(v->text))
		conf_problem(l, CONF_BAD_CONFIG, v->line,
		    "providers.%s.key_header is no name of a header: \"%s\"",
		    from->item.name, v->text);
}

void
conf_finish_vendor(
    struct loader *l, struct conf_provider *from, struct provider *p)
{
	if (from->region.text == NULL)
		from->region = (struct conf_value){"us-east-1", built_in, 0};
	p->quirks = make_quirks(l, from);
	check_label(l, from, "region", &from->region);
	check_label(l, from, "resource", &from->resource);
	make_key_header(l, from, p);
	make_amazon(l, from, p);
	p->idle = p->api_key == NULL && p->pool == NULL &&
		  is_built_in(&from->base_url) && is_built_in(&from->driver) &&
		  from->headers.n == 0;
	fill_url(l, from, p);
}

/* --- the table for people */

static void
print_abilities(FILE *out, unsigned abilities)
{
	static const struct {
		unsigned bit;
		const char *name;
	} all[] = {
	    {DRIVER_TEXT, "text"},
	    {DRIVER_OBJECT, "object"},
	    {DRIVER_TOOLS, "tools"},
	    {DRIVER_IMAGE, "image"},
	    {DRIVER_SPEECH, "speech"},
	    {DRIVER_AGENT, "runs prompts itself"},
	};
	const char *comma = "";

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if ((abilities & all[i].bit) == 0)
			continue;
		(void)fprintf(out, "%s%s", comma, all[i].name);
		comma = ", ";
	}
}

static void
print_quirks(FILE *out, unsigned bits)
{
	const char *comma = "";

	for (size_t i = 0; quirks[i].name != NULL; i++) {
		if ((bits & quirks[i].bit) == 0)
			continue;
		(void)fprintf(out, "%s%s", comma, quirks[i].name);
		comma = ", ";
	}
}

static void
print_vendor(FILE *out, const struct vendor *v)
{
	(void)fprintf(out, "| %s | %s | %s | ", v->name, v->title, v->driver);
	(void)fprintf(out, "%s | ", v->base_url != NULL ? v->base_url : "");
	(void)fprintf(out, "%s | ", v->variable != NULL ? v->variable : "");
	print_quirks(out, v->quirks);
	(void)fprintf(out, " |\n");
}

void
conf_vendors_print(FILE *out)
{
	(void)fprintf(out, "| name | who | driver | base URL | key | quirks |\n"
			   "|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < conf_n_vendors; i++)
		print_vendor(out, &conf_vendors[i]);
	(void)fprintf(out, "\n| driver | can |\n|---|---|\n");
	for (size_t i = 0; drivers[i] != NULL; i++) {
		(void)fprintf(out, "| %s | ", drivers[i]->name);
		print_abilities(out, drivers[i]->abilities);
		(void)fprintf(out, " |\n");
	}
	(void)fprintf(out, "\n| quirk | what it means |\n|---|---|\n");
	for (size_t i = 0; quirks[i].name != NULL; i++)
		(void)fprintf(
		    out, "| %s | %s |\n", quirks[i].name, quirks[i].help);
}
