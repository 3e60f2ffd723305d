/* SPDX-License-Identifier: Apache-2.0 */
#include "know/seenrows.h"

#include <stdlib.h>

/* The table, of which SQLite knows the first member; see "The Virtual Table Mechanism Of SQLite".
 */
struct table {
    sqlite3_vtab base;
    struct seen_rows *rows;
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct seen_rows rows;
    size_t at;
};

static int connect_table(sqlite3 *db, void *rows, int argc, const char *const *argv,
                         sqlite3_vtab **made, char **message)
{
    struct table *table = sqlite3_malloc(sizeof *table);
    int code = SQLITE_NOMEM;

    (void)argc;
    (void)argv;
    (void)message;
    if (table)
        code = sqlite3_declare_vtab(db, "CREATE TABLE given(high, low, counter, n, first, last)");
    if (code != SQLITE_OK) {
        sqlite3_free(table);
        return code;
    }
    *table = (struct table){.rows = rows};
    *made = &table->base;
    return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

/* The rows are always read from the first to the last. */
static int plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    info->estimatedCost = 1000;
    info->estimatedRows = 1000;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    struct cursor *cursor = sqlite3_malloc(sizeof *cursor);

    (void)table;
    if (!cursor)
        return SQLITE_NOMEM;
    *cursor = (struct cursor){.at = 0};
    *made = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int start(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
                 sqlite3_value **argv)
{
    struct cursor *cursor = (struct cursor *)base;

    (void)number;
    (void)text;
    (void)argc;
    (void)argv;
    cursor->rows = *((struct table *)base->pVtab)->rows;
    cursor->at = 0;
    return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base)
{
    ((struct cursor *)base)->at++;
    return SQLITE_OK;
}

static int is_end(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (struct cursor *)base;

    return cursor->at >= cursor->rows.count;
}

static int read_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = (struct cursor *)base;
    const struct seen_row *row = &cursor->rows.rows[cursor->at];
    const int64_t numbers[] = {row->key.high, row->key.low, row->counter,
                               row->count,    row->first,   row->last};

    sqlite3_result_int64(context, numbers[column]);
    return SQLITE_OK;
}

static int read_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = (sqlite3_int64)((struct cursor *)base)->at;
    return SQLITE_OK;
}

static const sqlite3_module module = {
    .xCreate = connect_table,
    .xConnect = connect_table,
    .xBestIndex = plan,
    .xDisconnect = disconnect,
    .xDestroy = disconnect,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = start,
    .xNext = next,
    .xEof = is_end,
    .xColumn = read_column,
    .xRowid = read_rowid,
};

int seenrows_attach(sqlite3 *db, struct seen_rows *rows)
{
    int code = sqlite3_create_module(db, "given", &module, rows);

    return code == SQLITE_OK
               ? sqlite3_exec(db, "CREATE VIRTUAL TABLE temp.given USING given", NULL, NULL, NULL)
               : code;
}
