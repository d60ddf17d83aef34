/* What the runner is configured with.  The gate fills it from the YAML file
 * and the environment; everything is borrowed from the configuration. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "../net/http.h"
#include "../provider/model.h"
#include "../template/markdown.h"
#include "api.h"

struct eval_conf;
struct alert_conf;
struct dataset_conf;
struct mcp_conf;
struct prices;
struct route;
struct scope;
struct scores;
struct telemetry;
struct tool_conf;

/* Where prompts are found by their names; a root goes before the API. */
struct prompts_conf {
	const char *root; /* NULL: no files */
	struct api_conf api;
};

/* Attachments that a vendor cannot fetch itself (provider/media.h). */
struct fetch_conf {
	bool allowed;
	bool anywhere; /* for tests alone: any address, http too */
	int64_t max_bytes, timeout_ms;
};

/* Whether answers are kept, and where (answers.h). */
enum answers_use { ANSWERS_NEVER, ANSWERS_REQUESTED, ANSWERS_ALWAYS };

struct answers_conf {
	enum answers_use use;
	const char *path; /* NULL: there is no store to be beside of */
	bool hidden;	  /* what is asked or answered must not be shown */
	int64_t bytes, days;
};

struct settings {
	struct models models;
	enum markdown_style markdown;  /* of what templates render to */
	const struct eval_conf *evals; /* declared, sorted by UTF-16 units */
	size_t n_evals;
	const struct eval_conf *builtin_evals; /* all, without options */
	size_t n_builtin_evals;
	const struct dataset_conf *datasets;
	struct prompts_conf prompts; /* that requests may name */
	int64_t max_concurrency;     /* rows at once, whatever a request says */
	int64_t max_experiments;     /* at once on this machine; 0: no limit */
	const char *state_dir; /* where their slots are; may not exist yet */
	const char *journals;  /* a directory; NULL: none are written */
	int64_t journal_days;  /* that they are kept; 0: for ever */
	int64_t run_ms;	       /* after which no row is started; 0: no limit */
	bool hide_inputs, hide_outputs; /* where contents are kept */
	int64_t heartbeat_ms; /* a blank line in a silent stream; 0: none */
	struct http_clocks clocks;
	int64_t max_retries;   /* where the prompt says nothing */
	int64_t echo_delay_ms; /* between two words of the model echo/… */
	const struct tool_conf *tools; /* declared */
	size_t n_tools;
	const struct mcp_conf *mcp;
	size_t n_mcp;
	const struct scope *scopes; /* of secrets that have any */
	size_t n_scopes;
	const struct prices *prices; /* NULL: the built-in ones */
	const char *store;	     /* path; NULL: nothing is kept */
	struct answers_conf answers;
	bool validate_objects; /* against the prompt's schema */
	struct fetch_conf fetch;
	const struct alert_conf *alerts; /* routes */
	size_t n_alerts;
	const struct route *const *routes; /* of all that is delivered */
	size_t n_routes;
	const struct telemetry *telemetry; /* NULL: no traces */
	bool metrics;			   /* are counted */
	bool notes_runs;		   /* in the store */
	const struct scores *scores;	   /* NULL: they are not posted */
};

/* The eval of that name: the declared one, else the built-in one without
 * options, else NULL. */
const struct eval_conf *settings_eval(
    const struct settings *s, struct str name) NONNULL;

#endif
