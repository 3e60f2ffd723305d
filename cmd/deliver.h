/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What flowupload does while its input has nothing for it: it goes on with delivery, says what
 * comes of it, and writes a line for each sample that was accepted. Statuses are of sysexits.h.
 */
#ifndef SECFLOW_DELIVER_H
#define SECFLOW_DELIVER_H

#include "base/text.h"
#include "common.h"
#include "send/delivery.h"

struct deliver_options {
    struct delivery_options delivery; /* tell and context are deliver_init's */
    const char *spool_path;           /* for messages */
    bool lasting; /* it goes on the next time: what is left, or was put aside, is not a failure */
    bool verbose; /* say of each try how it went */
    bool quiet;   /* write no line for a sample that was accepted */
};

#define DELIVER_PROBLEM 128

/* All zero is none. */
struct deliver {
    struct deliver_options *options;
    struct spool *spool;
    struct delivery *delivery; /* NULL: none */
    char *collector;           /* its URL for messages: without a query, which may be a secret */
    struct text lines;         /* for standard output, of which what is before written is there */
    size_t written;
    enum result lines_kept; /* what came of the last of them */
    int said;   /* what was said of failures: an HTTP status, libcurl's code below 0; 0: nothing */
    int denied; /* the status to end with, where nothing is accepted to the end */
    bool said_unreadable;
    char problem[DELIVER_PROBLEM]; /* why nothing is accepted now, for a status; "": it is */
};

/* The spool, and what the options point to, stay the caller's. Returns EX_OK, or a status. */
MUST_CHECK int deliver_init(struct deliver *deliver, struct deliver_options *options,
                            struct spool *spool);

/* Gives up the request in flight. */
void deliver_destroy(struct deliver *deliver);

/*
 * Goes on as delivery_run does, unless lines wait for standard output. Returns EX_OK, or a status,
 * which has been said: nothing more is sent then.
 */
MUST_CHECK int deliver_run(struct deliver *deliver, int64_t now);

/* Waits until there is something to go on with, a descriptor can be read, or that time. */
void deliver_wait(struct deliver *deliver, struct pollfd *fds, unsigned count, int64_t until);

/* Whether nothing is left to be sent by this process for now, nor to be written. */
bool deliver_is_done(const struct deliver *deliver);

/* Says what is left and what was rejected. Returns EX_OK or a status. */
MUST_CHECK int deliver_end(struct deliver *deliver);

#endif
