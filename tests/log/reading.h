/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of logs share: a log as text, and everything its rows say, as text.
 */
#ifndef SECFLOW_TEST_READING_H
#define SECFLOW_TEST_READING_H

#include "../tap.h"
#include "log/log.h"

#include <unistd.h>

/* The reader that is tested, and its options. */
static const struct log_reader *tested;
static struct log_options tested_options = {.words = true};

static char path[] = "/tmp/test_log.XXXXXX";

static inline void write_file(const char *bytes, size_t length)
{
    FILE *file = fopen(path, "w");

    need(file && fwrite(bytes, 1, length, file) == length && fclose(file) == 0, path);
}

/* Everything a log gives: one line per row, "! problem" if damaged. */
struct reading {
    char text[8192];
    size_t used, rows, damages;
    enum result ended;
    struct log_counts counts;
};

__attribute__((format(printf, 2, 3))) static void note(struct reading *reading, const char *format,
                                                       ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(reading->text + reading->used, sizeof reading->text - reading->used, format,
                  args);
    va_end(args);
    reading->used += (size_t)n;
    if (reading->used >= sizeof reading->text)
        reading->used = sizeof reading->text - 1;
}

static inline const char *text_of(const struct address *address)
{
    static char texts[2][ADDRESS_TEXT];
    static int turn;

    turn = 1 - turn;
    address_format(address, texts[turn]);
    return texts[turn];
}

static inline void note_connection(struct reading *reading, const struct connection *c)
{
    static const char *const openers[] = {"", " orig", " resp"};

    note(reading, "%d %s/%u %s/%u", c->proto, text_of(&c->orig), c->orig_port, text_of(&c->resp),
         c->resp_port);
    note(reading, " %lld %lld %llu/%llu %llu/%llu%s", (long long)c->start, (long long)c->last,
         (unsigned long long)c->orig_packets, (unsigned long long)c->orig_bytes,
         (unsigned long long)c->resp_packets, (unsigned long long)c->resp_bytes,
         openers[c->opener]);
    if (c->bytes_from != BYTES_EXACT)
        note(reading, " %s %u%s%s", c->bytes_from == BYTES_FROM_IP ? "ip" : "frame",
             c->frame_header, c->orig_syn ? " orig-syn" : "", c->resp_syn ? " resp-syn" : "");
    if (c->point)
        note(reading, " at '%.*s'", (int)c->point_length, c->point);
    if (c->icmp_known)
        note(reading, " type %u code %u", c->icmp_type, c->icmp_code);
    if (c->uid)
        note(reading, " uid %.*s", (int)c->uid_length, c->uid);
    if (c->community_id)
        note(reading, " %.*s", (int)c->community_id_length, c->community_id);
    if (c->service)
        note(reading, " service %.*s", (int)c->service_length, c->service);
    note(reading, "\n");
}

static inline void note_lookup(struct reading *reading, const struct log_row *row)
{
    note(reading, "%lld %.*s", (long long)row->time, (int)row->name_length, row->name);
    for (size_t i = 0; i < row->address_count; i++)
        note(reading, " %s", text_of(&row->addresses[i]));
    note(reading, "\n");
}

static inline void read_log(struct reading *reading)
{
    struct log *log = NULL;
    struct input *input = NULL;
    struct log_row row;

    memset(reading, 0, sizeof *reading);
    need(input_open(&input, path) == RESULT_OK, "input_open");
    reading->ended = tested->open(&log, input, &tested_options);
    if (reading->ended == RESULT_DAMAGED)
        note(reading, "! %s\n", log->problem);
    while (reading->ended == RESULT_OK && reading->rows + reading->damages < 1000000) {
        enum result result = tested->next(log, &row);

        if (result == RESULT_DAMAGED) {
            reading->damages++;
            note(reading, "! %s\n", log->problem);
        } else if (result == RESULT_OK) {
            reading->rows++;
            if (row.kind == LOG_CONNECTION)
                note_connection(reading, &row.connection);
            else if (row.kind == LOG_NAMES)
                note_lookup(reading, &row);
            else
                note(reading, "%.*s says %.*s\n", (int)row.uid_length, row.uid, row.server.length,
                     row.server.text);
        } else {
            reading->ended = result;
        }
    }
    reading->counts = log->counts;
    tested->close(&log);
    input_close(&input);
}

/* A log as text gives these lines. */
static inline void gives(const char *title, const char *text, const char *want)
{
    struct reading reading;
    size_t length = strlen(text);
    char *copy = strdup(text);

    need(copy, "no memory");
    for (char *p = copy; *p; p++)
        if (*p == '~')
            *p = '\t';
    write_file(copy, length);
    free(copy);
    read_log(&reading);
    is_str(reading.text, want, "%s", title);
    ok(reading.ended == RESULT_END || reading.ended == RESULT_DAMAGED, "%s: the end", title);
}

#endif
