/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading records: what is a Secflow and what is not, and lines with added fields.
 */
#include "../tap.h"
#include "record/recordread.h"

#include <unistd.h>

static const char *const names[] = {"label", "id"};

static struct record_reader *new_reader(void)
{
    struct record_reader *reader = NULL;

    need(record_reader_init(&reader, names, 2) == RESULT_OK, "record_reader_init");
    return reader;
}

/* A record with one field replaced by another text; these are the others. */
static const struct {
    const char *name, *text;
} usual[] = {
    {"src", "\"src\":\"10.0.0.1:1025\""},
    {"dst", "\"dst\":\"www.example.com:443\""},
    {"destinationNameSource", "\"destinationNameSource\":\"passive\""},
    {"srcPkts", "\"srcPkts\":3"},
    {"srcBytes", "\"srcBytes\":30"},
    {"dstPkts", "\"dstPkts\":4"},
    {"dstBytes", "\"dstBytes\":40"},
    {"relativeStart", "\"relativeStart\":0.5"},
    {"protocolInformation", "\"protocolInformation\":\"\""},
    {"duration", "\"duration\":1.25"},
};

static void make_line(char *line, size_t room, const char *name, const char *text)
{
    size_t used = 0;

    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        const char *field = strcmp(usual[i].name, name) == 0 ? text : usual[i].text;

        if (*field)
            used += (size_t)snprintf(line + used, room - used, "%s%s", used > 0 ? "," : "{", field);
    }
    snprintf(line + used, room - used, "}");
}

/* Reads a line from memory that ends where it does. */
static enum result read_line(struct record_reader *reader, const char *line, struct record *record)
{
    static uint8_t *copy;
    static size_t length;

    if (copy)
        exact_free(copy, length);
    length = strlen(line);
    copy = exact_copy(line, length);
    return record_read(reader, (const char *)copy, length, record);
}

/* The result for a record with one field replaced: dst, port, numbers, or the problem. */
static const struct {
    const char *name, *text, *want;
} records[] = {
    {"", "", "www.example.com:443 443  3/30 4/40 1250000"},
    {"dst", "\"dst\":\"8.8.8.8:0\"", "8.8.8.8:0 0  3/30 4/40 1250000"},
    {"dst", "\"dst\":\"[2a00::1]:65535\"", "[2a00::1]:65535 65535  3/30 4/40 1250000"},
    {"dst", "\"dst\":\"printer:631\"", "printer:631 631  3/30 4/40 1250000"},
    {"dst", "\"dst\":\"a\\\\032b:80\"", "a\\032b:80 80  3/30 4/40 1250000"},
    {"srcPkts", "\"srcPkts\":18446744073709551615",
     "www.example.com:443 443  18446744073709551615/30 4/40 1250000"},
    {"duration", "\"duration\":1e-06", "www.example.com:443 443  3/30 4/40 1"},
    {"duration", "\"duration\":12", "www.example.com:443 443  3/30 4/40 12000000"},
    {"duration", "\"duration\": 2.5,\"more\":{\"duration\":9}",
     "www.example.com:443 443  3/30 4/40 2500000"},
    {"src", "\"src\":\"\\u0041\",\"x\":[1,{}]", "www.example.com:443 443  3/30 4/40 1250000"},
    {"src", "\"src\":\"a\",\"srcPkts\":9", "www.example.com:443 443  3/30 4/40 1250000"},
    {"protocolInformation", "\"protocolInformation\":\"ICMP\"",
     "www.example.com:443 0 ICMP 3/30 4/40 1250000"},
    {"src", "", "! not a Secflow: src is not there"},
    {"dst", "", "! not a Secflow: dst is not there"},
    {"destinationNameSource", "", "! not a Secflow: destinationNameSource is not there"},
    {"srcPkts", "", "! not a Secflow: srcPkts is not there"},
    {"srcBytes", "", "! not a Secflow: srcBytes is not there"},
    {"dstPkts", "", "! not a Secflow: dstPkts is not there"},
    {"dstBytes", "", "! not a Secflow: dstBytes is not there"},
    {"relativeStart", "", "! not a Secflow: relativeStart is not there"},
    {"protocolInformation", "", "! not a Secflow: protocolInformation is not there"},
    {"duration", "", "! not a Secflow: duration is not there"},
    {"src", "\"src\":5", "! not a Secflow: src is not a string"},
    {"dst", "\"dst\":null", "! not a Secflow: dst is not a string"},
    {"dst", "\"dst\":[\"a:1\"]", "! not a Secflow: dst is not a string"},
    {"dst", "\"dst\":\"\"", "! not a Secflow: dst is empty"},
    {"dst", "\"dst\":\"8.8.8.8\"", "! not a Secflow: dst has no port from 0 to 65535"},
    {"dst", "\"dst\":\":80\"", "! not a Secflow: dst has no port from 0 to 65535"},
    {"dst", "\"dst\":\"a:\"", "! not a Secflow: dst has no port from 0 to 65535"},
    {"dst", "\"dst\":\"a:65536\"", "! not a Secflow: dst has no port from 0 to 65535"},
    {"dst", "\"dst\":\"a:8x\"", "! not a Secflow: dst has no port from 0 to 65535"},
    {"srcPkts", "\"srcPkts\":-1", "! not a Secflow: srcPkts is not a count of 64 bits"},
    {"srcBytes", "\"srcBytes\":1.5", "! not a Secflow: srcBytes is not a count of 64 bits"},
    {"dstPkts", "\"dstPkts\":\"3\"", "! not a Secflow: dstPkts is not a count of 64 bits"},
    {"dstBytes", "\"dstBytes\":18446744073709551616",
     "! not a Secflow: dstBytes is not a count of 64 bits"},
    {"relativeStart", "\"relativeStart\":-0.5",
     "! not a Secflow: relativeStart is not a number of seconds"},
    {"duration", "\"duration\":\"1\"", "! not a Secflow: duration is not a number of seconds"},
    {"duration", "\"duration\":true", "! not a Secflow: duration is not a number of seconds"},
    {"duration", "\"duration\":1e99", "! not a Secflow: duration is not a number of seconds"},
};

