/* Prints how long prompts of 1 to 16 MB take to be parsed, in milliseconds of
 * CPU and per megabyte: time is to grow as the text does.  The text is that of
 * tests/data/template, one source behind the other.  A tool for people, not a
 * test. */
#include "../../common/base/err.h"
#include "../../common/mdx/mdx.h"
#include "../../common/base/buf.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MEGABYTE = 1000 * 1000, MOST = 16, ROUNDS = 5 };

static double
cpu_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* Sources that are no documents of their own would fail in a longer one. */
static bool
parses(struct str text)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct node *root;
	int rc = mdx_document(a, text, &root, &err);

	err_free(&err);
	arena_free(a);
	return rc == 0;
}

static void
add_file(struct buf *to, const char *path)
{
	FILE *f = fopen(path, "rb");
	char text[65536], *body;
	size_t n = f != NULL ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f != NULL)
		(void)fclose(f);
	text[n] = '\0';
	body = n > 3 ? strstr(text + 3, "\n---\n") : NULL;
	if (body == NULL || !parses((struct str){text, n}))
		return;
	buf_adds(to, body + 5);
	buf_adds(to, "\n\n");
}

static void
measure(const struct buf *part, size_t megabytes)
{
	double best = 1e9, began;
	struct buf b;

	buf_init(&b, (size_t)2 * MOST * MEGABYTE);
	while (b.len < megabytes * MEGABYTE)
		buf_add(&b, part->data, part->len);
	for (int i = 0; i < ROUNDS; i++) {
		struct arena *a = arena_new(NULL);
		struct err err = {0};
		struct node *root;

		began = cpu_ms();
		if (mdx_document(a, (struct str){b.data, b.len}, &root, &err) ==
		    -1) {
			(void)fprintf(stderr, "mdx_bench: %s\n", err.msg);
			exit(1);
		}
		if (cpu_ms() - began < best)
			best = cpu_ms() - began;
		arena_free(a);
	}
	(void)printf("parse %zu MB of MDX: %.0f ms, %.1f ms/MB\n", megabytes,
	    best, best * MEGABYTE / (double)b.len);
	buf_free(&b);
}

int
main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : "tests/data/template";
	char pattern[4096];
	struct buf part;
	glob_t found;

	(void)snprintf(pattern, sizeof(pattern), "%s/*/source.mdx", dir);
	if (glob(pattern, 0, NULL, &found) != 0) {
		(void)fprintf(stderr, "mdx_bench: no sources in %s\n", dir);
		return 2;
	}
	buf_init(&part, MEGABYTE);
	for (size_t i = 0; i < found.gl_pathc; i++)
		add_file(&part, found.gl_pathv[i]);
	globfree(&found);
	for (size_t megabytes = 1; megabytes <= MOST; megabytes *= 2)
		measure(&part, megabytes);
	buf_free(&part);
	return 0;
}
