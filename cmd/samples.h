/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by filters that hold the records of a sample until it is complete: samples may alternate,
 * and one is complete at the end of its file, when nothing of it has come for 5 seconds, or when
 * too many others have been begun since.
 */
#ifndef SECFLOW_SAMPLES_H
#define SECFLOW_SAMPLES_H

#include "secflows.h"

/* Takes what it needs of a sample, and says how many bytes of its lines are left. */
typedef enum result samples_fn(void *context, void *sample, size_t *bytes);

/* What a tool does with samples. A result other than RESULT_OK ends the work. */
struct samples_use {
    bool quiet;               /* no word about a file without records */
    const char *const *names; /* of the fields that are added later, name_count of them */
    size_t name_count;
    size_t memory; /* bytes of lines that open samples may have; 0: SAMPLES_MEMORY */
    /* Begins a sample that has the record. */
    enum result (*begin)(void *context, const struct record *record, void **sample);
    /* Adds a record, of which all is read; room: for the fields, as record_room gives it. */
    enum result (*add)(void *context, void *sample, const struct record *record, const char *line,
                       size_t length, size_t room);
    /* Takes over a sample that is complete. */
    enum result (*complete)(void *context, void *sample);
    /* Relieves the latest sample, which has more than memory for itself; NULL: it is held whole. */
    samples_fn *relieve;
    /* Writes and flushes all that is complete, as there is no input for now. */
    enum result (*settle)(void *context);
    void (*destroy)(void *sample);
    void *context;
};

#define SAMPLES_MEMORY ((size_t)256 << 20)

struct samples;

/* Returns EX_OK, or a status after printing a message. */
MUST_CHECK int samples_init(struct samples **samples, const struct samples_use *use);

/* Destroys the samples that are not complete, too. NULL is all right. */
void samples_destroy(struct samples **samples);

/* Calls the function for each open sample, the one with the oldest record first. */
MUST_CHECK enum result samples_each(struct samples *samples, samples_fn *each);

/*
 * Reads the files one after another, until signals end it. Problems have been reported; the status
 * is the worst of them. False: there is no point in going on, such as settling.
 */
MUST_CHECK bool samples_read(struct samples *samples, char **paths, size_t count, int *status);

#endif
