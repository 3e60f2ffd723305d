/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line that is read as the tools write it becomes the same piece as one that is read as any: in
 * lines as the tools write them, in which one value is another.
 */
#include "../tap.h"
#include "lines.h"
#include "record/written.h"

/* Literals that follow each other are meant to: NOLINTBEGIN(bugprone-suspicious-missing-comma) */

#define TEN(src, dst, source, information)                                                         \
    "\"src\":\"" src "\"", "\"dst\":\"" dst "\"", "\"destinationNameSource\":\"" source "\"",      \
        "\"srcPkts\":3", "\"srcBytes\":30", "\"dstPkts\":4", "\"dstBytes\":40",                    \
        "\"relativeStart\":0.5", "\"protocolInformation\":\"" information "\"",                    \
        "\"duration\":1.25", "\"trafficDate\":\"1700000000.003032\""

static const char *const plain[] = {TEN("10.0.0.1:1025", "192.0.2.77:443", "original", ""),
                                    "\"proto\":\"tcp\""};
static const char *const named[] = {TEN("[2001:db8::1]:1025", "www.example.com:443", "cache", ""),
                                    "\"proto\":\"udp\"", "\"bytesFrom\":\"frame\"",
                                    "\"sampling\":1000"};
static const char *const echo[] = {TEN("2001:db8::1", "2001:db8::2", "original", "ICMP"),
                                   "\"proto\":\"icmp6\""};
static const char *const extended[] = {
    TEN("192.0.2.200:65535", "www.example.com:80", "session", ""),
    "\"proto\":\"tcp\"",
    "\"sensor\":\"attic\"",
    "\"bytesFrom\":\"ip\"",
    "\"sampling\":10",
    "\"start\":\"2023-11-14T22:13:20.503032Z\"",
    "\"windowStart\":\"2023-11-14T22:13:20.003032Z\"",
    "\"srcIp\":\"192.0.2.200\"",
    "\"srcPort\":65535",
    "\"dstIp\":\"10.0.0.1\"",
    "\"dstPort\":80",
    "\"dstName\":\"www.example.com\"",
    "\"communityId\":\"1:LvZr0VEsETvsD8EJZaM3+ZfBJmU=\"",
    "\"uid\":\"CHhAvVGS1DHFjwGM9\"",
    "\"service\":\"http\"",
};

/* NOLINTEND(bugprone-suspicious-missing-comma) */

/* Values that say the same otherwise, or nearly so. */
static const char *const others[] = {
    "\"[10.0.0.1]:1025\"",
    "\"10.0.0.1:01025\"",
    "\"10.0.0.1:65536\"",
    "\"10.0.0.1:\"",
    "\":1025\"",
    "\"10.0.0.01:1025\"",
    "\"10.0.0.1\"",
    "\"[2001:db8::1]:1025\"",
    "\"[2001:DB8::1]:80\"",
    "\"[2001:db8:0::1]:80\"",
    "\"192.0.2.77:80\"",
    "\"192.0.2.7:8\"",
    "\"a:1\"",
    "\"10.0.0.2\"",
    "65534",
    "8",
    "\"WWW.example.com\"",
    "\"1:x\"",
    "\"ip\"",
    "\"passive\"",
    "\"original\"",
    "\"other\"",
    "\"tcp\"",
    "\"icmp\"",
    "\"2001:db8::1\"",
    "\"1.2.3.4:5\"",
    "\"1.2.3.4567\"",
    "\"ICMP\"",
};

static enum result put_generic(struct text *to, struct record_reader *reader, const char *line,
                               size_t length)
{
    struct record record;
    struct record_parts parts;
    struct piece_texts texts;
    enum result result = record_read(reader, line, length, &record);

    if (result != RESULT_OK)
        return result;
    record_read_rest(reader, &record);
    record_read_source(reader, &record);
    need(record_take_apart(reader, &parts) == RESULT_OK, "record_take_apart");
    piece_get_texts(&parts, &texts);
    return record.traffic_date < 0 ? RESULT_DAMAGED : piece_put_record(to, &record, &texts, 7);
}

/* Returns whether it was read as written. */
static bool check(struct record_reader *reader, const char *line)
{
    size_t length = strlen(line);
    uint8_t *copy = exact_copy(line, length);
    struct record record;
    struct piece_texts texts;
    struct text fast = {0}, any = {0};
    bool read = written_read((const char *)copy, length, &record, &texts);

    if (read) {
        need(piece_put_record(&fast, &record, &texts, 7) == RESULT_OK, "piece_put_record");
        is_int(put_generic(&any, reader, (const char *)copy, length), RESULT_OK, "any: %s", line);
        ok(fast.length == any.length && memcmp(fast.bytes, any.bytes, any.length) == 0, "%s", line);
    }
    text_destroy(&fast);
    text_destroy(&any);
    exact_free(copy, length);
    return read;
}

static void check_values(struct record_reader *reader, const char *const *usual, size_t fields)
{
    char line[2048];
    size_t read = 0;

    make_line(line, sizeof line, usual, fields, fields, NULL, "", "}");
    ok(check(reader, line), "it is read: %s", line);
    for (size_t field = 0; field < fields; field++) {
        for (size_t i = 0; i < VALUES; i++) {
            make_line(line, sizeof line, usual, fields, field, values[i], "", "}");
            read += check(reader, line);
        }
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
            make_line(line, sizeof line, usual, fields, field, others[i], "", "}");
            read += check(reader, line);
        }
    }
    ok(read > 4 * fields, "%zu of those with other values are read", read);
    for (size_t i = 0; i < ENDS; i++) {
        make_line(line, sizeof line, usual, fields, fields, NULL, "", ends[i]);
        is_int(check(reader, line), i == 0, "whether it is read: %s", line);
    }
}

#define CHECK(reader, usual) check_values((reader), (usual), sizeof(usual) / sizeof *(usual))

int main(void)
{
    struct record_reader *reader;

    need(record_reader_init(&reader, NULL, 0) == RESULT_OK, "record_reader_init");
    CHECK(reader, plain);
    CHECK(reader, named);
    CHECK(reader, echo);
    CHECK(reader, extended);
    record_reader_destroy(&reader);
    return done();
}
