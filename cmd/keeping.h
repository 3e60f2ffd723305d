/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder in which flowcap keeps windows as files: what the command line says of it, and what is
 * to be said of it.
 */
#ifndef SECFLOW_KEEPING_H
#define SECFLOW_KEEPING_H

#include "live/outbox.h"

#define KEEPING_TEXT 160

struct keeping {
    const char *path; /* NULL: none is kept */
    int64_t age;      /* --keep, in microseconds; 0: for good */
    uint64_t bytes;   /* --keep-bytes; 0: any number */
    const char *user; /* the user to switch to; NULL: not started as root */
    struct windows *windows;

    int trouble, remove_error; /* as far as they were said */
    uint64_t unsynced;
    bool told_recovered, told_age, told_bytes;
};

/* Checks the options, once all are there. Returns EX_OK, or a status to end with, as do the next.
 */
MUST_CHECK int keeping_check(const struct keeping *keeping);

/* Makes the folder where it is missing, before root becomes the user, whose it is then. */
MUST_CHECK int keeping_make(struct keeping *keeping, const char *user);

/* Opens it, after that. */
MUST_CHECK int keeping_open(struct keeping *keeping, const char *interface);
void keeping_close(struct keeping *keeping);

/* Says what is new. Returns a status: EX_OK, or EX_IOERR when something may be lost. */
MUST_CHECK int keeping_look(struct keeping *keeping, const struct outbox_counts *counts);

/* Says that the last windows could not be written. Returns a status to end with. */
MUST_CHECK int keeping_gave_up(const struct keeping *keeping, const struct outbox_counts *counts);

/* Its part of the counters: "" where none is kept. */
void keeping_tell(const struct keeping *keeping, const struct outbox_counts *counts,
                  char text[KEEPING_TEXT]);

#endif
