/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics of flowcap, as listed in flowcap(8). A separate thread formats and writes them
 * (metrics.h), so that capturing never waits for a disk.
 */
#ifndef SECFLOW_CAPMETRICS_H
#define SECFLOW_CAPMETRICS_H

#include "watch.h"

struct capmetrics;

/*
 * Call it before the sandbox, with the rights that the capture has. *metrics is NULL where no file
 * is wanted. Prints what goes wrong. Returns EX_OK, or an exit status.
 */
MUST_CHECK int capmetrics_init(struct capmetrics **metrics, const struct watch_options *options);

/* Writes the last counts that were given first. */
void capmetrics_destroy(struct capmetrics **metrics);

/* Gives counts to be written, in place of any that still wait. */
void capmetrics_give(struct capmetrics *metrics, const struct watch_counts *counts);

/* Prints a message when writing begins to fail, or works again. */
void capmetrics_look(struct capmetrics *metrics);

#endif
