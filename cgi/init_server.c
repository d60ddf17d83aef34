/* The web servers that `init` writes a snippet for: a row each.  It refuses to
 * know what is in their files, which are those of deploy/. */
#include "init_int.h"

#include "../common/base/utf.h"

#include <string.h>

#define INCLUDE_LIGHTTPD                                                       \
	"echo 'include \"@\"' >>/etc/lighttpd/lighttpd.conf\n"                 \
	"service lighttpd restart\n"
#define INCLUDE_APACHE                                                         \
	"echo 'Include @' >/etc/apache2/conf-available/agentmark.conf\n"       \
	"a2enconf agentmark\n"                                                 \
	"service apache2 restart\n"

const struct init_server init_servers[] = {
    {"lighttpd", "lighttpd, which starts the workers", "lighttpd/spawned.conf",
	".lighttpd.conf", INCLUDE_LIGHTTPD,
	"/etc/lighttpd/conf-available/70-agentmark-fcgi.conf",
	"lighty-enable-mod agentmark-fcgi\n"
	"service lighttpd restart\n",
	false},
    {"lighttpd-socket", "lighttpd, workers by systemd", "lighttpd/socket.conf",
	".lighttpd.conf", INCLUDE_LIGHTTPD, NULL, NULL, true},
    {"apache-fcgid", "Apache with mod_fcgid, which starts the workers",
	"apache/fcgid.conf", ".apache.conf", "a2enmod fcgid\n" INCLUDE_APACHE,
	"/etc/apache2/conf-available/agentmark-fcgi.conf",
	"a2enconf agentmark-fcgi\n"
	"service apache2 restart\n",
	false},
    {"apache-proxy", "Apache with mod_proxy_fcgi, workers by systemd",
	"apache/proxy_fcgi.conf", ".apache.conf",
	"a2enmod proxy_fcgi\n" INCLUDE_APACHE, NULL, NULL, true},
    {"apache-cgi", "Apache with mod_cgid, a process for each request",
	"apache/cgid.conf", ".apache.conf", "a2enmod cgid\n" INCLUDE_APACHE,
	NULL, NULL, false},
    {"nginx", "nginx, workers by systemd", "nginx/agentmark-fcgi.conf",
	".nginx.conf",
	"# in a server { } of nginx:\n"
	"#   include @;\n"
	"service nginx reload\n",
	NULL, NULL, true},
    {"caddy", "Caddy, workers by systemd", "caddy/agentmark-fcgi.caddy",
	".caddy",
	"# at a site in the Caddyfile:\n"
	"#   import @\n"
	"service caddy reload\n",
	NULL, NULL, true},
    {"cgi-bin", "a shared host: a cgi-bin of your own", "cgi-bin/.htaccess",
	NULL, "# the program, too, must be in this folder\n", NULL, NULL,
	false},
    {"none", "the configuration alone", NULL, NULL, "", NULL, NULL, false},
};
const size_t init_n_servers = ARRAY_LEN(init_servers);

/* What the templates name.  The longest that fits is taken. */
enum { N_PLACES = 5 };
struct place {
	const char *from, *to;
};

/* Whether C may stand beside a name without being a part of it. */
static bool
is_border(char c)
{
	static const char inside[] = "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_-./";

	return c == '\0' || strchr(inside, c) == NULL;
}

static const struct place *
find_place(const struct place *places, const char *at)
{
	size_t len;

	for (size_t i = 0; i < N_PLACES; i++) {
		len = strlen(places[i].from);
		if (strncmp(at, places[i].from, len) == 0 && is_border(at[len]))
			return &places[i];
	}
	return NULL;
}

void
init_fill(const struct init *init, const char *text, struct buf *to)
{
	const char *slash = strrchr(init->program, '/');
	const struct place places[N_PLACES] = {
	    {"/usr/local/lib/cgi-bin/agentmark-fcgi", init->program},
	    {"/usr/local/lib/cgi-bin", arena_strndup(init->arena, init->program,
					   (size_t)(slash - init->program))},
	    {"/etc/agentmark-fcgi.yaml", init->file},
	    {"/agentmark", init->path},
	    {"www-data", init->group != NULL ? init->group : "www-data"},
	};
	const struct place *place;
	const char *at = text;

	while (*at != '\0') {
		place = at == text || is_border(at[-1]) ? find_place(places, at)
							: NULL;
		if (place == NULL) {
			buf_addc(to, *at++);
			continue;
		}
		buf_adds(to, place->to);
		at += strlen(place->from);
	}
}
