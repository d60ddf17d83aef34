/* What the parts of casetool share: reading cases, and comparing them. */
#ifndef CASES_H
#define CASES_H

#include "../common/base/ast.h"
#include "../common/base/js.h"

#define MAX_FILE (256u * 1024 * 1024)

struct tally {
	unsigned passed, failed, left_out;
};

/* One comparison: where it comes from and what is compared. */
struct check {
	struct tally *tally;
	struct arena *arena;
	const char *name, *what;
};

/* The whole file; .p is NULL when there is none. */
struct str read_file(struct arena *a, const char *path);
struct js parse_json(struct arena *a, struct str text, const char *name);
struct node *parse_tree(struct arena *a, struct str text, const char *name);

/* JSON.stringify, or the word undefined. */
struct str stringify(struct arena *a, struct js value);

/* The tree that a value holds. */
struct node *tree_of(struct arena *a, struct js value, const char *name);

/* Loops are left out until there is a parser for their bodies. */
bool holds_loop(const struct node *node);

struct str text_of(struct arena *a, struct js value);
struct str error_text(struct arena *a, struct err *err);

/* Counts a comparison, and prints it when it failed. */
void verdict(const struct check *c, bool ok, struct str want, struct str got);
void verdict_text(const struct check *c, struct str want, struct str got);

/* WANT comes from JSON; GOT is what JSON.stringify would make of it. */
void verdict_value(const struct check *c, struct js want, struct js got);

/* Calls FN for each line of TEXT, with an arena of its own. */
typedef void line_fn(struct check *c, struct js line, struct js context);
void each_line(
    struct check *c, struct str text, line_fn *fn, struct js context);

/* The cases of DIR/NAME.jsonl. */
void run_units(struct tally *tally, const char *dir);

#endif