static void test_records(void)
{
    struct record_reader *reader = new_reader();

    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct record f;
        char line[1024], got[512];
        enum result result;

        make_line(line, sizeof line, records[i].name, records[i].text);
        result = read_line(reader, line, &f);
        if (result == RESULT_OK)
            snprintf(got, sizeof got, "%.*s %u %.*s %llu/%llu %llu/%llu %lld",
                     (int)f.destination.length, f.destination.bytes, f.dport,
                     (int)f.protocol_information.length,
                     f.protocol_information.length ? f.protocol_information.bytes : "",
                     (unsigned long long)f.src_packets, (unsigned long long)f.src_bytes,
                     (unsigned long long)f.dst_packets, (unsigned long long)f.dst_bytes,
                     (long long)f.duration);
        else
            snprintf(got, sizeof got, "! %s", record_problem(reader));
        is_int(result, records[i].want[0] == '!' ? RESULT_DAMAGED : RESULT_OK, "record %zu", i);
        is_str(got, records[i].want, "what it tells");
    }
    record_reader_destroy(&reader);
}

/* What a record says of its sensor, and what counts as nothing. */
static void test_sensors(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {"\"sensor\":\"tap 1\"", "tap 1"},
        {"\"sensor\":\"\\\"\\u00fc\\\\\"", "\"\xc3\xbc\\"},
        {"\"x\":{\"sensor\":\"inner\"}", ""},
        {"\"sensor\":\"one\",\"sensor\":\"two\"", "two"},
        {"\"sensor\":\"\"", ""},
        {"\"sensor\":null", ""},
        {"\"sensor\":7", ""},
        {"\"sensor\":[\"a\"]", ""},
        {"\"sensor\":\"a\\nb\"", ""},
    };
    struct record_reader *reader = new_reader();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record f;
        char line[1024], got[64];

        make_line(line, sizeof line, "", "");
        line[strlen(line) - 1] = '\0';
        snprintf(line + strlen(line), sizeof line - strlen(line), "%s%s}",
                 *cases[i].text ? "," : "", cases[i].text);
        is_int(read_line(reader, line, &f), RESULT_OK, "sensor %zu: a record", i);
        ok(!f.sensor.bytes == (f.sensor.length == 0), "sensor %zu: NULL where there is none", i);
        snprintf(got, sizeof got, "%.*s", (int)f.sensor.length,
                 f.sensor.bytes ? f.sensor.bytes : "");
        is_str(got, cases[i].want, "sensor %zu: its name", i);
    }
    record_reader_destroy(&reader);
}

