/* What the parts of casetool share: reading cases, and comparing them. */
#ifndef CASES_H
#define CASES_H

#include "../common/base/ast.h"
#include "../common/base/js.h"

#define MAX_FILE (256u * 1024 * 1024)

struct tally {
	unsigned passed, failed;
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

/* A tree as a value, and with its functions' parameters if ARROWS. */
struct js tree_value(struct arena *a, const struct node *node, bool arrows);
void verdict_tree(const struct check *c, const struct node *want,
    const struct node *got, bool arrows);
line_fn check_body, check_places;

/* The file of a template case, and its tree or NULL; WANT is NULL when it must
 * not have one. */
struct node *check_source(struct check *c, const char *dir, struct js expected,
    const struct node *want);

/* The cases of DIR/NAME.jsonl. */
void run_units(struct tally *tally, const char *dir);

#endif
