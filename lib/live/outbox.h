/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries what a meter sends to a reader that may be slow or stall. A thread names flows, writes
 * them as records and keeps the name cache, so that counting never waits for any of that. The queue
 * is bounded; past the bound, the oldest flows are dropped.
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
    int fd;                    /* where to write; remains the caller's, who must keep a pipe open */
    struct windows *windows;   /* where to write instead, owned by the thread as below; NULL: fd */
    struct recorder *recorder; /* the thread's, until outbox_destroy */
    struct record_writer *writer; /* of the recorder; the same */
    const char *cache_path;       /* of the name cache, updated at a window's end; NULL: none */
    uint32_t cache_age;           /* days after which an unseen name leaves it */
    int64_t name_memory;          /* microseconds that names are remembered; 0: forever */
    uint64_t most;                /* bytes of flows that may wait; one window may be larger */
};

struct outbox_counts {
    bool writing;                    /* or naming, or updating the cache, at this moment */
    uint64_t waiting, bytes;         /* lists of flows that wait, and their bytes */
    uint64_t dropped, dropped_flows; /* lists that were dropped, and the flows in them */
    uint64_t dropped_names;          /* dropped because there was no room */
    uint64_t records;                /* written */
    uint64_t names, names_bytes;     /* remembered now, and their bytes */
    uint64_t names_forgotten;        /* of those remembered, dropped because there was no room */
    struct windows_counts windows;
    int trouble;       /* errno of windows: why nothing can be written now; 0: it works */
    enum result cache; /* of the last update of the name cache */
    int cache_error;   /* RESULT_SYSTEM: errno; EWOULDBLOCK: it will be tried again */
};

/*
 * Block signals before: the thread inherits the caller's mask. RESULT_SYSTEM: there is no thread;
 * see errno.
 */
MUST_CHECK enum result outbox_init(struct outbox **outbox, const struct outbox_options *options);

/* Discards what has not been written. */
void outbox_destroy(struct outbox **outbox);

/* Takes what a meter sends, without blocking. Returns no error but RESULT_NO_MEMORY. */
struct sink outbox_sink(struct outbox *outbox);

void outbox_count(struct outbox *outbox, struct outbox_counts *counts);

/*
 * Readable once writing has failed; outbox_error is then the errno, 0 before. Writing to windows
 * fails only for lack of memory; other errors are retried every second.
 */
int outbox_fd(const struct outbox *outbox);
int outbox_error(struct outbox *outbox);

/*
 * For the end: waits until all is written and the name cache updated, or until nothing has been
 * written for `most` microseconds. Syncing of windows is waited for; windows that cannot be written
 * are not. True if all was written.
 */
bool outbox_wait(struct outbox *outbox, int64_t most);

#endif
