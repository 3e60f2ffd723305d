/* SPDX-License-Identifier: Apache-2.0 */
#include "record/recordwrite.h"

#include "base/clock.h"
#include "record/put.h"

#include <netinet/in.h>
#include <stdlib.h>

/* Upper bounds: the bytes of a record besides its texts, and of one escaped byte: \u001f. */
#define REST_MAX 1024u
#define ESCAPED_MAX 6u

struct record_writer {
    int64_t traffic_date; /* of date_field; the same in all records of a sample */
    char date_field[64];  /* ,"trafficDate":"…" */
    size_t date_length;
    uint64_t count;
    struct output output;
};

/* Escaped as in a JSON string. */
static char *put_escaped(char *p, struct record_text text)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];

        if ((unsigned char)c < ' ') {
            p = put_literal(p, "\\u00");
            *p++ = hex[c >> 4];
            c = hex[c & 15];
        } else if (c == '"' || c == '\\') {
            *p++ = '\\';
        }
        *p++ = c;
    }
    return p;
}

static char *put_port(char *p, const struct record *record, uint16_t port)
{
    if (!record_has_ports(record))
        return p;
    *p++ = ':';
    return put_unsigned(p, port);
}

static char *put_destination(char *p, const struct record *record)
{
    return record->name.length > 0
               ? put_port(put_escaped(p, record->name), record, record->dport)
               : put_endpoint(p, &record->dst, record_has_ports(record), record->dport);
}

/* A field with a text, if there is one; before: its name and the punctuation around it. */
static char *put_text(char *p, const char *before, struct record_text text)
{
    if (text.length == 0)
        return p;
    p = put_bytes(p, before, strlen(before));
    return put_quote(put_escaped(p, text));
}

static char *put_times(char *p, const struct record *record)
{
    if (record->traffic_date >= 0) {
        p = put_literal(p, ",\"start\":\"");
        p = put_quote(put_timestamp(p, record_start(record)));
    }
    if (record->window_start >= 0) {
        p = put_literal(p, ",\"windowStart\":\"");
        p = put_quote(put_timestamp(p, record->window_start));
    }
    return p;
}

static char *put_ends(char *p, const struct record *record)
{
    p = put_literal(p, ",\"srcIp\":\"");
    p = put_quote(put_address(p, &record->src));
    if (record_has_ports(record)) {
        p = put_literal(p, ",\"srcPort\":");
        p = put_unsigned(p, record->sport);
    }
    if (record->dst.family != 0) {
        p = put_literal(p, ",\"dstIp\":\"");
        p = put_quote(put_address(p, &record->dst));
    }
    if (record_has_ports(record)) {
        p = put_literal(p, ",\"dstPort\":");
        p = put_unsigned(p, record->dport);
    }
    return put_text(p, ",\"dstName\":\"", record->name);
}

static char *put_extension(char *p, const struct record *record)
{
    p = put_times(p, record);
    p = put_ends(p, record);
    p = put_literal(p, ",\"communityId\":\"");
    p = put_quote(put_escaped(p, record->community_id));
    p = put_text(p, ",\"uid\":\"", record->uid);
    return put_text(p, ",\"service\":\"", record->service);
}

static void set_traffic_date(struct record_writer *writer, int64_t date)
{
    char *p = writer->date_field;

    if (date >= 0) {
        p = put_literal(p, ",\"trafficDate\":\"");
        p = put_quote(put_date(p, date));
    }
    writer->traffic_date = date;
    writer->date_length = (size_t)(p - writer->date_field);
}

static char *put_counts(char *p, const struct record *record)
{
    p = put_literal(p, "\",\"srcPkts\":");
    p = put_unsigned(p, record->src_packets);
    p = put_literal(p, ",\"srcBytes\":");
    p = put_unsigned(p, record->src_bytes);
    p = put_literal(p, ",\"dstPkts\":");
    p = put_unsigned(p, record->dst_packets);
    p = put_literal(p, ",\"dstBytes\":");
    return put_unsigned(p, record->dst_bytes);
}

/* The first ten fields. */
static char *put_flow(char *p, const struct record *record)
{
    p = put_literal(p, "{\"src\":\"");
    p = put_endpoint(p, &record->src, record_has_ports(record), record->sport);
    p = put_literal(p, "\",\"dst\":\"");
    p = put_destination(p, record);
    p = put_literal(p, "\",\"destinationNameSource\":\"");
    p = put_name_source(p, record->name_source);
    p = put_counts(p, record);
    p = put_literal(p, ",\"relativeStart\":");
    p = put_seconds(p, record->relative_start);
    p = put_literal(p, ",\"protocolInformation\":\"");
    p = put_escaped(p, record->protocol_information);
    p = put_literal(p, "\",\"duration\":");
    return put_seconds(p, record->duration);
}

enum result record_writer_init(struct record_writer **writer, int fd)
{
    struct record_writer *new = malloc(sizeof *new);

    if (!new)
        return RESULT_NO_MEMORY;
    output_init(&new->output, fd);
    new->traffic_date = -1;
    new->date_length = 0;
    new->count = 0;
    *writer = new;
    return RESULT_OK;
}

void record_writer_redirect(struct record_writer *writer, output_write_fn *write, void *context)
{
    output_redirect(&writer->output, write, context);
}

void record_writer_write_behind(struct record_writer *writer, size_t block)
{
    output_write_behind(&writer->output, block);
}

void record_writer_destroy(struct record_writer **writer)
{
    if (*writer)
        output_end(&(*writer)->output);
    free(*writer);
    *writer = NULL;
}

static bool is_whole(const struct record *record)
{
    return record->src.family != 0 && (record->dst.family != 0 || record->name.length > 0) &&
           record_start(record) < TIME_END && record->window_start < TIME_END;
}

/* With -x the name occurs twice. */
static size_t most_bytes(const struct record *record)
{
    size_t texts = 2 * record->name.length + record->protocol_information.length +
                   record->sensor.length + record->community_id.length + record->uid.length +
                   record->service.length;

    return REST_MAX + ESCAPED_MAX * texts;
}

enum result record_write(struct record_writer *writer, const struct record *record)
{
    struct output *output = &writer->output;
    size_t most = most_bytes(record);
    enum result result;
    char *p;

    if (!is_whole(record) || most > RECORD_LINE_MAX)
        return RESULT_INVALID;
    result = output_reserve(output, most);
    if (result != RESULT_OK)
        return result;
    if (record->traffic_date != writer->traffic_date)
        set_traffic_date(writer, record->traffic_date);
    p = put_flow(output->buffer + output->used, record);
    p = put_bytes(p, writer->date_field, writer->date_length);
    if (record->proto != 0)
        p = put_proto(put_literal(p, ",\"proto\":"), record->proto);
    p = put_text(p, ",\"sensor\":\"", record->sensor);
    p = put_measured(p, record->bytes_from, record->sampling);
    if (record->extended)
        p = put_extension(p, record);
    p = put_literal(p, "}\n");
    output->used = (size_t)(p - output->buffer);
    writer->count++;
    return RESULT_OK;
}

enum result record_writer_flush(struct record_writer *writer)
{
    return output_flush(&writer->output);
}

uint64_t record_writer_count(const struct record_writer *writer)
{
    return writer->count;
}
