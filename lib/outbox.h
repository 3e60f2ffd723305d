/*
 * Finished windows on their way to a reader that may be slow, or stall: a thread of its own writes
 * them, so that nobody else waits. What waits is bounded; past that the oldest goes.
 */
#ifndef SECFLOW_OUTBOX_H
#define SECFLOW_OUTBOX_H

#include "result.h"

#include <stdbool.h>
#include <stdint.h>

struct outbox;

struct outbox_counts {
    uint64_t windows, bytes; /* that wait */
    uint64_t dropped;        /* windows */
};

/*
 * fd: where to write, the caller's; most: bytes that may wait. Signals should be blocked, for the
 * thread has the mask of its maker. RESULT_SYSTEM: errno says why there is no thread.
 */
MUST_CHECK enum result outbox_init(struct outbox **outbox, int fd, uint64_t most);

/* What has not been written is lost. */
void outbox_destroy(struct outbox **outbox);

/* Takes a window: a file, from its beginning, which becomes the outbox's. RESULT_NO_MEMORY. */
MUST_CHECK enum result outbox_add(struct outbox *outbox, int window, uint64_t bytes);

void outbox_count(struct outbox *outbox, struct outbox_counts *counts);

/* Readable once writing has failed; the errno of that, 0 before. */
int outbox_fd(const struct outbox *outbox);
int outbox_error(struct outbox *outbox);

/* Waits until all is written, or nothing is for so many microseconds. Whether all is. */
bool outbox_wait(struct outbox *outbox, int64_t most);

#endif
