/* What the files that make a configuration share. */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include "../common/base/yaml.h"
#include "conf_table.h"

struct loader {
	struct conf *conf;
	const struct conf_source *source;
	const char *file; /* NULL while none is read */
};

/* Notes something that is wrong, behind "FILE:LINE: " when LINE is not 0. */
void conf_problem(struct loader *l, enum conf_code code, size_t line,
    const char *fmt, ...) PRINTF_LIKE(4, 5);
void conf_warning(struct loader *l, size_t line, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* A variable of the environment, or NULL; a request's parameters come first
 * where the table allows it. */
const char *conf_variable(const struct conf_source *source, const char *name);

/* The option NAME below PREFIX ("webhook.", "models[].", ""), or NULL. */
const struct option *conf_find(const char *prefix, struct str name);

/* The next item of a list, zeroed; valid until the next is added. */
void *conf_add(struct loader *l, struct conf_list *list, size_t size);

/* The item of a map that is called NAME, made when there is none. */
void *conf_item(struct loader *l, struct conf_list *list, size_t size,
    struct str name, size_t line);

/* Text as it stands in the file: env:NAME and file:PATH are looked up.  NULL
 * when there is nothing; what is wrong is noted. */
const char *conf_text(struct loader *l, const struct option *o, struct str text,
    size_t line, const char **source);

/* Sets an option in BASE (struct conf or an item).  SOURCE is NULL for the
 * file, whose LINE it is. */
void conf_set(struct loader *l, const struct option *o, void *base,
    struct str text, const char *source, size_t line);

/* Sets an option by its path: "providers.openai.api_key". */
void conf_set_path(
    struct loader *l, const char *path, const char *text, const char *source);

/* Reads a file's nodes; what is wrong is noted. */
void conf_read(struct loader *l, const struct yaml *root);

/* Makes what the program uses from what was read, and checks it. */
void conf_finish(struct loader *l);

#endif
