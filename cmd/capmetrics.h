/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics of flowcap, as flowcap(8) lists them: a thread of its own puts them together and
 * writes them (metrics.h), so that capturing never waits for a disk.
 */
#ifndef SECFLOW_CAPMETRICS_H
#define SECFLOW_CAPMETRICS_H

#include "watch.h"

struct capmetrics;

/*
 * With the rights that the capture has, too, and before the sandbox; *metrics is NULL where no file
 * is wanted. What is wrong is said. Returns EX_OK, or a status to end with.
 */
MUST_CHECK int capmetrics_init(struct capmetrics **metrics, const struct watch_options *options);

/* The last counts that were given are written before. */
void capmetrics_destroy(struct capmetrics **metrics);

/* Gives counts to be written. Those that were given before and wait are not written any more. */
void capmetrics_give(struct capmetrics *metrics, const struct watch_counts *counts);

/* Says that they cannot be written, or can be again, where that is news. */
void capmetrics_look(struct capmetrics *metrics);

#endif
