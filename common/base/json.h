/* JSON as JavaScript means it: any number is a double, 1e400 and lone
 * surrogates and huge integers are no errors, the last of two equal keys wins
 * (in the first one's place), and what is printed is what JSON.stringify
 * prints.  A reader that is asked for one value at a time, builders on top of
 * it, and a printer. */
#ifndef JSON_H
#define JSON_H

#include "arena.h"
#include "buf.h"
#include "err.h"

#include <jansson.h>

enum json_in_type {
	JSON_IN_BAD,
	JSON_IN_END,
	JSON_IN_OBJECT,
	JSON_IN_ARRAY,
	JSON_IN_STRING,
	JSON_IN_NUMBER,
	JSON_IN_TRUE,
	JSON_IN_FALSE,
	JSON_IN_NULL
};

/* Reads TEXT, which is borrowed.  After a failure every call fails with the
 * same error, so a caller may look once. */
struct json_in {
	const char *p, *end, *start;
	unsigned depth;
	bool first;	    /* no comma is due */
	struct buf scratch; /* strings that hold escapes */
	struct err *err;
};

/* A leading byte order mark is skipped. */
void json_in_init(struct json_in *in, struct str text, struct err *err);
void json_in_free(struct json_in *in) NONNULL;

/* What comes next. */
enum json_in_type json_in_peek(struct json_in *in) NONNULL;

/* Enters an object or array; then json_in_key() or json_in_item() return 1
 * when there is another member, 0 behind the last one (the container is left
 * then), and -1 on bad JSON.  The key is borrowed until the next call. */
int json_in_enter(struct json_in *in) MUST_USE NONNULL;
int json_in_key(struct json_in *in, struct str *key) MUST_USE NONNULL;
int json_in_item(struct json_in *in) MUST_USE NONNULL;

/* The scalar that comes next; text is WTF-8, borrowed until the next call. */
int json_in_string(struct json_in *in, struct str *out) MUST_USE NONNULL;
int json_in_number(struct json_in *in, double *out) MUST_USE NONNULL;
int json_in_literal(struct json_in *in) MUST_USE NONNULL;

/* Passes over one value quickly: strings must end and brackets be balanced,
 * what stands between them is not looked at. */
int json_in_skip(struct json_in *in) MUST_USE NONNULL;

/* Passes over what is left of the container that was entered last. */
int json_in_leave(struct json_in *in) MUST_USE NONNULL;

/* Nothing but white space may follow. */
int json_in_finish(struct json_in *in) MUST_USE NONNULL;

/* Builders.  A number that has no fraction and fits becomes a Jansson integer,
 * one that is not finite null.  Strings are stored as WTF-8. */
json_t *json_in_tree(struct json_in *in) MUST_USE NONNULL;
struct js;
int json_in_js(struct json_in *in, struct arena *a, struct js *out) MUST_USE;

/* A number in the same way. */
json_t *json_of_number(double d) MUST_USE;

/* A whole text as a Jansson tree; NULL and an error that names the place. */
json_t *json_read(struct str text, struct err *err) MUST_USE;

/* A string as text of any bytes; .p is NULL for anything else. */
struct str json_str(const json_t *json);

/* A reference, or NULL, that the arena gives back; returns it. */
json_t *json_own(struct arena *a, json_t *json);

/* Prints compactly, as JSON.stringify does, but in the order of insertion. */
void json_print(struct buf *b, const json_t *json);
void json_print_string(struct buf *b, struct str text);
void json_print_int(struct buf *b, int64_t n);

/* Sets KEY to text of any bytes: invalid UTF-8 is kept as it is, and the
 * printer puts U+FFFD for it. */
void json_set_str(json_t *object, const char *key, struct str text);

#endif
