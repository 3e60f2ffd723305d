#include "record/record.h"

#include "base/calendar.h"
#include "base/output.h"
#include "record/sensor.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/*
 * More than the longest record: a name of only backslashes doubles, and stands there twice with -x;
 * so does a sensor's; the rest is under 1 KiB beside what Zeek calls it.
 */
#define RECORD_MAX                                                                                 \
    (4 * RECORD_NAME_MAX + 2 * SENSOR_MAX + 2 * RECORD_ID_MAX + RECORD_SERVICE_MAX + 1024)

struct record_writer {
    bool extended;
    int64_t traffic_date;
    char date_field[64]; /* ,"trafficDate":"…" */
    size_t date_field_length;
    char sensor_field[2 * SENSOR_MAX + 16]; /* ,"sensor":"…"; nothing without one */
    size_t sensor_field_length;
    char window_field[64]; /* ,"windowStart":"…"; nothing where time is not cut */
    size_t window_field_length;
    uint64_t count;
    struct output output;
};

static const char two_digits[] =
    "00010203040506070809101112131415161718192021222324252627282930313233"
    "34353637383940414243444546474849505152535455565758596061626364656667"
    "6869707172737475767778798081828384858687888990919293949596979899";

#define DIGITS_MOST 20 /* of 64 bits */

/* Each put_ function writes at p and returns the place behind. */

static char *put_bytes(char *p, const char *bytes, size_t length)
{
    memcpy(p, bytes, length);
    return p + length;
}

#define put_literal(p, literal) put_bytes((p), (literal), sizeof(literal) - 1)

/* There must be room for DIGITS_MOST bytes: to copy always as many is faster. */
static char *put_unsigned(char *p, uint64_t value)
{
    char digits[2 * DIGITS_MOST] = {0};
    char *start = digits + DIGITS_MOST;

    while (value >= 10) {
        *--start = two_digits[value % 100 * 2 + 1];
        *--start = two_digits[value % 100 * 2];
        value /= 100;
    }
    if (value > 0 || start == digits + DIGITS_MOST)
        *--start = (char)('0' + value);
    memcpy(p, start, DIGITS_MOST);
    return p + (digits + DIGITS_MOST - start);
}

static char *put_six_digits(char *p, uint32_t value)
{
    memcpy(p, two_digits + value / 10000 * 2, 2);
    memcpy(p + 2, two_digits + value / 100 % 100 * 2, 2);
    memcpy(p + 4, two_digits + value % 100 * 2, 2);
    return p + 6;
}

/* Seconds with up to six decimals: no zeros at the end beyond the first decimal. */
static char *put_seconds(char *p, int64_t microseconds)
{
    p = put_unsigned(p, (uint64_t)microseconds / 1000000);
    *p++ = '.';
    p = put_six_digits(p, (uint32_t)((uint64_t)microseconds % 1000000));
    for (int i = 0; i < 5 && p[-1] == '0'; i++)
        p--;
    return p;
}

static char *put_address(char *p, const struct address *address)
{
    return p + address_format(address, p); /* the NUL it adds is written over */
}

static char *put_endpoint(char *p, const struct record *record, const struct address *address,
                          uint16_t port)
{
    if (!has_ports(record->proto))
        return put_address(p, address);
    if (address->family == 6) {
        *p++ = '[';
        p = put_address(p, address);
        *p++ = ']';
    } else {
        p = put_address(p, address);
    }
    *p++ = ':';
    return put_unsigned(p, port);
}

/* What has no control characters, as in a JSON string. */
static char *put_escaped(char *p, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (c == '"' || c == '\\')
            *p++ = '\\';
        *p++ = c;
    }
    return p;
}

static char *put_name(char *p, const struct record *record)
{
    p = put_escaped(p, record->name, record->name_length);
    if (has_ports(record->proto)) {
        *p++ = ':';
        p = put_unsigned(p, record->dport);
    }
    return p;
}

static char *put_name_source(char *p, enum name_source source)
{
    switch (source) {
    case NAME_SESSION:
        return put_literal(p, "session");
    case NAME_PASSIVE:
        return put_literal(p, "passive");
    case NAME_CACHE:
        return put_literal(p, "cache");
    case NAME_ORIGINAL:
        break;
    }
    return put_literal(p, "original");
}

static char *put_proto(char *p, uint8_t proto)
{
    switch (proto) {
    case IPPROTO_TCP:
        return put_literal(p, "tcp");
    case IPPROTO_UDP:
        return put_literal(p, "udp");
    case IPPROTO_ICMP:
        return put_literal(p, "icmp");
    default:
        return put_literal(p, "icmp6");
    }
}

static char *put_two(char *p, int value)
{
    return put_bytes(p, two_digits + value * 2, 2);
}

/* RFC 3339, UTC, microseconds. Readers take no time outside of the years 1970 to 9999. */
static char *put_timestamp(char *p, int64_t microseconds)
{
    int64_t seconds = microseconds / 1000000;
    struct date date = calendar_date(seconds / DAY_SECONDS);
    int second = (int)(seconds % DAY_SECONDS);

    p = put_two(p, date.year / 100);
    p = put_two(p, date.year % 100);
    *p++ = '-';
    p = put_two(p, date.month);
    *p++ = '-';
    p = put_two(p, date.day);
    *p++ = 'T';
    p = put_two(p, second / 3600);
    *p++ = ':';
    p = put_two(p, second / 60 % 60);
    *p++ = ':';
    p = put_two(p, second % 60);
    *p++ = '.';
    p = put_six_digits(p, (uint32_t)(microseconds % 1000000));
    *p++ = 'Z';
    return p;
}

