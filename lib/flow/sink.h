/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the metering process (meter.h) sends its results: names as they are found, and the flows of
 * windows that have ended. The receiver may name and write the flows at once (recorder.h), or in a
 * thread (outbox.h).
 */
#ifndef SECFLOW_SINK_H
#define SECFLOW_SINK_H

#include "flow/flowlist.h"
#include "packet/address.h"

/* The window that flows belong to. */
struct window {
    int64_t start;        /* a multiple of its length since 1970; INT64_MIN: time is not cut */
    int64_t sample_start; /* the trafficDate; INT64_MAX: no packet counted */
    bool ends;            /* these flows are its last */
};

struct sink {
    void *context;

    /* The address got the name at that time, in microseconds. RESULT_NO_MEMORY. */
    enum result (*name)(void *context, const struct address *address, const char *name,
                        size_t length, int64_t time);

    /*
     * Flows of a window, which the sink then owns, whatever the result. All flows of a window come
     * before those of the next. RESULT_NO_MEMORY; RESULT_SYSTEM: they cannot be written; see errno.
     */
    enum result (*flows)(void *context, struct flowlist *flows, const struct window *window);
};

#endif
