/* Leaves out of a value what is large and tells nobody anything: images, speech
 * and files as base64.  It refuses to know where in a value they may stand. */
#include "trace_media.h"

#include "../base/arena.h"
#include "../base/limits.h"

#include <string.h>

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=";

/* So much without a space is no text, wherever it stands. */
enum { NO_TEXT = 256 };

/* Members that carry media (protocol.md 2.6, 6.5). */
static const char *const members[] = {
    "audio", "base64", "data", "file", "image"};

static bool
is_media(const char *key)
{
	size_t i;

	for (i = 0; key != NULL && i < ARRAY_LEN(members); i++)
		if (strcmp(key, members[i]) == 0)
			return true;
	return false;
}

/* Where the base64 begins; -1: it is something else. */
static ptrdiff_t
base64_at(const char *text, const char *key)
{
	const char *comma = strchr(text, ',');
	size_t at = 0, len;

	if (strncmp(text, "data:", 5) == 0 && comma != NULL)
		at = (size_t)(comma + 1 - text);
	len = strspn(text + at, letters);
	if (text[at + len] != '\0')
		return -1;
	return at > 0 || is_media(key) || len >= NO_TEXT ? (ptrdiff_t)at : -1;
}

/* VALUE is the member KEY, or NULL: it is none. */
static bool
is_large(const json_t *value, const char *key, int64_t most)
{
	return json_is_string(value) &&
	       json_string_length(value) > (size_t)most &&
	       base64_at(json_string_value(value), key) >= 0;
}

static json_t *
note(const json_t *text, const char *key)
{
	const char *said = json_string_value(text);
	ptrdiff_t at = base64_at(said, key);

	return json_sprintf("%.*s[%zu bytes of base64 left out]", (int)at, said,
	    json_string_length(text) - (size_t)at);
}

static json_t *strip(
    const json_t *value, const char *key, int64_t most, int depth);

static json_t *
strip_array(const json_t *value, int64_t most, int depth)
{
	json_t *copy = json_array(), *item;
	size_t i;

	json_array_foreach(value, i, item)
	{
		(void)json_array_append_new(
		    copy, strip(item, NULL, most, depth));
	}
	return copy;
}

static json_t *
strip_object(const json_t *value, int64_t most, int depth)
{
	json_t *copy = json_object(), *item;
	const char *key;
	size_t len;

	json_object_keylen_foreach((json_t *)value, key, len, item)
	{
		(void)json_object_setn_new_nocheck(
		    copy, key, len, strip(item, key, most, depth));
	}
	return copy;
}

static json_t *
strip(const json_t *value, const char *key, int64_t most, int depth)
{
	if (is_large(value, key, most))
		return note(value, key);
	if (depth < LIMIT_JSON_DEPTH && json_is_array(value))
		return strip_array(value, most, depth + 1);
	if (depth < LIMIT_JSON_DEPTH && json_is_object(value))
		return strip_object(value, most, depth + 1);
	return json_incref((json_t *)value);
}

static bool
has_large(const json_t *value, const char *key, int64_t most, int depth)
{
	const json_t *item;
	const char *name;
	size_t i;

	if (depth == LIMIT_JSON_DEPTH)
		return false;
	json_array_foreach(value, i, item)
	{
		if (has_large(item, NULL, most, depth + 1))
			return true;
	}
	json_object_foreach((json_t *)value, name, item)
	{
		if (has_large(item, name, most, depth + 1))
			return true;
	}
	return is_large(value, key, most);
}

json_t *
trace_strip(const json_t *value, int64_t most)
{
	if (!has_large(value, NULL, most, 0))
		return json_incref((json_t *)value);
	return strip(value, NULL, most, 0);
}
