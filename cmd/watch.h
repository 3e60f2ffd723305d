/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What flowcap says of itself, to whom it may concern: messages, when it drops something; systemd,
 * how it is (notify.h); a terminal, how it goes on; a file, its metrics (capmetrics.h).
 */
#ifndef SECFLOW_WATCH_H
#define SECFLOW_WATCH_H

#include "base/notify.h"
#include "flow/meter.h"
#include "keeping.h"
#include "live/capture.h"
#include "live/drops.h"
#include "live/outbox.h"

/* All that is counted, at one moment. */
struct watch_counts {
    struct meter_counts meter;
    struct capture_counts capture;
    struct outbox_counts outbox;
    size_t flows, flow_bytes; /* in memory */
    uint64_t unnamed;         /* names that flows gave themselves, for which there was no room */
    bool sending;             /* the flows of a window that has ended, still */
    const char *problem;      /* why the interface is not captured from; NULL: it is */
    int64_t window_ends;      /* microseconds since 1970 */
};

struct watch_options {
    const char *interface;
    const char *sensor;  /* NULL or "": it has no name */
    const char *metrics; /* the file for them; NULL: none */
    const struct keeping *keeping;
    const char *user; /* the user to switch to; NULL: not started as root */
};

struct watch {
    struct watch_options options;
    struct notify notify;
    struct drops drops;
    struct capmetrics *metrics;
    int64_t next_look, next_report; /* monotonic microseconds */
    uint64_t windows;               /* that had ended at the last report */
    bool was_well;                  /* the interface and the output, then */
    uint64_t dropped_records;       /* as far as it was said */
};

/* Before there are threads, before rights are dropped, and then after that, before the sandbox. */
void watch_init(struct watch *watch, const struct watch_options *options);
MUST_CHECK int watch_open(struct watch *watch); /* EX_OK, or a status to end with */
void watch_destroy(struct watch *watch);

/* Says that it captures from now on; that it begins to end; and how things were at the end. */
void watch_begin(struct watch *watch, const struct watch_counts *counts);
void watch_stop(struct watch *watch);
void watch_end(struct watch *watch, const struct watch_counts *counts);

/* How long it is until watch_look is to be called; 0: now. In microseconds. */
int64_t watch_left(const struct watch *watch, int64_t now);

/* Says what is new, and gives signs of life. now: monotonic microseconds. */
void watch_look(struct watch *watch, const struct watch_counts *counts, int64_t now);

/* Says all of it in one message. */
void watch_tell(const struct watch *watch, const struct watch_counts *counts);

/* The records of a window that has ended, or there are such. */
bool watch_is_writing(const struct watch_counts *counts);

/* For want of room, wherever it was. */
uint64_t watch_forgotten_names(const struct watch_counts *counts);

#endif
