/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records joined, as those use it that go on with conversations: what they tell, in memory and on
 * the disk.
 */
#include "../tap.h"
#include "record/merge.h"

#include <errno.h>

/* src, dst and where that is from, counts, relativeStart, duration, trafficDate, what follows. */
#define LINE_OF(src, dst, source, counts, start, duration, date, more)                             \
    "{\"src\":\"" src "\",\"dst\":\"" dst "\",\"destinationNameSource\":\"" source "\"," counts    \
    ",\"relativeStart\":" start ",\"protocolInformation\":\"\",\"duration\":" duration             \
    ",\"trafficDate\":\"" date "\",\"proto\":\"tcp\"" more "}"

#define LINE(src, dst, ...) LINE_OF(src, dst, "passive", __VA_ARGS__)

#define COUNTS(a, b, c, d)                                                                         \
    "\"srcPkts\":" #a ",\"srcBytes\":" #b ",\"dstPkts\":" #c ",\"dstBytes\":" #d

#define NAMED ",\"dstIp\":\"192.0.2.1\",\"dstName\":\"a.example\""

/* Two conversations: the first in three parts, one of them turned, and a double. */
static const char *const lines[] = {
    LINE("10.0.0.1:1025", "a.example:443", COUNTS(1, 2, 3, 4), "20.0", "1.0", "100.0", NAMED),
    LINE("10.0.0.2:1025", "192.0.2.2:443", COUNTS(7, 7, 7, 7), "5.0", "0.0", "105.0", ",\"x\":1"),
    LINE("10.0.0.1:1025", "a.example:443", COUNTS(1, 2, 3, 4), "0.0", "1.0", "120.0", NAMED),
    LINE("10.0.0.1:1025", "a.example:443", COUNTS(10, 20, 30, 40), "10.0", "1.0", "100.0", NAMED),
    LINE_OF("192.0.2.1:443", "10.0.0.1:1025", "original", COUNTS(300, 400, 100, 200), "30.0", "2.0",
            "100.0", ""),
};

#define LINES (sizeof lines / sizeof *lines)

static struct merge *new_merge(size_t memory, const char *folder)
{
    struct merge_options options = {.gap = 10000000, .memory = memory, .folder = folder};
    struct merge *merge = NULL;

    need(merge_init(&merge, &options) == RESULT_OK, "merge_init");
    return merge;
}

static enum result add(struct merge *merge, struct record_reader *reader, const char *line)
{
    size_t length = strlen(line);
    uint8_t *copy = exact_copy(line, length);
    struct record record;
    enum result result;

    need(record_read(reader, (const char *)copy, length, &record) == RESULT_OK, "record_read");
    record_read_rest(reader, &record);
    record_read_source(reader, &record);
    result = merge_add(merge, reader, &record);
    exact_free(copy, length);
    return result;
}

static struct record_reader *new_reader(void)
{
    struct record_reader *reader = NULL;

    need(record_reader_init(&reader, NULL, 0) == RESULT_OK, "record_reader_init");
    return reader;
}

static void is_line(struct merge *merge, const char *want, const char *what)
{
    struct text line = {0};

    is_int(merge_next_line(merge, &line), RESULT_OK, "%s: a line", what);
    need(text_put(&line, "", 1) == RESULT_OK, "text_put");
    is_str(line.bytes, want, "%s: its line", what);
    text_destroy(&line);
}

static void check_first(const struct merged *flow, const char *what)
{
    char text[ADDRESS_TEXT];

    is_int(flow->start, 110000000, "%s: the start", what);
    is_int(flow->end, 132000000, "%s: the end", what);
    address_format(&flow->ends[0], text);
    is_str(text, "10.0.0.1", "%s: src", what);
    address_format(&flow->ends[1], text);
    is_str(text, "192.0.2.1", "%s: dst", what);
    is_int(flow->ports[0], 1025, "%s: the port of src", what);
    is_int(flow->ports[1], 443, "%s: the port of dst", what);
    is_int(flow->proto, IPPROTO_TCP, "%s: proto", what);
    is_int(flow->packets[0], 111, "%s: packets of src", what);
    is_int(flow->bytes[1], 444, "%s: bytes of dst", what);
}

