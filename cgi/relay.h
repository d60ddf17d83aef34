/* The relay: takes the posts of programs on this machine that cannot sign,
 * signs them and hands them on, and the answers back as they come. */
#ifndef RELAY_H
#define RELAY_H

#include "../common/net/loop.h"

struct relay_conf {
	const char *url; /* of the endpoint */
	struct str key;	 /* the secret */
	const int *fds;	 /* N sockets that listen */
	size_t n;
};

struct relay;

/* CONF is borrowed until relay_free(). */
struct relay *relay_start(
    struct loop *loop, const struct relay_conf *conf) MUST_USE;
void relay_free(struct relay *relay);

#endif
