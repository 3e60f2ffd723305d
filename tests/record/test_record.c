/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing records: exact lines, as in secflow(5); and reading them gives the same record.
 */
#include "../tap.h"
#include "record/put.h"
#include "record/recordread.h"
#include "record/recordwrite.h"
#include "record/sensor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

struct row {
    const char *title;
    const char *src, *dst;
    uint16_t sport, dport;
    uint8_t proto;
    enum name_source name_source;
    const char *name;
    uint64_t src_packets, src_bytes, dst_packets, dst_bytes;
    int64_t start, last;
    const char *community_id, *uid, *service;
    int64_t traffic_date; /* -1: unknown */
    bool extended;
    enum bytes_from bytes_from;
    uint64_t sampling;
    const char *sensor;
    int64_t window_start; /* 0: time is not cut */
    const char *want;
};

static struct record_text text_of(const char *string)
{
    return (struct record_text){string, string ? strlen(string) : 0};
}

static void fill_record(const struct row *row, struct record *record)
{
    memset(record, 0, sizeof *record);
    need(address_parse(row->src, &record->src) &&
             (!row->dst || address_parse(row->dst, &record->dst)),
         "address");
    record->sport = row->sport;
    record->dport = row->dport;
    record->proto = row->proto;
    record->name_source = row->name_source;
    record->name = text_of(row->name);
    if (!has_ports(row->proto) && row->proto != 0)
        record->protocol_information = RECORD_ICMP;
    record->src_packets = row->src_packets;
    record->src_bytes = row->src_bytes;
    record->dst_packets = row->dst_packets;
    record->dst_bytes = row->dst_bytes;
    record->traffic_date = row->traffic_date;
    record->relative_start = row->start - (row->traffic_date < 0 ? 0 : row->traffic_date);
    record->duration = row->last - row->start;
    record->sensor = text_of(row->sensor);
    record->bytes_from = row->bytes_from;
    record->sampling = row->sampling;
    record->extended = row->extended;
    record->window_start = row->window_start > 0 ? row->window_start : -1;
    record->community_id = text_of(row->community_id);
    record->uid = text_of(row->uid);
    record->service = text_of(row->service);
}

#define ORIGINAL "\"destinationNameSource\":\"original\","
#define COUNTS "\"srcPkts\":1,\"srcBytes\":2,\"dstPkts\":3,\"dstBytes\":4,"

/* A line with these ends and counts, and what is between them. */
#define LINE(dst, source, proto)                                                                   \
    "{\"src\":\"10.0.0.1:50000\",\"dst\":\"" dst "\",\"destinationNameSource\":\"" source          \
    "\"," COUNTS "\"relativeStart\":0.0,\"protocolInformation\":\"\",\"duration\":0.0,"            \
    "\"trafficDate\":\"1.000000\",\"proto\":\"" proto "\"}\n"

#define PLAIN(t, source, n)                                                                        \
    .title = t, .src = "10.0.0.1", .dst = "8.8.8.8", .sport = 50000, .dport = 443,                 \
    .proto = IPPROTO_TCP, .name_source = source, .name = n, .src_packets = 1, .src_bytes = 2,      \
    .dst_packets = 3, .dst_bytes = 4, .start = SECOND, .last = SECOND, .traffic_date = SECOND

