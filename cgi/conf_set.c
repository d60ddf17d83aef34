/* Gives options their values: text to numbers, choices and seconds, env:NAME
 * and file:PATH to what they name.  It refuses to know YAML. */
#include "../common/base/crypt.h"
#include "../common/base/limits.h"
#include "../common/base/utf.h"
#include "conf_load.h"
#include "file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct option *
conf_find(const char *prefix, struct str name)
{
	size_t len = strlen(prefix), i;
	const char *key;

	if (memchr(name.p, '.', name.len) != NULL)
		return NULL;
	for (i = 0; i < conf_n_options; i++) {
		key = conf_options[i].key;
		if (strncmp(key, prefix, len) == 0 &&
		    strncmp(key + len, name.p, name.len) == 0 &&
		    strlen(key + len) == name.len)
			return &conf_options[i];
	}
	return NULL;
}

void *
conf_add(struct loader *l, struct conf_list *list, size_t size)
{
	char *item;

	if (list->n == list->cap) {
		list->cap = list->cap != 0 ? list->cap * 2 : 4;
		list->items = arena_grow(
		    l->conf->arena, list->items, list->n, list->cap, size);
	}
	item = (char *)list->items + list->n++ * size;
	return memset(item, 0, size);
}

void
conf_defaults(struct loader *l, const char *prefix, void *item)
{
	const struct option *o;
	size_t i;

	for (i = 0; i < conf_n_options; i++) {
		o = &conf_options[i];
		if (o->value != NULL &&
		    strncmp(o->key, prefix, strlen(prefix)) == 0)
			conf_set(l, o, item,
			    (struct str){o->value, strlen(o->value)},
			    "built in", 0);
	}
}

void *
conf_item(struct loader *l, const struct option *o, struct conf_list *list,
    struct str name, size_t line)
{
	struct conf_item *item;
	size_t i;

	for (i = 0; i < list->n; i++) {
		item = (void *)((char *)list->items + i * o->size);
		if (str_is(name, item->name))
			return item;
	}
	item = conf_add(l, list, o->size);
	item->map = o->key;
	item->name = arena_strndup(l->conf->arena, name.p, name.len);
	item->line = line;
	conf_defaults(
	    l, arena_printf(l->conf->arena, "%s.NAME.", o->key), item);
	return item;
}

struct hidden {
	char *text;
	size_t len;
};

static void
wipe(void *arg)
{
	const struct hidden *hidden = arg;

	crypt_wipe(hidden->text, hidden->len);
}

char *
conf_hide(struct arena *a, char *text, size_t len)
{
	struct hidden *hidden = arena_alloc(a, sizeof(*hidden));

	*hidden = (struct hidden){text, len};
	arena_on_free(a, wipe, hidden);
	return text;
}

/* A copy that is wiped with the arena when it is a secret. */
static const char *
keep(struct loader *l, const struct option *o, const char *p, size_t len)
{
	struct arena *a = l->conf->arena;
	char *copy = arena_strndup(a, p, len);

	return o->secret ? conf_hide(a, copy, len) : copy;
}

/* Names of HTTP_* are a client's headers in a CGI program. */
static const char *
text_of_variable(struct loader *l, const struct option *o, const char *name,
    size_t line, const char **source)
{
	const char *value;

	if (*name == '\0' || strncmp(name, "HTTP_", 5) == 0) {
		conf_problem(l, CONF_BAD_CONFIG, line,
		    "%s: env:%s names no variable that may be used", o->key,
		    name);
		return NULL;
	}
	*source = arena_printf(l->conf->arena, "env:%s", name);
	value = conf_variable(l->source, name);
	if (value != NULL)
		return keep(l, o, value, strlen(value));
	conf_warning(l, line, "%s: the variable %s is not set", o->key, name);
	return NULL;
}

const char *
conf_beside(struct loader *l, const char *path)
{
	const char *slash = l->file != NULL ? strrchr(l->file, '/') : NULL;

	if (*path == '/' || slash == NULL)
		return path;
	return arena_printf(
	    l->conf->arena, "%.*s/%s", (int)(slash - l->file), l->file, path);
}

/* A secret that every user of the machine can read is none.  Where another
 * user owns the file we cannot mend it and only say so. */
static bool
is_private(struct loader *l, const struct option *o, const char *path,
    const struct stat *st, size_t line)
{
	if (!o->secret || (st->st_mode & S_IROTH) == 0)
		return true;
	if (st->st_uid != geteuid()) {
		conf_warning(
		    l, line, "%s: everybody can read %s", o->key, path);
		return true;
	}
	conf_problem(l, CONF_BAD_CONFIG, line,
	    "%s: everybody can read %s: chmod o-r it", o->key, path);
	return false;
}

static const char *
text_of_file(struct loader *l, const struct option *o, const char *path,
    size_t line, const char **source)
{
	struct err err = {0};
	const char *text = NULL;
	struct stat st;
	struct buf b;

	path = conf_beside(l, path);
	*source = arena_printf(l->conf->arena, "file:%s", path);
	buf_init(&b, 2 * LIMIT_SECRET_BYTES);
	if (file_read(path, &b, &st, NULL, &err) == -1) {
		conf_problem(
		    l, CONF_BAD_CONFIG, line, "%s: %s", o->key, err.msg);
	} else if (is_private(l, o, path, &st, line)) {
		if (b.len > 0 && b.data[b.len - 1] == '\n')
			b.len--;
		if (b.len > 0 && b.data[b.len - 1] == '\r')
			b.len--;
		text = keep(l, o, buf_str(&b), b.len);
	}
	if (b.data != NULL)
		crypt_wipe(b.data, b.cap);
	buf_free(&b);
	err_free(&err);
	return text;
}

