/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory in which flowcap keeps windows as files: its options and its messages.
 */
#ifndef SECFLOW_KEEPING_H
#define SECFLOW_KEEPING_H

#include "live/outbox.h"

#define KEEPING_TEXT 160

struct keeping {
    const char *path; /* NULL: no files are kept */
    int64_t age;      /* --keep, in microseconds; 0: forever */
    uint64_t bytes;   /* --keep-bytes; 0: no limit */
    const char *user; /* the user to switch to; NULL: not started as root */
    struct windows *windows;

    int trouble, remove_error; /* as last reported */
    uint64_t unsynced;
    bool told_recovered, told_age, told_bytes;
};

/* Checks the options once all are read. This and the next two return EX_OK, or an exit status. */
MUST_CHECK int keeping_check(const struct keeping *keeping);

/* Creates the directory if missing, owned by user; call it before root becomes that user. */
MUST_CHECK int keeping_make(struct keeping *keeping, const char *user);

/* Opens the directory; call it after that. */
MUST_CHECK int keeping_open(struct keeping *keeping, const char *interface);
void keeping_close(struct keeping *keeping);

/* Prints what is new. Returns EX_OK, or EX_IOERR if something may be lost. */
MUST_CHECK int keeping_look(struct keeping *keeping, const struct outbox_counts *counts);

/* Prints that the last windows could not be written. Returns an exit status. */
MUST_CHECK int keeping_gave_up(const struct keeping *keeping, const struct outbox_counts *counts);

/* The text for the counters; "" if no files are kept. */
void keeping_tell(const struct keeping *keeping, const struct outbox_counts *counts,
                  char text[KEEPING_TEXT]);

#endif
