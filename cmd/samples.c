/* SPDX-License-Identifier: Apache-2.0 */
#include "samples.h"

#include "base/clock.h"
#include "record/sensor.h"
#include "stop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* As in flowupload: samples that may alternate, and how long to wait for more of one. */
#define OPEN_MOST 256u
#define IDLE (5 * SECOND)

struct held {
    void *sample;
    int64_t traffic_date;
    int64_t last; /* when the last record came */
    size_t bytes; /* of its lines */
    size_t limit; /* of them, before it is relieved */
    size_t sensor_length;
    char sensor[SENSOR_MAX];
};

struct samples {
    struct samples_use use;
    struct secflows secflows;
    struct held *open[OPEN_MOST + 1]; /* the one with the latest record first */
    size_t open_count, open_bytes;
    int64_t now;       /* when the bytes came that are being read */
    enum result ended; /* what ended the work while waiting */
};

int samples_init(struct samples **samples, const struct samples_use *use)
{
    struct samples *new = calloc(1, sizeof *new);

    *samples = new;
    if (!new)
        return out_of_memory();
    new->use = *use;
    if (use->memory == 0)
        new->use.memory = SAMPLES_MEMORY;
    return secflows_init(&new->secflows, use->names, use->name_count);
}

void samples_destroy(struct samples **samples)
{
    struct samples *old = *samples;

    if (!old)
        return;
    while (old->open_count > 0) {
        struct held *held = old->open[--old->open_count];

        old->use.destroy(held->sample);
        free(held);
    }
    secflows_destroy(&old->secflows);
    free(old);
    *samples = NULL;
}

/* The open sample whose last record is the oldest is complete. */
static enum result complete(struct samples *samples)
{
    struct held *held = samples->open[--samples->open_count];
    void *sample = held->sample;

    samples->open_bytes -= held->bytes;
    free(held);
    return samples->use.complete(samples->use.context, sample);
}

static enum result complete_all(struct samples *samples)
{
    enum result result = RESULT_OK;

    while (samples->open_count > 0 && result == RESULT_OK)
        result = complete(samples);
    return result;
}

static enum result complete_idle(struct samples *samples, int64_t now)
{
    enum result result = RESULT_OK;

    while (result == RESULT_OK && samples->open_count > 0 &&
           now - samples->open[samples->open_count - 1]->last >= IDLE)
        result = complete(samples);
    return result;
}

/* Makes room among the open samples. The latest stays, however large it is. */
static enum result complete_many(struct samples *samples)
{
    enum result result = RESULT_OK;

    while (result == RESULT_OK && samples->open_count > 1 &&
           (samples->open_count > OPEN_MOST || samples->open_bytes > samples->use.memory))
        result = complete(samples);
    return result;
}

static enum result hand_over(struct samples *samples, struct held *held, samples_fn *function)
{
    size_t before = held->bytes;
    enum result result = function(samples->use.context, held->sample, &held->bytes);

    samples->open_bytes -= before - held->bytes;
    return result;
}

/* Where little is settled, it can become twice as large before it is looked at again. */
static enum result relieve(struct samples *samples, struct held *held)
{
    enum result result;

    if (!samples->use.relieve || held->bytes <= held->limit)
        return RESULT_OK;
    result = hand_over(samples, held, samples->use.relieve);
    held->limit = held->bytes > samples->use.memory / 2 ? held->bytes * 2 : samples->use.memory;
    return result;
}

enum result samples_each(struct samples *samples, samples_fn *each)
{
    enum result result = RESULT_OK;

    for (size_t i = samples->open_count; i-- > 0 && result == RESULT_OK;)
        result = hand_over(samples, samples->open[i], each);
    return result;
}

static bool is_of(const struct held *held, const struct record *record)
{
    return held->traffic_date == record->traffic_date &&
           held->sensor_length == record->sensor.length &&
           (held->sensor_length == 0 ||
            memcmp(held->sensor, record->sensor.bytes, held->sensor_length) == 0);
}

static enum result begin(struct samples *samples, const struct record *record)
{
    struct held *new = calloc(1, sizeof *new);
    enum result result =
        new ? samples->use.begin(samples->use.context, record, &new->sample) : RESULT_NO_MEMORY;

    if (result != RESULT_OK) {
        free(new);
        return result;
    }
    new->limit = samples->use.memory;
    new->traffic_date = record->traffic_date;
    new->sensor_length = record->sensor.length;
    if (new->sensor_length > 0)
        memcpy(new->sensor, record->sensor.bytes, new->sensor_length);
    samples->open[samples->open_count++] = new;
    return RESULT_OK;
}

