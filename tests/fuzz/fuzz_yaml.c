/* Any bytes as YAML, and then as a configuration file: a tree or an error, of
 * bounded size, and every problem with a text. */
#include "../../cgi/conf_load.h"
#include "../../common/base/limits.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
weigh(const struct yaml *node, unsigned depth)
{
	size_t n = 1, i;

	if (depth > LIMIT_YAML_DEPTH || node->line == 0 || node->column == 0)
		abort();
	if (node->kind == YAML_MAPPING && node->n % 2 != 0)
		abort();
	for (i = 0; i < node->n; i++)
		n += weigh(node->items[i], depth + 1);
	return n;
}

/* Values of env: and file: are not followed: what a fuzzer writes is no path
 * to open. */
static bool
is_harmless(const uint8_t *data, size_t size)
{
	return memmem(data, size, "file:", 5) == NULL &&
	       memmem(data, size, "env:", 4) == NULL;
}

static void
configure(const struct yaml *root)
{
	struct arena *a = arena_new(NULL);
	struct conf *conf = arena_zalloc(a, sizeof(*conf));
	const struct conf_source source = {0};
	struct loader l = {.conf = conf, .source = &source, .file = "fuzz"};
	const struct conf_note *note;

	conf->arena = a;
	conf_read(&l, root);
	conf_finish(&l);
	note = conf->notes.items;
	for (size_t i = 0; i < conf->notes.n; i++)
		if (*note[i].text == '\0')
			abort();
	arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct yaml *root;
	int rc;

	rc = yaml_read(a, (struct str){(const char *)data, size}, &root, &err);
	if ((rc == -1) != (err.code != ERR_NONE))
		abort();
	if (rc == 0 && root != NULL && weigh(root, 0) > LIMIT_YAML_NODES)
		abort();
	if (rc == 0 && size < 4096 && is_harmless(data, size))
		configure(root);
	err_free(&err);
	arena_free(a);
	return 0;
}
