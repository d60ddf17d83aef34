/* What drivers share when they tell a model of tools: the parts of messages
 * that hold calls and results (see struct ask), their texts, and what
 * tool_choice says. */
#ifndef TOOL_ASK_H
#define TOOL_ASK_H

#include "driver.h"

enum tool_part_type {
	TOOL_PART_OTHER, /* text, an image, a file */
	TOOL_PART_CALL,
	TOOL_PART_RESULT
};

/* One part of a message's content; everything is borrowed from it. */
struct tool_part {
	enum tool_part_type type;
	struct str id, name;
	const json_t *value; /* the arguments or the result; or NULL */
	/* Of a call: its arguments are text that is no JSON.  Of a result: the
	 * tool failed and this is why. */
	bool bad;
	/* Of a call: what DRIVER kept with it; NULL: nothing, or another's. */
	const json_t *keep;
};

void tool_part_read(const json_t *part, const struct driver *driver,
    struct tool_part *out) NONNULL;

/* Whether one of the parts of CONTENT (which may be a text or NULL) is a call
 * or a result. */
bool tool_part_any(const json_t *content);

/* The first of PARTS that is a call, read into OUT; or NULL. */
const json_t *tool_part_first(
    const json_t *parts, const struct driver *driver, struct tool_part *out);

/* What vendors that want text are told: a result that is a string as it is, any
 * other as compact JSON; the arguments of a call as JSON, those that are none
 * as the model gave them.  It lives in the arena. */
int tool_part_text(struct arena *a, const struct tool_part *part,
    struct str *out, struct err *err);

/* The arguments for vendors that want an object: {} for anything else.  A new
 * reference. */
json_t *tool_part_input(const struct tool_part *part) MUST_USE NONNULL;

/* Sets name, description (when there is one) and, as KEY, the schema. */
void tool_decl_add(
    json_t *to, const struct tool_decl *decl, const char *key) NONNULL;

/* What the tool is called whose arguments are an object: "json", with as many _
 * behind it as keep it apart from the ask's tools.  It lives as long as the
 * call. */
const char *tool_object_name(struct call *call) NONNULL;

enum tool_mode {
	TOOL_MODE_AUTO,
	TOOL_MODE_NONE,
	TOOL_MODE_REQUIRED,
	TOOL_MODE_ONE, /* the named one */
	TOOL_MODE__MAX
};

struct tool_choice {
	enum tool_mode mode;
	const char *name; /* of one of the ask's tools, for TOOL_MODE_ONE */
};

/* What the configuration's tool_choice says, auto where it says nothing.  A
 * prompt names a tool as its `tools` do: "get weather", "mcp://server/tool";
 * fails when none of the ask's tools is meant.  Of a model that may not be
 * forced, auto, and the key is ignored. */
int tool_choice_read(
    struct call *call, struct tool_choice *out, struct err *err);

#endif
