/* Mastra's agents behind their server's HTTP API in three parts: what is asked
 * (mastra_ask.c), the replies of version 1 with what both versions share
 * (mastra.c), and the streams of version 0 (mastra_v0.c).  Private to the two
 * drivers. */
#ifndef MASTRA_H
#define MASTRA_H

#include "driver.h"

/* A tool call of this reply: version 0 names a result by its id alone. */
struct mastra_tool {
	struct str id, name;
	const struct mastra_tool *next;
};

struct mastra {
	struct usage usage;
	size_t n_tools;
	const struct mastra_tool *tools; /* the last one first */
};

int mastra_build(struct call *call, struct http_spec *spec, struct err *err);
void mastra_probe(struct call *call, struct http_spec *spec);
int mastra_v0_build(struct call *call, struct http_spec *spec, struct err *err);

/* A whole reply of either version. */
int mastra_body(struct call *call, struct str text, struct err *err);

/* A tool call or its result, whose members have the names of any version. */
int mastra_tool_call(struct call *call, const json_t *tool, struct err *err);
void mastra_tool_result(struct call *call, const json_t *tool);

/* Remembers what is known of the end; the last word counts. */
void mastra_reason(struct call *call, struct str name);
void mastra_usage(struct mastra *mastra, const json_t *usage);

/* Emits the end. */
void mastra_settle(struct call *call);

#endif
