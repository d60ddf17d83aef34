/* A row of an experiment as a line tells it, and the hash by which two runs
 * know that a row is the same.  It refuses to know where lines go. */
#include "record.h"

#include "../base/crypt.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* --- reading */

static int64_t
count(const json_t *json)
{
	return json_is_integer(json) ? json_integer_value(json) : -1;
}

static int
read_row(const json_t *row, struct record *r, struct err *err)
{
	const json_t *cost = json_object_get(row, "costUsd");

	if (!json_is_object(row))
		return fail(err, ERR_REQUEST, "a row's line has no details");
	*r = (struct record){
	    .index = count(json_object_get(row, "index")),
	    .repeat = count(json_object_get(row, "repeat")),
	    .hash = json_string_value(json_object_get(row, "hash")),
	    .cluster = json_string_value(json_object_get(row, "cluster")),
	    .cached = json_is_true(json_object_get(row, "cached")),
	    .ms = count(json_object_get(row, "ms")),
	    .input = count(json_object_get(row, "inputTokens")),
	    .output = count(json_object_get(row, "outputTokens")),
	    .cost =
		json_is_number(cost) ? json_number_value(cost) : (double)NAN,
	};
	if (r->hash == NULL)
		r->hash = "";
	if (r->index < 0 || r->repeat < 0)
		return fail(
		    err, ERR_REQUEST, "the details of a row's line are broken");
	return 0;
}

int
record_read(const json_t *line, struct record *r, struct err *err)
{
	const char *type = json_string_value(json_object_get(line, "type"));
	const json_t *row = json_object_get(line, "row");
	bool good = type != NULL && strcmp(type, "dataset") == 0;

	/* Other errors than a row's have no index. */
	if (type == NULL ||
	    (!good && (strcmp(type, "error") != 0 ||
			  json_object_get(line, "index") == NULL)))
		return 0;
	if (read_row(row, r, err) < 0)
		return -1;
	r->failed = !good;
	r->line = line;
	r->evals = json_object_get(json_object_get(line, "result"), "evals");
	return 1;
}

static const char row_key[] = ",\"row\":{";

/* Strings quote their quotes, so that the last one is it. */
bool
record_split(struct str text, struct str *front, struct str *row)
{
	size_t len = sizeof(row_key) - 1, at = text.len;

	while (at-- > len)
		if (text.p[at - 1] == '{' &&
		    memcmp(text.p + at - len, row_key, len) == 0) {
			*front = (struct str){text.p, at - len};
			*row = (struct str){text.p + at - 1, text.len - at};
			return true;
		}
	return false;
}

bool
record_is_row(struct str text)
{
	static const char good[] = "{\"type\":\"dataset\",";
	static const char bad[] = "{\"type\":\"error\",";

	return text.len >= sizeof(good) - 1 &&
	       (memcmp(text.p, good, sizeof(good) - 1) == 0 ||
		   memcmp(text.p, bad, sizeof(bad) - 1) == 0);
}

int
record_scan(struct str text, struct record *r, struct err *err)
{
	struct str front, row;
	json_t *json;
	int rc;

	if (!record_is_row(text))
		return 0;
	if (!record_split(text, &front, &row))
		return fail(err, ERR_REQUEST, "a row's line has no details");
	json = json_read(row, err);
	if (json == NULL)
		return -1;
	rc = read_row(json, r, err) == 0 ? 1 : -1;
	r->failed = text.p[9] == 'e';
	r->hash = r->cluster = NULL; /* they are the tree's */
	json_decref(json);
	return rc;
}

/* --- printing */

static void
add_count(struct buf *b, const char *key, int64_t n)
{
	if (n < 0)
		return;
	buf_adds(b, ",\"");
	buf_adds(b, key);
	buf_adds(b, "\":");
	json_print_int(b, n);
}

/* %.12g: a millionth of a millionth of what a run may cost. */
void
record_print(struct buf *b, const struct record *r)
{
	buf_adds(b, ",\"row\":{\"index\":");
	json_print_int(b, r->index);
	add_count(b, "repeat", r->repeat);
	if (r->hash != NULL && *r->hash != '\0') {
		buf_adds(b, ",\"hash\":\"");
		buf_adds(b, r->hash);
		buf_addc(b, '"');
	}
	add_count(b, "ms", r->ms);
	add_count(b, "inputTokens", r->input);
	add_count(b, "outputTokens", r->output);
	if (r->cost == 0) /* as any kept answer costs */
		buf_adds(b, ",\"costUsd\":0");
	else if (isfinite(r->cost))
		buf_addf(b, ",\"costUsd\":%.12g", r->cost);
	if (r->cached)
		buf_adds(b, ",\"cached\":true");
	if (r->cluster != NULL) {
		buf_adds(b, ",\"cluster\":");
		json_print_string(b, str_from(r->cluster));
	}
	buf_addc(b, '}');
}

void
record_hash(
    char out[RECORD_HASH_LEN + 1], struct str input, const json_t *expected)
{
	uint8_t digest[CRYPT_HASH_LEN];
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	buf_add(&b, input.p, input.len);
	buf_addc(&b, '\n'); /* no JSON of ours holds one */
	if (expected != NULL)
		json_print(&b, expected);
	crypt_hash(buf_text(&b), digest);
	buf_free(&b);
	hex_print(out, digest, sizeof(digest));
}
