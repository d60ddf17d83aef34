/* What JavaScript's operators do with values: conversions, comparisons,
 * arithmetic, members with what they inherit.  It refuses to know which
 * operators a template may use and where its values come from. */
#include "ops.h"

#include "../base/limits.h"
#include "../base/utf.h"

#include <math.h>

/* What the prototypes hold.  Node 20 decides; a name that is missing here
 * would render as '' or undefined instead of as a function. */
static const char *const object_names[] = {"constructor", "__defineGetter__",
    "__defineSetter__", "hasOwnProperty", "__lookupGetter__",
    "__lookupSetter__", "isPrototypeOf", "propertyIsEnumerable", "toString",
    "valueOf", "toLocaleString", NULL};
static const char *const array_names[] = {"at", "concat", "copyWithin", "fill",
    "find", "findIndex", "findLast", "findLastIndex", "lastIndexOf", "pop",
    "push", "reverse", "shift", "unshift", "slice", "sort", "splice",
    "includes", "indexOf", "join", "keys", "entries", "values", "forEach",
    "filter", "flat", "flatMap", "map", "every", "some", "reduce",
    "reduceRight", "toReversed", "toSorted", "toSpliced", "with", NULL};
static const char *const date_names[] = {"toDateString", "toTimeString",
    "toISOString", "toUTCString", "getDate", "setDate", "getDay", "getFullYear",
    "setFullYear", "getHours", "setHours", "getMilliseconds", "setMilliseconds",
    "getMinutes", "setMinutes", "getMonth", "setMonth", "getSeconds",
    "setSeconds", "getTime", "setTime", "getTimezoneOffset", "getUTCDate",
    "setUTCDate", "getUTCDay", "getUTCFullYear", "setUTCFullYear",
    "getUTCHours", "setUTCHours", "getUTCMilliseconds", "setUTCMilliseconds",
    "getUTCMinutes", "setUTCMinutes", "getUTCMonth", "setUTCMonth",
    "getUTCSeconds", "setUTCSeconds", "getYear", "setYear", "toJSON",
    "toLocaleDateString", "toLocaleTimeString", NULL};

static const struct js_object object_prototype = {.n = 0};
static const struct js_array array_prototype = {.n = 0};
static const uint16_t empty_text[1];

/* The prototypes are shared by all, and no value is ever changed. */
static struct js
prototype_of_objects(void)
{
	return (struct js){
	    .type = JS_OBJECT, .object = (struct js_object *)&object_prototype};
}

static struct js
prototype_of_arrays(void)
{
	return (struct js){
	    .type = JS_ARRAY, .array = (struct js_array *)&array_prototype};
}

static struct js
empty_string(void)
{
	return js_string((struct str16){empty_text, 0});
}

static bool
is_object(struct js v)
{
	return v.type == JS_ARRAY || v.type == JS_OBJECT || v.type == JS_DATE ||
	       v.type == JS_FUNCTION;
}

static bool
is_nullish(struct js v)
{
	return v.type == JS_UNDEFINED || v.type == JS_NULL;
}

static int
fail_length(struct ops *o)
{
	return fail(o->err, ERR_PROMPT, "Invalid string length");
}

static int
take_room(struct ops *o, size_t units)
{
	if (units > o->room / sizeof(uint16_t))
		return fail_length(o);
	o->room -= units * sizeof(uint16_t);
	return 0;
}

void
ops_text_init(struct buf *b)
{
	buf_init(b, LIMIT_RENDER_BYTES);
}

void
ops_text_add(struct ops *o, struct buf *b, struct str16 s)
{
	if (s.len > o->room / sizeof(*s.p)) {
		b->full = true;
		return;
	}
	o->room -= s.len * sizeof(*s.p);
	buf_add(b, s.p, s.len * sizeof(*s.p));
}

static struct str16
text_view(const struct buf *b)
{
	/* A buffer's memory comes from malloc and so is aligned. */
	if (b->data == NULL)
		return (struct str16){empty_text, 0};
	return (struct str16){
	    (const uint16_t *)(const void *)b->data, b->len / sizeof(uint16_t)};
}

int
ops_text_take(struct ops *o, struct buf *b, struct str16 *out)
{
	bool full = buf_full(b);

	if (!full)
		*out =
		    (struct str16){arena_dup(o->arena, text_view(b).p, b->len),
			b->len / sizeof(uint16_t)};
	buf_free(b);
	return full ? fail_length(o) : 0;
}

/* An upper bound of the length of a value's text, exact enough to refuse an
 * array that names one long text many times; stops counting beyond MAX. */
