/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by filters that hold the records of a sample until it is complete: samples may alternate,
 * and one is complete at the end of its file, when nothing of it has come for 5 seconds, or when
 * too many others have been begun since.
 */
#ifndef SECFLOW_SAMPLES_H
#define SECFLOW_SAMPLES_H

#include "secflows.h"

/* What a tool does with samples. A result other than RESULT_OK ends the work. */
struct samples_use {
    bool quiet;               /* no word about a file without records */
    const char *const *names; /* of the fields that are added later, name_count of them */
    size_t name_count;
    /* Begins a sample that has the record. */
    enum result (*begin)(void *context, const struct record *record, void **sample);
    /* Adds a record, of which all is read; room: for the fields, as record_room gives it. */
    enum result (*add)(void *context, void *sample, const struct record *record, const char *line,
                       size_t length, size_t room);
    /* Takes over a sample that is complete. */
    enum result (*complete)(void *context, void *sample);
    /* Writes and flushes all that is complete, as there is no input for now. */
    enum result (*settle)(void *context);
    void (*destroy)(void *sample);
    void *context;
};

struct samples;

/* Returns EX_OK, or a status after printing a message. */
MUST_CHECK int samples_init(struct samples **samples, const struct samples_use *use);

/* Destroys the samples that are not complete, too. NULL is all right. */
void samples_destroy(struct samples **samples);

/*
 * Reads the files one after another, until signals end it. Problems have been reported; the status
 * is the worst of them. False: there is no point in going on, such as settling.
 */
MUST_CHECK bool samples_read(struct samples *samples, char **paths, size_t count, int *status);

#endif
