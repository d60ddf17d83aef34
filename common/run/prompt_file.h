/* Prompts as files: the tree that a client would have sent for one.  Sources
 * (.mdx) with what they import and refer to, and trees as `agentmark build`
 * writes them (.json). */
#ifndef PROMPT_FILE_H
#define PROMPT_FILE_H

#include "../base/ast.h"

/* The tree in TEXT: {ast, …}, or the tree alone.  It is borrowed from. */
int prompt_file_tree(struct arena *a, struct str text, struct node **ast,
    struct err *err) MUST_USE;

/* The prompt NAME below ROOT, a directory: NAME itself, or with the ending that
 * it lacks (.prompt.mdx, .mdx, .prompt.json, .json).  Nothing outside of ROOT
 * is read.  Messages name the file and, of a source, the place and its line.
 * ERR_REQUEST when there is no such file. */
int prompt_file_read(struct arena *a, const char *root, struct str name,
    struct node **ast, struct err *err) MUST_USE;

/* The prompt in the file PATH, wherever that is; what it imports lies below
 * its own folder. */
int prompt_file_read_path(struct arena *a, const char *path, struct node **ast,
    struct err *err) MUST_USE;

/* Trees that were read before: they are taken again as long as all files that
 * they were made of hold the same. */
struct prompt_cache;
struct prompt_cache *prompt_cache_new(void) MUST_USE;
void prompt_cache_free(struct prompt_cache *cache);

/* As prompt_file_read(); the tree lasts until the next call. */
int prompt_cache_read(struct prompt_cache *cache, const char *root,
    struct str name, const struct node **ast, struct err *err) MUST_USE;

#endif
