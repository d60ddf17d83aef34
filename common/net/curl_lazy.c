/* Stands in for libcurl, so that a process loads it and the 35 libraries that
 * it brings only when it calls somebody.  Its callers include curl.h and keep
 * the checks of types there.  It refuses to know what they do with it. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "curl_lazy.h"

#ifndef LAZY_CURL

int
curl_load(struct err *err)
{
	(void)err;
	return 0;
}

#else

/* Not for libcurl itself, which must go on calling its own. */
#pragma GCC visibility push(hidden)
#include <curl/curl.h>
#pragma GCC visibility pop

#include <dlfcn.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#define SONAME "libcurl.so.4"

/* All that net calls. */
#define FUNCTIONS(X)                                                           \
	X(curl_easy_cleanup)                                                   \
	X(curl_easy_getinfo)                                                   \
	X(curl_easy_header)                                                    \
	X(curl_easy_init)                                                      \
	X(curl_easy_pause)                                                     \
	X(curl_easy_reset)                                                     \
	X(curl_easy_setopt)                                                    \
	X(curl_easy_strerror)                                                  \
	X(curl_getdate)                                                        \
	X(curl_global_init)                                                    \
	X(curl_mime_free)                                                      \
	X(curl_mime_init)                                                      \
	X(curl_multi_add_handle)                                               \
	X(curl_multi_assign)                                                   \
	X(curl_multi_cleanup)                                                  \
	X(curl_multi_info_read)                                                \
	X(curl_multi_init)                                                     \
	X(curl_multi_remove_handle)                                            \
	X(curl_multi_setopt)                                                   \
	X(curl_multi_socket_action)                                            \
	X(curl_version_info)

struct functions {
#define MEMBER(name) __typeof__(name) *name;
	FUNCTIONS(MEMBER)
};

static const struct {
	const char *name;
	size_t at;
} names[] = {
#define NAME(name) {#name, offsetof(struct functions, name)},
    FUNCTIONS(NAME)};

/* A library is loaded once for a process; all NULL until then. */
static struct functions loaded;

int
curl_load(struct err *err)
{
	struct functions found;
	void *library, *function;

	if (loaded.curl_version_info != NULL)
		return 0;
	library = dlopen(SONAME, RTLD_LAZY | RTLD_LOCAL);
	if (library == NULL)
		return fail(err, ERR_UNCONFIGURED,
		    "libcurl cannot be loaded: %s", dlerror());
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		function = dlsym(library, names[i].name);
		if (function == NULL) {
			(void)dlclose(library);
			return fail(err, ERR_UNCONFIGURED,
			    SONAME " is too old: it has no %s", names[i].name);
		}
		memcpy(
		    (char *)&found + names[i].at, &function, sizeof(function));
	}
	loaded = found;
	return 0;
}

/* In parentheses, a name is not the macro that curl.h makes of it. */
#define FORWARD(type, name, parameters, arguments)                             \
	type(name) parameters                                                  \
	{                                                                      \
		return (loaded.name)arguments;                                 \
	}
#define FORWARD_VOID(name, parameters, arguments)                              \
	void(name) parameters                                                  \
	{                                                                      \
		(loaded.name) arguments;                                       \
	}

/* clang-format off */
FORWARD(CURL *, curl_easy_init, (void), ())
FORWARD(CURLcode, curl_easy_pause, (CURL *easy, int what), (easy, what))
FORWARD_VOID(curl_easy_reset, (CURL *easy), (easy))
FORWARD_VOID(curl_easy_cleanup, (CURL *easy), (easy))
FORWARD(const char *, curl_easy_strerror, (CURLcode code), (code))
FORWARD(CURLHcode, curl_easy_header,
    (CURL *easy, const char *name, size_t index, unsigned int origin,
	int request, struct curl_header **header),
    (easy, name, index, origin, request, header))
FORWARD(time_t, curl_getdate, (const char *text, const time_t *unused),
    (text, unused))
FORWARD(CURLcode, curl_global_init, (long flags), (flags))
FORWARD(curl_mime *, curl_mime_init, (CURL *easy), (easy))
FORWARD_VOID(curl_mime_free, (curl_mime *mime), (mime))
FORWARD(CURLM *, curl_multi_init, (void), ())
FORWARD(CURLMcode, curl_multi_add_handle, (CURLM *multi, CURL *easy),
    (multi, easy))
FORWARD(CURLMcode, curl_multi_remove_handle, (CURLM *multi, CURL *easy),
    (multi, easy))
FORWARD(CURLMcode, curl_multi_assign,
    (CURLM *multi, curl_socket_t fd, void *arg), (multi, fd, arg))
FORWARD(CURLMcode, curl_multi_socket_action,
    (CURLM *multi, curl_socket_t fd, int events, int *running),
    (multi, fd, events, running))
FORWARD(CURLMsg *, curl_multi_info_read, (CURLM *multi, int *left),
    (multi, left))
FORWARD(CURLMcode, curl_multi_cleanup, (CURLM *multi), (multi))
FORWARD(curl_version_info_data *, curl_version_info, (CURLversion age), (age))
/* clang-format on */

/* What an option takes shows in its number, of multi handles too. */
static bool
takes(int option, int type)
{
	return option / CURLOPTTYPE_OBJECTPOINT ==
	       type / CURLOPTTYPE_OBJECTPOINT;
}

#define SET_OPTION(set, handle, option)                                        \
	do {                                                                   \
		va_list args;                                                  \
                                                                               \
		va_start(args, option);                                        \
		if (takes((int)option, CURLOPTTYPE_LONG))                      \
			rc = (set)(handle, option, va_arg(args, long));        \
		else if (takes((int)option, CURLOPTTYPE_OFF_T))                \
			rc = (set)(handle, option, va_arg(args, curl_off_t));  \
		else                                                           \
			rc = (set)(handle, option, va_arg(args, void *));      \
		va_end(args);                                                  \
	} while (0)

CURLcode(curl_easy_setopt)(CURL *easy, CURLoption option, ...)
{
	CURLcode rc;

	SET_OPTION(loaded.curl_easy_setopt, easy, option);
	return rc;
}

CURLMcode(curl_multi_setopt)(CURLM *multi, CURLMoption option, ...)
{
	CURLMcode rc;

	SET_OPTION(loaded.curl_multi_setopt, multi, option);
	return rc;
}

CURLcode(curl_easy_getinfo)(CURL *easy, CURLINFO info, ...)
{
	CURLcode rc;
	va_list args;

	va_start(args, info);
	rc = (loaded.curl_easy_getinfo)(easy, info, va_arg(args, void *));
	va_end(args);
	return rc;
}

#endif
