/* Leaves out of a value what is large and tells nobody anything: images, speech
 * and files as base64.  It refuses to know where in a value they may stand. */
#include "trace_media.h"

#include "../base/arena.h"
#include "../base/limits.h"

#include <string.h>

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=";

/* Where the base64 begins; -1: it is something else. */
static ptrdiff_t
base64_at(const char *text)
{
	const char *comma = strchr(text, ',');
	ptrdiff_t at = 0;

	if (strncmp(text, "data:", 5) == 0 && comma != NULL)
		at = comma + 1 - text;
	return text[(size_t)at + strspn(text + at, letters)] == '\0' ? at : -1;
}

static bool
is_large(const json_t *value, int64_t most)
{
	return json_is_string(value) &&
	       json_string_length(value) > (size_t)most &&
	       base64_at(json_string_value(value)) >= 0;
}

static json_t *
note(const json_t *text)
{
	const char *said = json_string_value(text);
	ptrdiff_t at = base64_at(said);

	return json_sprintf("%.*s[%zu bytes of base64 left out]", (int)at, said,
	    json_string_length(text) - (size_t)at);
}

static json_t *strip(const json_t *value, int64_t most, int depth);

static json_t *
strip_array(const json_t *value, int64_t most, int depth)
{
	json_t *copy = json_array(), *item;
	size_t i;

	json_array_foreach(value, i, item)
	{
		(void)json_array_append_new(copy, strip(item, most, depth));
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
		    copy, key, len, strip(item, most, depth));
	}
	return copy;
}

static json_t *
strip(const json_t *value, int64_t most, int depth)
{
	if (is_large(value, most))
		return note(value);
	if (depth < LIMIT_JSON_DEPTH && json_is_array(value))
		return strip_array(value, most, depth + 1);
	if (depth < LIMIT_JSON_DEPTH && json_is_object(value))
		return strip_object(value, most, depth + 1);
	return json_incref((json_t *)value);
}

static bool
has_large(const json_t *value, int64_t most, int depth)
{
	const json_t *item;
	const char *key;
	size_t i;

	if (depth == LIMIT_JSON_DEPTH)
		return false;
	json_array_foreach(value, i, item)
	{
		if (has_large(item, most, depth + 1))
			return true;
	}
	json_object_foreach((json_t *)value, key, item)
	{
		if (has_large(item, most, depth + 1))
			return true;
	}
	return is_large(value, most);
}

json_t *
trace_strip(const json_t *value, int64_t most)
{
	if (!has_large(value, most, 0))
		return json_incref((json_t *)value);
	return strip(value, most, 0);
}
