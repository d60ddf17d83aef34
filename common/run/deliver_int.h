/* What the parts of delivering share. */
#ifndef DELIVER_INT_H
#define DELIVER_INT_H

#include "deliver.h"

/* An item that is delivered, or waits in memory where there is no store. */
struct parcel {
	struct parcel *next;
	int64_t id; /* in the store; 0: in memory alone */
	int attempts;
	int64_t queued, due; /* wall clock */
	struct buf body;
};

/* What the log is told of a route, each not too often. */
enum trouble { TROUBLE_FAILED, TROUBLE_DROPPED, TROUBLE__MAX };
/* A route at work. */
struct lane {
	struct deliver *deliver;
	const struct route *route;
	struct timer look;
	struct delivery *delivery; /* on its way, or NULL */
	struct parcel *waiting;	   /* in memory */
	size_t n_waiting, n_bytes;
	int64_t dropped;
	int64_t warned[TROUBLE__MAX], trimmed; /* when; 0: never */
	int failures;			       /* in a row */
	int64_t not_before; /* it is left alone until then, loop_now() */
};

struct delivery {
	struct lane *lane;
	struct arena *arena;
	void *state;
	struct parcel *parcels;
	struct buf body;
	struct timer clock, end;
	enum delivered how;
	int64_t retry_after;
	const char *reason;
	double chance; /* 0 to 1, for waits */
	bool sent, ended;
};

struct deliver {
	struct engine *engine;
	struct lane *lanes;
	size_t n;
	int64_t look_ms; /* between two looks */
};

/* --- what waits: deliver_wait.c */

enum { DELIVER_LOOK_MS = 30000 }; /* for what other processes left */

struct parcel *parcel_new(struct str body) MUST_USE;
void parcel_free(struct parcel *p);

/* Tells the log, but not too often. */
void lane_warn(struct lane *lane, enum trouble trouble, const char *reason);
/* N things will not arrive. */
void lane_lose(struct lane *lane, int64_t n, const char *reason);
/* Writes into the journal what became of an attempt; ERROR NULL: it arrived. */
void lane_note(struct lane *lane, const struct parcel *p, const char *error);

/* Keeps P, which it takes, in memory. */
void lane_remember(struct lane *lane, struct parcel *p);
/* The next thing that is due, for so long as an attempt may take; or NULL. */
struct parcel *lane_take(struct lane *lane) MUST_USE;
/* Back to the store, when it takes it now; takes P. */
void lane_give_back(struct lane *lane, struct parcel *p);

/* Drops what is too old or too many, now and then. */
void lane_trim(struct lane *lane);
/* Ms until something is due; -1: nothing waits. */
int64_t lane_due_in(const struct lane *lane) MUST_USE;

#endif
