/* A prompt file becomes the tree that a client would have sent for it
 * (templatedx.md 1.4, 1.6 and 7): its tags are checked, what it imports and
 * what its schemas refer to is put in place. */
#ifndef SOURCE_H
#define SOURCE_H

#include "../base/ast.h"

struct source_file {
	struct str name; /* as errors call it, and as LOAD is given it */
	struct str text; /* UTF-8 */
};

/* Finds the file that FROM imports, or refers to, as PATH.  It decides which
 * files may be read at all; what it gives lives in the arena. */
typedef int source_load_fn(void *arg, struct arena *a, struct str from,
    struct str path, struct source_file *out, struct err *err);

struct source_loader {
	source_load_fn *load;
	void *arg;
};

/* LOADER may be NULL: then imports are errors.  Messages begin with
 * "name:line:column: " when the place is known, and a second line is the one
 * that offends. */
int source_parse(struct arena *a, const struct source_file *file,
    const struct source_loader *loader, struct node **root,
    struct err *err) MUST_USE;

#endif
