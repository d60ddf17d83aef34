/* The command `init`: four questions, each of which an option may answer, and
 * no others.  A key is never an argument, because everybody on a machine can
 * read those.  It refuses to know what is written. */

#include "../common/base/crypt.h"
#include "../common/base/utf.h"
#include "cli.h"
#include "cli_args.h"
#include "conf_load.h"
#include "init_int.h"
#include "version.h"

#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* An answer, a path or a key. */
enum { MOST_ANSWER = 4096 };

struct asking {
	struct init init;
	const char *server, *path, *provider, *key, *file, *group;
	char line[MOST_ANSWER], typed[MOST_ANSWER]; /* wiped at the end */
};

static int
read_args(struct asking *q, int n_args, char *const *args)
{
	const struct cli_arg known[] = {
	    {"--server", &q->server, NULL},
	    {"--path", &q->path, NULL},
	    {"--provider", &q->provider, NULL},
	    {"--key", &q->key, NULL},
	    {"--group", &q->group, NULL},
	    {"--force", NULL, &q->init.force},
	};

	return cli_args("init", known, ARRAY_LEN(known), n_args, args);
}

/* --- answers: each takes TEXT, or says what is wrong with it */

static const char *
take_server(struct asking *q, const char *text)
{
	for (size_t i = 0; i < init_n_servers; i++) {
		if (strcmp(init_servers[i].name, text) != 0)
			continue;
		q->init.server = &init_servers[i];
		return NULL;
	}
	return "there is no such server";
}

/* What every server's configuration can hold as it stands. */
static bool
is_plain(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~/+@";

	return text[strspn(text, plain)] == '\0';
}

static const char *
take_path(struct asking *q, const char *text)
{
	size_t len = strlen(text);

	if (text[0] != '/' || len < 2 || text[len - 1] == '/' ||
	    strstr(text, "//") != NULL || strstr(text, "/.") != NULL ||
	    !is_plain(text))
		return "a path as /agentmark is wanted, of letters, digits "
		       "and -._~+@";
	q->init.path = arena_strdup(q->init.arena, text);
	return NULL;
}

static const char *
take_provider(struct asking *q, const char *text)
{
	for (size_t i = 0; i < conf_n_vendors; i++) {
		if (strcmp(conf_vendors[i].name, text) != 0)
			continue;
		q->init.vendor = &conf_vendors[i];
		return NULL;
	}
	return "there is no such provider; `" PROGRAM " providers` lists them";
}

static bool
is_variable(const char *text)
{
	static const char inside[] = "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	return *text != '\0' && (*text < '0' || *text > '9') &&
	       text[strspn(text, inside)] == '\0';
}

static const char *
take_key(struct asking *q, const char *text)
{
	char path[PATH_MAX];

	if (strncmp(text, "env:", 4) == 0 && is_variable(text + 4)) {
		q->init.key = arena_strdup(q->init.arena, text);
		return NULL;
	}
	if (strncmp(text, "file:", 5) != 0)
		return "env:NAME or file:PATH is wanted, and never the key "
		       "itself";
	if (realpath(text + 5, path) == NULL || conf_has_control(path))
		return "there is no such file";
	q->init.key = arena_printf(q->init.arena, "file:%s", path);
	return NULL;
}

static const char *
take_file(struct asking *q, const char *text)
{
	const char *slash = strrchr(text, '/'), *name = text;
	char dir[PATH_MAX];

	if (slash != NULL)
		name = slash + 1;
	if (*name == '\0')
		return "the name of a file is wanted";
	if (realpath(slash == NULL  ? "."
		     : slash > text ? arena_strndup(q->init.arena, text,
					  (size_t)(slash - text))
				    : "/",
		dir) == NULL)
		return "there is no such folder";
	q->init.file = arena_printf(
	    q->init.arena, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, name);
	if (!is_plain(q->init.file))
		return "a path of letters, digits and -._~+@ is wanted";
	return NULL;
}

/* --- questions */

/* A line of standard input without its end, in q->line; false at the end. */
static bool
read_line(struct asking *q)
{
	if (fgets(q->line, (int)sizeof(q->line), stdin) == NULL)
		return false;
	q->line[strcspn(q->line, "\r\n")] = '\0';
	return true;
}

/* Asks until the answer is good.  Nothing, or the end of the input, is the
 * answer UNLESS, if there is one. */
static int
ask(struct asking *q, const char *question, const char *unless,
    const char *(*take)(struct asking *, const char *))
{
	const char *problem;

	for (;;) {
		(void)fprintf(stderr, "%s", question);
		if (unless != NULL && *unless != '\0')
			(void)fprintf(stderr, " [%s]", unless);
		(void)fprintf(stderr, ": ");
		if (!read_line(q)) {
			(void)fprintf(stderr, "\n");
			q->line[0] = '\0';
			if (unless == NULL)
				return cli_usage("init: no answer", "");
		}
		problem = take(
		    q, *q->line == '\0' && unless != NULL ? unless : q->line);
		if (problem == NULL)
			return 0;
		if (feof(stdin))
			return cli_usage("init: ", problem);
		(void)fprintf(stderr, "%s\n", problem);
	}
}

