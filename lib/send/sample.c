/* SPDX-License-Identifier: Apache-2.0 */
#include "send/sample.h"

#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BUFFER_BYTES (64u * 1024)

struct open_sample {
    struct sample sample;
    int64_t last; /* when the last record came */
    off_t written;
    size_t used;
    uint64_t unwritten; /* records still in the buffer */
    char buffer[BUFFER_BYTES];
};

struct samples {
    struct spool *spool;
    enum spool_kind kind;
    uint64_t records;
    int64_t idle;
    size_t count, most;
    struct open_sample *open[SAMPLES_MAX + 2]; /* the one with the latest record first */
};

enum result samples_init(struct samples **samples, struct spool *spool, uint64_t records,
                         int64_t idle)
{
    struct samples *new = calloc(1, sizeof *new);

    if (!new)
        return RESULT_NO_MEMORY;
    new->spool = spool;
    new->kind = SPOOL_RECORDS;
    new->records = records;
    new->idle = idle;
    new->most = SAMPLES_MAX;
    *samples = new;
    return RESULT_OK;
}

/* Undoes a partial write; if that fails, the next attempt overwrites it. */
static void cut_off(int fd, off_t offset)
{
    int error = errno;
    int cut = ftruncate(fd, offset);

    (void)cut;
    errno = error;
}

static enum result write_at(int fd, const char *p, size_t left, off_t start)
{
    off_t offset = start;

    while (left > 0) {
        ssize_t written = pwrite(fd, p, left, offset);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            cut_off(fd, start);
            return RESULT_SYSTEM;
        }
        p += written;
        left -= (size_t)written;
        offset += written;
    }
    return RESULT_OK;
}

static enum result flush(struct open_sample *open)
{
    enum result result = write_at(open->sample.file.fd, open->buffer, open->used, open->written);

    if (result == RESULT_OK) {
        open->written += (off_t)open->used;
        open->used = 0;
        open->unwritten = 0;
    }
    return result;
}

uint64_t samples_flush(struct samples *samples)
{
    uint64_t left = 0;

    for (size_t i = 0; i < samples->count; i++)
        if (flush(samples->open[i]) != RESULT_OK)
            left += samples->open[i]->unwritten;
    return left;
}

void samples_destroy(struct samples **samples)
{
    struct samples *old = *samples;

    if (!old)
        return;
    samples_flush(old);
    for (size_t i = 0; i < old->count; i++) {
        close(old->open[i]->sample.file.fd);
        free(old->open[i]);
    }
    free(old);
    *samples = NULL;
}

enum result sample_finish(struct sample *sample)
{
    return flush((struct open_sample *)sample); /* its first member */
}

/* A line longer than the buffer goes straight to the file. */
static enum result put_long_line(struct open_sample *open, const char *line, size_t length)
{
    enum result result = write_at(open->sample.file.fd, line, length, open->written);

    if (result != RESULT_OK)
        return result;
    result = write_at(open->sample.file.fd, "\n", 1, open->written + (off_t)length);
    if (result == RESULT_OK)
        open->written += (off_t)length + 1;
    else
        cut_off(open->sample.file.fd, open->written);
    return result;
}

static enum result put_line(struct open_sample *open, const char *line, size_t length)
{
    enum result result = RESULT_OK;

    if (BUFFER_BYTES - open->used <= length)
        result = flush(open);
    if (result != RESULT_OK)
        return result;
    if (length >= BUFFER_BYTES)
        return put_long_line(open, line, length);
    memcpy(open->buffer + open->used, line, length);
    open->buffer[open->used + length] = '\n';
    open->used += length + 1;
    open->unwritten++;
    return RESULT_OK;
}

/* Moves the sample to the front, adding it if it is new. */
static void move_to_front(struct samples *samples, struct open_sample *open)
{
    size_t at = 0;

    while (at < samples->count && samples->open[at] != open)
        at++;
    samples->count += at == samples->count;
    memmove(samples->open + 1, samples->open, at * sizeof *samples->open);
    samples->open[0] = open;
}

/* Bytes of a sensor's name used in a file name, and the longest suffix, such as ".sf". */
#define SENSOR_SHOWN 100u
#define ENDING_MAX 40u

/* Turns NAME.sf into NAME_SENSOR.sf, to tell the files of two sensors apart at the collector. */
static void add_sensor(const char *file_name, const struct record *record,
                       char clean[SPOOL_FILE_NAME_MAX + 1])
{
    size_t length = strlen(file_name), stem = length;
    size_t sensor = text_cut(record->sensor.bytes, record->sensor.length, SENSOR_SHOWN);
    const char *dot = strrchr(file_name, '.'), *ending = "";
    char name[SPOOL_FILE_NAME_MAX + 1];

    if (dot && dot > file_name && length - (size_t)(dot - file_name) <= ENDING_MAX) {
        ending = dot;
        stem = (size_t)(dot - file_name);
    }
    stem = text_cut(file_name, stem, SPOOL_FILE_NAME_MAX - 1 - sensor - strlen(ending));
    snprintf(name, sizeof name, "%.*s_%.*s%s", (int)stem, file_name, (int)sensor,
             record->sensor.bytes, ending);
    spool_clean_name(name, clean);
}

