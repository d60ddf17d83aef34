/* The life of the program under a web server. */
#ifndef SERVE_H
#define SERVE_H

#include "../common/base/base.h"

/* Answers one request and ends; the exit status. */
int serve_cgi(const char *conf_file) MUST_USE;

/* Answers what arrives at a listening socket until SIGTERM or SIGUSR1; the
 * exit status. */
int serve_fcgi(const char *conf_file, int listen_fd) MUST_USE;

/* The same for a worker of a pool, which reports what it does at MASTER_FD and
 * ends with its master too. */
int serve_worker(const char *conf_file, int listen_fd, int master_fd) MUST_USE;

#endif
