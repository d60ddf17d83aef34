/* What the runner is configured with.  The gate fills it from the YAML file
 * and the environment; everything is borrowed from the configuration. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "../net/http.h"
#include "../provider/model.h"
#include "../template/markdown.h"

struct settings {
	struct models models;
	enum markdown_style markdown; /* of what templates render to */
	const char **evals; /* declared names, sorted by UTF-16 units */
	size_t n_evals;
	int64_t heartbeat_ms; /* a blank line in a silent stream; 0: none */
	struct http_clocks clocks;
	int64_t max_retries;   /* where the prompt says nothing */
	int64_t echo_delay_ms; /* between two words of the model echo/… */
};

#endif
