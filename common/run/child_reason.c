/* Says in words why a child process gave no answer, with the last line of what
 * it wrote to its standard error.  It refuses to know what was asked of it. */
#include "child_reason.h"

#include <string.h>

static bool
is_end(char c)
{
	return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

static struct str
last_line(struct str text)
{
	size_t start;

	while (text.len > 0 && is_end(text.p[text.len - 1]))
		text.len--;
	start = text.len;
	while (start > 0 && text.p[start - 1] != '\n')
		start--;
	return (struct str){text.p + start, text.len - start};
}

const char *
child_reason(struct arena *a, enum proc_end how, int code, struct str err_text)
{
	struct str last = last_line(err_text);
	const char *what;

	if (how == PROC_FLOOD)
		return "the command wrote too much";
	if (how == PROC_SIGNAL)
		what = arena_printf(a, "the command died of signal %d (%s)",
		    code, strsignal(code));
	else if (code != 0)
		what =
		    arena_printf(a, "the command ended with status %d", code);
	else
		what = "the command gave no answer";
	if (last.len == 0)
		return what;
	return arena_printf(a, "%s: %.*s", what, (int)last.len, last.p);
}