static const struct row rows[] = {
    {PLAIN("no name", NAME_ORIGINAL, NULL), .want = LINE("8.8.8.8:443", "original", "tcp")},
    {PLAIN("session", NAME_SESSION, "a.b"), .want = LINE("a.b:443", "session", "tcp")},
    {PLAIN("passive", NAME_PASSIVE, "a.b"), .want = LINE("a.b:443", "passive", "tcp")},
    {PLAIN("cache", NAME_CACHE, "a.b"), .want = LINE("a.b:443", "cache", "tcp")},
    {PLAIN("backslashes and a quote", NAME_PASSIVE, "a\\.b\\032\"c\\\\"),
     .want = LINE("a\\\\.b\\\\032\\\"c\\\\\\\\:443", "passive", "tcp")},
    {.title = "greatest numbers",
     .src = "255.255.255.255",
     .dst = "100.20.3.0",
     .sport = 65535,
     .dport = 0,
     .proto = IPPROTO_UDP,
     .name_source = NAME_ORIGINAL,
     .src_packets = UINT64_MAX,
     .src_bytes = UINT64_C(10000000000000000000),
     .dst_packets = 0,
     .dst_bytes = UINT64_C(4294967296),
     .start = INT64_C(253402300799999999),
     .last = INT64_C(253402300799999999),
     .traffic_date = 0,
     .want = "{\"src\":\"255.255.255.255:65535\",\"dst\":\"100.20.3.0:0\"," ORIGINAL
             "\"srcPkts\":18446744073709551615,\"srcBytes\":10000000000000000000,\"dstPkts\":0,"
             "\"dstBytes\":4294967296,\"relativeStart\":253402300799.999999,"
             "\"protocolInformation\":\"\",\"duration\":0.0,\"trafficDate\":\"0.000000\","
             "\"proto\":\"udp\"}\n"},
    {.title = "IPv6, extended",
     .src = "2001:db8::1",
     .dst = "2606:4700:0:0:1:0:0:1",
     .sport = 1,
     .dport = 99,
     .proto = IPPROTO_TCP,
     .name_source = NAME_ORIGINAL,
     .src_packets = 1,
     .src_bytes = 2,
     .dst_packets = 3,
     .dst_bytes = 4,
     .start = 951782400 * SECOND + 1,
     .last = 951782400 * SECOND + 1,
     .traffic_date = 951782400 * SECOND,
     .extended = true,
     .community_id = "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
     .want = "{\"src\":\"[2001:db8::1]:1\",\"dst\":\"[2606:4700::1:0:0:1]:99\"," ORIGINAL COUNTS
             "\"relativeStart\":0.000001,\"protocolInformation\":\"\",\"duration\":0.0,"
             "\"trafficDate\":\"951782400.000000\",\"proto\":\"tcp\","
             "\"start\":\"2000-02-29T00:00:00.000001Z\",\"srcIp\":\"2001:db8::1\",\"srcPort\":1,"
             "\"dstIp\":\"2606:4700::1:0:0:1\",\"dstPort\":99,"
             "\"communityId\":\"1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=\"}\n"},
    {.title = "a name keeps the address in the extension",
     .src = "10.0.0.1",
     .dst = "8.8.8.8",
     .sport = 50000,
     .dport = 53,
     .proto = IPPROTO_UDP,
     .name_source = NAME_CACHE,
     .name = "dns.google",
     .start = 1606209129 * SECOND + 120000,
     .last = 1606209130 * SECOND + 370000,
     .traffic_date = 1606209128 * SECOND + 20000,
     .extended = true,
     .want = "{\"src\":\"10.0.0.1:50000\",\"dst\":\"dns.google:53\","
             "\"destinationNameSource\":\"cache\",\"srcPkts\":0,\"srcBytes\":0,\"dstPkts\":0,"
             "\"dstBytes\":0,\"relativeStart\":1.1,\"protocolInformation\":\"\",\"duration\":1.25,"
             "\"trafficDate\":\"1606209128.020000\",\"proto\":\"udp\","
             "\"start\":\"2020-11-24T09:12:09.120000Z\",\"srcIp\":\"10.0.0.1\",\"srcPort\":50000,"
             "\"dstIp\":\"8.8.8.8\",\"dstPort\":53,\"dstName\":\"dns.google\","
             "\"communityId\":\"\"}\n"},
    {PLAIN("a sensor", NAME_ORIGINAL, NULL), .sensor = "tap \"1\" \\ z\xc3\xbcrich",
     .want =
         LINE("8.8.8.8:443", "original", "tcp\",\"sensor\":\"tap \\\"1\\\" \\\\ z\xc3\xbcrich")},
    {PLAIN("a window is told of with -x only", NAME_ORIGINAL, NULL), .window_start = SECOND,
     .want = LINE("8.8.8.8:443", "original", "tcp")},
    {PLAIN("a sensor and a window, and a name that JSON escapes", NAME_PASSIVE, "a\\.\"b"),
     .extended = true, .sensor = "s", .window_start = 1700000100 * SECOND,
     .want = "{\"src\":\"10.0.0.1:50000\",\"dst\":\"a\\\\.\\\"b:443\","
             "\"destinationNameSource\":\"passive\"," COUNTS
             "\"relativeStart\":0.0,\"protocolInformation\":\"\",\"duration\":0.0,"
             "\"trafficDate\":\"1.000000\",\"proto\":\"tcp\",\"sensor\":\"s\","
             "\"start\":\"1970-01-01T00:00:01.000000Z\","
             "\"windowStart\":\"2023-11-14T22:15:00.000000Z\",\"srcIp\":\"10.0.0.1\","
             "\"srcPort\":50000,\"dstIp\":\"8.8.8.8\",\"dstPort\":443,"
             "\"dstName\":\"a\\\\.\\\"b\",\"communityId\":\"\"}\n"},
    {.title = "ICMP, extended",
     .src = "10.0.0.1",
     .dst = "8.8.8.8",
     .proto = IPPROTO_ICMP,
     .name_source = NAME_ORIGINAL,
     .src_packets = 1,
     .src_bytes = 2,
     .dst_packets = 3,
     .dst_bytes = 4,
     .start = 0,
     .last = DAY,
     .extended = true,
     .community_id = "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=",
     .want = "{\"src\":\"10.0.0.1\",\"dst\":\"8.8.8.8\"," ORIGINAL COUNTS
             "\"relativeStart\":0.0,\"protocolInformation\":\"ICMP\",\"duration\":86400.0,"
             "\"trafficDate\":\"0.000000\",\"proto\":\"icmp\","
             "\"start\":\"1970-01-01T00:00:00.000000Z\",\"srcIp\":\"10.0.0.1\","
             "\"dstIp\":\"8.8.8.8\",\"communityId\":\"1:X0snYXpgwiv9TZtqg64sgzUn6Dk=\"}\n"},
    {.title = "ICMPv6",
     .src = "fe80::1",
     .dst = "ff02::1",
     .sport = 135,
     .proto = IPPROTO_ICMPV6,
     .name_source = NAME_ORIGINAL,
     .src_packets = 1,
     .src_bytes = 2,
     .dst_packets = 3,
     .dst_bytes = 4,
     .want = "{\"src\":\"fe80::1\",\"dst\":\"ff02::1\"," ORIGINAL COUNTS
             "\"relativeStart\":0.0,\"protocolInformation\":\"ICMP\",\"duration\":0.0,"
             "\"trafficDate\":\"0.000000\",\"proto\":\"icmp6\"}\n"},
    {.title = "all fields",
     .src = "10.0.0.1",
     .dst = "2001:db8::2",
     .sport = 1,
     .dport = 2,
     .proto = IPPROTO_TCP,
     .name_source = NAME_SESSION,
     .name = "a.b",
     .src_packets = 1,
     .src_bytes = 2,
     .dst_packets = 3,
     .dst_bytes = 4,
     .start = 1700000101 * SECOND + 500000,
     .last = 1700000103 * SECOND,
     .traffic_date = 1700000101 * SECOND,
     .extended = true,
     .sensor = "s",
     .bytes_from = BYTES_FROM_FRAME,
     .sampling = 1000,
     .window_start = 1700000100 * SECOND,
     .community_id = "1:X",
     .uid = "CUid\x01",
     .service = "ssl,\"http\"",
     .want =
         "{\"src\":\"10.0.0.1:1\",\"dst\":\"a.b:2\",\"destinationNameSource\":\"session\"," COUNTS
         "\"relativeStart\":0.5,\"protocolInformation\":\"\",\"duration\":1.5,"
         "\"trafficDate\":\"1700000101.000000\",\"proto\":\"tcp\",\"sensor\":\"s\","
         "\"bytesFrom\":\"frame\",\"sampling\":1000,"
         "\"start\":\"2023-11-14T22:15:01.500000Z\","
         "\"windowStart\":\"2023-11-14T22:15:00.000000Z\",\"srcIp\":\"10.0.0.1\","
         "\"srcPort\":1,\"dstIp\":\"2001:db8::2\",\"dstPort\":2,\"dstName\":\"a.b\","
         "\"communityId\":\"1:X\",\"uid\":\"CUid\\u0001\",\"service\":\"ssl,\\\"http\\\"\"}\n"},
    {PLAIN("bytes are counted from IP packets", NAME_ORIGINAL, NULL), .bytes_from = BYTES_FROM_IP,
     .want = LINE("8.8.8.8:443", "original", "tcp\",\"bytesFrom\":\"ip")},
    {.title = "what is not known is left out",
     .src = "10.0.0.1",
     .sport = 50000,
     .dport = 631,
     .name_source = NAME_ORIGINAL,
     .name = "printer",
     .src_packets = 1,
     .src_bytes = 2,
     .dst_packets = 3,
     .dst_bytes = 4,
     .traffic_date = -1,
     .extended = true,
     .want = "{\"src\":\"10.0.0.1:50000\",\"dst\":\"printer:631\"," ORIGINAL COUNTS
             "\"relativeStart\":0.0,\"protocolInformation\":\"\",\"duration\":0.0,"
             "\"srcIp\":\"10.0.0.1\",\"srcPort\":50000,\"dstPort\":631,\"dstName\":\"printer\","
             "\"communityId\":\"\"}\n"},
    {.title = "ICMP with a name has no port",
     .src = "10.0.0.1",
     .dst = "8.8.8.8",
     .dport = 7,
     .proto = IPPROTO_ICMP,
     .name_source = NAME_PASSIVE,
     .name = "dns.google",
     .src_packets = 1,
     .src_bytes = 2,
     .dst_packets = 3,
     .dst_bytes = 4,
     .want = "{\"src\":\"10.0.0.1\",\"dst\":\"dns.google\",\"destinationNameSource\":"
             "\"passive\"," COUNTS
             "\"relativeStart\":0.0,\"protocolInformation\":\"ICMP\",\"duration\":0.0,"
             "\"trafficDate\":\"0.000000\",\"proto\":\"icmp\"}\n"},
};

