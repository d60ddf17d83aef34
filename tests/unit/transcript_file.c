/* The files of transcripts, requests and talks.  It knows what they are called
 * and not what they mean. */
#include "transcript.h"

#include "../../common/base/json.h"
#include "../../common/base/limits.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *
data_path(struct arena *a, const char *kind, const struct transcripts *t,
    const char *name)
{
	const char *srcdir = getenv("srcdir");

	return arena_printf(a, "%s/tests/data/%s/%s/%s",
	    srcdir != NULL ? srcdir : ".", kind, t->dir, name);
}

static struct str
read_file(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "rb");
	struct str text;
	char *bytes;
	long size;

	if (f == NULL)
		fail_msg("cannot open %s", path);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	assert_true(size >= 0);
	rewind(f);
	text.len = (size_t)size;
	text.p = bytes = arena_alloc(a, text.len + 1);
	assert_int_equal(fread(bytes, 1, text.len, f), text.len);
	fclose(f);
	return text;
}

struct str
transcript_file(struct arena *a, const struct transcripts *t, const char *kind,
    const char *name)
{
	return read_file(a, data_path(a, kind, t, name));
}

struct str
transcript_bytes(struct arena *a, const struct transcripts *t, const char *name)
{
	struct str text = transcript_file(a, t, "transcripts", name);
	struct buf bytes;

	if (t->encode == NULL)
		return text;
	buf_init(&bytes, LIMIT_FRAME_BYTES);
	t->encode(&bytes, text);
	text.p = arena_dup(a, buf_str(&bytes), bytes.len + 1);
	text.len = bytes.len;
	buf_free(&bytes);
	return text;
}

const char **
transcript_names(struct arena *a, const struct transcripts *t, const char *kind,
    const char *suffix)
{
	struct dirent **list;
	int n = scandir(data_path(a, kind, t, ""), &list, NULL, alphasort), i;
	const char **names;
	size_t used = 0;

	if (n < 0)
		fail_msg("no tests/data/%s/%s", kind, t->dir);
	names = arena_array(a, (size_t)n + 1, sizeof(*names));
	for (i = 0; i < n; i++) {
		const char *dot = strrchr(list[i]->d_name, '.');

		if (dot != NULL && strcmp(dot, suffix) == 0)
			names[used++] = arena_strdup(a, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	names[used] = NULL;
	return names;
}

json_t *
transcript_events(
    struct arena *a, const struct transcripts *t, const char *name)
{
	char *stem = arena_strdup(a, name);
	struct str text;
	const char *p, *end, *nl;
	struct err err = {0};
	json_t *events = json_array(), *line;

	*strrchr(stem, '.') = '\0';
	text = transcript_file(
	    a, t, "transcripts", arena_printf(a, "%s.events", stem));
	end = text.p + text.len;
	for (p = text.p; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			fail_msg("%s: an event without an end", name);
		line = json_read((struct str){p, (size_t)(nl - p)}, &err);
		if (line == NULL)
			fail_msg("%s: %s", name, err.msg);
		json_array_append_new(events, line);
	}
	return events;
}

json_t *
transcript_json(struct arena *a, const struct transcripts *t, const char *kind,
    const char *name)
{
	struct err err = {0};
	json_t *json = json_read(transcript_file(a, t, kind, name), &err);

	if (json == NULL)
		fail_msg("%s: %s", name, err.msg);
	return json;
}
