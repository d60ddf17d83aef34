/* Finds the configuration file, puts the environment over it and remembers
 * what it was made from, so that a request that brings other variables gets
 * another configuration.  It refuses to know single options. */
#include "conf.h"

#include "../common/base/crypt.h"
#include "../common/base/limits.h"
#include "conf_load.h"
#include "file.h"
#include "version.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const code_names[] = {
    [CONF_OK] = "ok",
    [CONF_NO_SECRET] = "no_secret",
    [CONF_BAD_SECRET] = "bad_secret",
    [CONF_BAD_CONFIG] = "bad_config",
};
_Static_assert(ARRAY_LEN(code_names) == CONF__MAX, "a name for every code");

const char *
conf_code_name(enum conf_code code)
{
	return code_names[code];
}

static void
add_note(struct loader *l, enum conf_code code, size_t line, const char *fmt,
    va_list ap)
{
	struct conf *conf = l->conf;
	struct conf_note *note;
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	note = conf_add(l, &conf->notes, sizeof(*note));
	note->code = code;
	if (line != 0 && l->file != NULL)
		note->text = arena_printf(conf->arena, "%s:%zu: %s", l->file,
		    line, text != NULL ? text : "");
	else
		note->text =
		    arena_strdup(conf->arena, text != NULL ? text : "");
	if (conf->code == CONF_OK)
		conf->code = code;
	free(text);
}

void
conf_problem(
    struct loader *l, enum conf_code code, size_t line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_note(l, code, line, fmt, ap);
	va_end(ap);
}

void
conf_warning(struct loader *l, size_t line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_note(l, CONF_OK, line, fmt, ap);
	va_end(ap);
}

void
conf_complain(struct loader *l, const struct conf_item *item, size_t line,
    const char *what, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, what);
	if (vasprintf(&text, what, ap) == -1)
		text = NULL;
	va_end(ap);
	conf_problem(l, CONF_BAD_CONFIG, line != 0 ? line : item->line,
	    "%s.%s%s", item->map, item->name, text != NULL ? text : "");
	free(text);
}

const char *
conf_key(struct loader *l, const struct conf_item *item, const char *name)
{
	return arena_printf(
	    l->conf->arena, "%s.%s.%s", item->map, item->name, name);
}

static bool
is_per_request(const char *name)
{
	size_t i;

	for (i = 0; i < conf_n_variables; i++)
		if (strcmp(conf_variables[i].name, name) == 0)
			return conf_variables[i].per_request;
	return false;
}

const char *
conf_variable(const struct conf_source *source, const char *name)
{
	const char *value = NULL;

	if (source->param != NULL && is_per_request(name))
		value = source->param(source->arg, name);
	return value != NULL ? value : getenv(name);
}

static void
parse_file(struct loader *l, const char *path, struct str text)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct yaml *root;
	size_t line = 0;

	l->file = arena_strdup(l->conf->arena, path);
	l->conf->file = l->file;
	if (yaml_read_at(a, text, &root, &line, &err) == 0)
		conf_read(l, root);
	else
		conf_problem(l, CONF_BAD_CONFIG, line, "%s", err.msg);
	err_free(&err);
	arena_free(a);
}

enum place { PLACE_NAMED, PLACE_BESIDE, PLACE_ABOVE, PLACE_SYSTEM };

/* Whose file is taken from a directory that others may write to: /tmp may be
 * one above the program. */
static bool
is_trusted(const struct stat *st)
{
	struct stat self;

	return st->st_uid == 0 || st->st_uid == geteuid() ||
	       (stat("/proc/self/exe", &self) == 0 &&
		   st->st_uid == self.st_uid);
}

/* False when there is no such file and it need not be there. */
static bool
try_file(struct loader *l, const char *path, enum place place)
{
	bool present = true;
	struct err err = {0};
	struct buf b;

	buf_init(&b, LIMIT_CONF_BYTES);
	if (file_read(path, &b, &l->st, place == PLACE_NAMED ? NULL : &present,
		&err) == -1) {
		conf_problem(l, CONF_BAD_CONFIG, 0, "%s%s", err.msg,
		    place == PLACE_NAMED ? ""
					 : " (--config FILE names another)");
	} else if (present && place == PLACE_ABOVE && !is_trusted(&l->st)) {
		conf_warning(l, 0, "%s is another user's: passed over", path);
		present = false;
	} else if (present) {
		parse_file(l, path, (struct str){buf_str(&b), b.len});
	}
	if (b.data != NULL)
		crypt_wipe(b.data, b.cap);
	buf_free(&b);
	err_free(&err);
	return present;
}