/* A temporary file without a name, written through a descriptor and read back. */
static int temporary(void)
{
    FILE *file = tmpfile();
    int fd = file ? dup(fileno(file)) : -1;

    need(fd >= 0, "tmpfile");
    fclose(file);
    return fd;
}

/* The content of the file; the caller frees it. */
static char *contents(int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char *text = malloc((size_t)size + 1);

    need(size >= 0 && text && pread(fd, text, (size_t)size, 0) == size, "read back");
    text[size] = '\0';
    return text;
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct record_writer *writer = NULL;
        struct record record;
        int fd = temporary();
        char *text;

        fill_record(&rows[i], &record);
        need(record_writer_init(&writer, fd) == RESULT_OK, "writer");
        is_int(record_write(writer, &record), RESULT_OK, "write: %s", rows[i].title);
        is_int(record_writer_flush(writer), RESULT_OK, "flush");
        text = contents(fd);
        is_str(text, rows[i].want, "the line: %s", rows[i].title);
        record_writer_destroy(&writer);
        ok(!writer, "destroying clears the pointer");
        free(text);
        close(fd);
    }
}

static bool is_same_text(struct record_text a, struct record_text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

/* Compares each member read with what was written. */
static void is_record(const struct record *got, const struct record *want, const char *title)
{
    bool ports = record_has_ports(want);

    ok(address_equal(&got->src, &want->src) && got->sport == (ports ? want->sport : 0) &&
           got->dport == (ports ? want->dport : 0),
       "ends: %s", title);
    ok(address_equal(&got->dst, &want->dst) || (want->name.length > 0 && !want->extended),
       "the destination's address");
    ok(got->proto == want->proto && got->name_source == want->name_source, "words");
    ok(got->src_packets == want->src_packets && got->src_bytes == want->src_bytes &&
           got->dst_packets == want->dst_packets && got->dst_bytes == want->dst_bytes,
       "counts");
    ok(got->traffic_date == want->traffic_date && got->relative_start == want->relative_start &&
           got->duration == want->duration,
       "times");
    ok(is_same_text(got->name, want->name) && is_same_text(got->sensor, want->sensor) &&
           is_same_text(got->protocol_information, want->protocol_information),
       "texts");
    ok(got->bytes_from == want->bytes_from && got->sampling == want->sampling,
       "how it was counted");
    is_int(got->extended, want->extended && want->traffic_date >= 0, "whether it is extended");
    if (want->extended)
        ok(got->window_start == want->window_start &&
               is_same_text(got->community_id, want->community_id) &&
               is_same_text(got->uid, want->uid) && is_same_text(got->service, want->service),
           "and what it has then");
}

/* What was written is read back the same, and written again as the same bytes. */
static void test_round_trip(void)
{
    struct record_reader *reader = NULL;

    need(record_reader_init(&reader, NULL, 0) == RESULT_OK, "reader");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct record_writer *writer = NULL;
        struct record written, record;
        int fd = temporary();
        char *text;

        fill_record(&rows[i], &written);
        is_int(record_read(reader, rows[i].want, strlen(rows[i].want) - 1, &record), RESULT_OK,
               "read: %s", rows[i].title);
        record_read_rest(reader, &record);
        record_read_source(reader, &record);
        is_record(&record, &written, rows[i].title);
        record.extended = rows[i].extended;
        need(record_writer_init(&writer, fd) == RESULT_OK, "writer");
        is_int(record_write(writer, &record), RESULT_OK, "it can be written again");
        need(record_writer_flush(writer) == RESULT_OK, "flush");
        text = contents(fd);
        is_str(text, rows[i].want, "as the same line");
        record_writer_destroy(&writer);
        free(text);
        close(fd);
    }
    record_reader_destroy(&reader);
}

