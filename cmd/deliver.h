/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What flowupload does while no input is waiting: delivers samples, reports the results, and writes
 * a line for each accepted sample. Statuses are those of sysexits.h.
 */
#ifndef SECFLOW_DELIVER_H
#define SECFLOW_DELIVER_H

#include "base/text.h"
#include "common.h"
#include "send/delivery.h"

struct deliver_options {
    struct delivery_options delivery; /* deliver_init sets tell and context */
    const char *spool_path;           /* for messages */
    bool lasting; /* runs again later: samples left over or set aside are not a failure */
    bool verbose; /* report the result of each attempt */
    bool quiet;   /* write no line for an accepted sample */
};

#define DELIVER_PROBLEM 128

/* Zeroed: none. */
struct deliver {
    struct deliver_options *options;
    struct spool *spool;
    struct delivery *delivery; /* NULL: none */
    char *collector;   /* its URL for messages, without the query, which may hold a secret */
    struct text lines; /* for standard output; the first `written` bytes are there already */
    size_t written;
    enum result lines_kept; /* result of adding the latest line */
    int said;   /* failure last reported: an HTTP status, or below 0 libcurl's code; 0: none */
    int denied; /* the exit status if nothing is accepted by the end */
    bool said_unreadable;
    char problem[DELIVER_PROBLEM]; /* why nothing is accepted now; "": it is */
};

/* The spool and what the options point to remain the caller's. Returns EX_OK, or a status. */
MUST_CHECK int deliver_init(struct deliver *deliver, struct deliver_options *options,
                            struct spool *spool);

/* Gives up any request in flight. */
void deliver_destroy(struct deliver *deliver);

/*
 * Continues like delivery_run, unless lines wait for standard output. Returns EX_OK, or a status
 * after printing a message: nothing more is sent then.
 */
MUST_CHECK int deliver_run(struct deliver *deliver, int64_t now);

/* Waits until delivery can continue, a descriptor is readable, or the time `until`. */
void deliver_wait(struct deliver *deliver, struct pollfd *fds, unsigned count, int64_t until);

/* True if this process has nothing left to send for now, and nothing to write. */
bool deliver_is_done(const struct deliver *deliver);

/* Prints what is left and what was rejected. Returns EX_OK or a status. */
MUST_CHECK int deliver_end(struct deliver *deliver);

#endif
