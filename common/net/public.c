/* The special-purpose addresses of IANA's registries (RFC 6890 and what
 * followed it), as tables.  It refuses to know who asks. */
#include "public.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct range {
	unsigned char bytes[16];
	unsigned bits;
};

static const struct range special4[] = {
    {{0}, 8},		  /* this network */
    {{10}, 8},		  /* private */
    {{100, 64}, 10},	  /* shared by providers */
    {{127}, 8},		  /* loopback */
    {{169, 254}, 16},	  /* link-local, and clouds' metadata */
    {{172, 16}, 12},	  /* private */
    {{192, 0, 0}, 24},	  /* protocol assignments */
    {{192, 0, 2}, 24},	  /* documentation */
    {{192, 88, 99}, 24},  /* 6to4 relays */
    {{192, 168}, 16},	  /* private */
    {{198, 18}, 15},	  /* benchmarking */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 4},		  /* multicast */
    {{240}, 4},		  /* reserved, broadcast */
};

/* Of IPv6 only what is assigned to the public is public: 2000::/3. */
static const struct range special6[] = {
    {{0x20, 0x01, 0x00}, 23},	    /* protocol assignments, Teredo */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},		    /* 6to4 */
    {{0x3f, 0xff, 0x00}, 20},	    /* documentation */
};

static const struct range global6 = {{0x20}, 3};
static const struct range mapped6 = {
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
static const struct range nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};

static bool
is_in(const unsigned char *address, const struct range *r)
{
	unsigned whole = r->bits / 8, rest = r->bits % 8;
	unsigned char mask = (unsigned char)(0xff << (8 - rest));

	if (memcmp(address, r->bytes, whole) != 0)
		return false;
	return rest == 0 || (address[whole] & mask) == (r->bytes[whole] & mask);
}

static bool
is_in_any(const unsigned char *address, const struct range *ranges, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (is_in(address, &ranges[i]))
			return true;
	return false;
}

static bool
is_public4(const unsigned char *address)
{
	return !is_in_any(address, special4, ARRAY_LEN(special4));
}

static bool
is_public6(const unsigned char *address)
{
	if (is_in(address, &mapped6) || is_in(address, &nat64))
		return is_public4(address + 12);
	return is_in(address, &global6) &&
	       !is_in_any(address, special6, ARRAY_LEN(special6));
}

bool
address_is_public(const struct sockaddr *address)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (address->sa_family == AF_INET) {
		memcpy(&in, address, sizeof(in));
		return is_public4((const unsigned char *)&in.sin_addr);
	}
	if (address->sa_family == AF_INET6) {
		memcpy(&in6, address, sizeof(in6));
		return is_public6((const unsigned char *)&in6.sin6_addr);
	}
	return false;
}
