/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store of what was seen: in how many samples each key occurred, and when. A key is the hash of
 * a behavior, a destination or a domain, so a store names nobody.
 *
 * A row belongs to a key and a counter, which is who counted: a sensor, a capture, or the store
 * itself. It has the number of samples and the first and last time. Two stores are merged row by
 * row: the larger number, the earlier first, the later last. So merging is commutative, associative
 * and idempotent. Samples that were counted are remembered, so that each counts once.
 *
 * A store is a SQLite database with a write-ahead log: many may ask while one counts. Times are
 * seconds since 1970.
 */
#ifndef SECFLOW_SEEN_H
#define SECFLOW_SEEN_H

#include "base/library.h"
#include "base/result.h"
#include "know/seenkey.h"

/* The largest count that is believed; sums of them stay within 64 bits. */
#define SEEN_COUNT_MOST (INT64_C(1) << 40)
/* The end of the year 9999. */
#define SEEN_TIME_MOST INT64_C(253402300799)

struct seen_row {
    struct seen_key key;
    int64_t counter, count, first, last;
};

enum seen_mode {
    SEEN_ASK,   /* it must be there; nothing is written */
    SEEN_WRITE, /* it must be there */
    SEEN_CREATE /* if it is not there, seen_begin makes it, for its user alone */
};

/* Why something failed: what seen_problem says in words. */
enum seen_trouble {
    SEEN_MISSING, /* there is no such file, or it cannot be opened */
    SEEN_FOREIGN, /* not a store, one of another version, or damaged */
    SEEN_BUSY,    /* another process writes, and did not end within 10 seconds */
    SEEN_DENIED,  /* no right to write */
    SEEN_FAILED   /* the disk is full, or anything else */
};

struct seen;

/*
 * The object comes first, since it says what went wrong. All functions below that return a result
 * return RESULT_NO_MEMORY, or RESULT_SYSTEM: see seen_trouble and seen_problem.
 */
MUST_CHECK enum result seen_init(struct seen **seen);
void seen_destroy(struct seen **seen);

/* The path remains the caller's and must outlive the store. */
MUST_CHECK enum result seen_open(struct seen *seen, const char *path, enum seen_mode mode);
/* False: the store is still to be made. */
bool seen_is_there(const struct seen *seen);
enum seen_trouble seen_trouble(const struct seen *seen);
const char *seen_problem(const struct seen *seen);

/* The id of the store's own counter; only of a store that is there. */
int64_t seen_own(const struct seen *seen);

/*
 * All changes are made between seen_begin and seen_commit; after a failure, seen_undo takes them
 * back. Each is done wholly or not at all, whatever ends the process.
 */
MUST_CHECK enum result seen_begin(struct seen *seen);
MUST_CHECK enum result seen_commit(struct seen *seen);
void seen_undo(struct seen *seen);

/* Remembers a sample; *isnew is false if it was there already. */
MUST_CHECK enum result seen_enter(struct seen *seen, int64_t sample, bool *isnew);
MUST_CHECK enum result seen_has(struct seen *seen, int64_t sample, bool *has);

/* The number of a counter in the store; -1 if it has none yet, unless `make`. */
MUST_CHECK enum result seen_number(struct seen *seen, int64_t counter, bool make, int64_t *number);

/*
 * Finds all rows of keys, each given once, and calls take for each row, in the order of the keys
 * and then of the counters. In the rows that it gets, counter is the number of the counter. Ends
 * when take returns another result than RESULT_OK; take must not change the store.
 */
MUST_CHECK enum result seen_find(struct seen *seen, const struct seen_row *keys, size_t count,
                                 enum result (*take)(void *context, size_t key,
                                                     const struct seen_row *row),
                                 void *context);

/*
 * These add rows, where counter is the number of the counter: in place of those that are there, or
 * merged with them, as above. Rows in the order of their keys are added fastest.
 */
MUST_CHECK enum result seen_write(struct seen *seen, const struct seen_row *rows, size_t count);
MUST_CHECK enum result seen_merge(struct seen *seen, const struct seen_row *rows, size_t count);

/* True if only the store's own counter, whose number is 0, can have rows. */
MUST_CHECK enum result seen_alone(struct seen *seen, bool *alone);

/*
 * Adds the counts of rows, one a key in the order of their keys, to those that are there, and takes
 * their times in; tells, as seen_find does, what was there before, of one counter.
 */
MUST_CHECK enum result
seen_add(struct seen *seen, const struct seen_row *rows, size_t count,
         enum result (*take)(void *context, size_t key, const struct seen_row *row), void *context);

/* The newest time of all that is not later than now; -1 if there is none. */
MUST_CHECK enum result seen_newest(struct seen *seen, int64_t now, int64_t *newest);

/* Forgets keys whose last time is before that, with all their rows. *rows: how many. */
MUST_CHECK enum result seen_forget(struct seen *seen, int64_t before, int64_t *rows);

/*
 * All rows in the order of their keys and, if `sorted`, then of their counters; then all samples.
 * Ends when a call returns another result than RESULT_OK.
 */
MUST_CHECK enum result seen_each(struct seen *seen, bool sorted,
                                 enum result (*row)(void *context, const struct seen_row *row),
                                 enum result (*sample)(void *context, int64_t sample),
                                 void *context);

struct seen_figures {
    int64_t samples, keys, rows, counters, most; /* most: the largest number of a row */
    int64_t first, last;                         /* -1: the store is empty */
};

MUST_CHECK enum result seen_figures(struct seen *seen, struct seen_figures *figures);

library_fn seen_sqlite;

#endif
