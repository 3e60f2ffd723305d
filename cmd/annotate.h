/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by filters that pass records on one by one, with fields added.
 */
#ifndef SECFLOW_ANNOTATE_H
#define SECFLOW_ANNOTATE_H

#include "record/recordread.h"

struct annotator {
    const char *const *fields; /* names of the added fields, at most RECORD_ADDED_MAX */
    size_t field_count;
    bool quiet; /* no progress line, and no note about files without records */
    /*
     * Writes a record, the one last read by the reader, to the output, and adds 1 to *known if it
     * is one of those that the tool counts. Results other than RESULT_OK end the work:
     * RESULT_NO_MEMORY, or RESULT_SYSTEM from the output. Two threads call it at the same time,
     * each with a context of its own.
     */
    enum result (*each)(void *context, struct record_reader *reader, const struct record *record,
                        struct output *output, uint64_t *known);
    void *contexts[2];
    /*
     * Called often, and never while `each` is; NULL: there is nothing to do. True: from now on
     * `each` may write something else.
     */
    bool (*between)(void *context);
    void *between_context;
    uint64_t records, known; /* that were written; set by annotate */
};

/*
 * Reads the files one after another and writes their records. Flushes before it waits for input.
 * Returns an exit status; problems have been reported.
 */
MUST_CHECK int annotate(struct annotator *annotator, char **paths, size_t count);

#endif
