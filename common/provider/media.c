/* Tells the forms of an attachment apart: http(s) URLs, data URLs, bare
 * base64.  It fetches nothing and knows no vendor; types of images and sounds
 * are told by their first bytes, as AI SDK does. */
#include "media.h"

#include "driver.h"
#include "../base/utf.h"

#include <string.h>
#include <strings.h>

/* How much of a value that is wrong is shown. */
enum { SHOWN_BYTES = 40 };

static const struct {
	const char *base64; /* of the first bytes */
	const char *type;
} signatures[] = {
    {"R0lG", "image/gif"},
    {"iVBORw", "image/png"},
    {"/9j/", "image/jpeg"},
    {"UklGR", "image/webp"},
    {"Qk", "image/bmp"},
    {"SUkqAA", "image/tiff"},
    {"TU0AKg", "image/tiff"},
    {"AAAAIGZ0eXBhdmlm", "image/avif"},
    {"AAAAIGZ0eXBoZWlj", "image/heic"},
};

static const struct {
	size_t at;
	struct str bytes;
	const char *type;
} sounds[] = {
    {0, {"ID3", 3}, "audio/mpeg"},
    {0, {"OggS", 4}, "audio/ogg"},
    {0, {"fLaC", 4}, "audio/flac"},
    {8, {"WAVE", 4}, "audio/wav"},
    {4, {"ftyp", 4}, "audio/mp4"},
    {0, {"\x1a\x45\xdf\xa3", 4}, "audio/webm"},
    {0, {"\x40\x15\0\0", 4}, "audio/aac"},
    /* Layer 0 of an MPEG frame is AAC (ADTS). */
    {0, {"\xff\xf0", 2}, "audio/aac"},
    {0, {"\xff\xf1", 2}, "audio/aac"},
    {0, {"\xff\xf8", 2}, "audio/aac"},
    {0, {"\xff\xf9", 2}, "audio/aac"},
    /* Layer 3 of MPEG 1, 2 and 2.5, with a checksum and without. */
    {0, {"\xff\xfa", 2}, "audio/mpeg"},
    {0, {"\xff\xfb", 2}, "audio/mpeg"},
    {0, {"\xff\xf2", 2}, "audio/mpeg"},
    {0, {"\xff\xf3", 2}, "audio/mpeg"},
    {0, {"\xff\xe2", 2}, "audio/mpeg"},
    {0, {"\xff\xe3", 2}, "audio/mpeg"},
};

static bool
starts_with(struct str s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && strncasecmp(s.p, prefix, len) == 0;
}

/* The length of "scheme:" of a URL, or 0. */
static size_t
scheme_len(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (c == ':')
			return i != 0 ? i + 1 : 0;
		if (!letter && (i == 0 || strchr("0123456789+-.", c) == NULL))
			return 0;
	}
	return 0;
}

/* Either alphabet, as the vendors take both; lines may be broken. */
static bool
is_base64(struct str s)
{
	static const char others[] = "+/-_=\r\n";
	size_t i;

	for (i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') &&
		    (c == '\0' || strchr(others, c) == NULL))
			return false;
	}
	return s.len != 0;
}

struct str
media_image_type(struct str base64)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(signatures); i++) {
		const char *magic = signatures[i].base64;
		size_t len = strlen(magic);

		if (base64.len >= len && memcmp(base64.p, magic, len) == 0)
			return str_from(signatures[i].type);
	}
	return (struct str){NULL, 0};
}

struct str
media_audio_type(struct str bytes)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(sounds); i++) {
		struct str magic = sounds[i].bytes;
		size_t at = sounds[i].at;

		if (bytes.len >= at + magic.len &&
		    memcmp(bytes.p + at, magic.p, magic.len) == 0)
			return str_from(sounds[i].type);
	}
	return (struct str){NULL, 0};
}

