/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What flowcap reports of itself: messages when it drops something, its state to systemd
 * (notify.h), a progress line on a terminal, and metrics in a file (capmetrics.h).
 */
#ifndef SECFLOW_WATCH_H
#define SECFLOW_WATCH_H

#include "base/notify.h"
#include "flow/meter.h"
#include "keeping.h"
#include "live/capture.h"
#include "live/drops.h"
#include "live/outbox.h"

/* Every counter, at one moment. */
struct watch_counts {
    struct meter_counts meter;
    struct capture_counts capture;
    struct outbox_counts outbox;
    size_t flows, flow_bytes; /* in memory */
    uint64_t unnamed;         /* names from handshakes, dropped because there was no room */
    bool sending;             /* the flows of a window that has ended are still being written */
    const char *problem;      /* why capturing from the interface fails; NULL: it works */
    int64_t window_ends;      /* microseconds since 1970 */
};

struct watch_options {
    const char *interface;
    const char *sensor;  /* NULL or "": unnamed */
    const char *metrics; /* the metrics file; NULL: none */
    const struct keeping *keeping;
    const char *user; /* the user to switch to; NULL: not started as root */
};

struct watch {
    struct watch_options options;
    struct notify notify;
    struct drops drops;
    struct capmetrics *metrics;
    int64_t next_look, next_report; /* monotonic microseconds */
    uint64_t windows;               /* ended by the last report */
    bool was_well;                  /* the interface and the output, at the last report */
    uint64_t dropped_records;       /* as last reported */
};

/*
 * Call watch_init before threads start and before rights are dropped; watch_open after that, but
 * before the sandbox.
 */
void watch_init(struct watch *watch, const struct watch_options *options);
MUST_CHECK int watch_open(struct watch *watch); /* EX_OK, or an exit status */
void watch_destroy(struct watch *watch);

/* Reports that capturing begins, that it is about to end, and the state at the end. */
void watch_begin(struct watch *watch, const struct watch_counts *counts);
void watch_stop(struct watch *watch);
void watch_end(struct watch *watch, const struct watch_counts *counts);

/* Microseconds until watch_look is to be called; 0: now. */
int64_t watch_left(const struct watch *watch, int64_t now);

/* Reports what is new, and sends signs of life. now: monotonic microseconds. */
void watch_look(struct watch *watch, const struct watch_counts *counts, int64_t now);

/* Prints all counters in one message. */
void watch_tell(const struct watch *watch, const struct watch_counts *counts);

/* True if records of an ended window are being written or wait to be. */
bool watch_is_writing(const struct watch_counts *counts);

/* Names dropped for lack of room, of any kind. */
static inline uint64_t watch_forgotten_names(const struct watch_counts *counts)
{
    return counts->outbox.names_forgotten + counts->outbox.dropped_names + counts->unnamed;
}

#endif
