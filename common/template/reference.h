/* References of schemas in frontmatter to other files (templatedx.md 7). */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "source.h"

/* Puts what `$ref` names in its place, in input_schema and in the schema of
 * object_config; references into the same document stay.  The frontmatter of
 * ROOT is written anew when there were any. */
int reference_resolve(struct arena *a, const struct source_file *file,
    const struct source_loader *loader, struct node *root,
    struct err *err) MUST_USE;

#endif
