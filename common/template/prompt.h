/* A prompt: a tree and props become the messages and the configuration that a
 * model is called with (templatedx.md 9).  Pure. */
#ifndef PROMPT_H
#define PROMPT_H

#include "../base/ast.h"
#include "markdown.h"

/* Which of its configurations a prompt runs with (protocol.md 2.2). */
enum template_kind {
	TEMPLATE_OBJECT,
	TEMPLATE_TEXT,
	TEMPLATE_IMAGE,
	TEMPLATE_SPEECH,
	TEMPLATE__MAX
};

/* For what a prompt is loaded: the order in which its configurations are tried
 * differs. */
enum prompt_use {
	PROMPT_FOR_RUN, /* object, text, image, speech */
	PROMPT_FOR_ROWS /* text, object, image, speech */
};

/* The frontmatter's key of a kind. */
const char *template_config_key(enum template_kind kind);

struct prompt {
	enum template_kind kind;
	const struct node *ast; /* borrowed */
	enum markdown_style style;
	struct js frontmatter, compiled;
};

/* The compiled prompt as a JavaScript object with the keys of 9.2 in that
 * order.  Props that are not truthy count as none. */
int prompt_compile(struct arena *a, const struct node *ast,
    enum markdown_style style, struct js props, struct js *out,
    struct err *err) MUST_USE;

/* The frontmatter of a tree; JS_UNDEFINED when there is none. */
int prompt_frontmatter(struct arena *a, const struct node *ast, struct js *out,
    struct err *err) MUST_USE;

/* The kind of a prompt with this frontmatter; TEMPLATE__MAX: of none. */
enum template_kind prompt_kind_of(struct js frontmatter, enum prompt_use use);

/* The same tree with another model_name in the frontmatter, whose text stays
 * what it is otherwise, in the configuration that USE finds. */
int prompt_with_model(struct arena *a, const struct node *ast,
    enum prompt_use use, const char *model, const struct node **out,
    struct err *err) MUST_USE;

/* What is done once for a prompt: reads the frontmatter, decides the kind,
 * compiles without props and validates that (9.3).  OUT->compiled is the
 * result of that. */
int prompt_check(struct arena *a, const struct node *ast,
    enum markdown_style style, enum prompt_use use, struct prompt *out,
    struct err *err) MUST_USE;

/* What is done for each set of props: compiles with PROPS, when they are
 * truthy, else with those of test_settings.  Not validated. */
int prompt_format(struct arena *a, const struct prompt *prompt, struct js props,
    struct js *compiled, struct err *err) MUST_USE;

/* Both, for a run. */
int prompt_load(struct arena *a, const struct node *ast,
    enum markdown_style style, struct js props, struct prompt *out,
    struct err *err) MUST_USE;

#endif
