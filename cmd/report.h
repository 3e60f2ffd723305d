/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What flowupload reports of itself while it runs, as listed in flowupload(1): counters on SIGUSR1,
 * its state to systemd (notify.h), and metrics in a file (metrics.h).
 */
#ifndef SECFLOW_REPORT_H
#define SECFLOW_REPORT_H

#include "base/metrics.h"
#include "base/notify.h"
#include "deliver.h"
#include "take.h"

struct report {
    const char *path; /* of the metrics file; NULL: none */
    const struct intake *intake;
    struct spool *spool;             /* NULL, like the delivery, if nothing is sent */
    const struct delivery *delivery; /* may be set later */
    const char *problem;             /* why nothing is accepted now; "": it is */
    struct notify notify;
    struct metrics *metrics;
    int signals;   /* a descriptor for SIGUSR1 */
    int64_t start; /* microseconds since 1970 */
    int64_t next;  /* when the next report is due: monotonic; INT64_MAX: never */
};

/*
 * Call it before anything else is opened, since it reads the environment. Prints what goes wrong.
 * path: the metrics file, or NULL. Returns EX_OK, or an exit status. A zeroed struct may be
 * destroyed.
 */
MUST_CHECK int report_init(struct report *report, const char *path, const struct intake *intake);
void report_destroy(struct report *report);

/* Work begins, on the spool if there is one; in that case deliver_init was called before. */
void report_begin(struct report *report, struct spool *spool, const struct deliver *deliver);

/* report_look has work to do when the descriptor is readable or the deadline has come. */
int report_descriptor(const struct report *report);
int64_t report_deadline(const struct report *report);
void report_look(struct report *report, int64_t now);

/* Reports, at the end, how the work ended. */
void report_end(struct report *report);

#endif