static size_t
text_bound(struct js v, size_t max)
{
	size_t i, sum = 0;

	if (v.type == JS_STRING)
		return v.string.len;
	if (v.type != JS_ARRAY)
		return 64;
	for (i = 0; i < v.array->n && sum <= max; i++)
		sum += 1 + text_bound(v.array->items[i], max - sum);
	return sum;
}

int
ops_string(struct ops *o, struct js v, struct str16 *out)
{
	size_t max = o->room / sizeof(uint16_t);

	if (v.type == JS_ARRAY && text_bound(v, max) > max)
		return fail_length(o);
	*out = js_to_string(o->arena, v);
	return v.type == JS_ARRAY ? take_room(o, out->len) : 0;
}

enum hint { HINT_DEFAULT, HINT_NUMBER };

/* ToPrimitive. */
static int
primitive(struct ops *o, struct js v, enum hint hint, struct js *out)
{
	*out = v;
	if (!is_object(v))
		return 0;
	if (v.type == JS_DATE && hint == HINT_NUMBER) {
		*out = js_number(*v.date);
		return 0;
	}
	out->type = JS_STRING;
	return ops_string(o, v, &out->string);
}

int
ops_number(struct ops *o, struct js v, double *out)
{
	if (primitive(o, v, HINT_NUMBER, &v) != 0)
		return -1;
	*out = js_to_number(o->arena, v);
	return 0;
}

int
ops_join(struct ops *o, const struct js_array *array, struct str16 sep,
    struct str16 *out)
{
	struct str16 item;
	struct buf b;
	size_t i;

	ops_text_init(&b);
	for (i = 0; i < array->n && !buf_full(&b); i++) {
		if (i != 0)
			ops_text_add(o, &b, sep);
		if (is_nullish(array->items[i]))
			continue;
		if (ops_string(o, array->items[i], &item) != 0) {
			buf_free(&b);
			return -1;
		}
		ops_text_add(o, &b, item);
	}
	return ops_text_take(o, &b, out);
}

static bool
same_object(struct js l, struct js r)
{
	if (l.type != r.type)
		return false;
	switch (l.type) {
	case JS_ARRAY:
		return l.array == r.array;
	case JS_OBJECT:
		return l.object == r.object;
	case JS_DATE:
		return l.date == r.date;
	default:
		return l.function == r.function;
	}
}

/* IsLooselyEqual. */
static int
equal(struct ops *o, struct js l, struct js r, bool *out)
{
	*out = false;
	if (is_nullish(l) || is_nullish(r)) {
		*out = is_nullish(l) && is_nullish(r);
		return 0;
	}
	if (is_object(l) && is_object(r)) {
		*out = same_object(l, r);
		return 0;
	}
	if (primitive(o, l, HINT_DEFAULT, &l) != 0 ||
	    primitive(o, r, HINT_DEFAULT, &r) != 0)
		return -1;
	if (l.type == JS_STRING && r.type == JS_STRING)
		*out = str16_eq(l.string, r.string);
	else
		*out = js_to_number(o->arena, l) == js_to_number(o->arena, r);
	return 0;
}

static bool
holds(enum expr_op op, double l, double r)
{
	switch (op) {
	case OP_LT:
		return l < r;
	case OP_GT:
		return l > r;
	case OP_LE:
		return l <= r;
	default:
		return l >= r;
	}
}

static int
compare(struct ops *o, enum expr_op op, struct js l, struct js r, bool *out)
{
	if (primitive(o, l, HINT_NUMBER, &l) != 0 ||
	    primitive(o, r, HINT_NUMBER, &r) != 0)
		return -1;
	if (l.type == JS_STRING && r.type == JS_STRING)
		*out = holds(op, str16_cmp(l.string, r.string), 0);
	else
		*out = holds(
		    op, js_to_number(o->arena, l), js_to_number(o->arena, r));
	return 0;
}

static double
calculate(enum expr_op op, double l, double r)
{
	switch (op) {
	case OP_SUB:
		return l - r;
	case OP_MUL:
		return l * r;
	case OP_DIV:
		return l / r;
	default:
		return fmod(l, r);
	}
}

int
ops_binary(
    struct ops *o, enum expr_op op, struct js l, struct js r, struct js *out)
{
	bool yes = false;
	double x, y;

	switch (op) {
	case OP_EQ:
	case OP_NE:
		if (equal(o, l, r, &yes) != 0)
			return -1;
		*out = js_bool(yes == (op == OP_EQ));
		return 0;
	case OP_LT:
	case OP_GT:
	case OP_LE:
	case OP_GE:
		if (compare(o, op, l, r, &yes) != 0)
			return -1;
		*out = js_bool(yes);
		return 0;
	default:
		if (ops_number(o, l, &x) != 0 || ops_number(o, r, &y) != 0)
			return -1;
		*out = js_number(calculate(op, x, y));
		return 0;
	}
}