/* What no line can express. */
static void test_not_whole(void)
{
    static char long_text[RECORD_LINE_MAX / 6];
    struct record_writer *writer = NULL;
    struct record records[5];
    int fd = temporary();

    for (size_t i = 0; i < 5; i++)
        fill_record(&rows[0], &records[i]);
    records[0].src.family = 0;
    records[1].dst.family = 0;
    records[2].duration = 0;
    records[2].relative_start = INT64_C(253402300800000000);
    records[3].window_start = INT64_C(253402300800000000);
    memset(long_text, 'a', sizeof long_text);
    records[4].sensor = (struct record_text){long_text, sizeof long_text};
    need(record_writer_init(&writer, fd) == RESULT_OK, "writer");
    for (size_t i = 0; i < 5; i++)
        is_int(record_write(writer, &records[i]), RESULT_INVALID, "not written: record %zu", i);
    is_int(record_writer_count(writer), 0, "no record was written");
    need(record_writer_flush(writer) == RESULT_OK, "flush");
    is_int(lseek(fd, 0, SEEK_END), 0, "not a byte");
    record_writer_destroy(&writer);
    close(fd);
}

/* Durations, and what the reader makes of them. */
static void test_seconds(void)
{
    static const struct {
        int64_t microseconds;
        const char *want;
    } cases[] = {
        {0, "0.0"},
        {1, "0.000001"},
        {10, "0.00001"},
        {100, "0.0001"},
        {1000, "0.001"},
        {10000, "0.01"},
        {100000, "0.1"},
        {999999, "0.999999"},
        {1000000, "1.0"},
        {1000001, "1.000001"},
        {1100000, "1.1"},
        {1010100, "1.0101"},
        {9999999, "9.999999"},
        {10000000, "10.0"},
        {99000000, "99.0"},
        {100000000, "100.0"},
        {123456789, "123.456789"},
        {INT64_C(1000000000050), "1000000.00005"},
        {INT64_C(253402300799999999), "253402300799.999999"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record_writer *writer = NULL;
        struct record record;
        int fd = temporary();
        char *text, want[64];

        fill_record(&rows[0], &record);
        record.duration = cases[i].microseconds;
        need(record_writer_init(&writer, fd) == RESULT_OK, "writer");
        need(record_write(writer, &record) == RESULT_OK, "write");
        need(record_writer_flush(writer) == RESULT_OK, "flush");
        text = contents(fd);
        snprintf(want, sizeof want, ",\"duration\":%s,", cases[i].want);
        if (!ok(strstr(text, want), "%lld microseconds", (long long)cases[i].microseconds))
            printf("# want %s in %s", want, text);
        record_writer_destroy(&writer);
        free(text);
        close(fd);
    }
}

/* Each count of decimal digits, as srcPkts: 9, 10, 99, 100, ... */
static void test_integers(void)
{
    uint64_t power = 1;

    for (int digits = 1; digits <= 20; digits++, power *= digits <= 20 ? 10 : 1) {
        const uint64_t values[] = {power, power - 1, power + 1, power / 7 * 9};

        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            struct record_writer *writer = NULL;
            struct record record;
            int fd = temporary();
            char *text, want[64];

            fill_record(&rows[0], &record);
            record.src_packets = values[i];
            need(record_writer_init(&writer, fd) == RESULT_OK, "writer");
            need(record_write(writer, &record) == RESULT_OK, "write");
            need(record_writer_flush(writer) == RESULT_OK, "flush");
            text = contents(fd);
            snprintf(want, sizeof want, "\"srcPkts\":%llu,", (unsigned long long)values[i]);
            ok(strstr(text, want), "%llu packets", (unsigned long long)values[i]);
            record_writer_destroy(&writer);
            free(text);
            close(fd);
        }
    }
}