/* A secret that stands in the configuration itself; said of the first. */
static void
check_exposed(struct loader *l, const struct option *o, size_t line)
{
	if (!o->secret || l->exposed || l->file == NULL ||
	    (l->st.st_mode & S_IROTH) == 0)
		return;
	l->exposed = true;
	(void)is_private(l, o, l->file, &l->st, line);
}

const char *
conf_text(struct loader *l, const struct option *o, struct str text,
    size_t line, const char **source)
{
	const char *copy = keep(l, o, text.p, text.len);

	*source = l->file;
	if (o->literal)
		return copy;
	if (strncmp(copy, "env:", 4) == 0)
		return text_of_variable(l, o, copy + 4, line, source);
	if (strncmp(copy, "file:", 5) == 0)
		return text_of_file(l, o, copy + 5, line, source);
	check_exposed(l, o, line);
	return copy;
}

static void
set_text(struct loader *l, const struct option *o, struct conf_value *v,
    struct str text, const char *source, size_t line)
{
	const char *from = source;

	v->line = line;
	if (source != NULL)
		v->text = keep(l, o, text.p, text.len);
	else
		v->text = conf_text(l, o, text, line, &from);
	v->source = from;
}

/* Digits alone, so that no sign, space or suffix slips through. */
static bool
read_digits(struct str text, const char *allowed, double *d)
{
	char digits[32];
	char *end;

	if (text.len == 0 || text.len >= sizeof(digits))
		return false;
	memcpy(digits, text.p, text.len);
	digits[text.len] = '\0';
	if (strspn(digits, allowed) != text.len)
		return false;
	*d = strtod(digits, &end);
	return *end == '\0';
}

static bool
set_number(const struct option *o, void *field, struct str text)
{
	bool seconds = o->type == OPTION_SECONDS;
	const char *allowed = seconds ? "0123456789." : "0123456789";
	int64_t n;
	double d;

	if (!read_digits(text, allowed, &d) || d < (double)o->min ||
	    d > (double)o->max)
		return false;
	n = (int64_t)(seconds ? d * 1000 + 0.5 : d);
	memcpy(field, &n, sizeof(n));
	return true;
}

static bool
set_real(const struct option *o, struct conf_real *field, struct str text)
{
	double d;

	if (!read_digits(text, "-0123456789.", &d) || d < (double)o->min ||
	    d > (double)o->max)
		return false;
	*field = (struct conf_real){true, d};
	return true;
}

static bool
set_choice(const struct option *o, void *field, struct str text)
{
	int i;

	for (i = 0; o->choices[i] != NULL; i++) {
		if (!str_is(text, o->choices[i]))
			continue;
		memcpy(field, &i, sizeof(i));
		return true;
	}
	return false;
}

static bool
set_bool(void *field, struct str text)
{
	bool yes = str_is(text, "true") || str_is(text, "1");

	if (!yes && !str_is(text, "false") && !str_is(text, "0"))
		return false;
	memcpy(field, &yes, sizeof(yes));
	return true;
}

static const char *
wanted(struct loader *l, const struct option *o)
{
	struct arena *a = l->conf->arena;
	const char *list = "";
	int i;

	switch (o->type) {
	case OPTION_NUMBER:
		return arena_printf(a, "a whole number from %lld to %lld",
		    (long long)o->min, (long long)o->max);
	case OPTION_REAL:
		return arena_printf(a, "a number from %lld to %lld",
		    (long long)o->min, (long long)o->max);
	case OPTION_SECONDS:
		return arena_printf(
		    a, "seconds from 0 to %lld", (long long)o->max);
	case OPTION_CHOICE:
		for (i = 0; o->choices[i] != NULL; i++)
			list = arena_printf(a, "%s%s%s", list,
			    i == 0 ? "" : ", ", o->choices[i]);
		return arena_printf(a, "one of %s", list);
	default:
		return "true or false";
	}
}

void
conf_set(struct loader *l, const struct option *o, void *base, struct str text,
    const char *source, size_t line)
{
	void *field = (char *)base + o->offset;
	bool good = true;

	switch (o->type) {
	case OPTION_TEXT:
		set_text(l, o, field, text, source, line);
		break;
	case OPTION_NUMBER:
	case OPTION_SECONDS:
		good = set_number(o, field, text);
		break;
	case OPTION_REAL:
		good = set_real(o, field, text);
		break;
	case OPTION_CHOICE:
		good = set_choice(o, field, text);
		break;
	case OPTION_BOOL:
		good = set_bool(field, text);
		break;
	default:
		good = false;
	}
	if (good)
		return;
	conf_problem(l, CONF_BAD_CONFIG, line,
	    "%s%s%s must be %s, not \"%.*s\"", o->key, line == 0 ? " by " : "",
	    line == 0 && source != NULL ? source : "", wanted(l, o),
	    (int)(text.len < 100 ? text.len : 100), text.p);
}

static struct str
segment(const char **path)
{
	size_t len = strcspn(*path, ".");
	struct str s = {*path, len};

	*path += len + ((*path)[len] == '.');
	return s;
}

void
conf_set_path(
    struct loader *l, const char *path, const char *text, const char *source)
{
	const char *prefix = "";
	const struct option *o;
	void *base = l->conf;

	while (*path != '\0') {
		o = conf_find(prefix, segment(&path));
		if (o == NULL)
			return;
		if (o->type == OPTION_GROUP) {
			prefix = arena_printf(l->conf->arena, "%s.", o->key);
			continue;
		}
		if (o->type != OPTION_MAP) {
			conf_set(l, o, base, (struct str){text, strlen(text)},
			    source, 0);
			return;
		}
		base = conf_item(l, o, (void *)((char *)base + o->offset),
		    segment(&path), 0);
		prefix = arena_printf(l->conf->arena, "%s.NAME.", o->key);
	}
}
