/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line as the tools write it, and the same with a blank, say the same: the first is read field by
 * field, the second as any JSON.
 */
#include "../tap.h"
#include "lines.h"
#include "record/canonical.h"
#include "record/recordread.h"

static const char *const usual[] = {
    "\"src\":\"10.0.0.1:1025\"",
    "\"dst\":\"www.example.com:443\"",
    "\"destinationNameSource\":\"passive\"",
    "\"srcPkts\":3",
    "\"srcBytes\":30",
    "\"dstPkts\":4",
    "\"dstBytes\":40",
    "\"relativeStart\":0.5",
    "\"protocolInformation\":\"\"",
    "\"duration\":1.25",
    "\"trafficDate\":\"1700000000.003032\"",
    "\"proto\":\"tcp\"",
    "\"sensor\":\"attic\"",
    "\"flowCategory\":\"dnsQuery\"",
    "\"flowId\":\"0123\"",
    "\"uid\":\"C1\",\"title\":\"a\\u0062\"",
};

#define FIELDS (sizeof usual / sizeof *usual)

static int show_text(char *shown, size_t room, struct record_text text)
{
    return snprintf(shown, room, "%.*s|", (int)text.length, text.length > 0 ? text.bytes : "");
}

static void show_record(const struct record *record, char *shown, size_t room)
{
    const struct record_text texts[] = {record->name,        record->protocol_information,
                                        record->sensor,      record->uid,
                                        record->destination, record->source,
                                        record->category,    record->flow_id,
                                        record->known->title};
    int used = snprintf(
        shown, room, "%u %u %u %u %u %u | %llu %llu %llu %llu | %lld %lld %lld | ",
        record->src.family, record->src.bytes[0], record->sport, record->dport, record->proto,
        (unsigned)record->name_source, (unsigned long long)record->src_packets,
        (unsigned long long)record->src_bytes, (unsigned long long)record->dst_packets,
        (unsigned long long)record->dst_bytes, (long long)record->traffic_date,
        (long long)record->relative_start, (long long)record->duration);

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        used += show_text(shown + used, room - (size_t)used, texts[i]);
}

static void show_parts(struct record_reader *reader, char *shown, size_t room)
{
    struct record_parts parts;
    int used = 0;

    need(record_take_apart(reader, &parts) == RESULT_OK, "record_take_apart");
    for (size_t i = 0; i < RECORD_FIELDS; i++)
        used += show_text(shown + used, room - (size_t)used, parts.values[i]);
    show_text(shown + used, room - (size_t)used, parts.rest);
}

/* What a line says, or what is wrong with it, but for the place. */
static void show_line(struct record_reader *reader, const char *line, char *shown, size_t room)
{
    size_t length = strlen(line);
    uint8_t *copy = exact_copy(line, length);
    struct record record;
    struct text ten = {0};
    enum result result = record_read(reader, (const char *)copy, length, &record);

    if (result == RESULT_OK) {
        size_t used;

        record_read_rest(reader, &record);
        record_read_source(reader, &record);
        show_record(&record, shown, room);
        used = strlen(shown);
        need(record_put_ten(reader, &ten) == RESULT_OK, "record_put_ten");
        used += (size_t)snprintf(shown + used, room - used, " %.*s ", (int)ten.length, ten.bytes);
        show_parts(reader, shown + used, room - used);
        text_destroy(&ten);
    } else {
        snprintf(shown, room, "! %s", record_problem(reader));
        if (strstr(shown, " at byte "))
            *strstr(shown, " at byte ") = '\0';
    }
    exact_free(copy, length);
}

static void check(struct record_reader *reader, size_t field, const char *value, const char *end)
{
    char line[2048], any[4096], canonical[4096];

    make_line(line, sizeof line, usual, FIELDS, field, value, " ", end);
    show_line(reader, line, any, sizeof any);
    make_line(line, sizeof line, usual, FIELDS, field, value, "", end);
    show_line(reader, line, canonical, sizeof canonical);
    is_str(canonical, any, "%s", line);
}

static void test_same(void)
{
    struct record_reader *reader;

    need(record_reader_init(&reader, NULL, 0) == RESULT_OK, "record_reader_init");
    for (size_t field = 0; field < FIELDS; field++)
        for (size_t i = 0; i < VALUES; i++)
            check(reader, field, values[i], "}");
    for (size_t i = 0; i < ENDS; i++)
        check(reader, 0, "\"10.0.0.1:1\"", ends[i]);
    record_reader_destroy(&reader);
}

/* How many fields are read of the line when a field has that value. */
static void check_count(size_t field, const char *value, int64_t want)
{
    char line[2048];
    struct canonical canonical;
    struct record record;

    make_line(line, sizeof line, usual, FIELDS, field, value, "", "}");
    if (!canonical_read(&canonical, line, strlen(line), &record))
        canonical.there = 0;
    is_int(__builtin_popcount(canonical.there), want, "fields of %s", line);
}

int main(void)
{
    check_count(0, "\"10.0.0.1:1025\"", 15);
    check_count(3, "123456789012345", 15);
    check_count(9, "12345678.000001", 15);
    check_count(10, "\"yesterday\"", 10);
    check_count(11, "6", 11);
    check_count(12, "\"\\u0061\"", 12);
    check_count(13, "1", 13);
    check_count(14, "\"\xc3\xa4\"", 14);
    check_count(4, "1e3", 0);
    test_same();
    return done();
}