/* The open sample of a record, which it puts first. */
static enum result find_open(struct samples *samples, const struct record *record,
                             struct held **held)
{
    enum result result = RESULT_OK;
    size_t at = 0;

    while (at < samples->open_count && !is_of(samples->open[at], record))
        at++;
    if (at == samples->open_count)
        result = begin(samples, record);
    if (result != RESULT_OK)
        return result;
    *held = samples->open[at];
    memmove(samples->open + 1, samples->open, at * sizeof(struct held *));
    samples->open[0] = *held;
    return RESULT_OK;
}

static enum result add(struct samples *samples, struct record *record, const char *line,
                       size_t length)
{
    struct held *held;
    enum result result;

    record_read_rest(samples->secflows.reader, record);
    result = find_open(samples, record, &held);
    if (result == RESULT_OK)
        result = samples->use.add(samples->use.context, held->sample, record, line, length,
                                  record_room(samples->secflows.reader));
    if (result != RESULT_OK)
        return result;
    held->last = samples->now;
    held->bytes += length + 1;
    samples->open_bytes += length + 1;
    result = complete_many(samples);
    return result == RESULT_OK ? relieve(samples, held) : result;
}

/* A signal that is for something else than to stop may come meanwhile. */
static bool is_ready(int fd)
{
    int count = poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0);

    return count > 0 || (count < 0 && errno != EINTR);
}

/* Completes idle samples while there is no input; called before each read. False: stop reading. */
static bool wait_for_input(void *context, int fd)
{
    struct samples *samples = context;
    int64_t start = clock_monotonic();

    while (!is_ready(fd)) {
        struct pollfd fds[] = {{.fd = stop_descriptor(), .events = POLLIN},
                               {.fd = fd, .events = POLLIN}};
        int64_t now = clock_monotonic(), until = stop_time(fd, start), left;

        if (now >= until)
            return false;
        samples->ended = complete_idle(samples, now);
        if (samples->ended == RESULT_OK)
            samples->ended = samples->use.settle(samples->use.context);
        if (samples->ended != RESULT_OK)
            return false;
        if (samples->open_count > 0 && samples->open[samples->open_count - 1]->last + IDLE < until)
            until = samples->open[samples->open_count - 1]->last + IDLE;
        left = until - clock_monotonic();
        /* Once a signal has come its descriptor stays ready until stop_time has looked. */
        poll(fds, 2, until == INT64_MAX ? -1 : left > 0 ? (int)(left / 1000 + 1) : 0);
    }
    samples->now = clock_monotonic();
    return stop_time(fd, start) > 0;
}

/* False: there is no point in going on. */
static bool read_file(struct samples *samples, const char *path, int *status)
{
    struct secflows *secflows = &samples->secflows;
    struct record record;
    const char *line;
    size_t length;
    enum result result;
    int opened = secflows_open(secflows, path);

    if (opened != EX_OK) {
        *status = final_status(*status, opened);
        return true;
    }
    input_set_wait(secflows->input, wait_for_input, samples);
    input_read_ahead(secflows->input, thread_block());
    samples->now = clock_monotonic();
    while ((result = secflows_next(secflows, &record, &line, &length)) == RESULT_OK) {
        if (record.traffic_date < 0)
            secflows_damaged(secflows, "not a Secflow: trafficDate is not a string of seconds");
        else if ((result = add(samples, &record, line, length)) != RESULT_OK)
            break;
    }
    if (result == RESULT_END && samples->ended != RESULT_OK)
        result = samples->ended;
    if (result == RESULT_END && secflows->in->error == ECANCELED) {
        complain(path, "it was not read to its end");
        *status = final_status(*status, EX_TEMPFAIL);
    }
    if (!samples->use.quiet)
        secflows_tell_empty(secflows);
    *status = final_status(*status, secflows_close(secflows));
    if (result == RESULT_END)
        result = complete_all(samples);
    if (result != RESULT_OK)
        *status = final_status(*status, output_failed(result));
    return result == RESULT_OK;
}

bool samples_read(struct samples *samples, char **paths, size_t count, int *status)
{
    bool go_on = true;

    for (size_t i = 0; i < count && go_on; i++)
        go_on = read_file(samples, paths[i], status);
    return go_on;
}
