/* Which provider serves a model's name (protocol.md 7.1): exact name, then
 * patterns in order, then provider/model at the first slash, then a default.
 * An unknown name is an error that lists what is configured. */
#ifndef MODEL_H
#define MODEL_H

#include "driver.h"

/* Exact names and patterns get the whole name as the vendor's id, unless
 * MODEL names another one. */
struct model_rule {
	const char *match; /* the exact name, or a regular expression */
	bool regex;	   /* PCRE2, matched anywhere unless anchored */
	void *compiled;	   /* private; NULL at first */
	const char *provider;
	const char *model; /* NULL: the whole name */
};

struct models {
	struct provider *providers;
	size_t n_providers;
	struct model_rule *rules;
	size_t n_rules;
	const char *default_provider; /* NULL: none */
};

/* After models_compile().  *PROVIDER is borrowed from M; *ID is the model's id
 * for the vendor, borrowed from M or NAME. */
int model_resolve(const struct models *m, const char *name,
    const struct provider **provider, const char **id,
    struct err *err) MUST_USE;

/* Compiles the patterns; an error names the first bad one. */
int models_compile(struct models *m, struct err *err) MUST_USE;
void models_free(struct models *m);

#endif
