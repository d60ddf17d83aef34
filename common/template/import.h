/* Components: files that other files import and use as tags (templatedx.md
 * 1.6). */
#ifndef IMPORT_H
#define IMPORT_H

#include "source.h"
#include "tags.h"
#include "../mdx/mdx.h"

/* A component under the name that the importing file gave it. */
struct import {
	struct str16 name;
	const struct mdx_use *use; /* its import statement */
	struct str path;
	struct source *source; /* once it was used */
	struct import *next;
};

/* One file, on its way to a tree. */
struct source {
	struct arena *arena;
	const struct source_file *file;
	const struct source_loader *loader;
	const struct source *parent; /* the file that imports it */
	unsigned depth;
	enum instance instance;
	struct mdx_doc doc;
	struct import *imports;
	size_t *spent; /* nodes that components were repeated to, in all */
};

/* Reads, checks and expands a file whose FILE, LOADER and PARENT are set. */
int source_read(struct source *s, struct err *err) MUST_USE;

/* Puts the file and the place before a message; always -1. */
int source_locate(
    const struct source_file *file, struct mdx_place at, struct err *err);

/* The imports of a file, whose statements leave its tree. */
int import_collect(struct source *s, struct err *err) MUST_USE;
const struct import *import_find(const struct source *s, struct str16 name);

/* Puts components in the place of their tags. */
int import_expand(struct source *s, struct err *err) MUST_USE;

#endif
