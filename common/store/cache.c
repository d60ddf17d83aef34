/* Kept answers: found by the hash of their question, dropped by age and to make
 * room.  It refuses to know what a question or an answer is. */
#include "cache.h"

#include "../base/clock.h"
#include "../base/limits.h"
#include "../base/xalloc.h"
#include "store_int.h"

#include <stdlib.h>
#include <unistd.h>

enum { DAY_MS = 24 * 3600 * 1000 };

/* The questions lie in a table of their own: who looks for answers passes over
 * none of them. */
static const char *const steps[] = {
    "create table answer (seq integer primary key,"
    " whole blob not null unique, about blob, said blob, at integer not null,"
    " text blob not null);"
    "create index answer_about on answer (about);"
    "create index answer_said on answer (said);"
    "create table question (seq integer primary key, text blob not null);",
};

static const struct store_kind kind = {
    .steps = steps,
    .version = ARRAY_LEN(steps),
    .application = 0x414d6361, /* "AMca" */
    .cache_kib = 16 * 1024,
    .lost = "answers are not kept",
    .anew = "all answers in it are lost",
};

struct cache {
	struct store *store;
	int64_t bytes, age_ms;
	int64_t swept; /* monotonic ms; 0: not yet */
	enum { RESTS, READS, WRITES } state;
};

struct cache *
cache_new(const char *path, int64_t bytes, int64_t days)
{
	struct cache *c = xcalloc(1, sizeof(*c));

	c->store = store_new_kind(path, &kind, bytes);
	c->bytes = bytes;
	c->age_ms = days * DAY_MS;
	return c;
}

void
cache_free(struct cache *c)
{
	if (c == NULL)
		return;
	cache_rest(c);
	store_free(c->store);
	free(c);
}

int
cache_check(struct cache *c, struct err *err)
{
	return store_check(c->store, err);
}

/* --- asking */

static int
begin_reading(struct cache *c)
{
	if (c->state != RESTS)
		return 0;
	if (store_begin_read(c->store) == -1)
		return -1;
	c->state = READS;
	return 0;
}

void
cache_rest(struct cache *c)
{
	if (c->state != RESTS)
		(void)store_end(c->store);
	c->state = RESTS;
}

static struct str
blob(sqlite3_stmt *stmt)
{
	const char *p = sqlite3_column_blob(stmt, 0);

	return (struct str){
	    p != NULL ? p : "", (size_t)sqlite3_column_bytes(stmt, 0)};
}

#define HASH(h) BYTES(((struct str){(const char *)(h), CRYPT_HASH_LEN}))

/* The oldest moment at which an answer may have been given. */
static int64_t
oldest(const struct cache *c)
{
	return clock_wall_ms() - c->age_ms;
}

int
cache_get(struct cache *c, struct arena *a, const struct cache_key *key,
    struct str *answer)
{
	sqlite3_stmt *stmt;
	int found = 0;

	if (begin_reading(c) == -1)
		return -1;
	store_patience(c->store);
	stmt = store_ask(c->store,
	    "select text from answer where whole = ? and at >= ?",
	    VALUES(HASH(key->whole), INT(oldest(c))));
	if (store_row(c->store, stmt)) {
		*answer = blob(stmt);
		answer->p = arena_strndup(a, answer->p, answer->len);
		found = 1;
	}
	store_done(stmt);
	if (!c->store->failed)
		return found;
	cache_rest(c);
	return -1;
}

static void
each_like(struct cache *c, const char *sql, const uint8_t *hash,
    void (*each)(void *arg, struct str question), void *arg)
{
	sqlite3_stmt *stmt =
	    store_ask(c->store, sql, VALUES(HASH(hash), INT(LIMIT_CACHE_LIKE)));

	while (store_row(c->store, stmt))
		each(arg, blob(stmt));
	store_done(stmt);
}

void
cache_like(struct cache *c, const struct cache_key *key,
    void (*each)(void *arg, struct str question), void *arg)
{
	if (begin_reading(c) == -1)
		return;
	store_patience(c->store);
	each_like(c,
	    "select q.text from answer a join question q on q.seq = a.seq"
	    " where a.about = ? order by a.seq desc limit ?",
	    key->about, each, arg);
	each_like(c,
	    "select q.text from answer a join question q on q.seq = a.seq"
	    " where a.said = ? order by a.seq desc limit ?",
	    key->said, each, arg);
	if (c->store->failed)
		cache_rest(c);
}

/* --- keeping */

/* Those that end together are written together. */
static int
begin_writing(struct cache *c)
{
	if (c->state == WRITES) {
		store_patience(c->store);
		return 0;
	}
	cache_rest(c);
	if (store_begin(c->store) == -1)
		return -1;
	c->state = WRITES;
	return 0;
}

