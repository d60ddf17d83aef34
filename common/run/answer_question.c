/* Prints a question so that two that are printed alike have the same answer.
 * No secret is in it: not the key, no headers, no environment.  It refuses to
 * know what becomes of the text. */
#include "../base/js.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "answers_int.h"

#include <inttypes.h>

static void
add_key(struct buf *b, const char *key)
{
	buf_addc(b, '"');
	buf_adds(b, key);
	buf_adds(b, "\":");
}

static void
add_text(struct buf *b, const char *key, const char *value)
{
	if (value == NULL)
		return;
	add_key(b, key);
	json_print_string(b, str_from(value));
	buf_addc(b, ',');
}

static void
add_json(struct buf *b, const char *key, const json_t *value)
{
	if (value == NULL)
		return;
	add_key(b, key);
	json_print(b, value);
	buf_addc(b, ',');
}

static void
add_list(struct buf *b, const char *key, const char *const *items)
{
	if (items == NULL)
		return;
	add_key(b, key);
	for (size_t i = 0; items[i] != NULL; i++) {
		buf_addc(b, i == 0 ? '[' : ',');
		json_print_string(b, str_from(items[i]));
	}
	buf_adds(b, items[0] == NULL ? "[]," : "],");
}

/* Only agents and programs see more than a model does. */
static void
add_provider(struct buf *b, const struct ask *ask)
{
	const struct provider *p = ask->provider;
	enum { SEES_MORE = DRIVER_AGENT | DRIVER_CHILD };

	add_text(b, "provider", p->name);
	add_text(b, "driver", p->driver->name);
	add_text(b, "url", p->base_url);
	if (p->strict_schemas)
		buf_adds(b, "\"strict_schemas\":true,");
	if (p->quirks != 0)
		buf_addf(b, "\"quirks\":%u,", p->quirks);
	if (ask->props != NULL)
		add_text(b, "prompt", ask->name);
	add_json(b, "props", ask->props);
	if ((p->driver->abilities & SEES_MORE) == 0)
		return;
	add_list(b, "argv", p->argv);
	add_text(b, "dir", p->dir);
	add_json(b, "options", p->options);
}

/* What a server lists is known only to who connects to it. */
static void
add_tool(struct buf *b, const struct wanted *w)
{
	struct tool_decl decl = {.name = w->name};

	if (w->conf != NULL) {
		decl.description = w->conf->description;
		decl.schema = w->conf->parameters;
	}
	wanted_overrule(w, &decl);
	buf_addc(b, '{');
	add_text(b, "description", decl.description);
	add_json(b, "parameters", decl.schema);
	buf_adds(b, "\"name\":");
	json_print_string(b, str_from(w->name));
	buf_addc(b, '}');
}

static void
add_tools(struct buf *b, const struct toolset *tools)
{
	if (tools == NULL || tools->n_wanted == 0)
		return;
	buf_adds(b, "\"tools\":");
	for (size_t i = 0; i < tools->n_wanted; i++) {
		buf_addc(b, i == 0 ? '[' : ',');
		add_tool(b, &tools->wanted[i]);
	}
	buf_adds(b, "],");
}

size_t
question_print(
    struct buf *b, const struct ask *ask, const struct toolset *tools)
{
	size_t said;

	buf_addc(b, '{');
	add_provider(b, ask);
	add_text(b, "model", ask->model);
	add_text(b, "kind", prompt_kind_name(ask->kind));
	if (ask->v4)
		buf_adds(b, "\"v4\":true,");
	if (ask->repeat != 0)
		buf_addf(b, "\"repeat\":%" PRId64 ",", ask->repeat);
	add_json(b, "config", ask->config);
	add_tools(b, tools);
	buf_adds(b, "\"messages\":");
	said = b->len;
	json_print(b, ask->messages);
	buf_addc(b, '}');
	return said;
}

void
question_about(
    struct arena *a, const struct ask *ask, uint8_t hash[CRYPT_HASH_LEN])
{
	struct buf b;

	buf_init(&b, LIMIT_CACHE_ANSWER_BYTES);
	buf_addf(&b, "%s %s ", prompt_kind_name(ask->kind),
	    ask->name != NULL ? ask->name : "");
	if (ask->row != NULL)
		(void)js_stringify(a, &b, *ask->row);
	else if (ask->name == NULL)
		json_print(&b, ask->messages);
	crypt_hash(buf_text(&b), hash);
	buf_free(&b);
}
