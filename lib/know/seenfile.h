/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a store (seen.h): making it, looking whether it is one, and opening it.
 */
#ifndef SECFLOW_SEENFILE_H
#define SECFLOW_SEENFILE_H

#include "know/seen.h"

#include <sqlite3.h>

struct seen_failure {
    enum seen_trouble trouble;
    char problem[200];
};

/* Notes what went wrong; returns RESULT_SYSTEM. */
enum result seenfile_fail(struct seen_failure *failure, enum seen_trouble trouble,
                          const char *problem);

/* RESULT_SYSTEM: a store cannot be made there. */
MUST_CHECK enum result seenfile_check_new(const char *path, struct seen_failure *failure);

/* Makes a store, unless there is a file of that name by then. RESULT_NO_MEMORY, RESULT_SYSTEM. */
MUST_CHECK enum result seenfile_create(const char *path, struct seen_failure *failure);

/* RESULT_SYSTEM: it is not a store of this version. Nothing is changed, whatever it is. */
MUST_CHECK enum result seenfile_check(const char *path, struct seen_failure *failure);

/* Opens a store. Returns a code of SQLite; *db is to be closed either way, and NULL without memory.
 */
MUST_CHECK int seenfile_open(const char *path, enum seen_mode mode, sqlite3 **db);

#endif
