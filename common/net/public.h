/* Which addresses are of the public internet. */
#ifndef PUBLIC_H
#define PUBLIC_H

#include "../base/base.h"

struct sockaddr;

/* False for loopback, private, link-local, shared (CGNAT), multicast, reserved
 * and unspecified ones, of IPv4 and IPv6, and of IPv6 that carries IPv4; and
 * for anything else. */
bool address_is_public(const struct sockaddr *address) NONNULL;

#endif
