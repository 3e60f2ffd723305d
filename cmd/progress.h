/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line on a terminal that shows the progress of long work.
 */
#ifndef SECFLOW_PROGRESS_H
#define SECFLOW_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool on;
    bool shown;
    unsigned calls;
    int64_t next; /* monotonic microseconds: when the line is next due */
};

/* Off unless wanted and standard error is a terminal. */
void progress_init(struct progress *progress, bool wanted);

bool progress_due_often(struct progress *progress); /* for progress_due */

/*
 * Call it often. True when it is time to call progress_show: not in the first second, and at most
 * every quarter of a second.
 */
static inline bool progress_due(struct progress *progress)
{
    return progress->on && progress_due_often(progress);
}

/* The same for a caller that knows the monotonic time; may be called as often as you like. */
bool progress_due_now(struct progress *progress, int64_t now);

/*
 * Writes the line: the file, how much of it has been read (bytes; size 0: unknown), and a count of
 * units.
 */
void progress_show(struct progress *progress, const char *file, uint64_t done, uint64_t size,
                   uint64_t count, const char *unit);

/* Writes other text, cut to fit the line; does not wait for the terminal. */
void progress_line(struct progress *progress, const char *text);

/*
 * Removes the line before something else is written, or at the end; but not while that would mean
 * waiting for the terminal.
 */
void progress_clear(struct progress *progress);

#endif
