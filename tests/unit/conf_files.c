/* Configurations in files for tests, in a directory of their own; variables
 * come from the test alone. */
#include "conf_files.h"

#include "../../common/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

char conf_dir[] = "/tmp/test_conf.XXXXXX";
char conf_path[64];

void
conf_write(const char *name, mode_t mode, const char *text)
{
	char where[128];
	FILE *f;

	(void)snprintf(where, sizeof(where), "%s/%s", conf_dir, name);
	f = fopen(where, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(where, mode), 0);
}

/* A request's parameters: name, value, …, NULL. */
const char *
conf_param(void *arg, const char *name)
{
	const char *const *pairs = arg;

	for (; pairs != NULL && *pairs != NULL; pairs += 2)
		if (strcmp(pairs[0], name) == 0)
			return pairs[1];
	return NULL;
}

struct conf *
conf_from(const char *text, const char *const *pairs)
{
	struct conf_source source = {.file = conf_path, .param = conf_param};

	source.arg = (void *)(uintptr_t)pairs;
	conf_write("agentmark-fcgi.yaml", 0600, text);
	return conf_load(&source);
}

/* The notes, one a line, each behind its code; the directory is left out. */
static char *
notes(const struct conf *conf)
{
	const struct conf_note *note = conf->notes.items;
	const char *text, *at;
	struct buf b;

	buf_init(&b, 65536);
	for (size_t i = 0; i < conf->notes.n; i++) {
		buf_addf(&b, "%s ", conf_code_name(note[i].code));
		text = note[i].text;
		while ((at = strstr(text, conf_dir)) != NULL) {
			buf_add(&b, text, (size_t)(at - text));
			text = at + strlen(conf_dir) + 1;
		}
		buf_addf(&b, "%s\n", text);
	}
	return b.data != NULL ? b.data : calloc(1, 1);
}

void
conf_expect(const char *text, const char *const *pairs, const char *expected)
{
	struct conf *conf = conf_from(text, pairs);
	char *got = notes(conf);

	assert_string_equal(got, expected);
	free(got);
	conf_free(conf);
}

int
conf_set_up(void **state)
{
	static const char *const unwanted[] = {"AGENTMARK_WEBHOOK_SECRET",
	    "AGENTMARK_FCGI_CONFIG", "AGENTMARK_FCGI_SIGNATURE",
	    "OPENAI_API_KEY", "OPENAI_BASE_URL", "NO_SUCH_VARIABLE",
	    "AGENTMARK_BASE_URL", "AGENTMARK_API_KEY", "AGENTMARK_APP_ID",
	    "AGENTMARK_DEV_SERVER"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(unwanted); i++)
		(void)unsetenv(unwanted[i]);
	(void)setenv("PATH", "echo", 1);
	if (mkdtemp(conf_dir) == NULL)
		return -1;
	(void)snprintf(
	    conf_path, sizeof(conf_path), "%s/agentmark-fcgi.yaml", conf_dir);
	return 0;
}

int
conf_tear_down(void **state)
{
	static const char *const names[] = {"agentmark-fcgi.yaml", "secret",
	    "old", "evals/tone", "judges/factuality.prompt.mdx", "evals",
	    "judges", "datasets", "tools/weather", "tools", "mcp/files", "mcp",
	    "executors/answer", "executors", "agentmark", "page"};
	char where[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(
		    where, sizeof(where), "%s/%s", conf_dir, names[i]);
		(void)remove(where);
	}
	return rmdir(conf_dir);
}