static void test_sensor_names(void)
{
    static const struct {
        const char *name;
        size_t length;
        bool good;
    } cases[] = {
        {"", 0, false},
        {"a", 1, true},
        {"tap-1.example (rack \"7\") \\", 26, true},
        {"z\xc3\xbcrich", 7, true},
        {"\xf0\x9f\x90\x99", 4, true},
        {"\xc2\xa0", 2, true},
        {"a\nb", 3, false},
        {"a\0b", 3, false},
        {"\x1f", 1, false},
        {"\x7f", 1, false},
        {"\xc2\x9f", 2, false},
        {"z\xfcrich", 6, false},
        {"a\xc3", 2, false},
        {"\xed\xa0\x80", 3, false},
    };
    char name[SENSOR_MAX + 1];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_int(sensor_is_name(cases[i].name, cases[i].length), cases[i].good,
               "sensor %zu: whether that is a name", i);
    memset(name, 's', sizeof name);
    ok(sensor_is_name(name, SENSOR_MAX), "a sensor of %u bytes", SENSOR_MAX);
    ok(!sensor_is_name(name, SENSOR_MAX + 1), "and none of more");
}

/* The longest name, twice as long when escaped, from a sensor with the longest name. */
static void test_long_names(void)
{
    enum { NAME_LENGTH = 1100 };
    char name[NAME_LENGTH], want[2 * NAME_LENGTH], sensor[SENSOR_MAX + 1] = {0};
    struct record_writer *writer = NULL;
    struct record record;
    int fd = temporary();
    bool same = true;
    char *text, *line;

    memset(name, '\\', sizeof name);
    memset(want, '\\', sizeof want);
    fill_record(&rows[6], &record);
    record.name = (struct record_text){name, sizeof name};
    memset(sensor, '"', SENSOR_MAX);
    record.sensor = text_of(sensor);
    record.extended = true;
    need(record_writer_init(&writer, fd) == RESULT_OK, "writer");
    for (int i = 0; i < 500; i++)
        need(record_write(writer, &record) == RESULT_OK, "write");
    is_int(record_writer_count(writer), 500, "500 records were written");
    need(record_writer_flush(writer) == RESULT_OK, "flush");
    text = line = contents(fd);
    for (int i = 0; i < 500; i++) {
        char *dst = strstr(line, "\"dst\":\""), *end = strchr(line, '\n');

        need(dst && end, "a line");
        same = same && memcmp(dst + 7, want, 2 * NAME_LENGTH) == 0 &&
               memcmp(dst + 7 + 2 * NAME_LENGTH, ":99\"", 4) == 0 && end[-1] == '}';
        line = end + 1;
    }
    ok(same, "each has its long name");
    ok(*line == '\0', "and there is nothing else");
    record_writer_destroy(&writer);
    free(text);
    close(fd);
}