static void test_no_records(void)
{
    static const struct {
        const char *line, *problem;
    } cases[] = {
        {"", "not a Secflow: it is cut off"},
        {"x", "not a Secflow: it does not begin with {"},
        {" []", "not a Secflow: it does not begin with {"},
        {"{}", "not a Secflow: src is not there"},
        {"{\"src\":\"a\"", "not a Secflow: it is cut off"},
        {"{\"src\":", "not a Secflow: it is cut off"},
        {" {\"src\"}", "not a Secflow: expected a colon at byte 8"},
        {"{\"src\":\"a\\udc00\"}", "not a Secflow: half of a surrogate pair at byte 10"},
        {"{\"src\":\"a\xff\"}", "not a Secflow: invalid UTF-8 at byte 10"},
        {"{} {}", "not a Secflow: something follows the object"},
        {"{},", "not a Secflow: something follows the object"},
    };
    struct record_reader *reader = new_reader();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record record;

        is_int(read_line(reader, cases[i].line, &record), RESULT_DAMAGED, "no record %zu", i);
        is_str(record_problem(reader), cases[i].problem, "and why");
    }
    record_reader_destroy(&reader);
    ok(!reader, "destroying clears the pointer");
}

/* The resulting line; $ stands for the fields of a record that do not matter. */
static const struct {
    const char *line, *want;
} additions[] = {
    {"{$}", "{$,\"label\":\"new\",\"id\":42}"},
    {"  { $ , \"x\" : 1 }\t\r", "  { $ , \"x\" : 1 ,\"label\":\"new\",\"id\":42}\t\r"},
    {"{$,\"label\":\"old\",\"id\":\"7\"}", "{$,\"label\":\"new\",\"id\":42}"},
    {"{\"id\":null,$,\"label\" : [1,{\"label\":2}] ,\"x\":3}",
     "{\"id\":42,$,\"label\" : \"new\" ,\"x\":3}"},
    {"{\"id\":-1.5e3,$}", "{\"id\":42,$,\"label\":\"new\"}"},
    {"{$,\"x\":{\"label\":1,\"id\":[\"id\"]}}",
     "{$,\"x\":{\"label\":1,\"id\":[\"id\"]},\"label\":\"new\",\"id\":42}"},
    {"{$,\"y\":\"\\\"label\\\":1\",\"label\":\"a\\\\\\\"b,}\",\"z\":\"\\\\\"}",
     "{$,\"y\":\"\\\"label\\\":1\",\"label\":\"new\",\"z\":\"\\\\\",\"id\":42}"},
    {"{$,\"lab\\u0065l\":1,\"\\u0069\\u0064\":2}",
     "{$,\"lab\\u0065l\":\"new\",\"\\u0069\\u0064\":42}"},
    {"{\"label\":{\"a\":\"}\"},$}", "{\"label\":\"new\",$,\"id\":42}"},
};

static void expand(const char *text, char *out)
{
    char record[1024];

    make_line(record, sizeof record, "", "");
    record[strlen(record) - 1] = '\0';
    for (; *text; text++)
        out = *text == '$' ? stpcpy(out, record + 1) : (*out = *text, out + 1);
    *out = '\0';
}

/* A line that has room, and only such a line, can be written later. */
static void check_later(struct record_reader *reader, const char *line, const char *const *values,
                        struct output *output, const char *want)
{
    size_t room = record_room(reader), length = strlen(line);
    bool appended = strncmp(want, line, (size_t)(strrchr(line, '}') - line)) == 0;
    char other_line[1024];
    struct record other;

    is_int(room > 0, appended, "has room");
    if (room == 0)
        return;
    output->used = 0;
    make_line(other_line, sizeof other_line, "", "");
    is_int(read_line(reader, other_line, &other), RESULT_OK, "another line is read");
    is_int(record_write_later(reader, line, length, room, values, output), RESULT_OK, "and later");
    output->buffer[output->used] = '\0';
    is_str(output->buffer, want, "it is written the same");
    is_int(read_line(reader, line, &other), RESULT_OK, "it is read again");
}

