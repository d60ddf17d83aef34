/* Amazon's event stream: binary records, each with its length, headers, a
 * payload and two checksums.  What lies whole within one piece is handed on
 * without being copied.  It refuses to know what the payloads mean. */
#include "frame_int.h"

#include "../base/gunzip.h"

#include <string.h>

enum {
	PRELUDE = 12, /* both lengths and their checksum */
	AROUND = 16,  /* the prelude and the last checksum */
};

/* What a header's value is, and how many bytes it takes; what has a length of
 * its own says it in two bytes. */
enum { TYPE_BYTES = 6, TYPE_STRING = 7 };
static const size_t value_sizes[] = {
    [0] = 0, /* true */
    [1] = 0, /* false */
    [2] = 1,
    [3] = 2,
    [4] = 4,
    [5] = 8,
    [TYPE_BYTES] = 0,
    [TYPE_STRING] = 0,
    [8] = 8,  /* a time */
    [9] = 16, /* a UUID */
};

/* The headers that say what a record is; .p is NULL where there is none. */
struct names {
	struct str message_type, event_type, exception_type, code, message;
};

static size_t
read_uint(const char *p, size_t n)
{
	size_t value = 0;

	while (n-- > 0)
		value = value << 8 | (unsigned char)*p++;
	return value;
}

static int
damaged(const char *what, struct err *err)
{
	return fail(
	    err, ERR_PROVIDER, "a record of the stream is damaged: %s", what);
}

static void
take_header(struct names *names, struct str name, struct str value)
{
	const struct {
		struct str name;
		struct str *to;
	} known[] = {
	    {STR(":message-type"), &names->message_type},
	    {STR(":event-type"), &names->event_type},
	    {STR(":exception-type"), &names->exception_type},
	    {STR(":error-code"), &names->code},
	    {STR(":error-message"), &names->message},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].name.len == name.len &&
		    memcmp(known[i].name.p, name.p, name.len) == 0)
			*known[i].to = value;
}

/* Takes N bytes off REST; false when there are not so many. */
static bool
cut(struct str *rest, size_t n, struct str *out)
{
	if (rest->len < n)
		return false;
	*out = (struct str){rest->p, n};
	rest->p += n;
	rest->len -= n;
	return true;
}

/* The value of a header of TYPE; of other types than text nothing is known. */
static bool
cut_value(struct str *rest, size_t type, struct str *value)
{
	struct str len;

	if (type >= ARRAY_LEN(value_sizes))
		return false;
	if (type != TYPE_BYTES && type != TYPE_STRING)
		return cut(rest, value_sizes[type], value);
	return cut(rest, 2, &len) && cut(rest, read_uint(len.p, 2), value);
}

static int
read_headers(struct str rest, struct names *names, struct err *err)
{
	struct str name, type, value;

	while (rest.len != 0) {
		if (!cut(&rest, 1, &name) ||
		    !cut(&rest, read_uint(name.p, 1), &name) ||
		    !cut(&rest, 1, &type) ||
		    !cut_value(&rest, read_uint(type.p, 1), &value))
			return damaged("its headers", err);
		if (read_uint(type.p, 1) == TYPE_STRING)
			take_header(names, name, value);
	}
	return 0;
}

static bool
is(struct str s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.p, word, s.len) == 0;
}

static int
hand_on(struct frame *f, const struct names *names, struct str payload,
    frame_fn *fn, void *arg)
{
	struct str name = names->event_type;
	const char *prefix = "";
	int rc;

	if (is(names->message_type, "exception")) {
		prefix = "exception/";
		name = names->exception_type;
	} else if (is(names->message_type, "error")) {
		prefix = "error/";
		name = names->code;
		payload = names->message.p != NULL ? names->message : STR("");
	}
	buf_adds(&f->event, prefix);
	buf_add(&f->event, name.p, name.len);
	rc = fn(arg, buf_text(&f->event), payload);
	buf_clear(&f->event);
	return rc;
}

/* The length of the record that begins with HEAD, a whole prelude; 0 and an
 * error when it can be none. */
static size_t
record_len(const struct frame *f, const char *head, struct err *err)
{
	size_t len = read_uint(head, 4), headers = read_uint(head + 4, 4);
	uint32_t crc = gunzip_crc32((struct str){head, PRELUDE - 4});

	if (crc != read_uint(head + 8, 4))
		(void)damaged("the checksum of its lengths", err);
	else if (len < AROUND || headers > len - AROUND)
		(void)damaged("its lengths", err);
	else if (len > f->line.max)
		(void)fail(err, ERR_PROVIDER,
		    "an event of the stream is larger than %zu bytes",
		    f->line.max);
	else
		return len;
	return 0;
}

/* One whole record. */
static int
take_record(struct frame *f, struct str record, frame_fn *fn, void *arg,
    struct err *err)
{
	size_t headers = read_uint(record.p + 4, 4), body = record.len - 4;
	struct str rest = {record.p + PRELUDE, headers}, payload;
	struct names names = {0};

	if (gunzip_crc32((struct str){record.p, body}) !=
	    read_uint(record.p + body, 4))
		return damaged("its checksum", err);
	if (read_headers(rest, &names, err) < 0)
		return -1;
	payload.p = record.p + PRELUDE + headers;
	payload.len = record.len - AROUND - headers;
	return hand_on(f, &names, payload, fn, arg);
}

/* Adds to the beginning of a record until it has LEN bytes; false while it has
 * fewer. */
static bool
fill(struct frame *f, struct str *bytes, size_t len)
{
	size_t n = len - f->line.len;

	if (n > bytes->len)
		n = bytes->len;
	buf_add(&f->line, bytes->p, n);
	bytes->p += n;
	bytes->len -= n;
	return f->line.len == len;
}

/* The record whose beginning came before. */
static int
end_record(struct frame *f, struct str *bytes, frame_fn *fn, void *arg,
    struct err *err)
{
	struct str record;
	size_t len;
	int rc;

	if (f->line.len < PRELUDE && !fill(f, bytes, PRELUDE))
		return 0;
	len = record_len(f, f->line.data, err);
	if (len == 0)
		return -1;
	if (!fill(f, bytes, len))
		return 0;
	record = (struct str){f->line.data, len};
	rc = take_record(f, record, fn, arg, err);
	buf_clear(&f->line);
	return rc;
}

int
frame_records_feed(
    struct frame *f, struct str bytes, frame_fn *fn, void *arg, struct err *err)
{
	struct str record;
	size_t len;
	int rc = 0;

	if (f->line.max < AROUND)
		return damaged("its lengths", err);
	if (f->line.len != 0)
		rc = end_record(f, &bytes, fn, arg, err);
	while (rc == 0 && bytes.len >= PRELUDE) {
		len = record_len(f, bytes.p, err);
		if (len == 0)
			return -1;
		if (!cut(&bytes, len, &record))
			break;
		rc = take_record(f, record, fn, arg, err);
	}
	if (rc == 0)
		buf_add(&f->line, bytes.p, bytes.len);
	return rc;
}
