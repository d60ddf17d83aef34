/* Statements: made once for each text, given values and read row by row.  It
 * refuses to know what they say. */
#include "store_int.h"

#include "../base/xalloc.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static sqlite3_stmt *
find(struct store *s, const char *sql)
{
	struct store_statement *st;
	int rc;

	for (size_t i = 0; i < s->n_statements; i++)
		if (s->statements[i].sql == sql)
			return s->statements[i].stmt;
	if (s->n_statements == s->cap_statements) {
		s->cap_statements += 32;
		s->statements = xrealloc(s->statements,
		    xmul(s->cap_statements, sizeof(*s->statements)));
	}
	st = &s->statements[s->n_statements];
	*st = (struct store_statement){.sql = sql};
	rc = sqlite3_prepare_v3(
	    s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st->stmt, NULL);
	if (rc != SQLITE_OK) {
		store_fault(s, rc);
		return NULL;
	}
	s->n_statements++;
	return st->stmt;
}

static int
bind(sqlite3_stmt *stmt, int i, const struct store_value *v)
{
	if (v->type == STORE_INT)
		return sqlite3_bind_int64(stmt, i, v->n);
	if (v->type == STORE_REAL)
		return sqlite3_bind_double(stmt, i, v->x);
	if (v->text == NULL)
		return sqlite3_bind_null(stmt, i);
	if (v->type == STORE_BYTES)
		return sqlite3_bind_blob64(
		    stmt, i, v->text, v->len, SQLITE_STATIC);
	return sqlite3_bind_text(stmt, i, v->text, -1, SQLITE_STATIC);
}

sqlite3_stmt *
store_ask(struct store *s, const char *sql, const struct store_value *values)
{
	sqlite3_stmt *stmt;
	int rc = SQLITE_OK;

	if (s->failed)
		return NULL;
	stmt = find(s, sql);
	if (stmt == NULL)
		return NULL;
	for (int i = 0; values != NULL && values[i].type != STORE_END; i++)
		if (rc == SQLITE_OK)
			rc = bind(stmt, i + 1, &values[i]);
	if (rc == SQLITE_OK)
		return stmt;
	store_fault(s, rc);
	store_done(stmt);
	return NULL;
}

bool
store_row(struct store *s, sqlite3_stmt *stmt)
{
	int rc = stmt != NULL ? sqlite3_step(stmt) : SQLITE_DONE;

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		store_fault(s, rc);
	return rc == SQLITE_ROW;
}

/* Values are borrowed: none may stay. */
void
store_done(sqlite3_stmt *stmt)
{
	if (stmt == NULL)
		return;
	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt);
}

int
store_do(struct store *s, const char *sql, const struct store_value *values)
{
	sqlite3_stmt *stmt = store_ask(s, sql, values);

	(void)store_row(s, stmt);
	store_done(stmt);
	return s->failed ? -1 : sqlite3_changes(s->db);
}

int64_t
store_int(struct store *s, const char *sql, const struct store_value *values,
    int64_t otherwise)
{
	sqlite3_stmt *stmt = store_ask(s, sql, values);

	if (store_row(s, stmt) && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
		otherwise = sqlite3_column_int64(stmt, 0);
	store_done(stmt);
	return otherwise;
}

double
store_real(struct store *s, const char *sql, const struct store_value *values)
{
	sqlite3_stmt *stmt = store_ask(s, sql, values);
	double x = store_row(s, stmt) ? sqlite3_column_double(stmt, 0) : 0;

	store_done(stmt);
	return x;
}
