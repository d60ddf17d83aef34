/* Tells an answer that was given before, from its pieces, as if it were given
 * now: nobody is asked and no tool is run.  It refuses to know where it was
 * kept. */
#include "exec_trace.h"
#include "../base/utf.h"
#include "steps_int.h"

static struct step_call *
find_open(struct steps *s, struct str id)
{
	for (struct step_call *c = s->calls; c != NULL; c = c->next)
		if (c->result == NULL && str_eq(c->id, id))
			return c;
	return NULL;
}

/* What a tool of ours gave then. */
static void
hear_result(struct steps *s, const struct event *ev)
{
	struct step_call *c = find_open(s, ev->tool.id);

	if (c == NULL)
		return;
	c->result = json_incref((json_t *)ev->tool.value);
	c->is_error = ev->tool.is_error;
	steps_say_results(s, false);
}

static void
hear(struct steps *s, const struct piece *piece)
{
	s->agent = piece->agent;
	if (piece->step)
		steps_begin(s);
	else if (piece->ours)
		hear_result(s, &piece->event);
	else if (s->plain)
		s->out->event(s->out, &piece->event);
	else
		s->sink.event(&s->sink, &piece->event);
}

void
steps_replay(void *arg)
{
	struct steps *s = arg;
	struct piece piece;

	if (s->ask.span != NULL)
		exec_trace_kept(s->parent, &s->ask, s->answer);
	while (!s->over && answer_next(s->answer, &piece))
		hear(s, &piece);
	if (!s->plain && !s->over)
		steps_say_end(s);
	s->over = true;
}