static int
refuse(struct str value, const char *why, struct err *err)
{
	int shown = (int)(value.len < SHOWN_BYTES ? value.len : SHOWN_BYTES);

	return fail(err, ERR_PROMPT,
	    "an attachment cannot be sent, %s: '%.*s%s'", why, shown, value.p,
	    value.len > SHOWN_BYTES ? "…" : "");
}

/* data:TYPE;base64,BYTES; its type counts more than the one beside it. */
static int
read_data_url(struct str value, struct media *out, struct err *err)
{
	static const char marker[] = ";base64";
	const size_t skip = strlen("data:"), marked = sizeof(marker) - 1;
	const char *comma = memchr(value.p, ',', value.len);
	const char *type = value.p + skip, *semi;
	size_t head;

	if (comma == NULL)
		return refuse(value, "its data URL has no comma", err);
	head = (size_t)(comma - type);
	if (head < marked || strncasecmp(comma - marked, marker, marked) != 0)
		return refuse(value, "its data URL is not base64", err);
	semi = memchr(type, ';', head);
	if (semi != type)
		out->type = (struct str){type, (size_t)(semi - type)};
	out->base64.p = comma + 1;
	out->base64.len = value.len - (size_t)(comma + 1 - value.p);
	if (!is_base64(out->base64))
		return refuse(value, "its data URL is not base64", err);
	return 0;
}

static int
read_value(struct str value, struct media *out, struct err *err)
{
	if (starts_with(value, "data:"))
		return read_data_url(value, out, err);
	if (starts_with(value, "https:") || starts_with(value, "http:")) {
		out->url = value;
		return 0;
	}
	if (scheme_len(value) != 0)
		return refuse(
		    value, "its URL is neither http(s) nor data", err);
	if (!is_base64(value))
		return refuse(value, "it is neither a URL nor base64", err);
	out->base64 = value;
	return 0;
}

int
media_read(const json_t *part, struct media *out, struct err *err)
{
	struct str kind = driver_string(json_object_get(part, "type"));
	bool image_part = str_is(kind, "image");
	struct str value =
	    driver_string(json_object_get(part, image_part ? "image" : "data"));
	struct str known;

	*out = (struct media){0};
	out->type = driver_string(json_object_get(part, "mimeType"));
	if (value.p == NULL)
		return fail(err, ERR_PROMPT,
		    "an attachment cannot be sent, its %s is no text",
		    image_part ? "image" : "data");
	if (read_value(value, out, err) < 0)
		return -1;
	if (image_part && out->base64.p != NULL) {
		known = media_image_type(out->base64);
		if (known.p != NULL)
			out->type = known;
		else if (!starts_with(out->type, "image/"))
			out->type = STR("image/jpeg");
	}
	out->is_image = image_part || starts_with(out->type, "image/");
	return 0;
}

struct str
media_data_url(struct arena *a, const struct media *m)
{
	size_t len = strlen("data:;base64,") + m->type.len + m->base64.len;
	char *s = arena_alloc(a, len + 1), *p = s;

	p = mempcpy(p, "data:", strlen("data:"));
	if (m->type.len != 0)
		p = mempcpy(p, m->type.p, m->type.len);
	p = mempcpy(p, ";base64,", strlen(";base64,"));
	p = mempcpy(p, m->base64.p, m->base64.len);
	*p = '\0';
	return (struct str){s, len};
}

/* The six bits that a letter of either alphabet stands for, or -1. */
static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

struct str
media_decode(struct arena *a, struct str base64)
{
	char *s = arena_alloc(a, base64.len / 4 * 3 + 3);
	unsigned bits = 0, n = 0;
	size_t len = 0, i;
	int six;

	for (i = 0; i < base64.len && base64.p[i] != '='; i++) {
		six = sextet(base64.p[i]);
		if (six < 0)
			continue;
		bits = (bits << 6 | (unsigned)six) & 0xffff;
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		s[len++] = (char)(unsigned char)(bits >> n & 0xff);
	}
	return (struct str){s, len};
}
