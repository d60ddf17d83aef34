/* What the program is configured with: one YAML file and the environment,
 * which wins.  A configuration that is wrong exists too, and says why. */
#ifndef CONF_H
#define CONF_H

#include "../common/base/arena.h"
#include "../common/base/log.h"
#include "../common/run/dataset.h"
#include "../common/run/eval_run.h"
#include "../common/run/scores.h"
#include "../common/run/settings.h"
#include "../common/run/telemetry.h"
#include "../common/wire/sign.h"

enum conf_code {
	CONF_OK,
	CONF_NO_SECRET,
	CONF_BAD_SECRET,
	CONF_BAD_CONFIG,
	CONF__MAX
};

/* "no_secret", … as in the 503 of a program that is not configured. */
const char *conf_code_name(enum conf_code code);

/* Something to tell: a warning when the code is CONF_OK. */
struct conf_note {
	enum conf_code code;
	const char *text;
};

struct conf_list {
	void *items;
	size_t n, cap;
	size_t line; /* where the file has it; 0: nowhere */
};

/* Text, and where it came from: "/etc/agentmark-fcgi.yaml:3",
 * "AGENTMARK_WEBHOOK_SECRET", …  TEXT is NULL when it is not set. */
struct conf_value {
	const char *text;
	const char *source;
	size_t line; /* in the file, or 0 */
};

struct conf_real {
	bool present;
	double value;
};

/* A mapping of anything as JSON. */
struct conf_tree {
	json_t *json;	     /* an object, owned by the arena, or NULL */
	const size_t *lines; /* of its keys, in their order */
	size_t line;
};

/* What every item of a list or map begins with. */
struct conf_item {
	const char *map, *name; /* its key in a map, "tools" for one */
	size_t line;
};

/* What the signer of a request may use and spend. */
struct conf_scope {
	struct conf_list models, tools, datasets; /* of const char * */
	struct conf_real run, day, month;
};

struct conf_secret {
	struct conf_item item;
	struct conf_value name, value;
	struct conf_scope scope;
};

struct conf_price {
	struct conf_item item;
	struct conf_real input, cached, output, image, characters, call;
};

struct conf_limits {
	int64_t concurrent, requests, tokens, wait_ms;
};

struct conf_provider {
	struct conf_item item;
	struct conf_value driver, base_url, api_key, key_header;
	struct conf_value region, resource;
	struct conf_value access_key, secret_key, session_token;
	struct conf_list quirks;  /* of const char * */
	struct conf_list headers; /* of const char *: "Name: value" */
	bool strict_schemas;
	struct conf_list api_keys, exec; /* of const char * */
	struct conf_list env;		 /* as headers */
	struct conf_value dir;
	int64_t workers;
	struct conf_tree options;
	struct conf_limits limits;
};

struct conf_model {
	struct conf_item item;
	struct conf_value name, match, provider, model, executor;
	struct conf_list fallback; /* of const char * */
};

struct conf_eval {
	struct conf_item item;
	struct conf_value use, http, secret, judge, similar, pointer;
	struct conf_list exec, models; /* of const char * */
	struct conf_tree options;
	struct conf_real weight, threshold;
	int64_t workers, timeout_ms;
	bool negate, strip_fences;
};

struct conf_tool {
	struct conf_item item;
	struct conf_value description, http, secret;
	struct conf_list exec; /* of const char * */
	struct conf_list env;  /* of const char *: "NAME: value" */
	struct conf_tree parameters;
	int64_t workers, timeout_ms;
};

struct conf_mcp {
	struct conf_item item;
	struct conf_value url, dir;
	struct conf_list exec;	       /* of const char * */
	struct conf_list headers, env; /* of const char *: "NAME: value" */
	int transport;		       /* enum mcp_transport */
	int64_t timeout_ms;
};

struct conf_collector {
	struct conf_item item;
	struct conf_value url;
	struct conf_list headers; /* of const char *: "Name: value" */
	int encoding;		  /* enum otlp_encoding */
	bool gzip, metrics;
};

struct conf_tracing {
	int agentmark; /* enum conf_api */
	bool gzip, hide_inputs, hide_outputs;
	int64_t media_bytes;
	struct conf_value environment, pull_request;
	struct conf_list collectors;
};

struct conf_alert {
	struct conf_item item;
	struct conf_value slack, teams, discord, pagerduty, webhook, file;
	struct conf_value url, secret, title, text;
	struct conf_value server, user, password, from; /* of mail */
	struct conf_list to, exec;			/* of const char * */
	struct conf_list types, status;			/* of const char * */
	struct conf_real above, below;
	int64_t timeout_ms;
	bool syslog;
};

/* Whether AgentMark's API is used. */
enum conf_api { CONF_API_AUTO, CONF_API_YES, CONF_API_NO };

struct conf {
	struct arena *arena;
	enum conf_code code;	/* of the first thing that is wrong */
	struct conf_list notes; /* of struct conf_note */
	const char *file;	/* NULL: none */

	/* As it was read. */
	struct conf_value secret, default_provider, executor, log_target;
	struct conf_value root, base_url, api_key, app_id, dev_server;
	struct conf_value prompt_root;
	struct conf_value state_dir, store;
	int cache_use; /* enum answers_use */
	struct conf_list secret_list, provider_list, model_list, eval_list;
	struct conf_list tool_list, mcp_list, alert_list;
	struct conf_list builtin_list; /* of const char * */
	int api, prompt_api;	       /* enum conf_api */
	int signature;		       /* enum sign_mode */
	int log_level;		       /* enum log_level */
	int log_format;		       /* enum log_format */
	int markdown;		       /* enum markdown_style */
	int64_t body_bytes;
	int64_t stop_ms; /* what a running request has from SIGTERM on */
	bool wants_journals;
	bool wants_scores;
	struct conf_scope secret_scope, unsigned_scope;
	struct conf_list price_list;
	struct conf_value unpriced;
	struct conf_tracing tracing;
	struct conf_value status_token;
	int64_t max_output;

	/* As the program uses it. */
	struct secrets secrets;
	const char **secret_sources; /* beside secrets.items */
	struct settings settings;
	struct dataset_conf datasets;
	struct api_conf agentmark;
	struct telemetry telemetry;
	struct scores scores;

	const char **variables; /* what it was made from, for conf_refresh() */
};

/* Where variables come from: FILE is that of --config or NULL; PARAM gives a
 * request's parameters, NULL when there is no request. */
struct conf_source {
	const char *file;
	const char *(*param)(void *arg, const char *name);
	void *arg;
};

/* Never NULL. */
struct conf *conf_load(const struct conf_source *source) MUST_USE;
void conf_free(struct conf *conf);
/* What is wrong beside secrets, the first of it; NULL: nothing. */
const char *conf_wrong(const struct conf *conf);

/* Replaces *CONF when the variables that a request may bring are not those
 * that it was made from; true when it did.  The old one is freed by the
 * caller, who may have lent parts of it. */
bool conf_refresh(
    struct conf **conf, const struct conf_source *source) MUST_USE;

/* Writes its notes to the log. */
void conf_log(const struct conf *conf, enum log_level level);

/* Tells the person at the terminal what is wrong with it, if anything is. */
void conf_tell(const struct conf *conf) NONNULL;

#endif
