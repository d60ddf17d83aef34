/* The URL standard's parser reduced to its verdict: what would be an error, and
 * nothing of what the URL would become.  It refuses to know about base URLs. */
#include "url.h"

#include "../base/xalloc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Hosts of special schemes are domains; of others any text. */
enum scheme { SCHEME_SPECIAL, SCHEME_FILE, SCHEME_OTHER };

static enum scheme
classify(struct str scheme)
{
	static const char *const special[] = {
	    "http", "https", "ws", "wss", "ftp"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(special); i++)
		if (strlen(special[i]) == scheme.len &&
		    strncasecmp(special[i], scheme.p, scheme.len) == 0)
			return SCHEME_SPECIAL;
	if (scheme.len == 4 && strncasecmp("file", scheme.p, 4) == 0)
		return SCHEME_FILE;
	return SCHEME_OTHER;
}

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (isxdigit((unsigned char)c))
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* --- numbers and addresses */

/* A part of an IPv4 address: decimal, 0 octal or 0x hexadecimal. */
static bool
read_ipv4_part(struct str part, uint64_t *out)
{
	unsigned radix = 10;
	size_t i = 0;
	int digit;

	*out = 0;
	if (part.len == 0)
		return false;
	if (part.len > 1 && part.p[0] == '0') {
		radix = (part.p[1] | 0x20) == 'x' ? 16 : 8;
		i = radix == 16 ? 2 : 1;
	}
	for (; i < part.len; i++) {
		digit = hex_value(part.p[i]);
		if (digit < 0 || (unsigned)digit >= radix)
			return false;
		if (*out <= UINT32_MAX)
			*out = *out * radix + (unsigned)digit;
	}
	return true;
}

/* The last label of a host, without the dot that may end it. */
static struct str
last_label(struct str host)
{
	size_t start;

	if (host.len > 1 && host.p[host.len - 1] == '.')
		host.len--;
	for (start = host.len; start > 0 && host.p[start - 1] != '.'; start--)
		continue;
	return (struct str){host.p + start, host.len - start};
}

/* A host whose last label is a number must be an IPv4 address. */
static bool
ends_in_number(struct str host)
{
	struct str label = last_label(host);
	uint64_t number;
	size_t i;

	for (i = 0; i < label.len && isdigit((unsigned char)label.p[i]); i++)
		continue;
	if (label.len > 0 && i == label.len)
		return true;
	return label.len >= 2 && label.p[0] == '0' &&
	       (label.p[1] | 0x20) == 'x' && read_ipv4_part(label, &number);
}

static bool
ipv4_valid(struct str host)
{
	uint64_t number = 0;
	unsigned n = 0;
	struct str part;
	const char *dot;

	if (host.len > 1 && host.p[host.len - 1] == '.')
		host.len--;
	for (;;) {
		dot = memchr(host.p, '.', host.len);
		part = (struct str){host.p, host.len};
		if (dot != NULL)
			part.len = (size_t)(dot - host.p);
		if (++n > 4 || !read_ipv4_part(part, &number))
			return false;
		if (dot == NULL)
			break;
		if (number > 255)
			return false;
		host.len -= part.len + 1;
		host.p = dot + 1;
	}
	/* The last part holds all bytes that the others leave. */
	return number < (uint64_t)1 << (8 * (5 - n));
}

/* d.d.d.d at the end of an IPv6 address: exactly four, no leading zeros. */
static bool
ipv6_tail_valid(struct str text)
{
	unsigned n = 0, value;
	size_t i = 0, start;

	for (;;) {
		value = 0;
		for (start = i; i < text.len && i - start < 3 &&
				isdigit((unsigned char)text.p[i]);
		     i++)
			value = value * 10 + (unsigned)(text.p[i] - '0');
		if (i == start || value > 255 ||
		    (text.p[start] == '0' && i - start > 1))
			return false;
		if (++n == 4)
			return i == text.len;
		if (i == text.len || text.p[i++] != '.')
			return false;
	}
}

static bool
ipv6_valid(struct str text)
{
	bool compressed = false;
	unsigned pieces = 0;
	size_t i = 0, start;

	if (text.len >= 2 && text.p[0] == ':' && text.p[1] == ':') {
		compressed = true;
		i = 2;
	}
	while (i < text.len) {
		for (start = i;
		     i < text.len && i - start < 4 && hex_value(text.p[i]) >= 0;
		     i++)
			continue;
		if (i < text.len && text.p[i] == '.') {
			pieces += 2;
			if (!ipv6_tail_valid(
				(struct str){text.p + start, text.len - start}))
				return false;
			break;
		}
		if (i == start || ++pieces > 8)
			return false;
		if (i == text.len)
			break;
		if (text.p[i++] != ':' || i == text.len)
			return false;
		if (text.p[i] == ':') {
			if (compressed)
				return false;
			compressed = true;
			i++;
		}
	}
	return compressed ? pieces <= 7 : pieces == 8;
}

/* --- hosts */

static bool
is_control(unsigned char c)
{
	return c <= 0x1f || c == 0x7f;
}

/* Decodes %xx; the result is at most as long as HOST. */
static struct str
percent_decode(struct str host, char *out)
{
	size_t i, n = 0;
	int high, low;

	for (i = 0; i < host.len; i++) {
		high = low = -1;
		if (host.p[i] == '%' && i + 2 < host.len) {
			high = hex_value(host.p[i + 1]);
			low = hex_value(host.p[i + 2]);
		}
		if (high < 0 || low < 0) {
			out[n++] = host.p[i];
			continue;
		}
		out[n++] = (char)(high << 4 | low);
		i += 2;
	}
	return (struct str){out, n};
}

