/* Turns libyaml's events into a tree.  It solves aliases (with a bound on what
 * they expand to, and without cycles) and refuses to know what a scalar means:
 * types, merge keys and equal keys are the reader's business. */
#include "yaml.h"

#include "limits.h"

#include <string.h>
#include <yaml.h>

/* A node while the tree is built. */
struct part {
	struct yaml node; /* first: a pointer to it is one to the part */
	size_t weight;	  /* nodes in it when its aliases are expanded */
	bool open;	  /* its end has not been read */
	size_t cap;
};

struct anchor {
	const char *name;
	struct part *part;
};

struct reader {
	yaml_parser_t parser;
	struct arena *arena;
	struct anchor *anchors;
	size_t n_anchors;
	size_t weight;
	size_t line, column; /* of the error */
	struct err *err;
};

static int
complain(struct reader *r, yaml_mark_t mark, const char *problem)
{
	if (r->err->code == ERR_NONE) {
		r->line = mark.line + 1;
		r->column = mark.column + 1;
	}
	return fail(r->err, ERR_PROMPT, "%s", problem);
}

/* A wrong byte is reported by its offset alone. */
static yaml_mark_t
mark_of_offset(struct str text, size_t offset)
{
	yaml_mark_t mark = {0};
	size_t i;

	for (i = 0; i < text.len && i < offset; i++) {
		mark.column++;
		if (text.p[i] == '\n') {
			mark.line++;
			mark.column = 0;
		}
	}
	return mark;
}

static int
next_event(struct reader *r, struct str text, yaml_event_t *event)
{
	yaml_parser_t *p = &r->parser;
	const char *problem;

	if (yaml_parser_parse(p, event))
		return 0;
	problem = p->problem != NULL ? p->problem : "cannot be parsed";
	if (p->error == YAML_READER_ERROR)
		return complain(
		    r, mark_of_offset(text, p->problem_offset), problem);
	return complain(r, p->problem_mark, problem);
}

static struct anchor *
find_anchor(struct reader *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->n_anchors; i++)
		if (strcmp(r->anchors[i].name, name) == 0)
			return &r->anchors[i];
	return NULL;
}

static int
add_anchor(
    struct reader *r, const char *name, struct part *part, yaml_mark_t mark)
{
	struct anchor *anchor;

	if ((anchor = find_anchor(r, name)) != NULL) {
		anchor->part = part;
		return 0;
	}
	if (r->n_anchors == LIMIT_YAML_ANCHORS)
		return complain(r, mark, "too many anchors");
	if (r->anchors == NULL)
		r->anchors = arena_array(
		    r->arena, LIMIT_YAML_ANCHORS, sizeof(r->anchors[0]));
	anchor = &r->anchors[r->n_anchors++];
	anchor->name = arena_strdup(r->arena, name);
	anchor->part = part;
	return 0;
}

static int
count(struct reader *r, size_t weight, yaml_mark_t mark)
{
	if (weight > LIMIT_YAML_NODES - r->weight)
		return complain(r, mark, "too many nodes");
	r->weight += weight;
	return 0;
}

static struct str
copy(struct reader *r, const yaml_char_t *p, size_t len)
{
	return (struct str){arena_strndup(r->arena, (const char *)p, len), len};
}

static struct part *
new_part(struct reader *r, enum yaml_kind kind, const yaml_event_t *event,
    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct part *part = arena_zalloc(r->arena, sizeof(*part));

	part->node.kind = kind;
	part->node.line = event->start_mark.line + 1;
	part->node.column = event->start_mark.column + 1;
	part->weight = 1;
	part->open = kind != YAML_SCALAR;
	if (tag != NULL)
		part->node.tag = copy(r, tag, strlen((const char *)tag));
	if (count(r, 1, event->start_mark) == -1)
		return NULL;
	if (anchor != NULL &&
	    add_anchor(r, (const char *)anchor, part, event->start_mark) == -1)
		return NULL;
	return part;
}

static struct part *
new_scalar(struct reader *r, const yaml_event_t *event)
{
	struct part *part;

	part = new_part(r, YAML_SCALAR, event, event->data.scalar.anchor,
	    event->data.scalar.tag);
	if (part == NULL)
		return NULL;
	part->node.start = event->start_mark.index;
	part->node.end = event->end_mark.index;
	part->node.plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	part->node.value =
	    copy(r, event->data.scalar.value, event->data.scalar.length);
	return part;
}

