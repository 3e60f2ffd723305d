/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names flows and writes them as records: the end of the metering process.
 */
#ifndef SECFLOW_RECORDER_H
#define SECFLOW_RECORDER_H

#include "flow/sink.h"
#include "name/names.h"
#include "record/recordwrite.h"

struct recorder_options {
    size_t names_budget;          /* bytes of memory for names */
    struct names *cache;          /* the name cache; the caller's; NULL: none */
    struct record_writer *writer; /* the caller's */
    const char *sensor;           /* as sensor.h allows it; the caller's; NULL: none */
    bool extended;                /* write the fields of -x */
};

struct recorder;

/* RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result recorder_init(struct recorder **recorder,
                                     const struct recorder_options *options);
void recorder_destroy(struct recorder **recorder);

/* The names for destinations; the caller may add some. */
struct names *recorder_names(struct recorder *recorder);

/*
 * Names the flows in the order of secflow(7), "How a destination gets its name", writes them as one
 * sample, and flushes. Sorts the flows. RESULT_NO_MEMORY; RESULT_SYSTEM: the output failed; see
 * errno.
 */
MUST_CHECK enum result recorder_write(struct recorder *recorder, struct flowlist *flows,
                                      const struct window *window);

/* A sink that does so at once with what a meter sends. */
struct sink recorder_sink(struct recorder *recorder);

#endif