static bool
domain_valid(struct str host)
{
	size_t i;

	for (i = 0; i < host.len; i++)
		if (host.p[i] == '\0' || is_control((unsigned char)host.p[i]) ||
		    is_one_of(host.p[i], " #/:<>?@[\\]^|%"))
			return false;
	if (host.len == 0)
		return false;
	return !ends_in_number(host) || ipv4_valid(host);
}

static bool
opaque_host_valid(struct str host)
{
	size_t i;

	for (i = 0; i < host.len; i++)
		if (host.p[i] == '\0' ||
		    is_one_of(host.p[i], "\t\n\r #/:<>?@[\\]^|"))
			return false;
	return true;
}

static bool
host_valid(enum scheme scheme, struct str host)
{
	/* No domain name is longer; a longer one is not looked up either. */
	char decoded[1024];

	if (host.len > 0 && host.p[0] == '[')
		return host.len > 2 && host.p[host.len - 1] == ']' &&
		       ipv6_valid((struct str){host.p + 1, host.len - 2});
	if (scheme == SCHEME_OTHER)
		return opaque_host_valid(host);
	if (host.len > sizeof(decoded))
		return false;
	return domain_valid(percent_decode(host, decoded));
}

static bool
port_valid(struct str port)
{
	unsigned long number = 0;
	size_t i;

	for (i = 0; i < port.len; i++) {
		if (!isdigit((unsigned char)port.p[i]))
			return false;
		if (number <= 65535)
			number = number * 10 + (unsigned)(port.p[i] - '0');
	}
	return number <= 65535;
}

/* userinfo@host:port */
static bool
authority_valid(enum scheme scheme, struct str text)
{
	struct str host = text, port = {"", 0};
	bool bracket = false, credentials = false;
	size_t i;

	for (i = 0; i < text.len; i++)
		if (text.p[i] == '@') {
			credentials = true;
			host.p = text.p + i + 1;
			host.len = text.len - i - 1;
		}
	for (i = 0; i < host.len; i++) {
		if (host.p[i] == '[')
			bracket = true;
		else if (host.p[i] == ']')
			bracket = false;
		if (host.p[i] != ':' || bracket)
			continue;
		port = (struct str){host.p + i + 1, host.len - i - 1};
		host.len = i;
		if (host.len == 0)
			return false;
		break;
	}
	if (host.len == 0)
		return scheme == SCHEME_OTHER && !credentials;
	return host_valid(scheme, host) && port_valid(port);
}

/* --- the whole */

static struct str
cut_authority(struct str rest, const char *ends)
{
	size_t i;

	for (i = 0; i < rest.len && !is_one_of(rest.p[i], ends); i++)
		continue;
	return (struct str){rest.p, i};
}

static bool
is_slash(struct str text, size_t i, enum scheme scheme)
{
	return i < text.len && (text.p[i] == '/' || (scheme != SCHEME_OTHER &&
							text.p[i] == '\\'));
}

/* What stands behind the scheme and its colon. */
static bool
rest_valid(enum scheme scheme, struct str rest)
{
	struct str host;

	if (scheme == SCHEME_SPECIAL) {
		while (is_slash(rest, 0, scheme)) {
			rest.p++;
			rest.len--;
		}
		return authority_valid(scheme, cut_authority(rest, "/\\?#"));
	}
	if (!is_slash(rest, 0, scheme) || !is_slash(rest, 1, scheme))
		return true; /* a path */
	rest.p += 2;
	rest.len -= 2;
	if (scheme == SCHEME_OTHER)
		return authority_valid(scheme, cut_authority(rest, "/?#"));
	host = cut_authority(rest, "/\\?#");
	/* A drive letter is no host. */
	if (host.len == 2 && isalpha((unsigned char)host.p[0]) &&
	    (host.p[1] == ':' || host.p[1] == '|'))
		return true;
	return host.len == 0 || host_valid(scheme, host);
}

static bool
without_blanks_valid(struct str text)
{
	size_t i;

	if (text.len == 0 || !isalpha((unsigned char)text.p[0]))
		return false;
	for (i = 1; i < text.len; i++)
		if (!isalnum((unsigned char)text.p[i]) &&
		    !is_one_of(text.p[i], "+-."))
			break;
	if (i == text.len || text.p[i] != ':')
		return false;
	return rest_valid(classify((struct str){text.p, i}),
	    (struct str){text.p + i + 1, text.len - i - 1});
}

/* Blanks and controls around the text do not count, nor do line ends and tabs
 * within it. */
bool
url_valid(struct str text)
{
	char *copy;
	size_t i, n = 0;
	bool ok;

	while (text.len > 0 && (unsigned char)text.p[0] <= ' ') {
		text.p++;
		text.len--;
	}
	while (text.len > 0 && (unsigned char)text.p[text.len - 1] <= ' ')
		text.len--;
	if (text.len == 0)
		return false;
	copy = xmalloc(text.len);
	for (i = 0; i < text.len; i++)
		if (!is_one_of(text.p[i], "\t\n\r"))
			copy[n++] = text.p[i];
	ok = without_blanks_valid((struct str){copy, n});
	free(copy);
	return ok;
}