/* Destroying does not flush; output is in whole lines, also in between. */
static void test_whole_lines(void)
{
    struct record_writer *writer = NULL;
    struct record record;
    int fd = temporary(), unfinished = 0;
    off_t size = 0;
    char *text;

    fill_record(&rows[0], &record);
    need(record_writer_init(&writer, fd) == RESULT_OK, "writer");
    for (int i = 0; i < 5000; i++) {
        char last = '\n';

        need(record_write(writer, &record) == RESULT_OK, "write");
        if (lseek(fd, 0, SEEK_END) == size)
            continue;
        size = lseek(fd, 0, SEEK_END);
        need(pread(fd, &last, 1, size - 1) == 1, "read back");
        unfinished += last != '\n';
    }
    ok(size > 0, "much is written before it is flushed");
    is_int(unfinished, 0, "in whole lines");
    record_writer_destroy(&writer);
    is_int(lseek(fd, 0, SEEK_END), size, "destroying does not flush");
    text = contents(fd);
    ok(size > 0 && text[size - 1] == '\n', "the last line is whole");
    free(text);
    close(fd);
}

static void test_two_samples(void)
{
    struct record_writer *writer = NULL;
    struct record record;
    int fd = temporary();
    char *text, *second;

    fill_record(&rows[0], &record);
    need(record_writer_init(&writer, fd) == RESULT_OK, "writer");
    record.traffic_date = 10 * SECOND + 7;
    record.relative_start = 20 * SECOND - record.traffic_date;
    need(record_write(writer, &record) == RESULT_OK, "write");
    record.traffic_date = 20 * SECOND;
    record.relative_start = 0;
    need(record_write(writer, &record) == RESULT_OK, "write");
    need(record_writer_flush(writer) == RESULT_OK, "flush");
    text = contents(fd);
    second = strchr(text, '\n');
    need(second, "a line");
    *second++ = '\0';
    ok(strstr(text, "\"trafficDate\":\"10.000007\"") && strstr(text, "\"relativeStart\":9.999993,"),
       "the first sample's dates");
    ok(strstr(second, "\"trafficDate\":\"20.000000\"") && strstr(second, "\"relativeStart\":0.0,"),
       "the second sample's dates");
    record_writer_destroy(&writer);
    free(text);
    close(fd);
}

