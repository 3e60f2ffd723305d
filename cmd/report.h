/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What flowupload says of itself while it runs: counters on SIGUSR1, how it is to systemd
 * (notify.h), and metrics in a file (metrics.h), as flowupload(1) lists them.
 */
#ifndef SECFLOW_REPORT_H
#define SECFLOW_REPORT_H

#include "base/metrics.h"
#include "base/notify.h"
#include "deliver.h"
#include "take.h"

struct report {
    const char *path; /* of the metrics; NULL: none */
    const struct intake *intake;
    struct spool *spool;             /* NULL, as is the delivery, where nothing is sent */
    const struct delivery *delivery; /* may come later */
    const char *problem;             /* why nothing is accepted now; "": it is */
    struct notify notify;
    struct metrics *metrics;
    int signals;   /* SIGUSR1, from the kernel */
    int64_t start; /* microseconds since 1970 */
    int64_t next;  /* when it is reported how things are: monotonic; INT64_MAX: nobody wants it */
};

/*
 * Before anything else is opened, since the environment may say something. What is wrong is said.
 * path: for the metrics, or NULL. Returns EX_OK, or a status to end with. What is all zero can be
 * destroyed, too.
 */
MUST_CHECK int report_init(struct report *report, const char *path, const struct intake *intake);
void report_destroy(struct report *report);

/* Work begins, on the spool if there is one; deliver_init was called where there is. */
void report_begin(struct report *report, struct spool *spool, const struct deliver *deliver);

/* Can be read, says poll(2), when there is something to do for report_look; so is it at that time.
 */
int report_descriptor(const struct report *report);
int64_t report_deadline(const struct report *report);
void report_look(struct report *report, int64_t now);

/* The end: what is told then is how it ended. */
void report_end(struct report *report);

#endif
