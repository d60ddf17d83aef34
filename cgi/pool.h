/* A master that keeps FastCGI workers, and what they tell it. */
#ifndef CGI_POOL_H
#define CGI_POOL_H

#include "../common/base/base.h"

/* The descriptor at which a worker finds its master: a socket that nothing is
 * ever read from, and whose end is the master's. */
enum { POOL_MASTER_FD = 3 };

/* What a worker writes there, one byte a change.  BUSY goes before a connection
 * is accepted, so that one that sends nothing counts too; IDLE says that
 * somebody else took it or that it broke, DONE that a request was answered. */
enum pool_report {
	POOL_BUSY = 'b',
	POOL_IDLE = 'i',
	POOL_DONE = 'd',
};

#endif
