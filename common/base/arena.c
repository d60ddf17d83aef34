/* Bump allocation in blocks, with child arenas and cleanup hooks.  It refuses
 * to free single objects. */
#include "arena.h"

#include "xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCK_BYTES = 8192,
	ALIGNMENT = 16,
/* Blocks that wait to be used again.  None do where every use of what was freed
 * is looked for. */
#ifdef __SANITIZE_ADDRESS__
	SPARE_BLOCKS = 0
#else
	SPARE_BLOCKS = 512
#endif
};

struct block {
	struct block *next;
	size_t size; /* without this */
};
_Static_assert(sizeof(struct block) % ALIGNMENT == 0, "blocks stay aligned");

struct hook {
	struct hook *next;
	void (*fn)(void *);
	void *arg;
};

/* It lies in its first block. */
struct arena {
	struct arena *root, *parent, *first, *prev, *next; /* the tree */
	struct block *blocks;
	struct hook *hooks;
	char *p, *end;	     /* what is left of the newest block */
	struct block *spare; /* of a root: what arenas below it gave back */
	size_t n_spare;
};

enum {
	USUAL = BLOCK_BYTES - sizeof(struct block),
	HEAD = (sizeof(struct arena) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT
};

static struct block *
new_block(struct arena *root, size_t size)
{
	struct block *b;

	if (size == USUAL && root != NULL && root->spare != NULL) {
		b = root->spare;
		root->spare = b->next;
		root->n_spare--;
		return b;
	}
	b = xmalloc(sizeof(*b) + size);
	b->size = size;
	return b;
}

static void
free_block(struct arena *root, struct block *b)
{
	if (b->size != USUAL || root == NULL || root->n_spare == SPARE_BLOCKS) {
		free(b);
		return;
	}
	b->next = root->spare;
	root->spare = b;
	root->n_spare++;
}

struct arena *
arena_new(struct arena *parent)
{
	struct arena *root = parent != NULL ? parent->root : NULL;
	struct block *b = new_block(root, USUAL);
	struct arena *a = (struct arena *)(b + 1);

	b->next = NULL;
	*a = (struct arena){
	    .root = root != NULL ? root : a,
	    .parent = parent,
	    .blocks = b,
	    .p = (char *)a + HEAD,
	    .end = (char *)a + USUAL,
	};
	if (parent == NULL)
		return a;
	a->next = parent->first;
	if (a->next != NULL)
		a->next->prev = a;
	parent->first = a;
	return a;
}

static void
unlink_from_parent(struct arena *a)
{
	if (a->next != NULL)
		a->next->prev = a->prev;
	if (a->prev != NULL)
		a->prev->next = a->next;
	else if (a->parent != NULL)
		a->parent->first = a->next;
}

void
arena_free(struct arena *a)
{
	struct arena *root;
	struct block *b, *next;
	struct hook *h;

	if (a == NULL)
		return;
	while (a->first != NULL)
		arena_free(a->first);
	while ((h = a->hooks) != NULL) {
		a->hooks = h->next;
		h->fn(h->arg);
	}
	unlink_from_parent(a);
	root = a->parent != NULL ? a->root : NULL;
	while ((b = a->spare) != NULL) {
		a->spare = b->next;
		free(b);
	}
	for (b = a->blocks; b != NULL; b = next) { /* A is in the last */
		next = b->next;
		free_block(root, b);
	}
}

static void *
add_block(struct arena *a, size_t size)
{
	struct block *b;

	if (size > SIZE_MAX / 2)
		size = SIZE_MAX / 2; /* malloc refuses that */
	b = new_block(a->root, size);
	b->next = a->blocks;
	a->blocks = b;
	return b + 1;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	void *p;

	if (size > SIZE_MAX / 2)
		return add_block(a, size);
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (size == 0)
		size = ALIGNMENT;
	if ((size_t)(a->end - a->p) >= size) {
		p = a->p;
		a->p += size;
		return p;
	}
	if (size > BLOCK_BYTES / 4)
		return add_block(a, size);
	p = add_block(a, USUAL);
	a->p = (char *)p + size;
	a->end = (char *)p + USUAL;
	return p;
}

void *
arena_zalloc(struct arena *a, size_t size)
{
	return memset(arena_alloc(a, size), 0, size);
}

void *
arena_dup(struct arena *a, const void *p, size_t size)
{
	void *copy = arena_alloc(a, size);

	if (size != 0)
		memcpy(copy, p, size);
	return copy;
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	return arena_alloc(a, xmul(n, size));
}

void *
arena_grow(
    struct arena *a, const void *old, size_t old_n, size_t n, size_t size)
{
	void *p = arena_array(a, n, size);

	if (old_n != 0)
		memcpy(p, old, old_n * size);
	return p;
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (len != 0)
		memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

/* Tried in what is left of the block, where most texts find room. */
char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	char *first = a->p, *p;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(first, (size_t)(a->end - first), fmt, ap);
	va_end(ap);
	if (n < 0)
		return arena_strdup(a, "");
	p = arena_alloc(a, (size_t)n + 1);
	if (p == first)
		return p;
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void
arena_on_free(struct arena *a, void (*fn)(void *), void *arg)
{
	struct hook *h = arena_alloc(a, sizeof(*h));

	*h = (struct hook){a->hooks, fn, arg};
	a->hooks = h;
}
