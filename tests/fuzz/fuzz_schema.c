/* A line with a schema, then a value: an answer or an error, never both, and a
 * reason that begins with a place.  A schema that is applied once more by
 * allOf, and one that is negated twice, answer the same. */
#include "../../common/base/json.h"
#include "../../common/eval/schema.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 1 valid, 0 not, -1 an error. */
static int
check(const json_t *schema, const json_t *value)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct str reason;
	int rc = schema_check(schema, value, a, &reason, &err);

	if ((rc == -1) != (err.code != ERR_NONE))
		abort();
	if (rc == -1 && reason.p != NULL)
		abort();
	if (reason.p != NULL && *reason.p != '/' && *reason.p != '(')
		abort();
	if (rc == 0)
		rc = reason.p == NULL;
	err_free(&err);
	arena_free(a);
	return rc;
}

/* Wrapped, the schema is no root any more: those with references are left out.
 */
static void
compare(json_t *schema, const json_t *value, int answer)
{
	json_t *all = json_pack("{s:[O]}", "allOf", schema);
	json_t *twice = json_pack("{s:{s:O}}", "not", "not", schema);
	int other;

	other = check(all, value);
	if (other != answer && other != -1 && answer != -1)
		abort();
	other = check(twice, value);
	if (other != answer && other != -1 && answer != -1)
		abort();
	json_decref(all);
	json_decref(twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *line = size > 0 ? memchr(text, '\n', size) : NULL;
	size_t len = line != NULL ? (size_t)(line - text) : size;
	struct err err = {0};
	json_t *schema, *value = NULL;
	int answer;

	schema = json_read((struct str){text, len}, &err);
	if (schema != NULL && line != NULL)
		value = json_read((struct str){line + 1, size - len - 1}, &err);
	if (value != NULL) {
		answer = check(schema, value);
		if (memmem(text, len, "$", 1) == NULL &&
		    memmem(text, len, "\\u", 2) == NULL)
			compare(schema, value, answer);
	}
	json_decref(schema);
	json_decref(value);
	err_free(&err);
	return 0;
}
