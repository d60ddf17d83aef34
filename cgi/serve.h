/* The life of the program under a web server. */
#ifndef SERVE_H
#define SERVE_H

#include "../common/base/base.h"

/* Answers one request and ends; the exit status. */
int serve_cgi(const char *conf_file) MUST_USE;

/* Answers what arrives at a listening socket until SIGTERM or SIGUSR1; the
 * exit status.  A worker of a pool reports what it does at MASTER_FD and ends
 * with its master too; -1: there is none. */
int serve_fcgi(const char *conf_file, int listen_fd, int master_fd) MUST_USE;

#endif
