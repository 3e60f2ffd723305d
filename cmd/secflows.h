/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads Secflows from a file: damaged lines are reported and skipped.
 */
#ifndef SECFLOW_SECFLOWS_H
#define SECFLOW_SECFLOWS_H

#include "base/lookahead.h"
#include "base/signature.h"
#include "common.h"
#include "record/recordread.h"

/*
 * After the last line of a file: why there are no more. EX_OK: it was read to its end, or not
 * further because the tool refused to wait. Otherwise a status, after printing a message, which
 * names the last line unless it is 0.
 */
MUST_CHECK int input_ended(const struct lookahead *in, const char *path, uint64_t line);

struct secflows {
    const char *path;
    struct record_reader *reader; /* can write the latest record with added fields */
    struct lookahead *in;
    struct input *input;
    struct damages damages;
    uint64_t damaged;           /* lines of the files that were closed */
    uint64_t number;            /* of the latest line */
    bool any;                   /* a record was read */
    char other[SIGNATURE_TEXT]; /* what the file seems to be, by its first line; "": unknown */
    /*
     * Takes a line that is not a Secflow: RESULT_OK, or RESULT_DAMAGED, which is reported. The
     * tool's; NULL: there are no such lines.
     */
    enum result (*take_line)(void *context, const char *line, size_t length);
    /*
     * Takes a line before it is read, and then it is not given as a record: RESULT_OK, or
     * RESULT_DAMAGED, and then it is read. The tool's, or NULL.
     */
    enum result (*take_first)(void *context, const char *line, size_t length);
    void *context; /* of both */
};

/*
 * For any number of files, one after another. names: the fields that the reader adds, as for
 * record_reader_init. Returns EX_OK, or a status after printing a message. A zeroed struct may be
 * destroyed.
 */
MUST_CHECK int secflows_init(struct secflows *secflows, const char *const *names, size_t count);
void secflows_destroy(struct secflows *secflows);

/* Opens a file. Returns EX_OK, or a status after printing a message. */
MUST_CHECK int secflows_open(struct secflows *secflows, const char *path);

/* The same for a descriptor, which it takes over; messages call it path. */
MUST_CHECK int secflows_open_fd(struct secflows *secflows, const char *path, int fd);

/* The next record, and its line without the newline. RESULT_END, RESULT_NO_MEMORY. */
MUST_CHECK enum result secflows_next(struct secflows *secflows, struct record *record,
                                     const char **line, size_t *length);

/* Tells that the tool itself has taken whole lines of secflows->in, which were records. */
void secflows_took(struct secflows *secflows, size_t bytes, uint64_t lines);

/* Reports that a line is not a Secflow for this tool, and why. */
void secflows_damaged(struct secflows *secflows, const char *problem);

/*
 * At the end of the input: prints that a file has no records, unless messages about its lines have
 * shown it already. For a pipe, the tool at its other end does that.
 */
void secflows_tell_empty(const struct secflows *secflows);

/* Closes the file and prints how much of it was damaged. Returns EX_OK, or a status. */
int secflows_close(struct secflows *secflows);

/* What a tool does with the records of its files. */
struct secflows_use {
    bool quiet; /* no word about a file without records */
    /* Takes a record. A result other than RESULT_OK ends the reading. */
    enum result (*take)(void *context, struct record *record);
    /* Called before reading may block, as by input_set_wait; NULL: stop_wait_input. */
    bool (*wait)(void *context, int fd);
    /*
     * Says why reading ended: the result of take, or RESULT_END if wait refused. Returns a status;
     * EX_OK if there is nothing to say, as when wait refused because of a signal.
     */
    int (*failed)(void *context, enum result result);
    void *context;
};

/*
 * Reads the files, one after the other, and reports what could not be read. Returns a status; sets
 * *go_on to false if reading ended early, and there is no point in continuing.
 */
MUST_CHECK int secflows_read(struct secflows *secflows, const struct secflows_use *use,
                             char **paths, size_t count, bool *go_on);

#endif
