/* What the parts of the JSON Schema validator share.
 *
 * A schema is loaded into nodes first, which hold rules, one for each keyword
 * in the order in which they are to be checked; then a value is walked along
 * the nodes.  Checks answer 1 when the value is valid, 0 when it is not (the
 * reason is noted), and -1 when no answer can be had (the error is set). */
#ifndef SCHEMA_INT_H
#define SCHEMA_INT_H

#include "schema.h"
#include "ecma.h"

#include "../base/buf.h"

/* Types, one bit each.  A number without a fraction is of both. */
enum {
	TYPE_NULL = 1,
	TYPE_BOOLEAN = 2,
	TYPE_OBJECT = 4,
	TYPE_ARRAY = 8,
	TYPE_NUMBER = 16,
	TYPE_INTEGER = 32,
	TYPE_STRING = 64,
	TYPE_ANY = 127
};

/* Keywords, in the order of evaluation: what looks at the annotations of
 * others is last. */
enum word {
	WORD_TYPE,
	WORD_ENUM,
	WORD_CONST,
	WORD_MULTIPLE_OF,
	WORD_MAXIMUM,
	WORD_EXCLUSIVE_MAXIMUM,
	WORD_MINIMUM,
	WORD_EXCLUSIVE_MINIMUM,
	WORD_MAX_LENGTH,
	WORD_MIN_LENGTH,
	WORD_PATTERN,
	WORD_MAX_ITEMS,
	WORD_MIN_ITEMS,
	WORD_UNIQUE_ITEMS,
	WORD_MAX_PROPERTIES,
	WORD_MIN_PROPERTIES,
	WORD_REQUIRED,
	WORD_DEPENDENT_REQUIRED,
	WORD_PREFIX_ITEMS,
	WORD_ITEMS,
	WORD_CONTAINS,
	WORD_MAX_CONTAINS,
	WORD_MIN_CONTAINS,
	WORD_PROPERTY_NAMES,
	WORD_PROPERTIES,
	WORD_PATTERN_PROPERTIES,
	WORD_ADDITIONAL_PROPERTIES,
	WORD_DEPENDENT_SCHEMAS,
	WORD_REF,
	WORD_DYNAMIC_REF,
	WORD_ALL_OF,
	WORD_ANY_OF,
	WORD_ONE_OF,
	WORD_NOT,
	WORD_IF,
	WORD_THEN,
	WORD_ELSE,
	WORD_DEFS,
	WORD_DEFINITIONS,
	WORD_DEPENDENCIES,
	WORD_CONTENT_SCHEMA,
	WORD_UNEVALUATED_ITEMS,
	WORD_UNEVALUATED_PROPERTIES,
	WORD__MAX
};

/* The way from a root to a place below it, in a value or a schema. */
struct path {
	const struct path *up; /* NULL: the root */
	struct str key;	       /* .p is NULL for an item */
	size_t index;
	bool is_name; /* the name of the member KEY, not its value */
};

struct node;
struct rule;
struct run;
struct frame;
struct loader;

struct anchor {
	const struct anchor *next;
	struct str name;
	const struct node *node;
	bool dynamic;
};

/* A schema with a URI of its own. */
struct resource {
	struct resource *next;
	struct str uri; /* without a fragment */
	const struct node *root;
	const struct anchor *anchors;
};

/* One subschema of a keyword that has several. */
struct sub {
	struct str name;	  /* properties and the like */
	const struct ecma *regex; /* patternProperties */
	const struct node *node;
};

/* One value of an enum, by its hash. */
struct choice {
	uint64_t hash;
	const json_t *value;
};

struct keyword {
	const char *name;
	unsigned types; /* what it says something about */
	int (*load)(struct loader *l, struct node *n, struct rule *rule,
	    struct err *err);
	int (*check)(struct run *r, const struct frame *f,
	    const struct rule *rule); /* NULL: others use it */
};

/* Indexed by enum word. */
extern const struct keyword schema_keywords[WORD__MAX];

struct rule {
	enum word word;
	const json_t *arg;
	unsigned types;		  /* type */
	long double number;	  /* limits and counts */
	const struct ecma *regex; /* pattern */
	const struct choice *choices;
	const struct sub *subs; /* those with names are ordered by name */
	const struct node *node;
	struct str dynamic; /* $dynamicRef: the anchor, .p may be NULL */
	size_t n;	    /* of subs or choices */
};

struct node {
	const json_t *json; /* an object, or a boolean */
	struct resource *resource;
	const struct path *path; /* in the document of its root */
	const struct rule *rules;
	size_t n_rules;
	bool unevaluated; /* it asks what others have evaluated */
};

/* --- loading: schema_load.c, schema_words.c, schema_ref.c */

/* A reference that is to be resolved. */
struct pending {
	struct pending *next;
	const struct node *node;
	struct rule *rule;
};

struct loader {
	struct arena *arena;
	struct resource *resources;
	struct pending *first, **last;
	struct node **table; /* hashed by the address of the JSON */
	size_t n_nodes, table_size;
	unsigned depth, n_names;
};

/* The node of a whole schema, everything that it refers to loaded; in A. */
const struct node *schema_load(
    struct arena *a, const json_t *json, struct err *err) MUST_USE;

/* A document whose address is URI unless it has an $id, or a schema at PATH
 * inside RESOURCE.  References wait. */
const struct node *schema_load_document(struct loader *l, const json_t *json,
    struct str uri, struct err *err) MUST_USE;
