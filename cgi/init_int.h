/* What the files of `init` share: what was asked for, the web servers that are
 * known, and what is written for them. */
#ifndef INIT_INT_H
#define INIT_INT_H

#include "../common/base/arena.h"
#include "../common/base/buf.h"
#include "../common/base/err.h"
#include "conf_vendor.h"

#include <sys/types.h>

/* A file of deploy/, by its name there. */
struct init_file {
	const char *name, *text;
};
extern const struct init_file init_files[];
extern const size_t init_n_files;

/* A way to be served.  HOW tells what to do with the snippet, whose path takes
 * the place of @.  A package may have put the snippet at PACKAGED, and then
 * ENABLE is what is left to do. */
struct init_server {
	const char *name, *title;
	const char *template; /* below deploy/, or NULL */
	const char *suffix;   /* of the snippet's name beside the configuration;
			       * NULL: that of the template, in its folder */
	const char *how;
	const char *packaged, *enable; /* or NULL */
	bool units;		       /* systemd starts the workers */
};
extern const struct init_server init_servers[];
extern const size_t init_n_servers;

/* The answers. */
struct init {
	struct arena *arena;
	const struct init_server *server;
	const char *path; /* of the URL */
	const struct vendor *vendor;
	const char *key; /* env:NAME, file:PATH; NULL: it is typed, or none */
	struct str typed;
	const char *file;    /* the configuration's, absolute */
	const char *program; /* this one, absolute */
	const char *group;   /* who may read beside the owner, or NULL */
	gid_t gid;
	bool force;
};

/* Writes all of it, or nothing, and prints what is to be done next. */
int init_write(const struct init *init, struct err *err) MUST_USE;

/* A template with this machine's paths in place of its own, in TO. */
void init_fill(const struct init *init, const char *text, struct buf *to);

#endif
