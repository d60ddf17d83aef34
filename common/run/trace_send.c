/* Gathers the traces of some moments, and hands them to what delivers.  It
 * refuses to know what is in them. */
#include "trace_send.h"

#include "../base/limits.h"
#include "../base/xalloc.h"
#include "telemetry.h"

#include <stdlib.h>

enum {
	GATHER_MS = 50,		   /* rows that end together go together */
	GATHER_BYTES = 1024 * 1024 /* and not more of them */
};

struct traces {
	struct timer timer;
	struct buf pieces[2]; /* of each encoding */
};

static struct traces *
traces_of(struct engine *engine)
{
	struct traces *t = engine->traces;

	if (t != NULL)
		return t;
	t = engine->traces = xcalloc(1, sizeof(*t));
	buf_init(&t->pieces[OTLP_JSON], LIMIT_STORE_ITEM_BYTES);
	buf_init(&t->pieces[OTLP_PROTOBUF], LIMIT_STORE_ITEM_BYTES);
	return t;
}

static void
send(struct engine *engine, enum otlp_encoding encoding)
{
	const struct telemetry *conf = engine->settings->telemetry;
	struct buf *b = &engine->traces->pieces[encoding];
	struct str spans = buf_text(b);
	size_t i;

	if (b->len == 0)
		return;
	for (i = 0; conf != NULL && i < conf->n_collectors; i++)
		if (conf->collectors[i].encoding == encoding)
			deliver_put(
			    engine, &conf->collectors[i].traces, NULL, spans);
	buf_clear(b);
}

void
traces_flush(struct engine *engine)
{
	if (engine->traces == NULL)
		return;
	timer_clear(engine->loop, &engine->traces->timer);
	send(engine, OTLP_JSON);
	send(engine, OTLP_PROTOBUF);
}

static void
on_timer(void *arg)
{
	traces_flush(arg);
}

void
traces_add(struct engine *engine, enum otlp_encoding encoding, struct str spans)
{
	struct traces *t = traces_of(engine);
	struct buf *b = &t->pieces[encoding];

	if (b->len != 0 && b->len + spans.len > GATHER_BYTES)
		send(engine, encoding);
	if (encoding == OTLP_JSON && b->len != 0)
		buf_addc(b, ',');
	buf_add(b, spans.p, spans.len);
	if (!t->timer.set)
		timer_set(engine->loop, &t->timer,
		    loop_now(engine->loop) + GATHER_MS, on_timer, engine);
}

void
traces_free(struct engine *engine)
{
	if (engine->traces == NULL)
		return;
	traces_flush(engine);
	buf_free(&engine->traces->pieces[OTLP_JSON]);
	buf_free(&engine->traces->pieces[OTLP_PROTOBUF]);
	free(engine->traces);
	engine->traces = NULL;
}
