/* Rows that wait for their repeats, and clusters that wait for their rows: in a
 * table while they are not too many, else in pieces on disk, which are joined
 * when all is there.  It refuses to know what is made of them. */
#include "summary_int.h"

#include "../base/xalloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t
bucket(const struct parts *p, const uint8_t key[SPOOL_KEY_LEN])
{
	uint64_t a, b;

	memcpy(&a, key, sizeof(a));
	memcpy(&b, key + sizeof(a), sizeof(b));
	a = (a ^ b) * 0x9e3779b97f4a7c15u;
	return (size_t)(a >> 20) & (p->n_buckets - 1);
}

static void
grow(struct parts *p)
{
	struct parts old = *p;

	p->n_buckets = old.n_buckets != 0 ? old.n_buckets * 2 : 64;
	p->buckets = xcalloc(p->n_buckets, sizeof(struct part *));
	for (size_t i = 0; i < old.n_buckets; i++)
		while (old.buckets[i] != NULL) {
			struct part *part = old.buckets[i];
			size_t to = bucket(p, part->key);

			old.buckets[i] = part->next;
			part->next = p->buckets[to];
			p->buckets[to] = part;
		}
	free(old.buckets);
}

struct part *
parts_find(struct parts *p, const uint8_t key[SPOOL_KEY_LEN])
{
	struct part *part;
	size_t at;

	if (p->n >= p->n_buckets)
		grow(p);
	at = bucket(p, key);
	for (part = p->buckets[at]; part != NULL; part = part->next)
		if (memcmp(part->key, key, SPOOL_KEY_LEN) == 0)
			return part;
	part = xcalloc(1, sizeof(*part));
	memcpy(part->key, key, SPOOL_KEY_LEN);
	part->next = p->buckets[at];
	p->buckets[at] = part;
	p->n++;
	return part;
}

static void
free_part(struct part *part)
{
	free(part->tallies);
	free(part);
}

void
parts_remove(struct parts *p, struct part *part)
{
	struct part **at = &p->buckets[bucket(p, part->key)];

	while (*at != part)
		at = &(*at)->next;
	*at = part->next;
	p->n--;
	free_part(part);
}

void
parts_free(struct parts *p)
{
	for (size_t i = 0; i < p->n_buckets; i++)
		while (p->buckets[i] != NULL) {
			struct part *part = p->buckets[i];

			p->buckets[i] = part->next;
			free_part(part);
		}
	free(p->buckets);
	*p = (struct parts){0};
}

/* --- what they hold */

static struct tally *
tally_of(struct part *part, size_t eval)
{
	size_t n = eval + 1;

	if (n > part->n_tallies) {
		part->tallies =
		    xrealloc(part->tallies, xmul(n, sizeof(*part->tallies)));
		memset(part->tallies + part->n_tallies, 0,
		    (n - part->n_tallies) * sizeof(*part->tallies));
		part->n_tallies = (uint32_t)n;
	}
	return &part->tallies[eval];
}

void
part_add(struct part *part, size_t eval, const struct result *r)
{
	struct tally *t = tally_of(part, eval);
	double whole = floor(r->score);

	t->whole += (int64_t)whole;
	t->fraction += llrint((r->score - whole) * 0x1p36);
	t->scored++;
	t->ruled += r->ruled;
	t->passed += r->passed;
}

/* Empties it; its memory stays. */
void
part_clear(struct part *part)
{
	if (part->n_tallies > 0)
		memset(
		    part->tallies, 0, part->n_tallies * sizeof(*part->tallies));
	part->n = 0;
	part->clustered = false;
}

double
tally_sum(const struct tally *t)
{
	return (double)t->whole + (double)t->fraction * 0x1p-36;
}

static void
join_tallies(struct part *to, const struct tally *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct tally *t = tally_of(to, i);

		t->whole += from[i].whole;
		t->fraction += from[i].fraction;
		t->passed += from[i].passed;
		t->scored += from[i].scored;
		t->ruled += from[i].ruled;
	}
}

void
part_join(struct part *to, const struct part *from)
{
	to->n += from->n;
	if (from->clustered && !to->clustered) {
		to->clustered = true;
		memcpy(to->cluster, from->cluster, SPOOL_KEY_LEN);
	}
	join_tallies(to, from->tallies, from->n_tallies);
}

/* --- on disk: a struct part, and its tallies behind it */

static int
spill(struct summary *s, const struct part *part, int shelf, struct err *err)
{
	size_t bytes = part->n_tallies * sizeof(*part->tallies);
	char *data = xmalloc(sizeof(*part) + bytes);
	struct spool_item item = {.shelf = shelf,
	    .major = (int64_t)s->spooled++,
	    .data = data,
	    .len = sizeof(*part) + bytes};
	int rc;

	memcpy(item.key, part->key, SPOOL_KEY_LEN);
	memcpy(data, part, sizeof(*part));
	if (bytes > 0)
		memcpy(data + sizeof(*part), part->tallies, bytes);
	rc = spool_put(s->spool, &item, err);
	free(data);
	return rc;
}

int
parts_spill(struct summary *s, struct parts *p, int shelf, struct err *err)
{
	int rc = summary_spool(s, err);

	s->spilled[shelf] = true;
	for (size_t i = 0; i < p->n_buckets && rc == 0; i++)
		for (struct part *part = p->buckets[i]; part != NULL && rc == 0;
		     part = part->next)
			rc = spill(s, part, shelf, err);
	parts_free(p);
	return rc;
}

/* The pieces of one part lie beside each other. */
int
parts_unspill(struct summary *s, int shelf,
    int (*each)(struct summary *s, struct part *part, struct err *err),
    struct err *err)
{
	struct spool_reader *r = spool_read(s->spool, shelf, err);
	struct spool_item item;
	struct part whole = {0}, piece;
	int rc = r != NULL ? 1 : -1;

	while (rc > 0 && (rc = spool_next(r, &item, err)) > 0) {
		memcpy(&piece, item.data, sizeof(piece));
		piece.tallies = xmalloc(item.len);
		memcpy(piece.tallies, (const char *)item.data + sizeof(piece),
		    item.len - sizeof(piece));
		if (whole.n > 0 &&
		    memcmp(whole.key, piece.key, SPOOL_KEY_LEN) != 0) {
			rc = each(s, &whole, err) < 0 ? -1 : 1;
			free(whole.tallies);
			whole = (struct part){0};
		}
		memcpy(whole.key, piece.key, SPOOL_KEY_LEN);
		part_join(&whole, &piece);
		free(piece.tallies);
	}
	if (rc == 0 && whole.n > 0)
		rc = each(s, &whole, err);
	free(whole.tallies);
	spool_done(r);
	return rc;
}
