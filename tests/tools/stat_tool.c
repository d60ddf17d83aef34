/* Answers one line of JSON for each line of JSON, with what common/stat and the
 * summary of an experiment say (tests/unit/stat_calls.h).  For tests/statistics
 * and for people who want to look. */
#include "../../common/base/json.h"
#include "../unit/stat_calls.h"

#include <stdio.h>
#include <stdlib.h>

static int
answer_line(struct str line)
{
	struct err err = {0};
	json_t *in = json_read(line, &err), *out = NULL;
	struct buf b;

	if (in != NULL)
		out = stat_call(in, &err);
	if (out == NULL)
		(void)fprintf(stderr, "stat_tool: %s\n", err.msg);
	buf_init(&b, 1u << 30);
	if (out != NULL) {
		json_print(&b, out);
		(void)puts(buf_str(&b));
	}
	buf_free(&b);
	json_decref(in);
	err_free(&err);
	json_decref(out);
	return out != NULL ? 0 : -1;
}

int
main(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = getline(&line, &cap, stdin)) > 0)
		rc = answer_line((struct str){line, (size_t)n});
	free(line);
	return rc == 0 ? 0 : 1;
}
