/* What every answer that failed looks like. */
#include "reply.h"

#include "../base/buf.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "../wire/event.h"

void
reply_fail(struct reply *r, const struct err *err)
{
	struct str text = str_from(err->msg);
	struct buf b;

	buf_init(&b, 8 * LIMIT_ERR_BYTES);
	buf_adds(&b,
	    r->started ? "{\"type\":\"error\",\"error\":" : "{\"message\":");
	json_print_string(&b, text);
	buf_adds(&b, r->started ? "}\n" : "}");
	text = buf_text(&b);
	if (r->started) {
		r->write(r, text);
		r->flush(r);
	} else {
		r->json(r, err_status(err->code), text);
	}
	buf_free(&b);
}

void
reply_add_usage(struct reply *r, const struct usage *usage)
{
	if (usage->unknown)
		return;
	r->facts.input_tokens += usage->input;
	r->facts.output_tokens += usage->output;
}
