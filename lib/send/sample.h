/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples: records with the same trafficDate and sensor (or none), gathered from a stream in which
 * samples may alternate.
 *
 * A sample is complete when it has the most records allowed, when none has come for some time, or
 * when the stream ends. From its first record on it is a file of the spool, so memory does not grow
 * with it. Few samples alternate in practice. Past SAMPLES_MAX of them (or fewer, if that many
 * files cannot be open), the one whose last record is the oldest is complete too.
 */
#ifndef SECFLOW_SAMPLE_H
#define SECFLOW_SAMPLE_H

#include "record/recordread.h"
#include "record/sensor.h"
#include "send/spool.h"

#define SAMPLES_MAX 256u

struct sample {
    int64_t traffic_date; /* microseconds since 1970 */
    size_t sensor_length; /* 0: its records name none */
    char sensor[SENSOR_MAX];
    uint64_t records;
    struct spool_file file;
};

struct samples;

/*
 * records: the most per sample; idle: microseconds without a record after which a sample is
 * complete. The spool remains the caller's; NULL: samples are kept in memory.
 */
MUST_CHECK enum result samples_init(struct samples **samples, struct spool *spool, uint64_t records,
                                    int64_t idle);

/*
 * The kind of samples in the spool until they are complete: SPOOL_RECORDS, the default, or
 * SPOOL_COPY.
 */
void samples_set_kind(struct samples *samples, enum spool_kind kind);

/* Incomplete samples stay in the spool, as if the process had died. */
void samples_destroy(struct samples **samples);

/*
 * Adds a record's line, given without its newline. file_name: for a new sample; NULL: made from its
 * date; either way the sensor is added, as far as it fits. now: monotonic microseconds.
 * RESULT_SYSTEM: nothing was added (see errno), but an empty sample may have been begun. Call
 * samples_complete between calls, to take what has become complete.
 */
MUST_CHECK enum result samples_add(struct samples *samples, const struct record *record,
                                   const char *line, size_t length, const char *file_name,
                                   int64_t now);

/* Excludes time in which no record could come from the idle time. */
void samples_pause(struct samples *samples, int64_t microseconds);

/* Writes all records to their files, as far as possible. Returns how many are left. */
uint64_t samples_flush(struct samples *samples);

/* A complete sample, or NULL. all: the stream has ended, which completes every sample. */
struct sample *samples_complete(struct samples *samples, int64_t now, bool all);

/* Sets how many samples may be open at once, from 1 to SAMPLES_MAX. */
void samples_limit(struct samples *samples, size_t most);

/*
 * When space for more runs out: ends the sample whose last record is the oldest, as far as it is in
 * its file; the rest becomes a sample of its own. NULL: no sample has anything to give.
 */
struct sample *samples_give_way(struct samples *samples);

/*
 * When the next sample will be complete if no record comes: monotonic microseconds; INT64_MAX if
 * there are no samples.
 */
int64_t samples_deadline(const struct samples *samples);

/*
 * sample_finish writes a complete sample's last records to its file; with RESULT_SYSTEM nothing has
 * changed. samples_remove then drops the sample; the file becomes the caller's, to commit or close.
 */
MUST_CHECK enum result sample_finish(struct sample *sample);
void samples_remove(struct samples *samples, struct sample *sample);

#endif
