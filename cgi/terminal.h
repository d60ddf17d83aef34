/* Shows what an endpoint answers to a prompt-run to the person at the terminal:
 * text as it comes, objects indented, images and speech as files.  A reply
 * (run/reply.h) that can also be fed with what came from elsewhere. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include "../common/base/arena.h"
#include "../common/base/buf.h"
#include "../common/run/reply.h"

#include <jansson.h>

struct terminal {
	struct reply reply; /* first */
	struct arena *arena;
	const char *dir, *name; /* of the files that are written */
	struct buf lines;	/* what is not a whole line yet */
	json_t *object;		/* the last snapshot */
	bool failed;
	bool midline; /* text was shown, and no end of its line */
};

/* Files are NAME-1.png, … in DIR; one that exists is never overwritten. */
void terminal_init(struct terminal *t, struct arena *a, const char *dir,
    const char *name) NONNULL;
void terminal_free(struct terminal *t) NONNULL;

/* An error of ours; the run has failed. */
void terminal_error(struct terminal *t, struct str text);

/* Behind the last of it. */
void terminal_end(struct terminal *t) NONNULL;

#endif
