/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by tools that join all records before they write anything: flowmerge and flowbeacon.
 */
#ifndef SECFLOW_MERGING_H
#define SECFLOW_MERGING_H

#include "record/merge.h"
#include "secflows.h"

/* The longest time between parts of a conversation, and the memory, where no option says more. */
#define MERGING_GAP INT64_C(300000000)
#define MERGING_MEMORY ((size_t)512 << 20)

struct merging {
    struct merge_options options; /* the folder is set by merging_init */
    bool quiet;                   /* no progress line, and no note about files without records */
    const char *problem;          /* what to say where a temporary file fails */
    struct secflows secflows;
    struct merge *merge;
    struct output *output; /* standard output */
};

/* Gets ready to read and write. Returns EX_OK, or a status after printing a message. */
MUST_CHECK int merging_init(struct merging *merging);

/* A zeroed one, too. */
void merging_destroy(struct merging *merging);

/* As secflows_read: all records are joined, and can be taken from merge. */
MUST_CHECK int merging_read(struct merging *merging, char **paths, size_t count, bool *go_on);

/* Says why the work ended early, and returns the status. */
MUST_CHECK int merging_failed(const struct merging *merging, enum result result);

#endif
