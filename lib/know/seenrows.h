/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows in memory as a table of SQLite, so that one statement goes through all of them: a statement
 * for each row takes twice as long.
 */
#ifndef SECFLOW_SEENROWS_H
#define SECFLOW_SEENROWS_H

#include "know/seen.h"

#include <sqlite3.h>

struct seen_rows {
    const struct seen_row *rows;
    size_t count;
};

/*
 * Makes the table temp.given(high, low, counter, n, first, last); a row's rowid is its place. While
 * a statement runs it has what *rows had at its start. Returns a code of SQLite.
 */
int seenrows_attach(sqlite3 *db, struct seen_rows *rows);

#endif
