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
	const char *model;	     /* NULL: the whole name */
	const char *executor;	     /* NULL: that of all models */
	const char *const *fallback; /* names of models, NULL-ended; or NULL */
};

/* Values of `executor` that name no provider. */
#define EXECUTOR_DIRECT "direct"
#define EXECUTOR_AI_SDK_V4 "ai-sdk-v4"

struct models {
	struct provider *providers;
	size_t n_providers;
	struct model_rule *rules;
	size_t n_rules;
	const char *default_provider; /* NULL: none */
	const char *executor;	      /* of all models; NULL: direct */
};

/* Who answers a prompt. */
struct model_route {
	const struct provider *provider;
	const char *id;
	bool v4;		     /* with the semantics of AI SDK 4 */
	const char *const *fallback; /* as in struct model_rule */
};

/* After models_compile().  *PROVIDER is borrowed from M; *ID is the model's id
 * for the vendor, borrowed from M or NAME. */
int model_resolve(const struct models *m, const char *name,
    const struct provider **provider, const char **id,
    struct err *err) MUST_USE;

/* The same for a prompt: an executor that is configured for the name answers
 * it, whatever provider the name says; one that the name leads to by itself
 * stays, unless its own rule names another. */
int model_route(const struct models *m, const char *name,
    struct model_route *route, struct err *err) MUST_USE;

/* Compiles the patterns; an error names the first bad one. */
int models_compile(struct models *m, struct err *err) MUST_USE;
void models_free(struct models *m);

#endif