/* given: NULL: made from the date. */
static void make_name(const char *given, const struct record *record,
                      char name[SPOOL_FILE_NAME_MAX + 1])
{
    char dated[64];

    if (!given) {
        snprintf(dated, sizeof dated, "secflow_%" PRId64 ".sf", record->traffic_date / 1000000);
        given = dated;
    }
    if (record->sensor.length > 0)
        add_sensor(given, record, name);
    else
        snprintf(name, SPOOL_FILE_NAME_MAX + 1, "%s", given);
}

/* Creates the file in the spool or in memory; in memory it keeps that name. */
static enum result create_file(const struct samples *samples, const char *name,
                               struct spool_file *file)
{
    if (samples->spool)
        return spool_create(samples->spool, samples->kind, name, NULL, file);
    *file = (struct spool_file){.fd = memfd_create("sample", MFD_CLOEXEC)};
    snprintf(file->name, sizeof file->name, "%s", name);
    return file->fd < 0 ? RESULT_SYSTEM : RESULT_OK;
}

static enum result begin_sample(struct samples *samples, const struct record *record,
                                const char *file_name, int64_t now, struct open_sample **open)
{
    struct open_sample *new = malloc(sizeof *new);
    char name[SPOOL_FILE_NAME_MAX + 1];
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    make_name(file_name, record, name);
    new->sample.traffic_date = record->traffic_date;
    new->sample.sensor_length = record->sensor.length;
    if (record->sensor.length > 0)
        memcpy(new->sample.sensor, record->sensor.bytes, record->sensor.length);
    new->sample.records = 0;
    new->last = now;
    new->written = 0;
    new->used = 0;
    new->unwritten = 0;
    result = create_file(samples, name, &new->sample.file);
    if (result != RESULT_OK) {
        free(new);
        return result;
    }
    *open = new;
    move_to_front(samples, new);
    return RESULT_OK;
}

static bool is_of(const struct sample *sample, const struct record *record)
{
    return sample->traffic_date == record->traffic_date &&
           sample->sensor_length == record->sensor.length &&
           (sample->sensor_length == 0 ||
            memcmp(sample->sensor, record->sensor.bytes, sample->sensor_length) == 0);
}

enum result samples_add(struct samples *samples, const struct record *record, const char *line,
                        size_t length, const char *file_name, int64_t now)
{
    struct open_sample *open = NULL;
    enum result result = RESULT_OK;

    for (size_t i = 0; i < samples->count && !open; i++)
        if (is_of(&samples->open[i]->sample, record))
            open = samples->open[i];
    if (!open)
        result = begin_sample(samples, record, file_name, now, &open);
    if (result == RESULT_OK)
        result = put_line(open, line, length);
    if (result != RESULT_OK)
        return result;
    open->sample.records++;
    open->last = now;
    if (samples->open[0] != open)
        move_to_front(samples, open);
    return RESULT_OK;
}

struct sample *samples_complete(struct samples *samples, int64_t now, bool all)
{
    struct open_sample *oldest;

    if (samples->count == 0)
        return NULL;
    if (samples->open[0]->sample.records >= samples->records)
        return &samples->open[0]->sample;
    oldest = samples->open[samples->count - 1];
    return all || samples->count > samples->most || now - oldest->last >= samples->idle
               ? &oldest->sample
               : NULL;
}

void samples_set_kind(struct samples *samples, enum spool_kind kind)
{
    samples->kind = kind;
}

void samples_limit(struct samples *samples, size_t most)
{
    samples->most = most;
}

/* Gives the rest of a sample, which is not in its file yet, a file of its own. */
static bool split(struct samples *samples, size_t at)
{
    struct open_sample *open = samples->open[at], *rest = malloc(sizeof *rest);
    const char *name = open->sample.file.name;
    struct spool_file file;

    for (int dots = 0; dots < 5; name++) /* .TIME.PID.N.KIND.FILENAME */
        dots += *name == '.';
    if (!rest || spool_create(samples->spool, samples->kind, name, NULL, &file) != RESULT_OK) {
        free(rest);
        return false;
    }
    rest->sample = open->sample;
    rest->sample.file = file;
    rest->sample.records = rest->unwritten = open->unwritten;
    rest->last = open->last;
    rest->written = 0;
    rest->used = open->used;
    memcpy(rest->buffer, open->buffer, open->used);
    open->sample.records -= open->unwritten;
    open->used = 0;
    open->unwritten = 0;
    memmove(samples->open + at + 1, samples->open + at,
            (samples->count - at) * sizeof *samples->open);
    samples->open[at] = rest;
    samples->count++;
    return true;
}

struct sample *samples_give_way(struct samples *samples)
{
    for (size_t i = samples->count; i-- > 0 && samples->count <= SAMPLES_MAX + 1;) {
        struct open_sample *open = samples->open[i];

        if (open->sample.records > 0 &&
            (flush(open) == RESULT_OK ||
             (samples->spool && open->written > 0 && split(samples, i))))
            return &open->sample;
    }
    return NULL;
}

void samples_pause(struct samples *samples, int64_t microseconds)
{
    for (size_t i = 0; i < samples->count; i++)
        samples->open[i]->last += microseconds;
}

int64_t samples_deadline(const struct samples *samples)
{
    return samples->count == 0 ? INT64_MAX
                               : samples->open[samples->count - 1]->last + samples->idle;
}

void samples_remove(struct samples *samples, struct sample *sample)
{
    size_t at = 0;

    while (&samples->open[at]->sample != sample)
        at++;
    free(samples->open[at]);
    samples->count--;
    memmove(samples->open + at, samples->open + at + 1,
            (samples->count - at) * sizeof *samples->open);
}