int
ops_add(
    struct ops *o, struct buf *text, struct js l, struct js r, struct js *out)
{
	struct str16 left, right;

	if (primitive(o, l, HINT_DEFAULT, &l) != 0 ||
	    primitive(o, r, HINT_DEFAULT, &r) != 0)
		return -1;
	if (l.type != JS_STRING && r.type != JS_STRING) {
		*out = js_number(
		    js_to_number(o->arena, l) + js_to_number(o->arena, r));
		return 0;
	}
	if (ops_string(o, l, &left) != 0 || ops_string(o, r, &right) != 0)
		return -1;
	if (left.p != text_view(text).p) {
		buf_clear(text);
		ops_text_add(o, text, left);
	}
	ops_text_add(o, text, right);
	if (buf_full(text))
		return fail_length(o);
	*out = js_string(text_view(text));
	return 0;
}

int
ops_unary(struct ops *o, char op, struct js v, struct js *out)
{
	double d;

	if (op == '!') {
		*out = js_bool(!js_truthy(v));
		return 0;
	}
	if (ops_number(o, v, &d) != 0)
		return -1;
	*out = js_number(op == '-' ? -d : d);
	return 0;
}

static bool
find_method(const char *const *names, struct str16 key, struct js *out)
{
	for (; *names != NULL; names++) {
		if (!str16_is(key, *names))
			continue;
		*out = (struct js){.type = JS_FUNCTION, .function = *names};
		return true;
	}
	return false;
}

bool
ops_inherited(struct str16 name, struct js *out)
{
	if (str16_is(name, "__proto__")) {
		*out = prototype_of_objects();
		return true;
	}
	if (!find_method(object_names, name, out))
		return false;
	if (str16_is(name, "constructor"))
		out->function = "Object";
	return true;
}

/* An array's index as it is spelled canonically. */
static bool
read_index(struct str16 key, size_t *index)
{
	size_t i;

	if (key.len == 0 || key.len > 10 || (key.p[0] == '0' && key.len > 1))
		return false;
	*index = 0;
	for (i = 0; i < key.len; i++) {
		if (key.p[i] < '0' || key.p[i] > '9')
			return false;
		*index = *index * 10 + (size_t)(key.p[i] - '0');
	}
	return true;
}

static bool
array_member(const struct js_array *array, struct str16 key, struct js *out)
{
	size_t i;

	if (read_index(key, &i)) {
		if (i < array->n)
			*out = array->items[i];
		return i < array->n;
	}
	if (str16_is(key, "length")) {
		*out = js_number((double)array->n);
		return true;
	}
	if (find_method(array_names, key, out))
		return true;
	if (!ops_inherited(key, out))
		return false;
	if (str16_is(key, "constructor"))
		out->function = "Array";
	else if (str16_is(key, "__proto__") && array != &array_prototype)
		*out = prototype_of_arrays();
	return true;
}

static bool
object_member(const struct js_object *object, struct str16 key, struct js *out)
{
	const struct js *own = js_find(object, key);

	if (own != NULL) {
		*out = *own;
		return true;
	}
	if (!ops_inherited(key, out))
		return false;
	if (object == &object_prototype && str16_is(key, "__proto__"))
		*out = js_null();
	return true;
}

static bool
date_member(struct str16 key, struct js *out)
{
	if (find_method(date_names, key, out))
		return true;
	if (str16_is(key, "toGMTString")) {
		*out =
		    (struct js){.type = JS_FUNCTION, .function = "toUTCString"};
		return true;
	}
	if (!ops_inherited(key, out))
		return false;
	if (str16_is(key, "constructor"))
		out->function = "Date";
	return true;
}

int
ops_member(struct ops *o, struct js v, struct js key, struct js *out)
{
	struct str16 name;
	bool found = false;

	*out = empty_string();
	if (v.type != JS_ARRAY && v.type != JS_OBJECT && v.type != JS_DATE)
		return 0;
	if (ops_string(o, key, &name) != 0)
		return -1;
	if (v.type == JS_ARRAY)
		found = array_member(v.array, name, out);
	else if (v.type == JS_OBJECT)
		found = object_member(v.object, name, out);
	else
		found = date_member(name, out);
	if (!found || out->type == JS_UNDEFINED)
		*out = empty_string();
	return 0;
}
