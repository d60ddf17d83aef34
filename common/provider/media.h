/* The attachments of a message (protocol.md 6.5), as every vendor needs them:
 * either where they lie or their bytes as base64, and what they are. */
#ifndef MEDIA_H
#define MEDIA_H

#include "../base/arena.h"
#include "../base/err.h"

#include <jansson.h>

struct media {
	bool is_image;	   /* an image part, or a file of an image type */
	struct str type;   /* "image/png"; .p NULL when it is not known */
	struct str url;	   /* http or https; .p NULL when the bytes are here */
	struct str base64; /* .p NULL when there is a URL */
};

/* Reads a part of type image or file; what it gives is borrowed
 * from PART.  Anything that is neither an http(s) URL, a data URL with base64
 * nor base64 itself is an error that shows how the value begins. */
int media_read(const json_t *part, struct media *out, struct err *err) MUST_USE;

/* The type of an image by its first bytes, that of a sound by its bytes; .p is
 * NULL when they say nothing. */
struct str media_image_type(struct str base64);
struct str media_audio_type(struct str bytes);

/* The bytes that BASE64, of either alphabet, stands for, in the arena; broken
 * lines and padding are passed over. */
struct str media_decode(struct arena *a, struct str base64);

/* The bytes as a data URL, in the arena. */
struct str media_data_url(struct arena *a, const struct media *m);

#endif