/* An option that answers is not asked for; a wrong one is a wrong use. */
static int
answer(struct asking *q, const char *given, const char *question,
    const char *unless, const char *(*take)(struct asking *, const char *))
{
	const char *problem;

	if (given == NULL)
		return ask(q, question, unless, take);
	problem = take(q, given);
	return problem == NULL ? 0 : cli_usage("init: ", problem);
}

/* Reads the key without showing it; ^C is a character then, which no key has,
 * so that the terminal is never left without its echo. */
static int
type_key(struct asking *q)
{
	struct termios shown, hidden;
	bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
	bool got;

	(void)fprintf(stderr, "the key (it is not shown; empty: none): ");
	if (terminal) {
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	}
	got = read_line(q);
	if (terminal)
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	(void)fprintf(stderr, "\n");
	if (!got)
		return cli_usage(
		    "init: where does the key come from? (--key)", "");
	if (conf_has_control(q->line))
		return cli_usage("init: the key has a control character", "");
	memcpy(q->typed, q->line, sizeof(q->typed));
	q->init.typed = (struct str){q->typed, strlen(q->typed)};
	return 0;
}

static const char *
take_key_or_none(struct asking *q, const char *text)
{
	return *text == '\0' ? NULL : take_key(q, text);
}

static int
ask_key(struct asking *q)
{
	int rc;

	if (q->init.vendor->variable == NULL && q->key == NULL)
		return 0;
	rc = answer(q, q->key,
	    "Where does its key come from? env:NAME, file:PATH, or nothing "
	    "to type it now",
	    "", take_key_or_none);
	if (rc != 0 || q->init.key != NULL)
		return rc;
	return type_key(q);
}

static void
print_choices(const struct asking *q)
{
	if (q->server == NULL)
		for (size_t i = 0; i < init_n_servers; i++)
			(void)fprintf(stderr, "  %-16s %s\n",
			    init_servers[i].name, init_servers[i].title);
}

static const char *
default_file(const struct asking *q)
{
	const char *named = getenv("AGENTMARK_FCGI_CONFIG");

	if (named != NULL && *named != '\0')
		return named;
	if (geteuid() == 0 && q->init.server->template != NULL &&
	    q->init.server->suffix != NULL)
		return CONF_FILE_SYSTEM;
	return CONF_FILE_NAME;
}

static int
ask_all(struct asking *q)
{
	int rc;

	print_choices(q);
	rc = answer(q, q->server, "Which web server?", NULL, take_server);
	if (rc == 0)
		rc = answer(q, q->path, "At which path of its URLs?",
		    q->init.server->template == NULL ||
			    q->init.server->suffix != NULL
			? "/agentmark"
			: "/cgi-bin/agentmark-fcgi",
		    take_path);
	if (rc == 0)
		rc = answer(q, q->provider, "Which provider of models?",
		    "openai", take_provider);
	if (rc == 0)
		rc = ask_key(q);
	if (rc == 0)
		rc = answer(q, q->file, "Where does the configuration go?",
		    default_file(q), take_file);
	return rc;
}

/* --- who may read */

/* The group that web servers run as, where files of root's are made. */
static int
find_group(struct asking *q)
{
	static const char *const usual[] = {"www-data", "apache", "http"};
	const struct group *group = NULL;

	if (q->group != NULL) {
		group = getgrnam(q->group);
		if (group == NULL)
			return cli_usage("init: there is no group ", q->group);
	}
	for (size_t i = 0; i < ARRAY_LEN(usual) && group == NULL &&
			   geteuid() == 0 && q->init.server->suffix != NULL;
	     i++)
		group = getgrnam(usual[i]);
	if (group == NULL)
		return 0;
	q->init.group = arena_strdup(q->init.arena, group->gr_name);
	q->init.gid = group->gr_gid;
	return 0;
}

static int
find_program(struct asking *q)
{
	char path[PATH_MAX];

	if (realpath("/proc/self/exe", path) == NULL || !is_plain(path)) {
		(void)fprintf(stderr,
		    PROGRAM ": init: the program's own path is unknown, or "
			    "no server's configuration can hold it\n");
		return EXIT_FAILED;
	}
	q->init.program = arena_strdup(q->init.arena, path);
	return 0;
}

int
init_command(const char *file, int n_args, char *const *args)
{
	struct asking q = {.file = file};
	struct err err = {0};
	int rc;

	q.init.arena = arena_new(NULL);
	rc = read_args(&q, n_args, args);
	if (rc == 0)
		rc = ask_all(&q);
	if (rc == 0)
		rc = find_group(&q);
	if (rc == 0)
		rc = find_program(&q);
	if (rc == 0 && init_write(&q.init, &err) == -1) {
		(void)fprintf(stderr, PROGRAM ": init: %s\n", err.msg);
		rc = EXIT_FAILED;
	}
	err_free(&err);
	crypt_wipe(q.line, sizeof(q.line));
	crypt_wipe(q.typed, sizeof(q.typed));
	arena_free(q.init.arena);
	return rc;
}