static void
drop(struct cache *c, const struct cache_key *key)
{
	(void)store_do(c->store,
	    "delete from question where seq in"
	    " (select seq from answer where whole = ?)",
	    VALUES(HASH(key->whole)));
	(void)store_do(c->store, "delete from answer where whole = ?",
	    VALUES(HASH(key->whole)));
}

/* Those among the N oldest that are from before BEFORE; how many. */
static int
drop_oldest(struct cache *c, int64_t n, int64_t before)
{
	(void)store_do(c->store,
	    "delete from question where seq in (select seq from"
	    " (select seq, at from answer order by seq limit ?) where at < ?)",
	    VALUES(INT(n), INT(before)));
	return store_do(c->store,
	    "delete from answer where seq in (select seq from"
	    " (select seq, at from answer order by seq limit ?) where at < ?)",
	    VALUES(INT(n), INT(before)));
}

/* Pages that hold something. */
static int64_t
used(struct cache *c)
{
	int64_t pages = store_int(c->store, "pragma page_count", NULL, 0);

	return (pages - store_int(c->store, "pragma freelist_count", NULL, 0)) *
	       STORE_PAGE;
}

/* Room for LEN bytes and a few pages around them. */
static void
make_room(struct cache *c, size_t len)
{
	enum { AROUND = 64 * STORE_PAGE };
	int64_t most = c->bytes - (int64_t)len - AROUND;

	while (!c->store->failed && used(c) > most) {
		if (drop_oldest(c, LIMIT_CACHE_DROP, INT64_MAX) <= 0)
			return;
		store_patience(c->store);
	}
}

static void
sweep(struct cache *c)
{
	int64_t now = clock_mono_ms();

	if (c->swept != 0 && now - c->swept < LIMIT_STORE_SWEEP_MS)
		return;
	c->swept = now != 0 ? now : 1;
	(void)drop_oldest(c, LIMIT_STORE_SWEEP_ROWS, oldest(c));
}

static void
put(struct cache *c, const struct cache_key *key, struct str question,
    struct str answer)
{
	struct store *s = c->store;

	if (store_int(s, "select seq from answer where whole = ? and at >= ?",
		VALUES(HASH(key->whole), INT(oldest(c))), 0) != 0)
		return;
	drop(c, key);
	sweep(c);
	make_room(c, question.len + answer.len);
	(void)store_do(s,
	    "insert into answer (whole, about, said, at, text)"
	    " values (?, ?, ?, ?, ?)",
	    VALUES(HASH(key->whole), HASH(key->about), HASH(key->said),
		INT(clock_wall_ms()), BYTES(answer)));
	(void)store_do(s,
	    "insert into question (seq, text) values (last_insert_rowid(), ?)",
	    VALUES(BYTES(question)));
}

/* One that would drive out most of the others is not worth it. */
void
cache_put(struct cache *c, const struct cache_key *key, struct str question,
    struct str answer)
{
	if ((int64_t)(question.len + answer.len) > c->bytes / 4 ||
	    begin_writing(c) == -1)
		return;
	put(c, key, question, answer);
	if (c->store->failed)
		cache_rest(c);
}

void
cache_drop(struct cache *c, const struct cache_key *key)
{
	if (begin_writing(c) == -1)
		return;
	drop(c, key);
	cache_rest(c);
}

/* --- removing */

static int64_t
purge(struct store *s, int64_t before)
{
	int64_t n;

	if (store_begin(s) == -1)
		return -1;
	(void)store_do(s,
	    "delete from question where seq in"
	    " (select seq from answer where at < ?)",
	    VALUES(INT(before)));
	n = store_do(s, "delete from answer where at < ?", VALUES(INT(before)));
	return store_end(s) == 0 ? n : -1;
}

/* Deleted rows stay readable in the file until it is written anew. */
static int
rewrite(struct store *s)
{
	int rc;

	if (store_open(s) == -1 || store_do(s, "vacuum", NULL) == -1)
		return -1;
	rc = sqlite3_wal_checkpoint_v2(
	    s->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return rc == SQLITE_OK ? 0 : -1;
}

int64_t
cache_purge(const char *path, int64_t before, struct err *err)
{
	struct store *s;
	int64_t n;

	if (path == NULL || access(path, F_OK) == -1)
		return 0;
	s = store_new_kind(path, &kind, LIMIT_CACHE_BYTES_MAX);
	s->wait = LIMIT_CACHE_PURGE_MS;
	n = purge(s, before);
	if (n > 0 && rewrite(s) == -1)
		n = -1;
	store_free(s);
	if (n < 0)
		return fail(err, ERR_INTERNAL,
		    "%s: kept answers cannot be removed", path);
	return n;
}
