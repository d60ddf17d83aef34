/* Any bytes as the stream, or the whole reply, of a chat completion: exactly
 * one terminal event must come out of the guard, and nothing behind it.  The
 * first byte chooses the kind, the form and the size of the pieces. */
#include "../../common/base/limits.h"
#include "../../common/net/frame.h"
#include "../../common/provider/guard.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct watch {
	struct sink sink;
	unsigned ends;
};

struct feed {
	struct call *call;
	struct err err;
};

static void
on_event(struct sink *self, const struct event *ev)
{
	struct watch *w = (struct watch *)self;

	if (w->ends != 0)
		abort();
	if (ev->type == EVENT_FINISH || ev->type == EVENT_ERROR)
		w->ends++;
	if (ev->type == EVENT_FINISH &&
	    (ev->finish.usage.input < 0 || ev->finish.usage.output < 0 ||
		ev->finish.usage.total < 0))
		abort();
}

static int
on_frame(void *arg, struct str event, struct str data)
{
	struct feed *feed = arg;

	return driver_chat.frame(feed->call, event, data, &feed->err);
}

static int
stream(struct feed *feed, struct str text, size_t piece)
{
	struct frame frame;
	size_t n;
	int rc = 0;

	frame_init(&frame, FRAME_SSE, LIMIT_FRAME_BYTES);
	for (; text.len != 0 && rc == 0; text.len -= n) {
		n = text.len < piece ? text.len : piece;
		rc = frame_feed(&frame, (struct str){text.p, n}, on_frame, feed,
		    &feed->err);
		text.p += n;
	}
	if (rc == 0)
		rc = frame_end(&frame, on_frame, feed, &feed->err);
	frame_free(&frame);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct provider vendor = {
	    .name = "v", .driver = &driver_chat, .base_url = "https://v.test"};
	struct ask ask = {.provider = &vendor, .model = "m"};
	struct watch watch = {.sink.event = on_event};
	struct feed feed = {0};
	struct guard guard;
	struct arena *a;
	struct str text;
	int rc;

	if (size == 0)
		return 0;
	a = arena_new(NULL);
	text = (struct str){(const char *)data + 1, size - 1};
	ask.kind = (data[0] & 1) != 0 ? PROMPT_OBJECT : PROMPT_TEXT;
	ask.stream = (data[0] & 2) == 0;
	guard_init(&guard, &watch.sink, ask.kind, ask.stream);
	feed.call = driver_call(a, &ask, &guard.sink);
	if (ask.stream)
		rc = stream(&feed, text, (size_t)(data[0] >> 3) + 1);
	else
		rc = driver_chat.body(feed.call, text, &feed.err);
	if (rc == 0)
		rc = driver_chat.end(feed.call, (data[0] & 4) != 0, &feed.err);
	if (rc != 0)
		guard_fail(&guard,
		    (struct str){feed.err.msg,
			feed.err.msg != NULL ? strlen(feed.err.msg) : 0});
	if (watch.ends != 1)
		abort();
	guard_free(&guard);
	err_free(&feed.err);
	arena_free(a);
	return 0;
}
