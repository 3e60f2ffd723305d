/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line on a terminal that tells how far long work has come.
 */
#ifndef SECFLOW_PROGRESS_H
#define SECFLOW_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool on;
    bool shown;
    unsigned calls;
    int64_t next; /* monotonic microseconds: when the line is due again */
};

/* Off unless wanted and standard error is a terminal. */
void progress_init(struct progress *progress, bool wanted);

/*
 * To be called often: true, at most every quarter of a second and not in the first second, when it
 * is time to call progress_show.
 */
bool progress_due(struct progress *progress);

/* The same for one that knows what monotonic time it is, to be called as often as is liked. */
bool progress_due_now(struct progress *progress, int64_t now);

/* Writes the line: what is read, how much of it (bytes; size 0: not known), how many of what. */
void progress_show(struct progress *progress, const char *file, uint64_t done, uint64_t size,
                   uint64_t count, const char *unit);

/* Writes a line of other words, of which is shown what fits; does not wait for the terminal. */
void progress_line(struct progress *progress, const char *text);

/*
 * Takes the line away again, before something else is written or at the end; not while the terminal
 * would have to be waited for.
 */
void progress_clear(struct progress *progress);

#endif
