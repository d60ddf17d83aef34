/* Walks the tree of a prompt: expressions become text, registered tags do
 * their work, anything else is copied (templatedx.md 2).  What counts are the
 * messages that role tags leave behind, in the order of section 8. */
#ifndef TRANSFORM_H
#define TRANSFORM_H

#include "../base/ast.h"
#include "eval.h"
#include "markdown.h"
#include "queue.h"

/* Which tags are registered (1.4); bits, so that a tag may name several. */
enum instance {
	INSTANCE_LANGUAGE = 1,
	INSTANCE_IMAGE = 2,
	INSTANCE_SPEECH = 4
};

enum role {
	ROLE_SYSTEM,
	ROLE_USER,
	ROLE_ASSISTANT,
	ROLE_IMAGE_PROMPT,
	ROLE_SPEECH_PROMPT
};

/* What one role tag left: text, or the parts of a user message. */
struct field {
	enum role role;
	struct js content;
};

struct fields {
	const struct field *const *items;
	size_t n;
};

/* The fields of a tree whose props are PROPS, an object or anything else. */
int transform_tree(struct arena *a, const struct node *ast,
    enum instance instance, enum markdown_style style, struct js props,
    struct fields *out, struct err *err) MUST_USE;

/* What follows is for the tags. */

/* Value of a promise that stands for nodes. */
struct nodes {
	struct node **items;
	size_t n;
};

/* Value of a rejection.  One that carries a position is not wrapped by the
 * elements around it (10). */
struct fault {
	enum err_code code;
	bool has_position;
	struct str text;
};

struct loop_body;

struct render {
	struct arena *arena; /* of what the fields hold */
	struct arena *work;  /* of what is not needed once they are there */
	struct queue queue;
	struct eval eval; /* shared holds what templates see of our state */
	enum instance instance;
	enum markdown_style style;
	bool in_user;		/* a User tag was met, anywhere */
	struct js_array *media; /* attachments, of the whole document (4.6) */
	struct promise **fields;
	size_t n_fields, cap_fields;
	size_t used;		  /* bytes of text and parts made so far */
	struct loop_body *bodies; /* of ForEach tags met so far */
	size_t loop_nodes;	  /* nodes that these were repeated to */
};

/* Where a node stands. */
struct site {
	struct scope *scope;
	unsigned depth;
};

/* The nodes that a node becomes. */
struct promise *transform_node(
    struct render *r, struct node *node, struct site site);

/* The nodes that the children of PARENT become together; DONE is called in a
 * job. */
void transform_children(struct render *r, const struct node *parent,
    struct site site, promise_fn *done, void *arg);

/* A site one level deeper with an empty scope of its own. */
struct site site_inside(struct render *r, struct site site);

/* Counts what a template makes; fails beyond LIMIT_RENDER_BYTES. */
int render_spend(struct render *r, size_t bytes, struct err *err);

struct nodes *nodes_of(struct render *r, struct node *node);
struct node *node_text(struct render *r, struct str16 text);

/* A fault without a position; the second takes over ERR and frees it. */
struct fault *fault_new(struct render *r, const char *text);
struct fault *fault_from(struct render *r, struct err *err);

#endif
