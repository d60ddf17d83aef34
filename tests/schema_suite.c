/* The JSON Schema test suite: schema_suite DOCUMENT FOLDER...
 *
 * Every group of every file below the folders is one line of TAP; a file's
 * numbers are a comment.  DOCUMENT is docs/json-schema.md, which lists in
 * tables what does not pass, a row each: | `FILE` | GROUP | reason |.  A group
 * fails the run when it is neither passed nor listed, and when it is listed and
 * passes.  Of files (and folders) with the group "*" only the numbers are
 * printed. */
#include "../common/base/arena.h"
#include "../common/base/buf.h"
#include "../common/base/json.h"
#include "../common/base/utf.h"
#include "../common/eval/schema.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX = 1 << 24 };

struct suite {
	struct arena *arena; /* of paths */
	struct buf document;
	unsigned count, wrong;		/* lines of TAP */
	unsigned groups, groups_passed; /* of the folder */
};

static int
read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "r");
	char chunk[8192];
	size_t n;

	buf_init(out, FILE_MAX);
	if (f == NULL) {
		perror(path);
		return -1;
	}
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(out, chunk, n);
	(void)fclose(f);
	return 0;
}

static bool
has_row(const struct suite *s, const char *file, const char *group)
{
	const char *row =
	    arena_printf(s->arena, "\n| `%s` | %s |", file, group);

	return strstr(buf_str(&s->document), row) != NULL;
}

/* Whether there is a row with the group "*" for the file or a folder that it
 * is in: nothing is claimed of these. */
static bool
is_left_out(const struct suite *s, const char *file)
{
	const char *slash;

	for (slash = strchr(file, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/'))
		if (has_row(s,
			arena_strndup(
			    s->arena, file, (size_t)(slash - file) + 1),
			"*"))
			return true;
	return has_row(s, file, "*");
}

/* Whether one test says what it should; if not, tells how it went. */
static bool
run_test(const json_t *schema, const json_t *test, struct buf *why)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct str reason;
	bool valid = json_is_true(json_object_get(test, "valid")), ok;
	const char *name =
	    json_string_value(json_object_get(test, "description"));

	ok = schema_check(
		 schema, json_object_get(test, "data"), a, &reason, &err) == 0;
	if (!ok)
		buf_addf(why, "#   %s: %s\n", name, err.msg);
	else if ((reason.p == NULL) != valid)
		buf_addf(why, "#   %s: %s\n", name,
		    reason.p != NULL ? reason.p : "valid");
	ok = ok && (reason.p == NULL) == valid;
	err_free(&err);
	arena_free(a);
	return ok;
}

static bool
run_group(struct suite *s, const char *file, const json_t *group)
{
	const json_t *tests = json_object_get(group, "tests");
	const char *name =
	    json_string_value(json_object_get(group, "description"));
	bool ok = true, listed = has_row(s, file, name);
	struct buf why;
	size_t i;

	buf_init(&why, FILE_MAX);
	for (i = 0; i < json_array_size(tests); i++)
		ok &= run_test(json_object_get(group, "schema"),
		    json_array_get(tests, i), &why);
	if (is_left_out(s, file)) {
		buf_free(&why);
		return ok;
	}
	s->count++;
	if (ok != listed) {
		(void)printf("ok %u - %s: %s%s\n", s->count, file, name,
		    ok ? "" : " (fails, as listed)");
	} else {
		s->wrong++;
		(void)printf("not ok %u - %s: %s\n%s", s->count, file, name,
		    ok ? "#   listed, but it passes\n" : buf_str(&why));
	}
	buf_free(&why);
	return ok;
}

static void
run_file(struct suite *s, const char *path, const char *file)
{
	struct err err = {0};
	unsigned passed = 0;
	json_t *groups;
	struct buf text;
	size_t i, n;

	if (read_file(path, &text) != 0)
		exit(1);
	groups = json_read((struct str){buf_str(&text), text.len}, &err);
	if (groups == NULL) {
		(void)fprintf(stderr, "%s: %s\n", path, err.msg);
		exit(1);
	}
	n = json_array_size(groups);
	for (i = 0; i < n; i++)
		passed += run_group(s, file, json_array_get(groups, i));
	(void)printf("# %s: %u of %zu groups pass\n", file, passed, n);
	s->groups += (unsigned)n;
	s->groups_passed += passed;
	json_decref(groups);
	buf_free(&text);
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* LABEL is the part of the path that names a file in the document. */
static void
run_folder(struct suite *s, const char *path, const char *label)
{
	struct dirent **entries;
	int i, n = scandir(path, &entries, is_visible, alphasort);
	const char *inner, *inner_label;
	struct stat st;

	if (n < 0) {
		perror(path);
		exit(1);
	}
	for (i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;

		inner = arena_printf(s->arena, "%s/%s", path, name);
		inner_label = arena_printf(s->arena, "%s/%s", label, name);
		if (stat(inner, &st) == 0 && S_ISDIR(st.st_mode))
			run_folder(s, inner, inner_label);
		else
			run_file(s, inner, inner_label);
		free(entries[i]);
	}
	free(entries);
}

int
main(int argc, char **argv)
{
	struct suite s = {.arena = arena_new(NULL)};
	const char *slash;
	int i;

	if (argc < 3) {
		(void)fprintf(
		    stderr, "usage: schema_suite DOCUMENT FOLDER...\n");
		return 2;
	}
	if (read_file(argv[1], &s.document) != 0)
		return 1;
	for (i = 2; i < argc; i++) {
		slash = strrchr(argv[i], '/');
		s.groups = s.groups_passed = 0;
		run_folder(&s, argv[i], slash != NULL ? slash + 1 : argv[i]);
		(void)printf("# %s: %u of %u groups pass\n", argv[i],
		    s.groups_passed, s.groups);
	}
	(void)printf("1..%u\n", s.count);
	buf_free(&s.document);
	arena_free(s.arena);
	return s.wrong == 0 ? 0 : 1;
}
