/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples: records with one trafficDate and one sensor, or none, gathered from a stream in which
 * they may alternate.
 *
 * A sample is complete when it has as many records as it may, when none has come for some time, or
 * when the stream ends. Each is a file of the spool from its first record on, so that memory does
 * not grow with it. Few alternate in practice; past SAMPLES_MAX of them, or fewer where that many
 * files cannot be open, the one whose last record is the oldest is complete, too.
 */
#ifndef SECFLOW_SAMPLE_H
#define SECFLOW_SAMPLE_H

#include "record/recordread.h"
#include "record/sensor.h"
#include "send/spool.h"

#define SAMPLES_MAX 256u

struct sample {
    int64_t traffic_date; /* microseconds since 1970 */
    size_t sensor_length; /* 0: its records tell none */
    char sensor[SENSOR_MAX];
    uint64_t records;
    struct spool_file file;
};

struct samples;

/*
 * records: of a sample, at most; idle: microseconds after which it is complete. A spool, which
 * stays the caller's, or NULL for samples in memory.
 */
MUST_CHECK enum result samples_init(struct samples **samples, struct spool *spool, uint64_t records,
                                    int64_t idle);

/* What samples are in the spool until they are complete, SPOOL_RECORDS at first, or SPOOL_COPY. */
void samples_set_kind(struct samples *samples, enum spool_kind kind);

/* What is not complete stays in the spool, as if the process had died. */
void samples_destroy(struct samples **samples);

/*
 * Adds a record's line, given without its newline. file_name: of a new sample; NULL: made of its
 * date; into either goes the sensor, as far as it fits. now: monotonic microseconds. With
 * RESULT_SYSTEM, errno says why, nothing was added; the sample may have been begun, though, and
 * stay without a record. Before the next one, samples_complete takes what has become complete.
 */
MUST_CHECK enum result samples_add(struct samples *samples, const struct record *record,
                                   const char *line, size_t length, const char *file_name,
                                   int64_t now);

/* So many microseconds have passed in which no record could come. */
void samples_pause(struct samples *samples, int64_t microseconds);

/* Writes all records to their files, as far as that is possible. Returns how many are left. */
uint64_t samples_flush(struct samples *samples);

/* A sample that is complete, or NULL; all: at the end of the stream each is. */
struct sample *samples_complete(struct samples *samples, int64_t now, bool all);

/* At most so many at a time, from 1 to SAMPLES_MAX. */
void samples_limit(struct samples *samples, size_t most);

/*
 * Where there is no room for more: the sample of the oldest last record of which something can be
 * complete, as far as it has come to its file; the rest of it is a sample of its own from then on.
 * NULL: there is none.
 */
struct sample *samples_give_way(struct samples *samples);

/* When the next one is, if no record comes: monotonic microseconds; INT64_MAX without samples. */
int64_t samples_deadline(const struct samples *samples);

/*
 * Write a complete sample's last records to its file, and let it go; the file is the caller's then,
 * to be committed or closed. With RESULT_SYSTEM it stays as it was.
 */
MUST_CHECK enum result sample_finish(struct sample *sample);
void samples_remove(struct samples *samples, struct sample *sample);

#endif
