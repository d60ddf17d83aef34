/* Writes what `init` makes: the secret, the key that was typed, the
 * configuration, the snippet and the units, none of them over a file that is
 * there.  It refuses to know who asked for them. */
#include "init_int.h"

#include "../common/base/crypt.h"
#include "../common/base/limits.h"
#include "conf_table.h"
#include "file.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SECRET_BYTES = 32, MOST_FILES = 6 };

struct output {
	const char *path;
	struct buf text;
	bool secret; /* for the owner and the group alone */
	bool keep;   /* it was there, and stays */
};

struct outputs {
	const struct init *init;
	struct output items[MOST_FILES];
	size_t n;
	const char *secret;
	const char *snippet; /* its path; NULL: none is written */
	bool units;	     /* these are written, too */
};

/* The configuration's name with another end, or another file of its folder. */
static const char *
beside(const struct init *init, const char *suffix)
{
	static const char yaml[] = ".yaml";
	size_t len = strlen(init->file), end = sizeof(yaml) - 1;

	if (len > end && strcmp(init->file + len - end, yaml) == 0)
		len -= end;
	return arena_printf(
	    init->arena, "%.*s%s", (int)len, init->file, suffix);
}

static const char *
in_folder(const struct init *init, const char *name)
{
	size_t len = (size_t)(strrchr(init->file, '/') - init->file);

	return arena_printf(init->arena, "%.*s/%s", (int)len, init->file, name);
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static struct output *
add(struct outputs *o, const char *path, bool secret)
{
	struct output *item = &o->items[o->n++];

	*item = (struct output){.path = path, .secret = secret};
	buf_init(&item->text, LIMIT_CONF_BYTES);
	return item;
}

/* --- what is written */

/* AgentMark may know a secret that is there already: it stays. */
static int
add_secret(struct outputs *o, struct err *err)
{
	struct output *item = add(o, beside(o->init, ".secret"), true);
	uint8_t bytes[SECRET_BYTES];
	char hex[2 * SECRET_BYTES + 1];
	struct stat st;
	size_t len;

	if (file_read(item->path, &item->text, &st, &item->keep, err) == -1)
		return -1;
	if (!item->keep) {
		crypt_random(bytes, sizeof(bytes));
		hex_print(hex, bytes, sizeof(bytes));
		buf_addf(&item->text, "%s\n", hex);
		crypt_wipe(bytes, sizeof(bytes));
		crypt_wipe(hex, sizeof(hex));
	}
	o->secret = buf_str(&item->text);
	len = strcspn(o->secret, "\r\n");
	if (len == 0)
		return fail(
		    err, ERR_UNCONFIGURED, "%s holds no secret", item->path);
	return 0;
}

/* Text in double quotes, as YAML reads it. */
static void
add_quoted(struct buf *b, const char *prefix, const char *text)
{
	buf_addf(b, "\"%s", prefix);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *text);
	}
	buf_adds(b, "\"\n");
}

static void
add_configuration(struct outputs *o)
{
	const struct init *init = o->init;
	struct output *typed;
	struct buf *b;
	const char *name = init->vendor->name;

	typed = init->typed.len > 0 ? add(o, beside(init, ".key"), true) : NULL;
	if (typed != NULL) {
		buf_add(&typed->text, init->typed.p, init->typed.len);
		buf_addc(&typed->text, '\n');
	}
	b = &add(o, init->file, true)->text;
	buf_adds(b,
	    "# Made by `" PROGRAM " init`; `" PROGRAM " example` explains "
	    "every option.\nwebhook:\n  secret: ");
	add_quoted(b, "file:", last_part(o->items[0].path));
	buf_addf(b, "default_provider: %s\nproviders:\n  %s:", name, name);
	if (typed == NULL && init->key == NULL) {
		buf_adds(b, " {}\n");
		return;
	}
	buf_adds(b, "\n    api_key: ");
	if (typed != NULL)
		add_quoted(b, "file:", last_part(typed->path));
	else
		add_quoted(b, "", init->key);
}

static const char *
template_text(const char *name)
{
	for (size_t i = 0; i < init_n_files; i++)
		if (strcmp(init_files[i].name, name) == 0)
			return init_files[i].text;
	return "";
}

/* Whether a package has brought the snippet for just what was asked for. */
static bool
is_packaged(const struct init *init)
{
	return init->server->packaged != NULL &&
	       strcmp(init->path, "/agentmark") == 0 &&
	       strcmp(init->file, CONF_FILE_SYSTEM) == 0 &&
	       access(init->server->packaged, F_OK) == 0;
}

static void
add_filled(struct outputs *o, const char *path, const char *template)
{
	init_fill(o->init, template_text(template), &add(o, path, false)->text);
}

/* Whether a package has installed this unit just so. */
static bool
add_unit(struct outputs *o, const char *name)
{
	struct arena *a = o->init->arena;
	struct err err = {0};
	struct stat st;
	struct buf b;
	bool same;

	add_filled(
	    o, in_folder(o->init, name), arena_printf(a, "systemd/%s", name));
	buf_init(&b, LIMIT_CONF_BYTES);
	same = file_read(arena_printf(a, "/lib/systemd/system/%s", name), &b,
		   &st, NULL, &err) == 0 &&
	       strcmp(buf_str(&b), buf_str(&o->items[o->n - 1].text)) == 0;
	buf_free(&b);
	err_free(&err);
	return same;
}

