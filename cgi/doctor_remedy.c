/* What mends a mount: for each server the lines of its configuration.  It
 * refuses to know how a mistake was found. */
#include "doctor.h"

#include <strings.h>
#include <string.h>

#define MORE_WORKERS "more workers: agentmark-fcgi pool --max 64"

static const struct {
	const char *name; /* as it begins its Server header */
	const char *lines[REMEDY__MAX];
} servers[] = {
    {"lighttpd",
	{
	    [REMEDY_PATH] = "fastcgi.server += ( \"/agentmark\" => (( … "
			    "\"check-local\" => \"disable\" )) ), without a "
			    "slash at its end",
	    [REMEDY_STREAM] = "server.stream-response-body = 1",
	    [REMEDY_COMPRESSION] =
		"deflate.mimetypes without application/x-ndjson, and "
		"server.stream-response-body = 1",
	    [REMEDY_HEADER] = "no setenv.set-request-header for "
			      "x-agentmark-signature-256",
	    [REMEDY_BODY] = "server.max-request-size = 16384   (KiB)",
	    [REMEDY_CHUNKED] = "server.stream-request-body = 0",
	    [REMEDY_SILENCE] =
		"server.max-write-idle = 900, and no shorter \"read-timeout\" "
		"in fastcgi.server",
	    [REMEDY_LEAVING] = "server.stream-response-body = 1",
	    [REMEDY_WORKERS] =
		"\"min-procs\" => 8, \"max-procs\" => 8 in fastcgi.server, "
		"or " MORE_WORKERS,
	    [REMEDY_GATEWAY] =
		"\"socket\" => …, at which workers listen and to which "
		"lighttpd's user may write; server.errorlog says more",
	}},
    {"Apache",
	{
	    [REMEDY_PATH] =
		"mod_proxy_fcgi: <Location \"/agentmark\"> SetHandler "
		"\"proxy:unix:…|fcgi://agentmark/\"\n"
		"mod_fcgid, mod_cgid: ScriptAlias \"/agentmark\" …",
	    [REMEDY_STREAM] =
		"mod_proxy_fcgi: flushpackets=on in <Proxy "
		"\"unix:…|fcgi://agentmark/\" …>, whose name is that of "
		"SetHandler\n"
		"mod_fcgid: FcgidOutputBufferSize 0\n"
		"mod_cgid: SetEnv no-gzip 1",
	    [REMEDY_COMPRESSION] = "SetEnv no-gzip 1, and for mod_brotli "
				   "SetEnv no-brotli 1",
	    [REMEDY_HEADER] =
		"no RequestHeader unset x-agentmark-signature-256",
	    [REMEDY_BODY] = "LimitRequestBody 16777216\n"
			    "mod_fcgid: FcgidMaxRequestLen 16777216, too",
	    [REMEDY_CHUNKED] =
		"version 2.4.47 or newer, and no rule that refuses "
		"Transfer-Encoding",
	    [REMEDY_SILENCE] =
		"mod_proxy_fcgi: timeout=900 in <Proxy …>\n"
		"mod_fcgid: FcgidIOTimeout 900 and FcgidBusyTimeout 3600\n"
		"mod_cgid: Timeout 900",
	    [REMEDY_LEAVING] =
		"mod_proxy_fcgi: flushpackets=on in <Proxy …>\n"
		"mod_fcgid: FcgidOutputBufferSize 0\n"
		"mod_cgid: it reads answers to their end; take another",
	    [REMEDY_WORKERS] =
		"mod_proxy_fcgi: no enablereuse=on, and " MORE_WORKERS "\n"
		"mod_fcgid: FcgidMaxProcessesPerClass 8",
	    [REMEDY_GATEWAY] =
		"mod_proxy_fcgi: the socket of SetHandler, at which workers "
		"listen and to which Apache's user may write\n"
		"mod_fcgid, mod_cgid: ScriptAlias to a program that Apache's "
		"user may run; ErrorLog says more",
	}},
    {"nginx",
	{
	    [REMEDY_PATH] = "location /agentmark { fastcgi_pass …; }",
	    [REMEDY_STREAM] = "fastcgi_buffering off;",
	    [REMEDY_COMPRESSION] = "gzip off;   (and brotli off;)",
	    [REMEDY_HEADER] =
		"no fastcgi_pass_request_headers off; and no fastcgi_param "
		"HTTP_X_AGENTMARK_SIGNATURE_256",
	    [REMEDY_BODY] = "client_max_body_size 16m;",
	    [REMEDY_CHUNKED] = "fastcgi_request_buffering on;",
	    [REMEDY_SILENCE] = "fastcgi_read_timeout 900s;",
	    [REMEDY_LEAVING] = "no fastcgi_ignore_client_abort on; and "
			       "fastcgi_buffering off;",
	    [REMEDY_WORKERS] = "no fastcgi_keep_conn on; and " MORE_WORKERS,
	    [REMEDY_GATEWAY] =
		"fastcgi_pass unix:…; at which workers listen and to which "
		"nginx's user may write, and include fastcgi_params; "
		"error_log says more",
	}},
    {"Caddy",
	{
	    [REMEDY_PATH] = "reverse_proxy /agentmark* unix/… { transport "
			    "fastcgi }",
	    [REMEDY_STREAM] = "flush_interval -1 in reverse_proxy",
	    [REMEDY_COMPRESSION] =
		"encode with a match that leaves out application/x-ndjson",
	    [REMEDY_HEADER] = "no header_up -X-Agentmark-Signature-256",
	    [REMEDY_BODY] = "request_body { max_size 16MB }",
	    [REMEDY_CHUNKED] = "request_buffers 16MB in reverse_proxy",
	    [REMEDY_SILENCE] = "transport fastcgi { read_timeout 15m }",
	    [REMEDY_LEAVING] = "flush_interval -1 in reverse_proxy",
	    [REMEDY_WORKERS] = MORE_WORKERS,
	    [REMEDY_GATEWAY] =
		"reverse_proxy unix/…, at which workers listen and to which "
		"Caddy's user may write",
	}},
};

/* Lines of one server, each with its name before it. */
static const char *
add_lines(
    struct arena *a, const char *text, const char *name, const char *lines)
{
	size_t len;

	while (*lines != '\0') {
		len = strcspn(lines, "\n");
		text = arena_printf(a, "%s%s%s: %.*s", text,
		    *text != '\0' ? "\n" : "", name, (int)len, lines);
		lines += len + (lines[len] == '\n');
	}
	return text;
}

/* Whoever stands before these does not say which of them it is. */
const char *
doctor_remedy(struct arena *a, enum remedy what, const char *server)
{
	const char *text = "";

	for (size_t i = 0; server != NULL && i < ARRAY_LEN(servers); i++)
		if (strncasecmp(
			server, servers[i].name, strlen(servers[i].name)) == 0)
			return add_lines(
			    a, "", servers[i].name, servers[i].lines[what]);
	for (size_t i = 0; i < ARRAY_LEN(servers); i++)
		text =
		    add_lines(a, text, servers[i].name, servers[i].lines[what]);
	return text;
}
