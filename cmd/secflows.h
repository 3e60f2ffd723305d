/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secflows out of a file, for the tools that read them: damaged lines are told of and passed over.
 */
#ifndef SECFLOW_SECFLOWS_H
#define SECFLOW_SECFLOWS_H

#include "base/lookahead.h"
#include "base/signature.h"
#include "common.h"
#include "record/recordread.h"

struct secflows {
    const char *path;
    struct record_reader *reader; /* which can write the record read last, with fields added */
    struct lookahead *in;
    struct input *input;
    struct damages damages;
    uint64_t number;            /* of the line read last */
    bool any;                   /* record was read */
    char other[SIGNATURE_TEXT]; /* what the file seems to be, by its first line; "": not known */
};

/*
 * For any number of files, one after the other; names: of the fields that the reader adds, as for
 * record_reader_init. Returns EX_OK, or a status, which has been said. What is all zero can be
 * destroyed, too.
 */
MUST_CHECK int secflows_init(struct secflows *secflows, const char *const *names, size_t count);
void secflows_destroy(struct secflows *secflows);

/* Opens a file. Returns EX_OK, or a status, which has been said. */
MUST_CHECK int secflows_open(struct secflows *secflows, const char *path);

/* The same of a descriptor, which becomes its own, called path in messages. */
MUST_CHECK int secflows_open_fd(struct secflows *secflows, const char *path, int fd);

/* The next record, and its line without the newline. RESULT_END, RESULT_NO_MEMORY. */
MUST_CHECK enum result secflows_next(struct secflows *secflows, struct record *record,
                                     const char **line, size_t *length);

/* A line that is no Secflow for this tool, and why. */
void secflows_damaged(struct secflows *secflows, const char *problem);

/*
 * At the end of the input: says so where a file has no record, and that is not known from its
 * lines. Of a pipe, the tool at its other end says it.
 */
void secflows_tell_empty(const struct secflows *secflows);

/* Closes it, and says what of it was damaged. Returns EX_OK, or a status. */
int secflows_close(struct secflows *secflows);

#endif
