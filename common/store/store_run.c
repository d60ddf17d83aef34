/* Runs: a row for each that runs or ran, the newest of them.  It refuses to
 * know what they did. */
#include "store_int.h"

#include "../base/limits.h"

#include <string.h>
#include <unistd.h>

#define COLUMNS                                                                \
	"id, kind, name, model, caller, status, error, began, ended, input,"   \
	" output, rows, failed, cost, pid, start, space"

/* Text of a row: not longer than anybody reads, whole characters. */
struct cut {
	char text[LIMIT_STORE_TEXT_BYTES + 1];
};

static const char *
cut(struct cut *c, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len <= LIMIT_STORE_TEXT_BYTES)
		return text;
	len = LIMIT_STORE_TEXT_BYTES;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	memcpy(c->text, text, len);
	c->text[len] = '\0';
	return c->text;
}

static void
put(struct store *s, const struct store_run *run)
{
	struct cut id, kind, name, model, caller, status, error;
	bool own = run->pid == s->self.pid;

	(void)store_do(s,
	    "insert into run (" COLUMNS ") values (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
	    " ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"
	    " on conflict (id) do update set kind = ?2, name = ?3, model = ?4,"
	    " caller = ?5, status = ?6, error = ?7, began = ?8, ended = ?9,"
	    " input = ?10, output = ?11, rows = ?12, failed = ?13, cost = ?14,"
	    " pid = ?15, start = ?16, space = ?17",
	    VALUES(TEXT(cut(&id, run->id)), TEXT(cut(&kind, run->kind)),
		TEXT(cut(&name, run->name)), TEXT(cut(&model, run->model)),
		TEXT(cut(&caller, run->caller)),
		TEXT(cut(&status, run->status)), TEXT(cut(&error, run->error)),
		INT(run->began), INT(run->ended), INT(run->input),
		INT(run->output), INT(run->rows), INT(run->failed),
		REAL(run->cost), INT(run->pid), INT(own ? s->self.start : 0),
		INT(s->self.space)));
	(void)store_do(s,
	    "delete from run where seq <= (select max(seq) from run) - ?",
	    VALUES(INT(LIMIT_STORE_RUNS)));
}

void
store_run_put(struct store *s, const struct store_run *run)
{
	if (store_begin(s) == -1)
		return;
	put(s, run);
	(void)store_end(s);
}

static const char *
text(sqlite3_stmt *stmt, int column)
{
	return (const char *)sqlite3_column_text(stmt, column);
}

static const char *
text_or_empty(sqlite3_stmt *stmt, int column)
{
	const char *value = text(stmt, column);

	return value != NULL ? value : "";
}

static void
get(struct store *s, sqlite3_stmt *stmt, struct store_run *run)
{
	*run = (struct store_run){
	    .id = text_or_empty(stmt, 0),
	    .kind = text_or_empty(stmt, 1),
	    .name = text_or_empty(stmt, 2),
	    .model = text_or_empty(stmt, 3),
	    .caller = text(stmt, 4),
	    .status = text_or_empty(stmt, 5),
	    .error = text(stmt, 6),
	    .began = sqlite3_column_int64(stmt, 7),
	    .ended = sqlite3_column_int64(stmt, 8),
	    .input = sqlite3_column_int64(stmt, 9),
	    .output = sqlite3_column_int64(stmt, 10),
	    .rows = sqlite3_column_int64(stmt, 11),
	    .failed = sqlite3_column_int64(stmt, 12),
	    .cost = sqlite3_column_double(stmt, 13),
	    .pid = sqlite3_column_int64(stmt, 14),
	};
	if (strcmp(run->status, "running") == 0 && !store_is_owned(s, stmt, 14))
		run->status = "gone";
}

void
store_runs(struct store *s, size_t most,
    void (*each)(void *arg, const struct store_run *run), void *arg)
{
	struct store_run run;
	sqlite3_stmt *stmt;

	if (store_open(s) == -1)
		return;
	if (most > LIMIT_STORE_RUNS)
		most = LIMIT_STORE_RUNS;
	stmt = store_ask(s,
	    "select " COLUMNS " from run order by began desc, seq desc limit ?",
	    VALUES(INT((int64_t)most)));
	while (store_row(s, stmt)) {
		get(s, stmt, &run);
		each(arg, &run);
		store_patience(s);
	}
	store_done(stmt);
}
