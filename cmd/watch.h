/*
 * What flowcap says of itself: its counters, and what it drops.
 */
#ifndef SECFLOW_WATCH_H
#define SECFLOW_WATCH_H

#include "capture.h"
#include "meter.h"
#include "outbox.h"

/* All that is counted, at one moment. */
struct watch_counts {
    struct meter_counts meter;
    struct capture_counts capture;
    struct outbox_counts outbox;
    size_t flows, flow_bytes; /* in memory */
    uint64_t unnamed;         /* names that flows gave themselves, for which there was no room */
};

struct watch {
    const char *interface;
    uint64_t dropped; /* records, as far as it was said */
};

/* Says what is new: that records are dropped. */
void watch_look(struct watch *watch, const struct watch_counts *counts);

/* Says all of it in one message, whatever has been said. */
void watch_tell(const struct watch *watch, const struct watch_counts *counts);

#endif
