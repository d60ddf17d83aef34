/* What models cost.  The built-in table is as good as its date; what is
 * configured goes before it. */
#ifndef PRICE_H
#define PRICE_H

#include "../provider/driver.h"

/* US dollars. */
struct price {
	double input, cached, output; /* for a million tokens */
	double image;		      /* for one that is made */
	double characters;	      /* for a million that are spoken */
	double call;		      /* for each, whatever it says */
	/* From a prompt of more tokens than this on (0: never) input and output
	 * cost so many times as much. */
	int64_t long_from;
	double long_input, long_output;
	int64_t seen; /* tokens that one image may be; 0: the
		       * most that is usual */
};

/* KEY is a name, or in a configuration a pattern with * and ?. */
struct price_row {
	const char *key;
	struct price price;
};

struct prices {
	const struct price_row *rows; /* go before the built-in ones */
	size_t n;
	double unpriced;    /* of others, for a million tokens; NAN: refused
			     * where a budget applies */
	int64_t max_output; /* tokens, where the prompt sets no max_tokens and
			     * a budget applies */
};

extern const struct price_row price_table[];
extern const size_t price_table_n;
extern const char price_table_date[]; /* "2026-11-25" */

/* The price of MODEL, a vendor's id, at P; false when there is none.  What runs
 * on machines of ours (echo, ollama, executors) costs what is configured, else
 * nothing. */
bool price_find(const struct prices *prices, const struct provider *p,
    const char *model, struct price *price) MUST_USE;

/* What is counted beside tokens. */
struct price_units {
	int64_t images;	    /* that are made */
	int64_t characters; /* that are spoken */
};

double price_of(const struct price *p, enum prompt_kind kind,
    const struct usage *usage, const struct price_units *units) NONNULL;

/* How many tokens ASK's prompt is at most: every token is one byte or more, and
 * small letters and spaces come two to a token or better.  An image and a file
 * are counted at what the largest one comes to. */
int64_t price_tokens(const struct price *p, const struct ask *ask) NONNULL;
struct price_units price_units(const struct ask *ask) NONNULL;

#endif
