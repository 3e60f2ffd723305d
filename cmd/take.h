/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowupload --take: turns the files of a directory into samples of the spool, until a signal ends
 * it.
 *
 * A file is removed once all its samples are durable. No sample is complete before the end of the
 * file, so a file that cannot be read, or whose filter fails, leaves nothing behind and is taken
 * again as a whole. Whatever is wrong with a file affects only that file, and is reported.
 */
#ifndef SECFLOW_TAKE_H
#define SECFLOW_TAKE_H

#include "send/delivery.h"

#include <stdint.h>

/* What has been read and made so far. */
struct intake {
    uint64_t records, samples;
    uint64_t files;           /* taken */
    uint64_t bad_files;       /* set aside as NAME.bad, in part or as a whole */
    uint64_t filter_failures; /* failed runs of the filter */
};

struct take_options {
    const char *folder;
    const char *filter;     /* a command to pass files through, or NULL */
    const char *name;       /* of samples; NULL: the name of the file */
    const char *spool_path; /* for messages */
    uint64_t records_most;  /* per sample */
    size_t samples_most;    /* open at once */

    /* Continues all other work until the descriptor (unless -1) is readable, or that time. */
    bool (*go_on)(void *context, int fd, int64_t until);
    void *context;
};

/*
 * Takes files until a signal asks to stop, or the spool or delivery fails. Adds to *intake. The
 * spool and the delivery remain the caller's. Returns EX_OK, or a status after printing a message.
 */
MUST_CHECK int take_run(const struct take_options *options, struct spool *spool,
                        struct delivery *delivery, struct intake *intake);

#endif