static char *put_extension(char *p, const struct record_writer *writer, const struct record *record)
{
    p = put_literal(p, ",\"start\":\"");
    p = put_timestamp(p, record->start);
    *p++ = '"';
    p = put_bytes(p, writer->window_field, writer->window_field_length);
    p = put_literal(p, ",\"srcIp\":\"");
    p = put_address(p, &record->src);
    *p++ = '"';
    if (has_ports(record->proto)) {
        p = put_literal(p, ",\"srcPort\":");
        p = put_unsigned(p, record->sport);
    }
    p = put_literal(p, ",\"dstIp\":\"");
    p = put_address(p, &record->dst);
    *p++ = '"';
    if (has_ports(record->proto)) {
        p = put_literal(p, ",\"dstPort\":");
        p = put_unsigned(p, record->dport);
    }
    if (record->name) {
        p = put_literal(p, ",\"dstName\":\"");
        p = put_escaped(p, record->name, record->name_length);
        *p++ = '"';
    }
    p = put_literal(p, ",\"communityId\":\"");
    p = put_bytes(p, record->community_id, record->community_id_length);
    *p++ = '"';
    if (record->uid) {
        p = put_literal(p, ",\"uid\":\"");
        p = put_bytes(p, record->uid, record->uid_length);
        *p++ = '"';
    }
    if (record->service) {
        p = put_literal(p, ",\"service\":\"");
        p = put_bytes(p, record->service, record->service_length);
        *p++ = '"';
    }
    return p;
}

enum result record_writer_init(struct record_writer **writer, int fd, bool extended)
{
    struct record_writer *new = malloc(sizeof *new);

    if (!new)
        return RESULT_NO_MEMORY;
    output_init(&new->output, fd);
    new->extended = extended;
    new->count = 0;
    new->sensor_field_length = 0;
    record_writer_begin(new, 0, INT64_MIN);
    *writer = new;
    return RESULT_OK;
}

void record_writer_redirect(struct record_writer *writer, output_write_fn *write, void *context)
{
    output_redirect(&writer->output, write, context);
}

void record_writer_destroy(struct record_writer **writer)
{
    free(*writer);
    *writer = NULL;
}

void record_writer_set_sensor(struct record_writer *writer, const char *sensor)
{
    char *p = put_literal(writer->sensor_field, ",\"sensor\":\"");

    p = put_escaped(p, sensor, strlen(sensor));
    *p++ = '"';
    writer->sensor_field_length = (size_t)(p - writer->sensor_field);
}

static void set_window(struct record_writer *writer, int64_t start)
{
    char *p = writer->window_field;

    if (start != INT64_MIN) {
        p = put_literal(p, ",\"windowStart\":\"");
        p = put_timestamp(p, start);
        *p++ = '"';
    }
    writer->window_field_length = (size_t)(p - writer->window_field);
}

void record_writer_begin(struct record_writer *writer, int64_t traffic_date, int64_t window_start)
{
    char *p = put_literal(writer->date_field, ",\"trafficDate\":\"");

    p = put_unsigned(p, (uint64_t)traffic_date / 1000000);
    *p++ = '.';
    p = put_six_digits(p, (uint32_t)((uint64_t)traffic_date % 1000000));
    *p++ = '"';
    writer->traffic_date = traffic_date;
    writer->date_field_length = (size_t)(p - writer->date_field);
    set_window(writer, window_start);
}

enum result record_write(struct record_writer *writer, const struct record *record)
{
    struct output *output = &writer->output;
    enum result result = output_reserve(output, RECORD_MAX);
    char *p = output->buffer + output->used;

    if (result != RESULT_OK)
        return result;
    p = put_literal(p, "{\"src\":\"");
    p = put_endpoint(p, record, &record->src, record->sport);
    p = put_literal(p, "\",\"dst\":\"");
    p = record->name ? put_name(p, record) : put_endpoint(p, record, &record->dst, record->dport);
    p = put_literal(p, "\",\"destinationNameSource\":\"");
    p = put_name_source(p, record->name_source);
    p = put_literal(p, "\",\"srcPkts\":");
    p = put_unsigned(p, record->src_packets);
    p = put_literal(p, ",\"srcBytes\":");
    p = put_unsigned(p, record->src_bytes);
    p = put_literal(p, ",\"dstPkts\":");
    p = put_unsigned(p, record->dst_packets);
    p = put_literal(p, ",\"dstBytes\":");
    p = put_unsigned(p, record->dst_bytes);
    p = put_literal(p, ",\"relativeStart\":");
    p = put_seconds(p, record->start - writer->traffic_date);
    p = put_literal(p, ",\"protocolInformation\":\"");
    if (!has_ports(record->proto))
        p = put_literal(p, "ICMP");
    p = put_literal(p, "\",\"duration\":");
    p = put_seconds(p, record->last - record->start);
    p = put_bytes(p, writer->date_field, writer->date_field_length);
    p = put_literal(p, ",\"proto\":\"");
    p = put_proto(p, record->proto);
    *p++ = '"';
    p = put_bytes(p, writer->sensor_field, writer->sensor_field_length);
    if (writer->extended)
        p = put_extension(p, writer, record);
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
