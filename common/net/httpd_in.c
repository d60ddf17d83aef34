/* Reads requests the way a careful server must: bounded, strict about how a
 * body is framed, and with one meaning for every byte.  It refuses to know
 * sockets, and what the fields that frame nothing mean. */
#include "httpd_in.h"

#include "../base/limits.h"

#include <string.h>
#include <strings.h>

void
httpd_in_init(struct httpd_in *in, size_t max_body)
{
	*in = (struct httpd_in){.max_body = max_body};
	buf_init(&in->head, LIMIT_HTTPD_HEAD_BYTES);
	buf_init(&in->line, LIMIT_HTTPD_LINE_BYTES);
	buf_init(&in->body, max_body);
}

void
httpd_in_free(struct httpd_in *in)
{
	buf_free(&in->head);
	buf_free(&in->line);
	buf_free(&in->body);
}

bool
httpd_in_is_empty(const struct httpd_in *in)
{
	return in->part == HTTPD_START && in->head.len == 0;
}

const char *
httpd_in_method(const struct httpd_in *in)
{
	return in->head.data;
}

const char *
httpd_in_target(const struct httpd_in *in)
{
	return in->head.data + in->target;
}

/* The field of that name from AT on, or NULL; its value is behind the colon,
 * and *NEXT where to look for another one. */
static const char *
find_field(const struct httpd_in *in, const char *name, size_t at, size_t *next)
{
	size_t len = strlen(name);
	const char *line;

	*next = at;
	while (at < in->end) {
		line = in->head.data + at;
		at += strlen(line) + 1;
		*next = at;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
	}
	return NULL;
}

const char *
httpd_in_field(const struct httpd_in *in, const char *name)
{
	size_t next;

	return find_field(in, name, in->fields, &next);
}

static int
bad(struct httpd_in *in, int status, const char *reason)
{
	in->status = status;
	in->reason = reason;
	return -1;
}

/* --- lines */

static bool
is_token(const char *p, size_t len)
{
	static const char special[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < len; i++) {
		bool letter = (p[i] >= 'a' && p[i] <= 'z') ||
			      (p[i] >= 'A' && p[i] <= 'Z') ||
			      (p[i] >= '0' && p[i] <= '9');

		if (!letter && (p[i] == '\0' || strchr(special, p[i]) == NULL))
			return false;
	}
	return len > 0;
}

