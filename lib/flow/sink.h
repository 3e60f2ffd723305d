/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the metering process sends what it found: names as they are told, and the flows of windows
 * that have ended. What takes them may name and write the flows at once (recorder.h), or in a
 * thread of its own (outbox.h).
 */
#ifndef SECFLOW_SINK_H
#define SECFLOW_SINK_H

#include "flow/flowlist.h"
#include "packet/address.h"

/* What flows are of. */
struct window {
    int64_t start;        /* a multiple of its length since 1970; INT64_MIN where time is not cut */
    int64_t sample_start; /* the trafficDate; INT64_MAX: there was no packet that counts */
    bool ends;            /* with these flows */
};

struct sink {
    void *context;

    /* The address got the name at that time in microseconds. RESULT_NO_MEMORY. */
    enum result (*name)(void *context, const struct address *address, const char *name,
                        size_t length, int64_t time);

    /*
     * Flows of a window, which become the sink's, whatever the result; all of one window come
     * before those of the next. RESULT_NO_MEMORY;
     * RESULT_SYSTEM: they cannot be written, errno says why.
     */
    enum result (*flows)(void *context, struct flowlist *flows, const struct window *window);
};

#endif