const struct node *schema_load_node(struct loader *l, const json_t *json,
    struct resource *resource, const struct path *path,
    struct err *err) MUST_USE;

/* The node of JSON if it is loaded already, or NULL. */
struct node *schema_find_node(const struct loader *l, const json_t *json);

struct resource *schema_add_resource(struct loader *l, struct str uri);

/* $id, $anchor and $dynamicAnchor of a new node. */
int schema_name_node(struct loader *l, struct node *node, struct resource *base,
    struct err *err) MUST_USE;

/* Finds what $ref or $dynamicRef of NODE mean. */
int schema_resolve(struct loader *l, const struct node *node, struct rule *rule,
    struct err *err) MUST_USE;

/* The text of the meta-schema at URI, .p NULL for any other. */
struct str schema_meta(struct str uri);

/* KEY, or an item, below PATH; in the arena of the loader. */
const struct path *schema_path(
    struct loader *l, const struct path *up, struct str key, size_t index);

/* "bad schema: PATH: FMT"; returns -1. */
int schema_bad(const struct path *path, struct err *err, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* For qsort(): the order of names that the search goes by. */
int schema_compare_subs(const void *a, const void *b);

/* --- running: schema.c */

/* Which members or items are evaluated already. */
struct seen {
	size_t n;
	uint64_t few;	/* up to 64 of them */
	uint64_t *many; /* or more, owned */
};

/* The resources that were entered on the way, each one once. */
struct scope {
	const struct scope *outer;
	const struct resource *resource;
};

/* What is wrong with a value. */
struct note {
	struct buf text;
	unsigned depth; /* of the place that it speaks of */
};

struct run {
	size_t steps;
	unsigned quiet; /* nobody will read the reason */
	struct note note;
	struct err *err;
};

/* One schema applied to one value. */
struct frame {
	const struct frame *up;
	const struct node *node;
	const json_t *value;
	const struct path *path;
	const struct scope *scope;
	struct seen *seen; /* NULL when nobody asks */
	unsigned types;	   /* of the value */
	unsigned depth;	   /* of frames */
	unsigned level;	   /* of the path */
};

/* Applies NODE on behalf of RULE: to the value of F, whose evaluated parts go
 * to SEEN, or to the part of it at PATH. */
int schema_apply(struct run *r, const struct frame *f, const struct rule *rule,
    const struct node *node, struct seen *seen);
int schema_apply_part(struct run *r, const struct frame *f,
    const struct rule *rule, const struct node *node, const struct path *path,
    const json_t *value);

/* Another rule of the schema of F, NULL when there is none. */
const struct rule *schema_rule(const struct frame *f, enum word word);

/* N steps of the budget; 0, or -1 and an error when it is used up. */
int schema_spend(struct run *r, size_t n) MUST_USE;

/* Notes that F is where it went wrong; whether nobody will read why. */
bool schema_is_quiet(struct run *r, const struct frame *f);

/* Notes "PATH: FMT (keyword), got VALUE"; both return 0.  The second says what
 * it has got in its own words, or (NULL) not at all. */
int schema_wrong(struct run *r, const struct frame *f, const struct rule *rule,
    const char *fmt, ...) PRINTF_LIKE(4, 5);
int schema_wrong_got(struct run *r, const struct frame *f,
    const struct rule *rule, const char *got, const char *fmt, ...)
    PRINTF_LIKE(5, 6);

/* Whether N is within the limit of a max… or min… rule, and what N counts. */
int schema_within(struct run *r, const struct frame *f, const struct rule *rule,
    size_t n, const char *what);

/* ecma_match() within the budget. */
int schema_match(struct run *r, const struct ecma *regex, struct str text);

void seen_mark(struct seen *s, size_t i);
bool seen_has(const struct seen *s, size_t i);

/* --- what keywords do: schema_value.c, schema_array.c, schema_object.c,
 * schema_logic.c */

typedef int schema_check_fn(
    struct run *r, const struct frame *f, const struct rule *rule);

schema_check_fn check_type, check_enum, check_multiple_of, check_maximum,
    check_exclusive_maximum, check_minimum, check_exclusive_minimum,
    check_length, check_pattern;
schema_check_fn check_item_count, check_unique_items, check_prefix_items,
    check_items, check_contains, check_unevaluated_items;
schema_check_fn check_member_count, check_required, check_dependent_required,
    check_property_names, check_properties, check_pattern_properties,
    check_additional_properties, check_unevaluated_properties;
schema_check_fn check_ref, check_all_of, check_any_of, check_one_of, check_not,
    check_if, check_dependent_schemas;

/* --- values: schema_equal.c, schema_text.c */

unsigned schema_types(const json_t *value);
long double schema_number(const json_t *value);

/* The same for equal values; adds its work to *STEPS. */
uint64_t schema_hash(const json_t *value, size_t *steps);

/* Whether NUMBER is a multiple of FACTOR, both as they are written in decimal;
 * FACTOR is above 0. */
bool schema_multiple(const json_t *number, const json_t *factor);

/* A JSON pointer; nothing for the root. */
void schema_print_path(struct buf *b, const struct path *path);

void schema_print_text(struct buf *b, struct str text);

/* A scalar, cut when it is long; what an array or an object is. */
void schema_print_value(struct buf *b, const json_t *value);

/* "a string", "an integer or null". */
void schema_print_types(struct buf *b, unsigned types);

#endif
