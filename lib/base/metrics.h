/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a tool counts, as a text file that Prometheus' node_exporter reads (its textfile collector),
 * in the exposition format 0.0.4 of Prometheus.
 *
 * The file is replaced whole or not at all: the text is written to FILE.new beside it, which is
 * renamed. It is not synced to the disk: a reader sees either text whatever the disk has, and after
 * a crash of the machine a file that was cut is replaced as soon as the tool runs again, while what
 * it told is out of date in any case. The mode is 0644 whatever the umask is, for the reader is
 * another user.
 *
 *     metrics_begin(metrics);
 *     metrics_counter(metrics, "secflow_capture_windows_total", "Windows that have ended.", 3);
 *     metrics_family(metrics, "secflow_capture_memory_bytes", METRIC_GAUGE, "Memory, by part.");
 *     metrics_sample(metrics, "part", "flows", 4096);
 *     metrics_sample(metrics, "part", "names", 0);
 *     result = metrics_write(metrics, &turned);
 */
#ifndef SECFLOW_METRICS_H
#define SECFLOW_METRICS_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metric_type { METRIC_COUNTER, METRIC_GAUGE };

/* A value may be any text: it is escaped, and what is not UTF-8 in it becomes U+FFFD. */
struct metric_label {
    const char *name, *value;
};

struct metrics;

/*
 * To be written to path, with these labels in each sample; all of it is copied. RESULT_INVALID:
 * what has that name is not a regular file, and would be lost.
 */
MUST_CHECK enum result metrics_init(struct metrics **metrics, const char *path,
                                    const struct metric_label *labels, size_t count);
void metrics_destroy(struct metrics **metrics);

/* Begins the text anew. That memory runs out while it is put together is metrics_write's result. */
void metrics_begin(struct metrics *metrics);

/*
 * The head of a family, and then its samples: label is NULL where there is only one. Names of
 * counters end in _total, and units are base units: seconds, bytes.
 */
void metrics_family(struct metrics *metrics, const char *name, enum metric_type type,
                    const char *help);
void metrics_sample(struct metrics *metrics, const char *label, const char *value, uint64_t number);

/* The same of a time, given in microseconds, which becomes seconds. */
void metrics_sample_time(struct metrics *metrics, const char *label, const char *value,
                         int64_t microseconds);

/* Families of one sample. */
void metrics_counter(struct metrics *metrics, const char *name, const char *help, uint64_t number);
void metrics_gauge(struct metrics *metrics, const char *name, const char *help, uint64_t number);
void metrics_gauge_time(struct metrics *metrics, const char *name, const char *help,
                        int64_t microseconds);

/* The text so far, without a final NUL; good until the next call. */
const char *metrics_text(const struct metrics *metrics, size_t *length);

/*
 * Replaces the file. RESULT_SYSTEM: errno says why it could not be; the file is as it was.
 * RESULT_NO_MEMORY: so is it, and the next text may do better. *turned: the last time, if there was
 * one, it failed and now does not, or the other way around, which is the time to say so; the first
 * time counts as one that follows a success.
 */
MUST_CHECK enum result metrics_write(struct metrics *metrics, bool *turned);

#endif
