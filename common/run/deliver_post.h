/* A delivery by HTTP: one POST, whose answer says how it ended. */
#ifndef DELIVER_POST_H
#define DELIVER_POST_H

#include "deliver.h"

struct delivery_post {
	const char *url;	    /* must stay until the drop */
	const char *type;	    /* Content-Type */
	const char *const *headers; /* more of them, NULL-ended, or NULL */
	struct str body;	    /* must stay until the drop */
	bool gzip;
	int64_t timeout_ms;
	size_t max_reply; /* bytes that are kept; 0: as of an error */
	/* Hears what a good answer says, or NULL. */
	void (*heed)(struct delivery *d, int status, struct str reply);
};

/* For a route's send(): its state begins with room for one of these. */
struct delivery_posting;
extern const size_t delivery_posting_size;

/* Ends the delivery by what comes back: 2xx is good; 408, 425, 429 and 500 and
 * above, and no answer at all, are tried again, when the answer says so after
 * its Retry-After; anything else is final. */
void delivery_post(struct delivery *d, struct engine *engine,
    const struct delivery_post *post);

/* The route's drop(), or a part of it. */
void delivery_post_drop(struct delivery *d);

#endif
