/* The built-in model: it answers with the last user message, word by word, so
 * that the program runs without any provider.  An object must already be in
 * that message.  It counts words as tokens and knows no clock: the runner
 * paces it. */
#include "driver.h"

#include "../base/json.h"
#include "../base/utf.h"

#include <string.h>

struct echo {
	struct str left; /* of the answer, borrowed from the messages */
	bool started;
	struct usage usage;
};

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The length of the first word with the white space before it, and behind it
 * when nothing else follows. */
static size_t
word_len(struct str text)
{
	size_t i = 0, end;

	while (i < text.len && is_space(text.p[i]))
		i++;
	while (i < text.len && !is_space(text.p[i]))
		i++;
	for (end = i; end < text.len && is_space(text.p[end]);)
		end++;
	return end == text.len ? end : i;
}

static int64_t
count_words(struct str text)
{
	int64_t n = 0;
	size_t i;

	for (i = 0; i < text.len; i++)
		if (!is_space(text.p[i]) && (i == 0 || is_space(text.p[i - 1])))
			n++;
	return n;
}

/* Of a message with attachments its text, which stands first. */
static struct str
message_text(const json_t *message)
{
	const json_t *content = json_object_get(message, "content");

	if (json_is_array(content))
		content = json_object_get(json_array_get(content, 0), "text");
	return driver_string(content);
}

static int
start(struct call *call, struct err *err)
{
	struct echo *echo = call->state;
	const json_t *messages = call->ask->messages;
	struct err why = {0};
	json_t *json;
	size_t i;

	for (i = 0; i < json_array_size(messages); i++) {
		const json_t *m = json_array_get(messages, i);
		struct str text = message_text(m);

		echo->usage.input += count_words(text);
		if (str_is(driver_string(json_object_get(m, "role")), "user"))
			echo->left = text;
	}
	echo->usage.total = -1;
	echo->started = true;
	if (call->ask->kind != PROMPT_OBJECT)
		return 0;
	json = json_read(echo->left, &why);
	err_free(&why);
	if (json == NULL)
		return fail(err, ERR_PROVIDER,
		    "the built-in model echo makes no objects: the last user "
		    "message must be JSON itself");
	json_decref(json);
	return 0;
}

static int
echo_next(struct call *call, struct err *err)
{
	struct echo *echo = call->state;
	struct str word = {echo->left.p, 0};

	if (!echo->started && start(call, err) < 0)
		return -1;
	word = (struct str){echo->left.p, word_len(echo->left)};
	echo->usage.output += count_words(word);
	driver_text(call, word);
	if (word.len != 0)
		echo->left.p += word.len;
	echo->left.len -= word.len;
	if (echo->left.len != 0)
		return 1;
	driver_finish(call, FINISH_STOP, &echo->usage);
	return 0;
}

const struct driver driver_echo = {
    .name = "echo",
    .abilities = DRIVER_TEXT | DRIVER_OBJECT | DRIVER_LOCAL,
    .state_size = sizeof(struct echo),
    .next = echo_next,
};