static bool
has_control(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

/* Adds to B up to the end of a line, which it makes a NUL: 1 when it is
 * complete, and it begins at in->at. */
static int
take_line(struct httpd_in *in, struct buf *b, struct str *bytes)
{
	const char *lf = memchr(bytes->p, '\n', bytes->len);
	size_t n = lf != NULL ? (size_t)(lf - bytes->p) + 1 : bytes->len;

	buf_add(b, bytes->p, n);
	bytes->p += n;
	bytes->len -= n;
	if (buf_full(b))
		return bad(in, b == &in->line ? 400 : 431,
		    b == &in->line ? "a line of the body's framing is too long"
				   : "the head of the request is too large");
	if (lf == NULL)
		return 0;
	if (b->len - in->at < 2 || b->data[b->len - 2] != '\r')
		return bad(in, 400, "a line does not end with CR and LF");
	b->len -= 1;
	b->data[b->len - 1] = '\0';
	if (has_control(b->data + in->at, b->len - 1 - in->at))
		return bad(in, 400, "there is a control character in the head");
	return 1;
}

/* --- the head */

static int
read_version(struct httpd_in *in, const char *version)
{
	if (strcmp(version, "HTTP/1.1") == 0)
		return 0;
	in->old = strcmp(version, "HTTP/1.0") == 0;
	if (in->old)
		return 0;
	if (strncmp(version, "HTTP/", 5) != 0)
		return bad(in, 400, "this is no request of HTTP/1.1");
	return bad(in, 505, "this version of HTTP is not spoken here");
}

/* METHOD SP TARGET SP VERSION; the blanks become NULs. */
static int
read_start(struct httpd_in *in)
{
	char *line = in->head.data, *target, *version;

	target = strchr(line, ' ');
	version = target != NULL ? strchr(target + 1, ' ') : NULL;
	if (version == NULL || strchr(line, '\t') != NULL ||
	    !is_token(line, (size_t)(target - line)))
		return bad(in, 400, "this is no request of HTTP/1.1");
	*target++ = '\0';
	*version++ = '\0';
	if (*target != '/' && strcmp(target, "*") != 0)
		return bad(in, 400, "the target of a request must be a path");
	in->target = (size_t)(target - line);
	in->fields = in->head.len;
	in->part = HTTPD_FIELDS;
	return read_version(in, version);
}

/* Blanks before the colon and folded lines are how requests are smuggled. */
static int
read_field(struct httpd_in *in)
{
	char *line = in->head.data + in->at;
	const char *colon = strchr(line, ':');
	size_t len = strlen(line);

	if (colon == NULL || !is_token(line, (size_t)(colon - line)))
		return bad(in, 400, "a field of the head is malformed");
	while (line[len - 1] == ' ' || line[len - 1] == '\t')
		line[--len] = '\0';
	in->head.len = in->at + len + 1;
	return 0;
}

/* What must not be there twice. */
static int
check_once(struct httpd_in *in)
{
	static const char *const names[] = {"host", "content-length",
	    "transfer-encoding", "content-type", "expect", "content-encoding"};
	size_t next;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (find_field(in, names[i], in->fields, &next) != NULL &&
		    find_field(in, names[i], next, &next) != NULL)
			return bad(
			    in, 400, "a field of the head is there twice");
	}
	if (!in->old && httpd_in_field(in, "host") == NULL)
		return bad(in, 400, "the field Host is missing");
	return 0;
}

static int
read_length(struct httpd_in *in, const char *text)
{
	size_t len = 0;

	if (*text == '\0')
		return bad(in, 400, "Content-Length is no number");
	for (; *text >= '0' && *text <= '9'; text++) {
		len = len * 10 + (size_t)(*text - '0');
		if (len > in->max_body)
			return bad(in, 413, "the body is too large");
	}
	if (*text != '\0')
		return bad(in, 400, "Content-Length is no number");
	in->left = len;
	return 0;
}

static int
read_framing(struct httpd_in *in)
{
	const char *coding = httpd_in_field(in, "transfer-encoding");
	const char *length = httpd_in_field(in, "content-length");

	if (coding == NULL)
		return length != NULL ? read_length(in, length) : 0;
	if (length != NULL || in->old)
		return bad(in, 400, "it is not clear where the body ends");
	if (strcasecmp(coding, "chunked") != 0)
		return bad(in, 501, "this Transfer-Encoding is not known");
	in->chunked = true;
	return 0;
}

static int
read_expectation(struct httpd_in *in)
{
	const char *expect = httpd_in_field(in, "expect");

	if (expect == NULL || in->old)
		return 0;
	if (strcasecmp(expect, "100-continue") != 0)
		return bad(in, 417, "this expectation cannot be met");
	in->expects = in->chunked || in->left > 0;
	return 0;
}

/* Whether Connection lists "close". */
static bool
wants_close(const struct httpd_in *in)
{
	const char *p = httpd_in_field(in, "connection");
	size_t len;

	while (p != NULL && *p != '\0') {
		p += strspn(p, ", \t");
		len = strcspn(p, ", \t");
		if (len == 5 && strncasecmp(p, "close", len) == 0)
			return true;
		p += len;
	}
	return false;
}

static int
end_head(struct httpd_in *in)
{
	in->head.len = in->end = in->at;
	if (check_once(in) == -1 || read_framing(in) == -1 ||
	    read_expectation(in) == -1)
		return -1;
	in->close = in->old || wants_close(in);
	in->part = HTTPD_BODY;
	if (in->chunked)
		in->part = HTTPD_SIZE;
	else if (in->left == 0)
		in->part = HTTPD_END;
	return 0;
}