static void check_lines(struct merge *merge, const char *what)
{
    struct text line = {0};

    is_line(merge,
            LINE("10.0.0.2:1025", "192.0.2.2:443", COUNTS(7, 7, 7, 7), "10.0", "0.0", "100.000000",
                 ",\"x\":1") "\n",
            what);
    is_line(merge,
            LINE("10.0.0.1:1025", "a.example:443", COUNTS(111, 222, 333, 444), "10.0", "22.0",
                 "100.000000", NAMED) "\n",
            what);
    is_int(merge_next_line(merge, &line), RESULT_END, "%s: no more lines", what);
    is_int((int64_t)line.length, 0, "%s: nothing is put then", what);
}

static void check_flows(struct merge *merge, const char *what)
{
    struct merged flow;

    is_int(merge_next(merge, &flow), RESULT_OK, "%s: the first", what);
    is_int(merge_traffic_date(merge), 100000000, "%s: the sample", what);
    is_int(flow.start, 110000000, "%s: of equal starts the one that was read first", what);
    is_int(merge_next(merge, &flow), RESULT_OK, "%s: the second", what);
    check_first(&flow, what);
    is_int(merge_next(merge, &flow), RESULT_END, "%s: no more", what);
}

/* The same as flows and as lines. */
static void test_flows(size_t memory, const char *what)
{
    struct record_reader *reader = new_reader();
    struct merge *merges[] = {new_merge(memory, "/var/tmp"), new_merge(memory, "/var/tmp")};

    for (size_t i = 0; i < LINES; i++)
        for (size_t j = 0; j < 2; j++)
            is_int(add(merges[j], reader, lines[i]), RESULT_OK, "%s: line %zu", what, i);
    check_flows(merges[0], what);
    check_lines(merges[1], what);
    for (size_t j = 0; j < 2; j++) {
        struct merge_counts counts = merge_counted(merges[j]);

        is_int(counts.records, 5, "%s: records", what);
        is_int(counts.doubles, 1, "%s: doubles", what);
        is_int(counts.flows, 2, "%s: flows", what);
        ok((counts.disk > 0) == (memory == 0), "%s: the disk", what);
        merge_destroy(&merges[j]);
    }
    record_reader_destroy(&reader);
}

/* Of so many records with one start, none can be added up before the last: each may have a double.
 */
static void test_flood(void)
{
    struct merge *merge = new_merge(SIZE_MAX, "/var/tmp");
    struct merged flow;
    const unsigned records = 70000;
    char line[512];

    for (unsigned i = 0; i < 2 * records; i++) {
        unsigned bytes = i < records ? i : i - records;
        int length = snprintf(line, sizeof line,
                              "{\"src\":\"10.0.0.1:1025\",\"dst\":\"192.0.2.1:443\","
                              "\"destinationNameSource\":\"original\",\"srcPkts\":1,"
                              "\"srcBytes\":%u,\"dstPkts\":0,\"dstBytes\":0,"
                              "\"relativeStart\":5.0,\"protocolInformation\":\"\","
                              "\"duration\":0.0,\"trafficDate\":\"100.0\",\"proto\":\"tcp\"}",
                              bytes);

        need(merge_add_line(merge, line, (size_t)length) == RESULT_OK, "merge_add_line");
    }
    is_int(merge_next(merge, &flow), RESULT_OK, "a flood of one start: a flow");
    is_int((int64_t)flow.packets[0], records, "a flood of one start: packets");
    is_int((int64_t)flow.bytes[0], (int64_t)records * (records - 1) / 2, "its bytes");
    is_int((int64_t)merge_counted(merge).doubles, records, "its doubles");
    merge_destroy(&merge);
}

static void test_none(void)
{
    struct record_reader *reader = new_reader();
    struct merge *merge = new_merge(0, "/nothing");
    struct merged flow;

    is_int(merge_next(merge, &flow), RESULT_END, "no record, no flow");
    merge_destroy(&merge);
    merge = new_merge(0, "/nothing");
    is_int(add(merge, reader, LINE("a:1", "b:2", COUNTS(1, 2, 3, 4), "0.0", "1.0", "long ago", "")),
           RESULT_DAMAGED, "a record without a date");
    ok(strstr(merge_problem(merge), "trafficDate") != NULL, "its problem");
    is_int(add(merge, reader, lines[0]), RESULT_OK, "a record in memory");
    is_int(add(merge, reader, lines[1]), RESULT_SYSTEM, "no folder");
    is_int(errno, ENOENT, "no folder: errno");
    merge_destroy(&merge);
    ok(!merge, "it is gone");
    record_reader_destroy(&reader);
}

int main(void)
{
    test_flows(SIZE_MAX, "in memory");
    test_flows(0, "on the disk");
    test_none();
    test_flood();
    return done();
}
