/* Attachments that are fetched: which, from where, how much, how long; and
 * which addresses are public. */
#include "../../common/net/public.h"
#include "../../common/run/fetch.h"
#include "../../common/store/store.h"
#include "script_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- addresses */

static bool
is_public(const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return address_is_public((const void *)&in);
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return address_is_public((const void *)&in6);
}

static void
test_addresses(void **state)
{
	static const char *const inside[] = {"0.0.0.0", "10.0.0.1",
	    "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
	    "127.1.2.3", "169.254.169.254", "172.16.0.1", "172.31.255.255",
	    "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1",
	    "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
	    "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1",
	    "fe80::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1",
	    "2001::1", "2002:7f00:1::", "3fff::1", "::ffff:127.0.0.1",
	    "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
	    "100::1", "4000::1"};
	static const char *const outside[] = {"1.1.1.1", "8.8.8.8", "9.255.0.1",
	    "11.0.0.1", "100.63.255.255", "100.128.0.0", "126.255.255.255",
	    "128.0.0.1", "172.15.255.255", "172.32.0.0", "192.0.1.1",
	    "198.17.255.255", "198.20.0.0", "223.255.255.255",
	    "2606:4700::1111", "2a00::1", "2001:4860:4860::8888",
	    "::ffff:1.1.1.1", "64:ff9b::808:808"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(inside); i++)
		if (is_public(inside[i]))
			fail_msg("%s counts as public", inside[i]);
	for (size_t i = 0; i < ARRAY_LEN(outside); i++)
		if (!is_public(outside[i]))
			fail_msg("%s counts as special", outside[i]);
}

/* --- fetching */

struct fixture {
	struct arena *arena;
	struct settings settings;
	struct engine engine;
	struct provider provider;
	json_t *messages;
	struct ask ask;
	bool done;
	char error[400];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->arena = arena_new(NULL);
	f->settings.fetch = (struct fetch_conf){true, true, 1000, 300};
	f->engine.settings = &f->settings;
	f->engine.loop = loop_new();
	f->engine.store = store_new(NULL);
	f->provider = (struct provider){.name = "o", .driver = &driver_ollama};
	f->ask = (struct ask){.provider = &f->provider, .kind = PROMPT_TEXT};
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	json_decref(f->messages);
	loop_free(f->engine.loop);
	store_free(f->engine.store);
	arena_free(f->arena);
	free(f);
	return 0;
}

/* A message with PATH as its image, on port PORT. */
static void
set_image(struct fixture *f, int port, const char *path)
{
	const char *url =
	    arena_printf(f->arena, "http://127.0.0.1:%d%s", port, path);

	json_decref(f->messages);
	f->messages = json_pack("[{s:s, s:[{s:s, s:s}, {s:s, s:s}]}]", "role",
	    "user", "content", "type", "text", "text", "see", "type", "image",
	    "image", url);
	f->ask.messages = f->messages;
}

static void
on_done(void *arg, struct str error)
{
	struct fixture *f = arg;

	f->done = true;
	(void)snprintf(
	    f->error, sizeof(f->error), "%.*s", (int)error.len, error.p);
}

/* The image that comes of it, as JSON, or the error; in the arena. */
static const char *
fetched(struct fixture *f)
{
	struct fetch *fetch =
	    fetch_start(&f->engine, f->arena, &f->ask, on_done, f);
	const json_t *content;
	char *text;
	const char *out;

	f->done = false;
	while (!f->done)
		loop_turn(f->engine.loop, 1000);
	content = json_object_get(
	    json_array_get(fetch_messages(fetch), 0), "content");
	text = json_dumps(json_array_get(content, 1), JSON_COMPACT);
	out = arena_strdup(f->arena, f->error[0] != '\0' ? f->error : text);
	free(text);
	fetch_free(fetch);
	return out;
}

static void
test_bytes(void **state)
{
	struct fixture *f = *state;

	set_image(f, server.port, "/wait/1");
	assert_true(fetch_wanted(&f->engine, &f->ask));
	assert_string_equal(
	    fetched(f), "{\"type\":\"image\",\"image\":\"aGVsbG8=\"}");
	/* What was asked stays as it was. */
	assert_non_null(strstr(
	    json_string_value(json_object_get(
		json_array_get(
		    json_object_get(json_array_get(f->messages, 0), "content"),
		    1),
		"image")),
	    "http://"));
}

static void
test_refusals(void **state)
{
	static const struct {
		const char *path, *error;
	} cases[] = {
	    {"/status/404/0", "status 404"},
	    {"/status/500/0", "status 500"},
	    {"/wait/2000", "no answer within 300 ms"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		set_image(f, server.port, cases[i].path);
		if (strstr(fetched(f), cases[i].error) == NULL)
			fail_msg("%s: %s", cases[i].path, f->error);
	}
	set_image(f, server.dead_port, "/x");
	assert_non_null(strstr(fetched(f), "cannot be fetched: "));
	f->settings.fetch.max_bytes = 3;
	set_image(f, server.port, "/wait/1");
	assert_non_null(strstr(fetched(f), "larger than 3 bytes"));
}

/* Never over http, never from here. */
static void
test_inside(void **state)
{
	struct fixture *f = *state;
	int before = atomic_load(&server.seen->connections);
	char url[100];

	f->settings.fetch.anywhere = false;
	set_image(f, server.port, "/wait/1");
	assert_non_null(strstr(fetched(f), "its address is not https"));
	for (int i = 0; i < 2; i++) {
		(void)snprintf(url, sizeof(url), "https://%s:%d/wait/1",
		    i == 0 ? "127.0.0.1" : "localhost", server.port);
		json_object_set_new(
		    json_array_get(
			json_object_get(
			    json_array_get(f->messages, 0), "content"),
			1),
		    "image", json_string(url));
		assert_non_null(strstr(fetched(f), "cannot be fetched: "));
	}
	assert_int_equal(atomic_load(&server.seen->connections), before);
}

/* What the vendor fetches by itself, or what nobody may fetch. */
static void
test_wanted(void **state)
{
	struct fixture *f = *state;
	struct provider chat = {.name = "c", .driver = &driver_chat};
	json_t *part;

	set_image(f, 1, "/a.png");
	f->ask.provider = &chat;
	assert_false(fetch_wanted(&f->engine, &f->ask));
	part = json_array_get(
	    json_object_get(json_array_get(f->messages, 0), "content"), 1);
	json_object_set_new(part, "type", json_string("file"));
	json_object_set(part, "data", json_object_get(part, "image"));
	json_object_del(part, "image");
	json_object_set_new(part, "mimeType", json_string("application/pdf"));
	assert_true(fetch_wanted(&f->engine, &f->ask));
	f->settings.fetch.allowed = false;
	assert_false(fetch_wanted(&f->engine, &f->ask));
}

/* Cancelled on its way. */
static void
test_cancel(void **state)
{
	struct fixture *f = *state;
	struct fetch *fetch;

	set_image(f, server.mute_port, "/x");
	fetch = fetch_start(&f->engine, f->arena, &f->ask, on_done, f);
	loop_turn(f->engine.loop, 10);
	fetch_free(fetch);
	loop_turn(f->engine.loop, 10);
	assert_false(f->done);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test_setup_teardown(test_bytes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_inside, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_wanted, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
	};

	return cmocka_run_group_tests(
	    tests, script_server_start, script_server_stop);
}