static void test_full_disk(void)
{
    struct record_writer *writer = NULL;
    enum result result = RESULT_OK;
    struct record record;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    need(fd >= 0, "/dev/full");
    fill_record(&rows[0], &record);
    need(record_writer_init(&writer, fd) == RESULT_OK, "writer");
    is_int(record_write(writer, &record), RESULT_OK, "one record is buffered");
    errno = 0;
    is_int(record_writer_flush(writer), RESULT_SYSTEM, "flushing it fails");
    is_int(errno, ENOSPC, "errno says why");
    errno = 0;
    for (int i = 0; i < 100000 && result == RESULT_OK; i++)
        result = record_write(writer, &record);
    is_int(result, RESULT_SYSTEM, "writing many fails");
    is_int(errno, ENOSPC, "errno says why");
    record_writer_destroy(&writer);
    close(fd);
}

static bool puts_number(uint64_t number)
{
    char got[2 * DIGITS_MOST + 1], want[2 * DIGITS_MOST + 1];

    *put_unsigned(got, number) = '\0';
    snprintf(want, sizeof want, "%" PRIu64, number);
    return strcmp(got, want) == 0;
}

static void test_numbers(void)
{
    uint64_t power = 1;
    bool right = puts_number(UINT64_MAX);

    for (uint64_t number = 0; number < 200000; number++)
        right = right && puts_number(number);
    for (int i = 0; i < DIGITS_MOST; i++, power *= 10)
        right = right && puts_number(power - 1) && puts_number(power) && puts_number(power + 1) &&
                puts_number(power / 7 * 3);
    ok(right, "numbers of any length");
}

int main(void)
{
    test_numbers();
    test_rows();
    test_round_trip();
    test_not_whole();
    test_seconds();
    test_integers();
    test_sensor_names();
    test_long_names();
    test_whole_lines();
    test_two_samples();
    test_full_disk();
    return done();
}
