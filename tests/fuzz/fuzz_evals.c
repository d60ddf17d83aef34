/* Every built-in eval on any output and expected value, as text and as JSON
 * where it is some: scores are from 0 to 1, reasons are UTF-8, and an error is
 * said to be one.  The input is the output, a NUL, the expected value, a NUL,
 * and options as JSON. */
#include "../../common/base/json.h"
#include "../../common/base/utf.h"
#include "../../common/eval/builtin.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The part of TEXT before the next NUL, which is taken away. */
static struct str
part(struct str *text)
{
	const char *end =
	    text->len != 0 ? memchr(text->p, '\0', text->len) : NULL;
	struct str out = {
	    text->p, end != NULL ? (size_t)(end - text->p) : text->len};

	text->p = end != NULL ? end + 1 : text->p + text->len;
	text->len = end != NULL ? text->len - out.len - 1 : 0;
	return out;
}

static json_t *
parse(struct str text)
{
	struct err err = {0};
	json_t *json = json_read(text, &err);

	err_free(&err);
	return json;
}

static void
run(const struct builtin *b, const struct eval_case *c, const json_t *options)
{
	struct arena *a = arena_new(NULL);
	struct score score = {0};
	struct err err = {0};
	int ret;

	if (builtin_check(b, options, &err) != 0) {
		err_free(&err);
		options = NULL;
	}
	err = (struct err){0};
	ret = b->run(c, options, a, &score, &err);
	if ((ret != 0) != (err.code != ERR_NONE))
		abort();
	if (ret == 0 && !(score.score >= 0 && score.score <= 1))
		abort();
	if (score.reason != NULL &&
	    !utf8_valid((struct str){score.reason, strlen(score.reason)}))
		abort();
	err_free(&err);
	arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str rest = {(const char *)data, len};
	struct str out = part(&rest), want = part(&rest);
	json_t *texts[] = {json_stringn_nocheck(out.p, out.len),
	    json_stringn_nocheck(want.p, want.len)};
	json_t *values[] = {parse(out), parse(want)};
	json_t *options = parse(part(&rest));

	for (size_t i = 0; i < n_builtins; i++) {
		for (unsigned way = 0; way < 4; way++) {
			struct eval_case c = {
			    .output = way & 1 ? values[0] : texts[0],
			    .expected = way & 2 ? values[1] : texts[1],
			    .tool_calls = values[0],
			};

			run(&builtins[i], &c, options);
		}
	}
	for (unsigned i = 0; i < 2; i++) {
		json_decref(texts[i]);
		json_decref(values[i]);
	}
	json_decref(options);
	return 0;
}
