/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of a tool, as a text file that Prometheus' node_exporter reads (its textfile collector),
 * in the exposition format 0.0.4 of Prometheus.
 *
 * The file is replaced whole or not at all: the text is written to FILE.PID.new beside it, which is
 * then renamed; PID is the process, so that two never write to one. It is not synced to the disk:
 * readers see the text that was written, synced or not. After a crash of the machine a truncated
 * file is replaced as soon as the tool runs again, and what it said is out of date anyway. The mode
 * is 0644 whatever the umask, since the reader is another user.
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

/* A value may be any text: it is escaped, and bytes that are not UTF-8 become U+FFFD. */
struct metric_label {
    const char *name, *value;
};

struct metrics;

/*
 * The file to write, and labels for each sample; both are copied. RESULT_INVALID: path is not a
 * regular file and would be lost.
 */
MUST_CHECK enum result metrics_init(struct metrics **metrics, const char *path,
                                    const struct metric_label *labels, size_t count);
void metrics_destroy(struct metrics **metrics);

/* Begins the text anew. If memory runs out while it is built, metrics_write says so. */
void metrics_begin(struct metrics *metrics);

/*
 * The head of a family, followed by its samples; label is NULL if there is only one sample. Names
 * of counters end in _total; units are base units: seconds, bytes.
 */
void metrics_family(struct metrics *metrics, const char *name, enum metric_type type,
                    const char *help);
void metrics_sample(struct metrics *metrics, const char *label, const char *value, uint64_t number);

/* The same for a time in microseconds, written in seconds. */
void metrics_sample_time(struct metrics *metrics, const char *label, const char *value,
                         int64_t microseconds);

/* Families with a single sample. */
void metrics_counter(struct metrics *metrics, const char *name, const char *help, uint64_t number);
void metrics_gauge(struct metrics *metrics, const char *name, const char *help, uint64_t number);
void metrics_gauge_time(struct metrics *metrics, const char *name, const char *help,
                        int64_t microseconds);

/* The text so far, without a final NUL; valid until the next call. */
const char *metrics_text(const struct metrics *metrics, size_t *length);

/*
 * Replaces the file. RESULT_SYSTEM: see errno; the file is unchanged. RESULT_NO_MEMORY: the same,
 * and the next attempt may succeed. *turned: true if this result differs from the last one, failure
 * or success, so that a message is due; before the first call counts as success.
 */
MUST_CHECK enum result metrics_write(struct metrics *metrics, bool *turned);

#endif