static void test_additions(void)
{
    static const char *const values[] = {"\"new\"", "42"}, *const no_values[] = {NULL, NULL};
    struct record_reader *reader = new_reader();
    struct output *output = malloc(sizeof *output);

    need(output, "no memory");
    output_init(output, -1);
    for (size_t i = 0; i < sizeof additions / sizeof *additions; i++) {
        char line[2048], want[2048];
        struct record record;

        expand(additions[i].line, line);
        expand(additions[i].want, want);
        strcat(want, "\n");
        is_int(read_line(reader, line, &record), RESULT_OK, "line %zu", i);
        output->used = 0;
        is_int(record_write_with(reader, values, output), RESULT_OK, "is written");
        output->buffer[output->used] = '\0';
        is_str(output->buffer, want, "with its fields");
        check_later(reader, line, values, output, want);
        output->used = 0;
        is_int(record_write_with(reader, no_values, output), RESULT_OK, "without values");
        output->buffer[output->used] = '\0';
        is_str(output->buffer, strcat(line, "\n"), "it is written as it was");
    }
    free(output);
    record_reader_destroy(&reader);
}

/* Everything that filters added, one per line. */
static void show_known(const struct record *record, char *shown, size_t room)
{
    const struct record_known *known = record->known;
    const struct {
        const char *name;
        struct record_text text;
    } texts[] = {
        {"category", record->category},    {"flow_id", record->flow_id},
        {"title", known->title},           {"description", known->description},
        {"relevance", known->relevance},   {"known_by", known->known_by},
        {"activity", known->activity},     {"tags", known->tags},
        {"lists", known->lists},           {"event", known->event},
        {"event_id", known->event_id},     {"event_start", known->event_start},
        {"domain", known->domain},         {"dst_country", known->dst_country},
        {"dst_as_org", known->dst_as_org},
    };
    const struct {
        const char *name;
        int64_t number, none;
    } numbers[] = {
        {"flow_id_count", (int64_t)known->flow_id_count, 0},
        {"flow_id_sensors", (int64_t)known->flow_id_sensors, 0},
        {"destination_count", (int64_t)known->destination_count, 0},
        {"domain_count", (int64_t)known->domain_count, 0},
        {"rank", (int64_t)known->rank, 0},
        {"dst_asn", (int64_t)known->dst_asn, 0},
        {"flow_id_first_seen", known->flow_id_first_seen, -1},
        {"flow_id_last_seen", known->flow_id_last_seen, -1},
        {"destination_first_seen", known->destination_first_seen, -1},
        {"domain_first_seen", known->domain_first_seen, -1},
    };
    size_t used = 0;

    shown[0] = '\0';
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].text.bytes)
            used += (size_t)snprintf(shown + used, room - used, "%s=%.*s ", texts[i].name,
                                     (int)texts[i].text.length, texts[i].text.bytes);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].number != numbers[i].none)
            used += (size_t)snprintf(shown + used, room - used, "%s=%lld ", numbers[i].name,
                                     (long long)numbers[i].number);
}

