/* What the files that make a configuration share. */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include "../common/base/yaml.h"
#include "conf_table.h"

#include <sys/stat.h>

struct loader {
	struct conf *conf;
	const struct conf_source *source;
	const char *file; /* NULL while none is read */
	struct stat st;	  /* of that file */
	bool exposed;	  /* that its secrets are no secrets has been said */
};

/* Notes something that is wrong, behind "FILE:LINE: " when LINE is not 0. */
void conf_problem(struct loader *l, enum conf_code code, size_t line,
    const char *fmt, ...) PRINTF_LIKE(4, 5);
void conf_warning(struct loader *l, size_t line, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Notes WHAT is wrong with an item of a map, behind its path ("tools.search"),
 * at LINE, or at its own where that is 0. */
void conf_complain(struct loader *l, const struct conf_item *item, size_t line,
    const char *what, ...) PRINTF_LIKE(4, 5);

/* The path of the option NAME of such an item. */
const char *conf_key(
    struct loader *l, const struct conf_item *item, const char *name);

/* A variable of the environment, or NULL; a request's parameters come first
 * where the table allows it. */
const char *conf_variable(const struct conf_source *source, const char *name);

/* The option NAME below PREFIX ("webhook.", "models[].", ""), or NULL. */
const struct option *conf_find(const char *prefix, struct str name);

/* The next item of a list, zeroed; valid until the next is added. */
void *conf_add(struct loader *l, struct conf_list *list, size_t size);

/* Sets what is below PREFIX to its defaults in ITEM. */
void conf_defaults(struct loader *l, const char *prefix, void *item);

/* The item of the map O that is called NAME, made with its defaults when there
 * is none. */
void *conf_item(struct loader *l, const struct option *o,
    struct conf_list *list, struct str name, size_t line);

/* TEXT, which lies in the arena, is wiped when that is freed; returns it. */
char *conf_hide(struct arena *a, char *text, size_t len) NONNULL;

/* PATH, relative to the file's directory. */
const char *conf_beside(struct loader *l, const char *path);

/* Text as it stands in the file: env:NAME and file:PATH are looked up.  NULL
 * when there is nothing; what is wrong is noted. */
const char *conf_text(struct loader *l, const struct option *o, struct str text,
    size_t line, const char **source);

/* Sets an option in BASE (struct conf or an item).  SOURCE is NULL for the
 * file, whose LINE it is. */
void conf_set(struct loader *l, const struct option *o, void *base,
    struct str text, const char *source, size_t line);

/* NODE, a mapping or file:PATH of one, as JSON; what is wrong is noted. */
void conf_read_tree(struct loader *l, const struct option *o,
    struct conf_tree *tree, const struct yaml *node);

/* Whether NODE, a mapping, has a good key at AT, none that is there twice. */
bool conf_is_key(struct loader *l, const struct yaml *node, size_t at);

/* Sets what is known of vendors. */
void conf_preset_vendors(struct loader *l);

/* Sets an option by its path: "providers.openai.api_key". */
void conf_set_path(
    struct loader *l, const char *path, const char *text, const char *source);

/* Reads a file's nodes; what is wrong is noted. */
void conf_read(struct loader *l, const struct yaml *root);

/* Makes what the program uses from what was read, and checks it. */
void conf_finish(struct loader *l);

/* Its parts that have files of their own.  Evals come behind models. */
void conf_finish_evals(struct loader *l);
/* Behind a provider's other parts, before its URL is looked at. */
void conf_finish_vendor(
    struct loader *l, struct conf_provider *from, struct provider *p);
void conf_default_driver(struct conf_provider *from) NONNULL;
void conf_finish_provider(
    struct loader *l, const struct conf_provider *from, struct provider *p);
void conf_finish_model(
    struct loader *l, const struct conf_model *from, struct model_rule *rule);
/* Behind models. */
void conf_finish_executors(struct loader *l);
void conf_finish_tools(struct loader *l);
void conf_finish_mcp(struct loader *l);
void conf_finish_experiments(struct loader *l);
/* Behind experiments. */
void conf_finish_store(struct loader *l);
/* Behind secrets and the store. */
void conf_finish_spending(struct loader *l);
/* Behind experiments. */
void conf_finish_telemetry(struct loader *l);
void conf_finish_alerts(struct loader *l);
/* Behind whatever has routes for deliveries. */
void conf_finish_routes(struct loader *l);

/* Whether AgentMark's API is used for what WANTED (enum conf_api) says.  Behind
 * experiments. */
bool conf_wants_api(const struct conf *conf, int wanted) NONNULL;

/* What the log calls the secret of webhook.secret, and the I-th of
 * webhook.secrets. */
#define CONF_PLAIN_SECRET "webhook.secret"
const char *conf_secret_name(
    struct loader *l, const struct conf_secret *s, size_t i);

/* A URL without slashes at its end; NULL, and a note about WHAT, when V is
 * none.  LINE is that of V when V does not know it. */
const char *conf_url(struct loader *l, const char *what,
    const struct conf_value *v, size_t line);

/* Whether NAME, a path or one of PATH's programs, is there and may be run. */
bool conf_can_run(struct arena *a, const char *name) NONNULL;

/* Whether the file or a variable gave V, be it to no use. */
bool conf_is_set(const struct conf_value *v) NONNULL;

/* The one of N that is given; N: none is; N + 1: more than one. */
size_t conf_which(const bool *given, size_t n) NONNULL;

/* The items of LIST with a NULL behind them; NULL when the file does not have
 * it. */
const char *const *conf_names(struct loader *l, const struct conf_list *list);

/* The same for the `headers` of an item; what cannot be sent is noted. */
const char *const *conf_headers(struct loader *l, const struct conf_item *item,
    const struct conf_list *list);

/* The `exec` of an item, NULL-ended, its name relative to the file when it has
 * a slash; NULL, and a note, when there is none. */
const char *const *conf_command(struct loader *l, const struct conf_item *item,
    const struct conf_list *list);

/* The `env` of an item, "NAME: value", as "NAME=value", NULL-ended; NULL when
 * there is none. */
const char *const *conf_env(struct loader *l, const struct conf_item *item,
    const struct conf_list *list);

/* The `secret` of an item that signs with it; one that is empty is noted. */
const char *conf_signs(
    struct loader *l, const struct conf_item *item, const struct conf_value *v);

/* Whether S would end a header's line. */
bool conf_has_control(const char *s) NONNULL;

/* Whether V is set, and not to "". */
bool conf_is_there(const struct conf_value *v) NONNULL;
/* What can stand in a header; NULL, and a note about WHAT, for what cannot. */
const char *conf_header_value(
    struct loader *l, const char *what, const struct conf_value *v);

#endif
