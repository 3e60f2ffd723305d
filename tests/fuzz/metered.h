/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For entries whose input becomes records: a meter, and a check of what it wrote.
 */
#ifndef SECFLOW_FUZZ_METERED_H
#define SECFLOW_FUZZ_METERED_H

#include "flow/meter.h"
#include "fuzz.h"
#include "packet/locality.h"
#include "record/recorder.h"
#include "record/recordread.h"

struct metered {
    struct locality *locality;
    struct record_writer *writer;
    struct recorder *recorder;
    struct meter *meter;
    int fd;
};

/* Begins one, with options from the bits. */
static inline void metered_begin(struct metered *metered, unsigned options)
{
    struct meter_options meter = {
        .window = options & 1 ? 1000000 : 0,
        .flow_memory = options & 2 ? 2000000 : 0,
        .flow_limit = options & 4 ? 3 : 0,
        .keep_all = options & 8,
        .open_tunnels = !(options & 16),
        .session_names = options & 32,
        .extended = options & 64,
    };
    struct recorder_options recording = {.names_budget = NAMES_BUDGET_LEAST,
                                         .extended = options & 64};

    metered->fd = fuzz_file("", 0);
    must(locality_init(&metered->locality) == RESULT_OK);
    must(record_writer_init(&metered->writer, metered->fd) == RESULT_OK);
    meter.locality = metered->locality;
    recording.writer = metered->writer;
    must(recorder_init(&metered->recorder, &recording) == RESULT_OK);
    meter.sink = recorder_sink(metered->recorder);
    must(meter_init(&metered->meter, &meter) == RESULT_OK);
}

static inline enum result metered_compare(void *context, const char *bytes, size_t length)
{
    const char *line = context;

    must(strlen(line) == length && memcmp(line, bytes, length) == 0);
    return RESULT_OK;
}

/* Ends it: each line it wrote must be a Secflow, for the reader and when written again. */
static inline void metered_end(struct metered *metered)
{
    struct record_reader *reader;
    struct record_writer *again;
    struct record record;
    uint64_t records, lines = 0;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    FILE *file;

    must(meter_finish(metered->meter) == RESULT_OK);
    must(record_writer_flush(metered->writer) == RESULT_OK);
    records = record_writer_count(metered->writer);
    file = fdopen(metered->fd, "r");
    must(file && fseek(file, 0, SEEK_SET) == 0);
    must(record_reader_init(&reader, NULL, 0) == RESULT_OK);
    must(record_writer_init(&again, -1) == RESULT_OK);
    for (; (length = getline(&line, &capacity, file)) > 0; lines++) {
        must(record_read(reader, line, (size_t)length - 1, &record) == RESULT_OK &&
             record.traffic_date >= 0);
        record_read_rest(reader, &record);
        record_read_source(reader, &record);
        record_writer_redirect(again, metered_compare, line);
        must(record_write(again, &record) == RESULT_OK && record_writer_flush(again) == RESULT_OK);
    }
    must(lines == records);
    free(line);
    fclose(file);
    record_reader_destroy(&reader);
    record_writer_destroy(&again);
    meter_destroy(&metered->meter);
    recorder_destroy(&metered->recorder);
    record_writer_destroy(&metered->writer);
    locality_destroy(&metered->locality);
}

#endif