/* Fields added by filters, each with a different value; and malformed ones. */
static void test_known(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"\"x\":1", ""},
        {"\"flowCategory\":\"c\",\"flowId\":\"i\"", "category=c flow_id=i "},
        {"\"flowIdCount\":1,\"flowIdSensors\":2,\"flowIdFirstSeen\":\"1970-01-01T00:00:03Z\","
         "\"flowIdLastSeen\":\"1970-01-01T00:00:04.5Z\",\"destinationCount\":5,"
         "\"destinationFirstSeen\":\"1970-01-01T00:00:06Z\",\"domain\":\"d.example\","
         "\"domainCount\":7,\"domainFirstSeen\":\"1970-01-01T00:00:00Z\"",
         "domain=d.example flow_id_count=1 flow_id_sensors=2 destination_count=5 domain_count=7 "
         "flow_id_first_seen=3000000 flow_id_last_seen=4500000 destination_first_seen=6000000 "
         "domain_first_seen=0 "},
        {"\"title\":\"t\",\"description\":\"d\",\"relevance\":\"knownBad\",\"knownBy\":\"event\","
         "\"tags\":[\"a:b\", \"c\"],\"lists\":[],\"rank\":8,\"dstCountry\":\"CH\",\"dstAsn\":9,"
         "\"dstAsOrg\":\"o\",\"activity\":\"Impact\"",
         "title=t description=d relevance=knownBad known_by=event activity=Impact "
         "tags=[\"a:b\", \"c\"] lists=[] dst_country=CH dst_as_org=o rank=8 dst_asn=9 "},
        {"\"eventId\":\"i\",\"event\":\"e\",\"eventStart\":\"s\"",
         "event=e event_id=i event_start=s "},
        {"\"flowCategory\":1,\"flowIdCount\":\"2\",\"flowIdFirstSeen\":3,\"tags\":\"[]\","
         "\"lists\":{\"a\":1},\"title\":[\"t\"],\"rank\":-1,\"dstAsn\":1.5,\"domain\":\"\","
         "\"domainFirstSeen\":\"soon\"",
         ""},
    };
    struct record_reader *reader = new_reader();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record record;
        char line[1024], got[1024];

        make_line(line, sizeof line, "", "");
        line[strlen(line) - 1] = '\0';
        snprintf(line + strlen(line), sizeof line - strlen(line), ",%s}", cases[i].text);
        is_int(read_line(reader, line, &record), RESULT_OK, "known %zu: a record", i);
        show_known(&record, got, sizeof got);
        is_str(got, "", "known %zu: not yet", i);
        record_read_rest(reader, &record);
        record_read_source(reader, &record);
        show_known(&record, got, sizeof got);
        is_str(got, cases[i].want, "known %zu: all of it", i);
    }
    record_reader_destroy(&reader);
}

/* The host in src. */
static void test_sources(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"\"src\":\"10.0.0.1:1025\"", "10.0.0.1"},
        {"\"src\":\"[2a00::1]:1025\"", "2a00::1"},
        {"\"src\":\"host-17:80\"", "host-17"},
        {"\"src\":\"host-17\"", "host-17"},
        {"\"src\":\"2a00::1\",\"protocolInformation\":\"ICMP\"", "2a00::1"},
        {"\"src\":\"\"", ""},
    };
    struct record_reader *reader = new_reader();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record record;
        char line[1024], got[64];

        make_line(line, sizeof line, "protocolInformation", "");
        snprintf(line + strlen(line) - 1, sizeof line - strlen(line),
                 ",\"protocolInformation\":\"\",%s}", cases[i].text);
        is_int(read_line(reader, line, &record), RESULT_OK, "source %zu: a record", i);
        record_read_rest(reader, &record);
        record_read_source(reader, &record);
        snprintf(got, sizeof got, "%.*s", (int)record.source.length,
                 record.source.bytes ? record.source.bytes : "");
        is_str(got, cases[i].want, "source %zu: its host", i);
    }
    record_reader_destroy(&reader);
}

/* A field that the reader knows and also adds. */
static void test_known_addition(void)
{
    static const char *const name[] = {"title"}, *const value[] = {"\"new\""};
    struct record_reader *reader = NULL;
    struct output *output = malloc(sizeof *output);
    struct record record;
    char line[1024];

    need(output && record_reader_init(&reader, name, 1) == RESULT_OK, "no memory");
    output_init(output, -1);
    make_line(line, sizeof line, "src", "\"title\":\"old\",\"src\":\"a\"");
    is_int(read_line(reader, line, &record), RESULT_OK, "a field that is known and added");
    record_read_rest(reader, &record);
    record_read_source(reader, &record);
    is_int(record.known->title.length, 3, "is known");
    is_int(record_write_with(reader, value, output), RESULT_OK, "and written");
    ok(strncmp(output->buffer, "{\"title\":\"new\",\"src\"", 20) == 0, "once, where it stood");
    free(output);
    record_reader_destroy(&reader);
}

int main(void)
{
    test_records();
    test_sensors();
    test_known();
    test_sources();
    test_known_addition();
    test_no_records();
    test_additions();
    return done();
}