/* Copies of the package's own would outlive its next version. */
static void
add_units(struct outputs *o)
{
	bool same = add_unit(o, "agentmark-fcgi.service");

	same = add_unit(o, "agentmark-fcgi.socket") && same;
	o->units = !same;
	o->items[o->n - 2].keep = o->items[o->n - 1].keep = same;
}

static void
add_snippet(struct outputs *o)
{
	const struct init *init = o->init;
	const struct init_server *s = init->server;

	if (s->template == NULL || is_packaged(init))
		return;
	o->snippet = s->suffix != NULL
			 ? beside(init, s->suffix)
			 : in_folder(init, last_part(s->template));
	add_filled(o, o->snippet, s->template);
	if (s->units)
		add_units(o);
}

/* --- files */

static int
check_free(const struct outputs *o, struct err *err)
{
	const struct output *item;
	struct stat st;

	for (size_t i = 0; i < o->n && !o->init->force; i++) {
		item = &o->items[i];
		if (!item->keep && lstat(item->path, &st) == 0)
			return fail(err, ERR_UNCONFIGURED,
			    "%s is there already; --force overwrites it",
			    item->path);
	}
	return 0;
}

static int
fill_file(const struct init *init, const struct output *item, int fd)
{
	bool grouped = item->secret && init->group != NULL;
	mode_t mode = grouped ? 0640 : 0600;

	if (grouped && fchown(fd, (uid_t)-1, init->gid) == -1)
		return -1;
	if (fchmod(fd, item->secret ? mode : 0644) == -1)
		return -1;
	return file_write_fd(fd, buf_text(&item->text));
}

static int
write_file(const struct init *init, const struct output *item, struct err *err)
{
	int fd, rc;

	if (init->force)
		(void)unlink(item->path);
	fd = open(item->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	rc = fd != -1 ? fill_file(init, item, fd) : -1;
	if (fd != -1 && close(fd) == -1)
		rc = -1;
	if (rc == -1)
		return fail(err, ERR_UNCONFIGURED, "cannot write %s: %s",
		    item->path, strerror(errno));
	(void)printf("written: %s\n", item->path);
	return 0;
}

static int
write_files(const struct outputs *o, struct err *err)
{
	if (check_free(o, err) == -1)
		return -1;
	for (size_t i = 0; i < o->n; i++)
		if (!o->items[i].keep &&
		    write_file(o->init, &o->items[i], err) == -1)
			return -1;
	return 0;
}

/* --- what is to be done next */

/* Lines, indented; @ is PATH. */
static void
print_lines(const char *lines, const char *path)
{
	bool starts = true;

	for (; *lines != '\0'; lines++) {
		if (starts)
			(void)fputs("  ", stdout);
		starts = *lines == '\n';
		if (*lines == '@' && path != NULL)
			(void)fputs(path, stdout);
		else
			(void)fputc(*lines, stdout);
	}
}

static void
print_check(const struct init *init, const char *more)
{
	(void)printf("  " PROGRAM);
	if (strcmp(init->file, CONF_FILE_SYSTEM) != 0)
		(void)printf(" --config %s", init->file);
	(void)printf(" check%s", more);
}

/* Who starts the workers: systemd, where it runs. */
static void
print_workers(const struct outputs *o)
{
	const struct init *init = o->init;
	const char *group = init->group != NULL ? init->group : "www-data";

	if (access("/run/systemd/system", F_OK) == 0) {
		if (o->units)
			(void)printf("  cp %s %s /etc/systemd/system/\n",
			    in_folder(init, "agentmark-fcgi.service"),
			    in_folder(init, "agentmark-fcgi.socket"));
		(void)printf(
		    "  systemctl enable --now agentmark-fcgi.socket\n");
		return;
	}
	(void)printf(
	    "  # systemd does not run here; spawn-fcgi (a package) "
	    "starts the workers:\n"
	    "  spawn-fcgi -s /run/agentmark-fcgi.sock -M 0660 -U %s -G %s "
	    "-u %s -g %s -- %s --config %s pool\n",
	    group, group, group, group, init->program, init->file);
}

static void
print_next(const struct outputs *o)
{
	const struct init *init = o->init;
	const struct init_server *s = init->server;

	(void)printf("\nPaste into AgentMark's settings:\n"
		     "  webhook URL  https://YOUR-HOST%s\n"
		     "  secret       %.*s\n\nThen:\n",
	    init->path, (int)strcspn(o->secret, "\r\n"), o->secret);
	if (s->units)
		print_workers(o);
	if (o->snippet != NULL)
		print_lines(s->how, o->snippet);
	else if (s->enable != NULL)
		print_lines(s->enable, NULL);
	print_check(init, "\n");
	print_check(init, " --url https://YOUR-HOST");
	(void)printf("%s\n", init->path);
}

int
init_write(const struct init *init, struct err *err)
{
	struct outputs o = {.init = init};
	int rc = add_secret(&o, err);

	if (rc == 0) {
		add_configuration(&o);
		add_snippet(&o);
		rc = write_files(&o, err);
	}
	if (rc == 0)
		print_next(&o);
	for (size_t i = 0; i < o.n; i++) {
		if (o.items[i].secret && o.items[i].text.data != NULL)
			crypt_wipe(o.items[i].text.data, o.items[i].text.len);
		buf_free(&o.items[i].text);
	}
	return rc;
}
