/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What flowseen does with whole stores: merging, exporting, importing, listing.
 */
#ifndef SECFLOW_STORES_H
#define SECFLOW_STORES_H

#include "common.h"
#include "know/seen.h"
#include "know/seenlines.h"

enum store_task { STORE_NONE, STORE_MERGE, STORE_EXPORT, STORE_IMPORT, STORE_LIST };

/*
 * Opens a store. Returns EX_OK, or a status after printing a message; either way seen_destroy is to
 * be called.
 */
MUST_CHECK int stores_open(struct seen **seen, const char *path, enum seen_mode mode);

/* Prints, unless quiet, why the store failed with RESULT_SYSTEM. Returns a status. */
int stores_complain(const char *path, const struct seen *seen, bool quiet);

/*
 * Forgets what was not seen for so many microseconds before the newest sample; those later than now
 * do not count. Adds to the rows that were forgotten, and to the status.
 */
MUST_CHECK enum result stores_forget(const char *path, struct seen *seen, int64_t age,
                                     uint64_t *forgotten, int *status);

/* Says that a store is young, if it is: what it has not seen need not be rare. */
void stores_tell_young(const char *path, struct seen *seen);

/* Carries out a task other than STORE_NONE. Returns a status after printing a message. */
MUST_CHECK int stores_do(enum store_task task, const char *path, struct seen *seen, char **paths,
                         size_t count);

#endif
