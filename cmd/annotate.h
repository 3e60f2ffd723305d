/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What filters share whose records go out as they come in, one by one, with fields added.
 */
#ifndef SECFLOW_ANNOTATE_H
#define SECFLOW_ANNOTATE_H

#include "record/recordread.h"

struct annotator {
    const char *const *fields; /* the names of those that it adds, RECORD_ADDED_MAX at most */
    size_t field_count;
    bool quiet; /* no progress, and no note where a file has no record */
    /*
     * Writes a record, which the reader read last, to the output. Results other than RESULT_OK end
     * the work: RESULT_NO_MEMORY, or RESULT_SYSTEM of the output.
     */
    enum result (*each)(void *context, const struct record_reader *reader,
                        const struct record *record, struct output *output);
    void *context;
};

/*
 * Reads the files, one after the other, and writes their records. What is known goes out before
 * input is waited for. Returns the status to end with; problems have been reported.
 */
MUST_CHECK int annotate(const struct annotator *annotator, char **paths, size_t count);

#endif
