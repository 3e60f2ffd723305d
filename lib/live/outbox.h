/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a meter sends, on its way to a reader that may be slow, or stall: a thread of its own names
 * flows and writes them as records, and keeps the name cache, so that counting never waits for any
 * of that. What waits is bounded; past that the oldest flows go.
 */
#ifndef SECFLOW_OUTBOX_H
#define SECFLOW_OUTBOX_H

#include "flow/sink.h"
#include "live/windows.h"
#include "record/recorder.h"
#include "record/recordwrite.h"

#include <stdint.h>

struct outbox;

struct outbox_options {
    int fd;                       /* where to write, the caller's; a pipe must not be closed */
    struct windows *windows;      /* where to write instead, the thread's as below; NULL: to fd */
    struct recorder *recorder;    /* the thread's, until outbox_destroy */
    struct record_writer *writer; /* that of the recorder; the same */
    const char *cache_path; /* of the name cache, which learns at a window's end; NULL: none */
    uint32_t cache_age;     /* days after which a name leaves it that was not seen again */
    int64_t name_memory;    /* microseconds for which names are remembered; 0: for good */
    uint64_t most;          /* bytes of flows that may wait; one window may be larger */
};

struct outbox_counts {
    bool writing;                    /* or naming, or learning, at this moment */
    uint64_t waiting, bytes;         /* lists of flows that wait, and what they take */
    uint64_t dropped, dropped_flows; /* lists that were dropped, and the flows in them */
    uint64_t dropped_names;          /* for want of room */
    uint64_t records;                /* that have been written */
    uint64_t names, names_bytes;     /* that are remembered, and what they take */
    uint64_t names_forgotten;        /* for want of room among those */
    struct windows_counts windows;
    int trouble;       /* errno of windows: why nothing is written, for now; 0: something is */
    enum result cache; /* what became of the name cache when it learned last */
    int cache_error;   /* RESULT_SYSTEM: errno; EWOULDBLOCK: it will try again */
};

/*
 * Signals should be blocked, for the thread has the mask of its maker. RESULT_SYSTEM: errno says
 * why there is no thread.
 */
MUST_CHECK enum result outbox_init(struct outbox **outbox, const struct outbox_options *options);

/* What has not been written is lost. */
void outbox_destroy(struct outbox **outbox);

/* Takes what a meter sends, without waiting for anything. Its results are RESULT_NO_MEMORY only. */
struct sink outbox_sink(struct outbox *outbox);

void outbox_count(struct outbox *outbox, struct outbox_counts *counts);

/*
 * Readable once writing has failed; the errno of that, 0 before. To windows it does not fail but
 * for want of memory: it is tried again, each second.
 */
int outbox_fd(const struct outbox *outbox);
int outbox_error(struct outbox *outbox);

/*
 * At the end: waits until all is written and the name cache has learned, or nothing is written for
 * so many microseconds. What windows take to be synced is waited for; that they cannot be written
 * is not. Whether all is.
 */
bool outbox_wait(struct outbox *outbox, int64_t most);

#endif
