/* A hash table of pairs of numbers with open addressing, at most half full.  It
 * refuses to know what the numbers stand for. */
#include "pairs.h"

#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 64 };

/* Both numbers are below this, so no key is all ones. */
#define EMPTY UINT64_MAX

static void
allocate(struct pairs *t, size_t size)
{
	t->size = size;
	t->keys = xmalloc(xmul(size, sizeof(*t->keys)));
	t->ids = xmalloc(xmul(size, sizeof(*t->ids)));
	memset(t->keys, 0xff, size * sizeof(*t->keys));
}

void
pairs_init(struct pairs *t)
{
	t->n = 0;
	allocate(t, FIRST_SIZE);
}

void
pairs_free(struct pairs *t)
{
	free(t->keys);
	free(t->ids);
}

void
pairs_clear(struct pairs *t)
{
	t->n = 0;
	memset(t->keys, 0xff, t->size * sizeof(*t->keys));
}

/* Every bit of the key moves every bit of the hash (the finaliser of
 * MurmurHash3). */
static uint64_t
hash(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdu;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53u;
	return x ^ x >> 33;
}

/* Where KEY is, or the free place for it. */
static size_t
place(const struct pairs *t, uint64_t key)
{
	size_t i = (size_t)hash(key) & (t->size - 1);

	while (t->keys[i] != EMPTY && t->keys[i] != key)
		i = (i + 1) & (t->size - 1);
	return i;
}

static void
grow(struct pairs *t)
{
	struct pairs old = *t;

	allocate(t, old.size * 2);
	for (size_t i = 0; i < old.size; i++) {
		size_t to;

		if (old.keys[i] == EMPTY)
			continue;
		to = place(t, old.keys[i]);
		t->keys[to] = old.keys[i];
		t->ids[to] = old.ids[i];
	}
	pairs_free(&old);
}

uint32_t
pairs_id(struct pairs *t, uint32_t a, uint32_t b)
{
	uint64_t key = (uint64_t)a << 32 | b;
	size_t i = place(t, key);

	if (t->keys[i] == key)
		return t->ids[i];
	t->keys[i] = key;
	t->ids[i] = t->n;
	if (t->n++ >= t->size / 2)
		grow(t);
	return t->n - 1;
}
