/* JavaScript's values, as templates see them: undefined, dates and functions
 * among them, and strings of UTF-16 units that may hold lone surrogates.
 *
 * Values are small and passed by value; what they point to lives in an arena.
 * Arrays, objects, dates and functions have identity: the same pointer is the
 * same object.  A value that is shared is never changed. */
#ifndef JS_H
#define JS_H

#include "arena.h"
#include "buf.h"
#include "err.h"

#include <jansson.h>

enum js_type {
	JS_UNDEFINED,
	JS_NULL,
	JS_BOOL,
	JS_NUMBER,
	JS_STRING,
	JS_ARRAY,
	JS_OBJECT,
	JS_DATE,
	JS_FUNCTION,
	JS__MAX
};

struct js_array;
struct js_object;

struct js {
	enum js_type type;
	union {
		bool boolean;
		double number;
		struct str16 string;
		struct js_array *array;
		struct js_object *object;
		const double *date;   /* milliseconds since 1970, UTC */
		const char *function; /* the name of a native function */
	};
};

struct js_array {
	struct js *items;
	size_t n, cap;
};

struct js_prop {
	struct str16 key;
	struct js value;
};

struct js_object {
	struct js_prop *props; /* in order of insertion */
	size_t n, cap;
	uint32_t *index; /* of a large object: hash table of props, else NULL */
	size_t index_size;
};

#define JS_UNDEF ((struct js){.type = JS_UNDEFINED})

struct js js_null(void);
struct js js_bool(bool b);
struct js js_number(double d);
struct js js_string(struct str16 s);
struct js js_string_utf8(struct arena *a, struct str s);
struct js js_string_lit(struct arena *a, const char *ascii);
struct js js_array(struct arena *a);
struct js js_object(struct arena *a);
struct js js_date(struct arena *a, double ms);

void js_push(struct arena *a, struct js_array *array, struct js value);

/* Sets a property; an existing one keeps its place. */
void js_set(
    struct arena *a, struct js_object *o, struct str16 key, struct js value);
void js_set_lit(
    struct arena *a, struct js_object *o, const char *key, struct js value);

/* An own property, or NULL.  js_get() is undefined for anything that is not an
 * object or has no such property. */
const struct js *js_find(const struct js_object *o, struct str16 key);
struct js js_get(struct js v, const char *key);

/* The properties in JavaScript's order: integer-like keys ("0" to
 * "4294967294") ascending, then the others as inserted.  An array of o->n
 * pointers, in the arena. */
const struct js_prop **js_ordered(struct arena *a, const struct js_object *o);

bool js_truthy(struct js v);
bool js_is_string(struct js v, const char *ascii);
const char *js_typeof(struct js v);

/* ToNumber and ToString of the language (templatedx.md 3.4). */
double js_to_number(struct arena *a, struct js v);
struct str16 js_to_string(struct arena *a, struct js v);

/* A string as UTF-8, in the arena; NULL for any other value. */
const char *js_text(struct arena *a, struct js v);

/* JSON.stringify without spaces, as WTF-8; lone surrogates are escaped.
 * Returns false and adds nothing when the result is undefined. */
bool js_stringify(struct arena *a, struct buf *b, struct js v);

/* The same with keys sorted by UTF-16 units and everything above U+007F as
 * \u escapes: the same text for the same value, whoever wrote it. */
void js_canonical(struct arena *a, struct buf *b, struct js v);

/* To a Jansson tree, as JSON.stringify would write it: undefined members are
 * left out, not finite numbers are null, dates are ISO text.  Lone surrogates
 * become U+FFFD.  NULL for undefined; else a new reference. */
json_t *js_to_json(struct arena *a, struct js v) MUST_USE;
struct js js_from_json(struct arena *a, const json_t *json);

/* Numbers as JavaScript prints and reads them (protocol.md 12.4).  OUT holds
 * at least JS_NUMBER_LEN bytes; returns the length without the NUL. */
enum { JS_NUMBER_LEN = 32 };
size_t js_number_print(char *out, double d);

/* The same for an integer of any size. */
size_t js_integer_print(char *out, long long i);

/* Reads a decimal number of JSON's grammar at P; *NEXT is behind it.  Returns
 * false when there is none. */
bool js_number_read(
    const char *p, const char *end, double *d, const char **next);

/* Milliseconds since 1970 as YYYY-MM-DDTHH:MM:SS.mmmZ; OUT holds 32 bytes.
 * Returns 0 for what is no date (NaN, or beyond the range of JavaScript). */
size_t js_date_print(char *out, double ms);

#endif