static struct part *
solve_alias(struct reader *r, const yaml_event_t *event)
{
	struct anchor *anchor;

	anchor = find_anchor(r, (const char *)event->data.alias.anchor);
	if (anchor == NULL) {
		(void)complain(r, event->start_mark, "unidentified alias");
		return NULL;
	}
	if (anchor->part->open) {
		(void)complain(
		    r, event->start_mark, "an alias inside of what it names");
		return NULL;
	}
	if (count(r, anchor->part->weight, event->start_mark) == -1)
		return NULL;
	return anchor->part;
}

/* The node that an event begins; the end events give NULL. */
static struct part *
begin(struct reader *r, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return new_scalar(r, event);
	case YAML_ALIAS_EVENT:
		return solve_alias(r, event);
	case YAML_SEQUENCE_START_EVENT:
		return new_part(r, YAML_SEQUENCE, event,
		    event->data.sequence_start.anchor,
		    event->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return new_part(r, YAML_MAPPING, event,
		    event->data.mapping_start.anchor,
		    event->data.mapping_start.tag);
	default:
		return NULL;
	}
}

static void
append(struct reader *r, struct part *to, struct part *item)
{
	struct yaml *node = &to->node;

	if (node->n == to->cap) {
		to->cap = to->cap != 0 ? to->cap * 2 : 4;
		node->items = arena_grow(r->arena, node->items, node->n,
		    to->cap, sizeof(struct yaml *));
	}
	node->items[node->n++] = &item->node;
	to->weight += item->weight;
}

/* Reads one document's nodes with a stack of our own depth. */
static int
read_document(struct reader *r, struct str text, struct yaml **root)
{
	struct part *stack[LIMIT_YAML_DEPTH], *part;
	yaml_event_t event;
	yaml_mark_t mark;
	size_t depth = 0;
	bool ends;

	do {
		if (next_event(r, text, &event) == -1)
			return -1;
		ends = event.type == YAML_SEQUENCE_END_EVENT ||
		       event.type == YAML_MAPPING_END_EVENT;
		mark = event.start_mark;
		part = begin(r, &event);
		yaml_event_delete(&event);
		if (r->err->code != ERR_NONE)
			return -1;
		if (ends) {
			part = stack[--depth];
			part->open = false;
		} else if (part != NULL && part->open) {
			if (depth == LIMIT_YAML_DEPTH)
				return complain(r, mark, "nested too deep");
			stack[depth++] = part;
			continue;
		}
		if (part != NULL && depth > 0)
			append(r, stack[depth - 1], part);
	} while (depth > 0);
	*root = part != NULL ? &part->node : NULL;
	return 0;
}

static int
read_stream(struct reader *r, struct str text, struct yaml **root)
{
	yaml_event_t event;
	yaml_event_type_t type;
	yaml_mark_t mark;
	unsigned documents = 0;

	do {
		if (next_event(r, text, &event) == -1)
			return -1;
		type = event.type;
		mark = event.start_mark;
		yaml_event_delete(&event);
		if (type != YAML_DOCUMENT_START_EVENT)
			continue;
		if (documents++ > 0)
			return complain(r, mark,
			    "expected a single document in the stream, but "
			    "found more");
		if (read_document(r, text, root) == -1)
			return -1;
	} while (type != YAML_STREAM_END_EVENT);
	return 0;
}

static struct str
with_line_end(struct arena *a, struct str text)
{
	char *p;

	if (text.len == 0)
		return STR("");
	if (text.p[text.len - 1] == '\n' || text.p[text.len - 1] == '\r')
		return text;
	p = arena_alloc(a, text.len + 1);
	memcpy(p, text.p, text.len);
	p[text.len] = '\n';
	return (struct str){p, text.len + 1};
}

static int
parse(struct reader *r, struct str text, struct yaml **root)
{
	int rc;

	*root = NULL;
	if (!yaml_parser_initialize(&r->parser))
		return fail(r->err, ERR_INTERNAL, "no memory for YAML");
	text = with_line_end(r->arena, text);
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
	    &r->parser, (const unsigned char *)text.p, text.len);
	rc = read_stream(r, text, root);
	yaml_parser_delete(&r->parser);
	if (rc == -1)
		*root = NULL;
	return rc;
}

int
yaml_read_at(struct arena *a, struct str text, struct yaml **root, size_t *line,
    struct err *err)
{
	struct reader r = {.arena = a, .err = err};
	int rc;

	rc = parse(&r, text, root);
	*line = r.line;
	return rc;
}

int
yaml_read(struct arena *a, struct str text, struct yaml **root, struct err *err)
{
	struct err problem = {0};
	struct reader r = {.arena = a, .err = &problem};

	if (parse(&r, text, root) == 0)
		return 0;
	(void)fail(
	    err, problem.code, "%s (%zu:%zu)", problem.msg, r.line, r.column);
	err_free(&problem);
	return -1;
}
