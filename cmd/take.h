/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a folder become samples of the spool, until a signal ends it: flowupload --take.
 *
 * A file is removed once all samples of it are durable. Until its end none is complete, so that a
 * file of which reading fails, or of which a filter does, leaves nothing and is taken again as a
 * whole. What can be wrong with a file costs that file only, and is told of.
 */
#ifndef SECFLOW_TAKE_H
#define SECFLOW_TAKE_H

#include "send/delivery.h"

#include <stdint.h>

/* What was read and made so far. */
struct intake {
    uint64_t records, samples;
    uint64_t files;           /* that were taken */
    uint64_t bad_files;       /* and put aside as NAME.bad, in part or as a whole */
    uint64_t filter_failures; /* runs of the filter that failed */
};

struct take_options {
    const char *folder;
    const char *filter;     /* a command that files go through, or NULL */
    const char *name;       /* of samples, or NULL: they are called as their file */
    const char *spool_path; /* for messages */
    uint64_t records_most;  /* of a sample */
    size_t samples_most;    /* that can be open at once */

    /* Goes on with all else until the descriptor can be read, if it is not -1, or that time. */
    bool (*go_on)(void *context, int fd, int64_t until);
    void *context;
};

/*
 * Takes files until a signal asks to stop, or the spool or delivery fail. Adds to *intake. The
 * spool and the delivery stay the caller's. Returns EX_OK, or a status, which has been said.
 */
MUST_CHECK int take_run(const struct take_options *options, struct spool *spool,
                        struct delivery *delivery, struct intake *intake);

#endif