/* Beside the program, then above: web servers that pass no variable (suEXEC)
 * still find a file that they do not show to visitors. */
static bool
try_around(struct loader *l)
{
	char path[4096 + sizeof(CONF_FILE_NAME)];
	ssize_t n = readlink("/proc/self/exe", path, 4096);
	char *slash;

	if (n <= 0)
		return false;
	path[n] = '\0';
	for (int up = 0; up <= LIMIT_CONF_LEVELS; up++) {
		if ((slash = strrchr(path, '/')) == NULL)
			return false;
		memcpy(slash + 1, CONF_FILE_NAME, sizeof(CONF_FILE_NAME));
		if (try_file(l, path, up == 0 ? PLACE_BESIDE : PLACE_ABOVE))
			return true;
		*slash = '\0';
	}
	return false;
}

static void
find_file(struct loader *l)
{
	const char *named = l->source->file;

	if (named == NULL)
		named = conf_variable(l->source, "AGENTMARK_FCGI_CONFIG");
	if (named != NULL && *named != '\0')
		(void)try_file(l, named, PLACE_NAMED);
	else if (!try_around(l))
		(void)try_file(l, CONF_FILE_SYSTEM, PLACE_SYSTEM);
}

static void
apply_presets(struct loader *l)
{
	const struct option *o;
	size_t i;

	for (i = 0; i < conf_n_options; i++) {
		o = &conf_options[i];
		if (o->value != NULL && strstr(o->key, ".NAME.") == NULL &&
		    strstr(o->key, "[].") == NULL)
			conf_set_path(l, o->key, o->value, "built in");
	}
	conf_preset_vendors(l);
}

/* An empty variable is one that is not set, except for a secret: who sets it
 * to nothing believes that there is one. */
static void
apply_variables(struct loader *l)
{
	const struct variable *v;
	const char *value;
	size_t i;

	for (i = 0; i < conf_n_variables; i++) {
		v = &conf_variables[i];
		value = conf_variable(l->source, v->name);
		if (v->key == NULL || value == NULL ||
		    (*value == '\0' && strcmp(v->key, "webhook.secret") != 0))
			continue;
		conf_set_path(l, v->key, value, v->name);
	}
}

static void
remember_variables(struct conf *conf, const struct conf_source *source)
{
	struct arena *a = conf->arena;
	const char *value;

	conf->variables =
	    arena_array(a, conf_n_variables, sizeof(conf->variables[0]));
	for (size_t i = 0; i < conf_n_variables; i++) {
		value = conf_variable(source, conf_variables[i].name);
		conf->variables[i] = NULL;
		if (value != NULL)
			conf->variables[i] =
			    conf_hide(a, arena_strdup(a, value), strlen(value));
	}
}

struct conf *
conf_load(const struct conf_source *source)
{
	struct arena *a = arena_new(NULL);
	struct conf *conf = arena_zalloc(a, sizeof(*conf));
	struct loader l = {.conf = conf, .source = source};

	conf->arena = a;
	remember_variables(conf, source);
	apply_presets(&l);
	find_file(&l);
	apply_variables(&l);
	conf_finish(&l);
	return conf;
}

void
conf_free(struct conf *conf)
{
	if (conf != NULL)
		arena_free(conf->arena);
}

static bool
is_same(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

bool
conf_refresh(struct conf **conf, const struct conf_source *source)
{
	size_t i;

	for (i = 0; i < conf_n_variables; i++)
		if (!is_same((*conf)->variables[i],
			conf_variable(source, conf_variables[i].name)))
			break;
	if (i == conf_n_variables)
		return false;
	*conf = conf_load(source);
	return true;
}

void
conf_log(const struct conf *conf, enum log_level level)
{
	const struct conf_note *note = conf->notes.items;
	size_t i;

	for (i = 0; i < conf->notes.n; i++, note++) {
		if (note->code != CONF_OK)
			log_reason(LEVEL_ERROR, conf_code_name(note->code),
			    note->text);
		else if (level >= LEVEL_WARNING)
			log_reason(LEVEL_WARNING, "configuration", note->text);
	}
}

void
conf_tell(const struct conf *conf)
{
	const struct conf_note *note = conf->notes.items;

	for (size_t i = 0; i < conf->notes.n; i++)
		if (note[i].code == CONF_BAD_CONFIG)
			(void)fprintf(stderr, PROGRAM ": %s\n", note[i].text);
}

const char *
conf_wrong(const struct conf *conf)
{
	const struct conf_note *note = conf->notes.items;

	for (size_t i = 0; i < conf->notes.n; i++)
		if (note[i].code == CONF_BAD_CONFIG)
			return note[i].text;
	return NULL;
}