static int
feed_head(struct httpd_in *in, struct str *bytes)
{
	int rc = take_line(in, &in->head, bytes);
	bool empty;

	if (rc != 1)
		return rc;
	empty = in->head.data[in->at] == '\0';
	if (in->part == HTTPD_START && empty) {
		if (in->blank)
			return bad(in, 400, "this is no request of HTTP/1.1");
		in->blank = true;
		buf_clear(&in->head);
		return 0;
	}
	if (in->part == HTTPD_FIELDS && empty)
		return end_head(in);
	rc = in->part == HTTPD_START ? read_start(in) : read_field(in);
	in->at = in->head.len;
	return rc;
}

/* --- the body */

static int
feed_bytes(struct httpd_in *in, struct str *bytes)
{
	size_t n = bytes->len < in->left ? bytes->len : in->left;

	buf_add(&in->body, bytes->p, n);
	if (buf_full(&in->body))
		return bad(in, 413, "the body is too large");
	bytes->p += n;
	bytes->len -= n;
	in->left -= n;
	if (in->left == 0)
		in->part = in->chunked ? HTTPD_CHUNK_END : HTTPD_END;
	return 0;
}

/* In hex, with extensions behind it that nobody uses. */
static int
read_size(struct httpd_in *in)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = in->line.data, *digit;
	size_t size = 0;

	for (; *p != '\0'; p++) {
		digit = strchr(digits, *p >= 'A' && *p <= 'F' ? *p + 32 : *p);
		if (digit == NULL)
			break;
		size = size * 16 + (size_t)(digit - digits);
		if (size > in->max_body - in->body.len)
			return bad(in, 413, "the body is too large");
	}
	if (p == in->line.data || strchr("; \t", *p) == NULL)
		return bad(in, 400, "the size of a chunk is no number");
	in->left = size;
	in->part = size > 0 ? HTTPD_CHUNK : HTTPD_TRAILER;
	return 0;
}

/* Trailers are read over; they count as much as the head does. */
static int
read_trailer(struct httpd_in *in, size_t len)
{
	in->left += len;
	if (len == 0)
		in->part = HTTPD_END;
	else if (in->left > LIMIT_HTTPD_HEAD_BYTES)
		return bad(
		    in, 431, "the trailers of the request are too large");
	return 0;
}

static int
feed_line(struct httpd_in *in, struct str *bytes)
{
	int rc;

	in->at = 0;
	rc = take_line(in, &in->line, bytes);
	if (rc != 1)
		return rc;
	if (in->part == HTTPD_SIZE) {
		rc = read_size(in);
	} else if (in->part == HTTPD_TRAILER) {
		rc = read_trailer(in, in->line.len - 1);
	} else {
		rc = in->line.len == 1
			 ? 0
			 : bad(in, 400, "a chunk is longer than it says");
		in->part = HTTPD_SIZE;
	}
	buf_clear(&in->line);
	return rc;
}

static int
feed_part(struct httpd_in *in, struct str *bytes)
{
	switch (in->part) {
	case HTTPD_START:
	case HTTPD_FIELDS:
		return feed_head(in, bytes);
	case HTTPD_BODY:
	case HTTPD_CHUNK:
		return feed_bytes(in, bytes);
	default:
		return feed_line(in, bytes);
	}
}

enum httpd_read
httpd_in_feed(struct httpd_in *in, struct str bytes, size_t *taken)
{
	size_t len = bytes.len;
	int rc = in->status != 0 ? -1 : 0;

	while (rc == 0 && in->part != HTTPD_END && bytes.len > 0 &&
	       (in->told || in->part <= HTTPD_FIELDS))
		rc = feed_part(in, &bytes);
	*taken = len - bytes.len;
	if (rc == -1)
		return HTTPD_BAD;
	if (!in->told && in->part > HTTPD_FIELDS) {
		in->told = true;
		return HTTPD_HEAD;
	}
	return in->part == HTTPD_END ? HTTPD_DONE : HTTPD_MORE;
}
