/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the entries for logs: turns a log into records.
 */
#ifndef SECFLOW_FUZZ_LOG_H
#define SECFLOW_FUZZ_LOG_H

#include "base/clock.h"
#include "log/log.h"
#include "metered.h"

#include <netinet/in.h>

static inline void take_row(struct metered *metered, const struct log_row *row)
{
    const struct connection *c = &row->connection;

    if (row->kind == LOG_CONNECTION) {
        must(c->orig.family == c->resp.family && c->start >= 0 && c->last >= c->start);
        must(c->last < TIME_END);
        must(!c->community_id || (c->community_id_length <= CONNECTION_ID_MAX &&
                                  fuzz_is_word(c->community_id, c->community_id_length)));
        must(!c->uid ||
             (c->uid_length <= CONNECTION_ID_MAX && fuzz_is_word(c->uid, c->uid_length)));
        must(!c->point || c->point_length > 0);
        must(!c->service || (c->service_length <= CONNECTION_SERVICE_MAX &&
                             fuzz_is_word(c->service, c->service_length)));
        must(meter_connection(metered->meter, c) == RESULT_OK);
    } else if (row->kind == LOG_NAMES) {
        must(row->address_count > 0 && fuzz_is_word(row->name, row->name_length));
        for (size_t i = 0; i < row->address_count; i++)
            must(meter_name(metered->meter, &row->addresses[i], row->name, row->name_length,
                            row->time) == RESULT_OK);
    } else {
        must(row->kind == LOG_SESSION && row->uid_length > 0 && row->server.length > 0);
        must(fuzz_is_word(row->server.text, row->server.length));
        must(meter_session(metered->meter, row->uid, row->uid_length, &row->server) == RESULT_OK);
    }
}

static inline int read_log(const struct log_reader *reader, const uint8_t *data, size_t size)
{
    struct log_options options = {
        .sessions = true, .words = true, .frame_header = 14, .multiply = true, .memory = 8192};
    struct log_counts counts = {0};
    struct metered metered;
    struct input *input;
    struct log *log;
    struct log_row row;
    enum result result;

    must(input_open_fd(&input, fuzz_file(data, size)) == RESULT_OK);
    metered_begin(&metered, 32 | 64);
    if (reader->share)
        must(reader->share(&options.shared, &options) == RESULT_OK);
    result = reader->open(&log, input, &options);
    must(result == RESULT_OK || (result == RESULT_DAMAGED && log->problem[0] != '\0'));
    for (bool opened = result == RESULT_OK; opened && result != RESULT_END;) {
        result = reader->next(log, &row);
        must(result <= RESULT_DAMAGED);
        if (result == RESULT_OK)
            take_row(&metered, &row);
    }
    reader->close(&log);
    if (reader->unshare)
        reader->unshare(&options.shared, &counts);
    input_close(&input);
    metered_end(&metered);
    return 0;
}

/* True if the log is read as JSON, judging by its first byte that is not a blank. */
static inline bool is_json(const uint8_t *data, size_t size)
{
    while (size > 0 && memchr(" \t\r\n\v\f", *data, 6)) {
        data++;
        size--;
    }
    return size > 0 && (*data == '{' || *data == '[');
}

#endif
