/* How a child comes to life: its pipes, its environment, and nothing else of
 * ours.  It refuses to know what becomes of it. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "proc_int.h"

#include "../base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EARLY_FDS 256

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* Both ends, above the standard descriptors: those are set one by one in the
 * child, and none may be overwritten before it is used. */
static int
open_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		int low = ends[i];

		if (low > STDERR_FILENO)
			continue;
		ends[i] = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		(void)close(low);
	}
	return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

/* OURS and THEIRS in the order of the standard descriptors. */
static int
open_pipes(int ours[PROC_STREAMS], int theirs[PROC_STREAMS])
{
	int ends[2], rc = 0;

	for (int s = 0; s < PROC_STREAMS && rc == 0; s++) {
		ends[0] = ends[1] = -1;
		rc = open_pipe(ends);
		ours[s] = ends[s == STDIN_FILENO ? 1 : 0];
		theirs[s] = ends[s == STDIN_FILENO ? 0 : 1];
		if (rc == 0)
			rc = fcntl(ours[s], F_SETFL, O_NONBLOCK);
	}
	return rc;
}

static size_t
count(const char *const *list)
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	return n;
}

static bool
has_name(const char *const *list, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < count(list); i++)
		if (strncmp(list[i], name, len) == 0 && list[i][len] == '=')
			return true;
	return false;
}

/* What a program needs to find itself and others, and nothing secret. */
static const char *const clean_names[] = {"PATH", "HOME", "LANG", "TZ"};

/* The clean environment with R's additions; the list and its first *OWN texts
 * are the caller's. */
static const char **
make_env(const struct proc_request *r, size_t *own)
{
	size_t n_more = count(r->add_env), n = 0;
	const char **env;

	env = xcalloc(ARRAY_LEN(clean_names) + n_more + 1, sizeof(*env));
	for (size_t i = 0; i < ARRAY_LEN(clean_names); i++) {
		const char *name = clean_names[i], *value = getenv(name);
		size_t size;
		char *text;

		if (value == NULL || has_name(r->add_env, name))
			continue;
		size = strlen(name) + strlen(value) + 2;
		text = xmalloc(size);
		(void)snprintf(text, size, "%s=%s", name, value);
		env[n++] = text;
	}
	*own = n;
	for (size_t i = 0; i < n_more; i++)
		env[n++] = r->add_env[i];
	return env;
}

/* What libraries opened must not be kept open by a child.  Where the C library
 * cannot close all that is open (musl), those that can have been inherited or
 * opened early; all that we open ourselves are closed on exec. */
static int
close_others(posix_spawn_file_actions_t *actions)
{
#ifdef HAVE_POSIX_SPAWN_FILE_ACTIONS_ADDCLOSEFROM_NP
	return posix_spawn_file_actions_addclosefrom_np(
	    actions, STDERR_FILENO + 1);
#else
	int rc = 0;

	for (int fd = STDERR_FILENO + 1; fd < EARLY_FDS && rc == 0; fd++)
		rc = posix_spawn_file_actions_addclose(actions, fd);
	return rc;
#endif
}

static int
set_actions(posix_spawn_file_actions_t *actions, const struct proc_request *r,
    const int theirs[PROC_STREAMS])
{
	int rc = 0;

	for (int s = 0; s < PROC_STREAMS && rc == 0; s++)
		rc = posix_spawn_file_actions_adddup2(actions, theirs[s], s);
	if (rc == 0)
		rc = close_others(actions);
	if (rc == 0 && r->dir != NULL)
		rc = posix_spawn_file_actions_addchdir_np(actions, r->dir);
	return rc;
}

static int
set_attributes(posix_spawnattr_t *attr)
{
	sigset_t all, none;
	int rc;

	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	rc = posix_spawnattr_setsigdefault(attr, &all);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(attr, &none);
	if (rc == 0)
		rc = posix_spawnattr_setpgroup(attr, 0);
	if (rc == 0)
		rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF |
							POSIX_SPAWN_SETSIGMASK |
							POSIX_SPAWN_SETPGROUP);
	return rc;
}

/* posix_spawn(3) says whether the program was found, and costs the same
 * however large this process is.  Returns an errno. */
static int
spawn_with(const struct proc_request *r, const int theirs[PROC_STREAMS],
    char *const *env, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	/* Its arguments are not const for historical reasons. */
	char *const *argv = (char *const *)(uintptr_t)r->argv;
	int rc;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attr);
	rc = set_actions(&actions, r, theirs);
	if (rc == 0)
		rc = set_attributes(&attr);
	if (rc == 0)
		rc = posix_spawnp(pid, argv[0], &actions, &attr, argv, env);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return rc;
}

static int
spawn(const struct proc_request *r, const int theirs[PROC_STREAMS], pid_t *pid)
{
	const char **env;
	size_t own;
	int rc;

	if (r->env != NULL)
		return spawn_with(
		    r, theirs, (char *const *)(uintptr_t)r->env, pid);
	env = make_env(r, &own);
	rc = spawn_with(r, theirs, (char *const *)(uintptr_t)env, pid);
	for (size_t i = 0; i < own; i++)
		free((void *)(uintptr_t)env[i]);
	free(env);
	return rc;
}

int
proc_spawn(const struct proc_request *request, int ours[PROC_STREAMS],
    pid_t *pid, struct err *err)
{
	int theirs[PROC_STREAMS] = {-1, -1, -1};
	int rc;

	rc = open_pipes(ours, theirs) < 0 ? errno : spawn(request, theirs, pid);
	for (int s = 0; s < PROC_STREAMS; s++) {
		close_fd(&theirs[s]);
		if (rc != 0)
			close_fd(&ours[s]);
	}
	if (rc != 0)
		return fail(err, ERR_UNCONFIGURED, "cannot start %s: %s",
		    request->argv[0], strerror(rc));
	return 0;
}
