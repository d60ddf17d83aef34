/* Files, prompts and props of the commands that work on a prompt. */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include "../common/base/arena.h"
#include "../common/base/ast.h"
#include "../common/base/err.h"
#include "cli_args.h"

/* A file, or standard input for "-"; in the arena. */
int cli_read(struct arena *a, const char *path, struct str *text,
    struct err *err) MUST_USE;

/* A prompt's source (.mdx), with what it imports from the folder of its project
 * (where agentmark.json is, else its own); or a tree, in JSON.  Standard input
 * is either. */
int cli_prompt(struct arena *a, const char *path, struct node **ast,
    struct err *err) MUST_USE;

/* The folder of a prompt's project, where files are that it names. */
const char *cli_project(
    struct arena *a, const char *path, struct err *err) MUST_USE;

/* Props in a file of JSON; undefined when PATH is NULL. */
int cli_props(struct arena *a, const char *path, struct js *props,
    struct err *err) MUST_USE;

#endif
