/* Decides what the program has been started for: a FastCGI socket, a CGI
 * request, or a person. */
#include "../common/base/crypt.h"
#include "../common/base/xalloc.h"
#include "cli.h"
#include "conn.h"
#include "harden.h"
#include "listen.h"
#include "serve.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int
listening_fd(void)
{
	return conn_fcgi_is_wanted() ? STDIN_FILENO : listen_activated();
}

int
main(int argc, char **argv)
{
	const char *file = NULL;
	int taken, fd;

	harden_process();
	json_set_alloc_funcs(xmalloc, free);
	if (crypt_init() == -1) {
		(void)fprintf(stderr, "agentmark-fcgi: no randomness\n");
		return 1;
	}
	/* A web server turns a query without "=" into arguments: whoever sends
	 * a request must not choose a command. */
	if (getenv("REQUEST_METHOD") != NULL) {
		fd = listening_fd();
		return fd == -1 ? serve_cgi(NULL) : serve_fcgi(NULL, fd, -1);
	}
	taken = cli_options(argc - 1, argv + 1, &file);
	if (taken == -1)
		return 2;
	if (argc - 1 > taken)
		return cli_run(file, argc - 1 - taken, argv + 1 + taken);
	fd = listening_fd();
	return fd == -1 ? cli_lost(file) : serve_fcgi(file, fd, -1);
}
