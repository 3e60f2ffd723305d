/* SPDX-License-Identifier: Apache-2.0 */
#include "record/recordread.h"

#include "base/bytes.h"
#include "base/json.h"
#include "base/number.h"
#include "base/timestamp.h"
#include "record/canonical.h"
#include "record/put.h"
#include "record/sensor.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fields of a record in order: first those of enum record_field, plus 1. */
enum field {
    FIELD_SRC = 1,
    FIELD_DST,
    FIELD_NAME_SOURCE,
    FIELD_SRC_PACKETS,
    FIELD_SRC_BYTES,
    FIELD_DST_PACKETS,
    FIELD_DST_BYTES,
    FIELD_START,
    FIELD_PROTOCOL,
    FIELD_DURATION,
    FIELD_TRAFFIC_DATE,
    FIELD_PROTO,
    FIELD_SENSOR,
    FIELD_BYTES_FROM,
    FIELD_SAMPLING,
    FIELD_EXTENDED_START,
    FIELD_WINDOW_START,
    FIELD_SRC_IP,
    FIELD_SRC_PORT,
    FIELD_DST_IP,
    FIELD_DST_PORT,
    FIELD_DST_NAME,
    FIELD_COMMUNITY_ID,
    FIELD_UID,
    FIELD_SERVICE,
    FIELD_CATEGORY,
    FIELD_FLOW_ID,
    FIELD_FLOW_ID_COUNT, /* the first of struct record_known */
    FIELD_FLOW_ID_SENSORS,
    FIELD_FLOW_ID_FIRST_SEEN,
    FIELD_FLOW_ID_LAST_SEEN,
    FIELD_DESTINATION_COUNT,
    FIELD_DESTINATION_FIRST_SEEN,
    FIELD_DOMAIN,
    FIELD_DOMAIN_COUNT,
    FIELD_DOMAIN_FIRST_SEEN,
    FIELD_TITLE,
    FIELD_DESCRIPTION,
    FIELD_RELEVANCE,
    FIELD_KNOWN_BY,
    FIELD_TAGS,
    FIELD_LISTS,
    FIELD_RANK,
    FIELD_DST_COUNTRY,
    FIELD_DST_ASN,
    FIELD_DST_AS_ORG,
    FIELD_ACTIVITY,
    FIELD_EVENT_ID,
    FIELD_EVENT,
    FIELD_EVENT_START,
    FIELD_ADDED /* the first that the reader was told to add and does not know */
};

#define FIELDS (FIELD_ADDED + RECORD_ADDED_MAX)

static const struct json_key record_keys[] = {
    {"src", FIELD_SRC},
    {"dst", FIELD_DST},
    {"destinationNameSource", FIELD_NAME_SOURCE},
    {"srcPkts", FIELD_SRC_PACKETS},
    {"srcBytes", FIELD_SRC_BYTES},
    {"dstPkts", FIELD_DST_PACKETS},
    {"dstBytes", FIELD_DST_BYTES},
    {"relativeStart", FIELD_START},
    {"protocolInformation", FIELD_PROTOCOL},
    {"duration", FIELD_DURATION},
    {"trafficDate", FIELD_TRAFFIC_DATE},
    {"proto", FIELD_PROTO},
    {"sensor", FIELD_SENSOR},
    {"bytesFrom", FIELD_BYTES_FROM},
    {"sampling", FIELD_SAMPLING},
    {"start", FIELD_EXTENDED_START},
    {"windowStart", FIELD_WINDOW_START},
    {"srcIp", FIELD_SRC_IP},
    {"srcPort", FIELD_SRC_PORT},
    {"dstIp", FIELD_DST_IP},
    {"dstPort", FIELD_DST_PORT},
    {"dstName", FIELD_DST_NAME},
    {"communityId", FIELD_COMMUNITY_ID},
    {"uid", FIELD_UID},
    {"service", FIELD_SERVICE},
    {"flowCategory", FIELD_CATEGORY},
    {"flowId", FIELD_FLOW_ID},
    {"flowIdCount", FIELD_FLOW_ID_COUNT},
    {"flowIdSensors", FIELD_FLOW_ID_SENSORS},
    {"flowIdFirstSeen", FIELD_FLOW_ID_FIRST_SEEN},
    {"flowIdLastSeen", FIELD_FLOW_ID_LAST_SEEN},
    {"destinationCount", FIELD_DESTINATION_COUNT},
    {"destinationFirstSeen", FIELD_DESTINATION_FIRST_SEEN},
    {"domain", FIELD_DOMAIN},
    {"domainCount", FIELD_DOMAIN_COUNT},
    {"domainFirstSeen", FIELD_DOMAIN_FIRST_SEEN},
    {"title", FIELD_TITLE},
    {"description", FIELD_DESCRIPTION},
    {"relevance", FIELD_RELEVANCE},
    {"knownBy", FIELD_KNOWN_BY},
    {"tags", FIELD_TAGS},
    {"lists", FIELD_LISTS},
    {"rank", FIELD_RANK},
    {"dstCountry", FIELD_DST_COUNTRY},
    {"dstAsn", FIELD_DST_ASN},
    {"dstAsOrg", FIELD_DST_AS_ORG},
    {"activity", FIELD_ACTIVITY},
    {"eventId", FIELD_EVENT_ID},
    {"event", FIELD_EVENT},
    {"eventStart", FIELD_EVENT_START},
};

#define RECORD_KEYS (sizeof record_keys / sizeof *record_keys)

/* The first fields, which every record must have. */
#define RECORD_NEEDED 10

static_assert(FIELD_SERVICE == RECORD_SERVICE + 1, "both have the fields in their order");

/* What the reader was told to add. */
struct added_field {
    char before[40]; /* its value: a comma, its name in quotes, and a colon */
    uint8_t length;  /* of that */
    uint8_t field;   /* enum field */
};

struct record_reader {
    struct json *json;
    struct json_key keys[RECORD_KEYS + RECORD_ADDED_MAX];
    struct added_field added[RECORD_ADDED_MAX];
    size_t added_count;
    uint8_t lengths[RECORD_FIELDS];            /* of the first keys' names */
    bool filtered;                             /* the line has fields of struct record_known */
    const struct json_member *members[FIELDS]; /* by field; NULL: missing */
    struct canonical canonical;                /* some of them, where the line is */
    unsigned there;                            /* a bit for each of these */
    const char *line;
    size_t length, end;      /* of the line; the end of its object */
    size_t begin;            /* of the members that JSON was read for */
    struct record_text host; /* of the destination */
    struct text rest;        /* of a line that was taken apart */
    struct record_known known;
    char problem[160];
};

enum result record_reader_init(struct record_reader **reader, const char *const *names,
                               size_t count)
{
    struct record_reader *new = calloc(1, sizeof *new);

    if (!new)
        return RESULT_NO_MEMORY;
    memcpy(new->keys, record_keys, sizeof record_keys);
    for (size_t i = 0; i < RECORD_FIELDS; i++)
        new->lengths[i] = (uint8_t)strlen(record_keys[i].name);
    for (size_t i = 0; i < count; i++) {
        struct added_field *added = &new->added[i];
        uint8_t known = json_find_key(record_keys, RECORD_KEYS, names[i], strlen(names[i]));

        added->field = known != 0 ? known : (uint8_t)(FIELD_ADDED + i);
        added->length =
            (uint8_t)snprintf(added->before, sizeof added->before, ",\"%s\":", names[i]);
        assert(added->length < sizeof added->before);
        new->keys[RECORD_KEYS + i] = (struct json_key){names[i], added->field};
    }
    new->added_count = count;
    if (json_init(&new->json, new->keys, RECORD_KEYS + count) != RESULT_OK) {
        free(new);
        return RESULT_NO_MEMORY;
    }
    *reader = new;
    return RESULT_OK;
}

void record_reader_destroy(struct record_reader **reader)
{
    if (*reader) {
        json_destroy(&(*reader)->json);
        text_destroy(&(*reader)->rest);
        free(*reader);
        *reader = NULL;
    }
}

const char *record_problem(const struct record_reader *reader)
{
    return reader->problem;
}

static enum result damaged(struct record_reader *reader, const char *field, const char *what)
{
    snprintf(reader->problem, sizeof reader->problem, "not a Secflow: %s%s", field, what);
    return RESULT_DAMAGED;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The line must be one object, with nothing but blanks around it. */
static enum result read_object(struct record_reader *reader)
{
    enum result result = json_read(reader->json, reader->line, reader->length, &reader->end);

    if (result == RESULT_END)
        return damaged(reader, "", "it is cut off");
    if (result == RESULT_DAMAGED)
        return damaged(reader, "", json_problem(reader->json));
    if (result != RESULT_OK)
        return result;
    for (size_t i = reader->end; i < reader->length; i++)
        if (!is_blank(reader->line[i]))
            return damaged(reader, "", "something follows the object");
    return RESULT_OK;
}

/* Forgets the fields that JSON was read for. */
static void forget_fields(struct record_reader *reader)
{
    size_t count;
    const struct json_member *members = json_members(reader->json, &count);

    for (size_t i = 0; i < count; i++)
        reader->members[members[i].id] = NULL;
}

/* Finds each field that JSON was read for; of one that occurs twice the last, as most readers do.
 */
static void find_fields(struct record_reader *reader)
{
    size_t count;
    const struct json_member *members = json_members(reader->json, &count);
    bool filtered = false;

    for (size_t i = 0; i < count; i++)
        if (!members[i].element) {
            reader->members[members[i].id] = &members[i];
            filtered |= members[i].id >= FIELD_FLOW_ID_COUNT;
        }
    reader->filtered = filtered;
}

/* The field of a member that is read where the line is canonical. */
static enum field canonical_field(unsigned member)
{
    return member < CANONICAL_FIRST ? (enum field)(member + 1)
                                    : (enum field)(member - CANONICAL_CATEGORY + FIELD_CATEGORY);
}

/* The bit of such a field; 0: it is another one. */
static unsigned canonical_bit(unsigned field)
{
    if (field <= CANONICAL_FIRST)
        return 1u << (field - 1);
    return field == FIELD_CATEGORY || field == FIELD_FLOW_ID
               ? 1u << (field - FIELD_CATEGORY + CANONICAL_CATEGORY)
               : 0;
}

/* Finds the fields with these bits, which most of the time are those of the line before. */
static void find_canonical(struct record_reader *reader, unsigned there)
{
    if (reader->there == there)
        return;
    for (unsigned i = 0; i < CANONICAL_FIELDS; i++)
        reader->members[canonical_field(i)] = there >> i & 1 ? &reader->canonical.members[i] : NULL;
    reader->there = there;
}

/* Whether JSON was read for one of the fields with these bits. */
static bool has_twice(const struct record_reader *reader, unsigned there)
{
    size_t count;
    const struct json_member *members = json_members(reader->json, &count);

    for (size_t i = 0; i < count; i++)
        if (canonical_bit(members[i].id) & there)
            return true;
    return false;
}

static enum result check_needed(struct record_reader *reader)
{
    for (size_t i = 0; i < RECORD_NEEDED; i++)
        if (!reader->members[record_keys[i].id])
            return damaged(reader, record_keys[i].name, " is not there");
    return RESULT_OK;
}

static enum result check_texts(struct record_reader *reader)
{
    static const uint8_t texts[] = {FIELD_SRC, FIELD_DST, FIELD_NAME_SOURCE, FIELD_PROTOCOL};

    for (size_t i = 0; i < sizeof texts; i++)
        if (reader->members[texts[i]]->type != JSON_STRING)
            return damaged(reader, record_keys[texts[i] - 1].name, " is not a string");
    return RESULT_OK;
}

static enum result read_count(struct record_reader *reader, enum field field, uint64_t *count)
{
    const struct json_member *member = reader->members[field];

    if (member->type != JSON_NUMBER || !number_count(member->text, member->length, count))
        return damaged(reader, record_keys[field - 1].name, " is not a count of 64 bits");
    return RESULT_OK;
}

static enum result read_seconds(struct record_reader *reader, enum field field, int64_t *seconds)
{
    const struct json_member *member = reader->members[field];

    if (member->type != JSON_NUMBER || !number_seconds(member->text, member->length, seconds))
        return damaged(reader, record_keys[field - 1].name, " is not a number of seconds");
    return RESULT_OK;
}

static enum result read_numbers(struct record_reader *reader, struct record *record)
{
    enum result result = read_count(reader, FIELD_SRC_PACKETS, &record->src_packets);

    if (result == RESULT_OK)
        result = read_count(reader, FIELD_SRC_BYTES, &record->src_bytes);
    if (result == RESULT_OK)
        result = read_count(reader, FIELD_DST_PACKETS, &record->dst_packets);
    if (result == RESULT_OK)
        result = read_count(reader, FIELD_DST_BYTES, &record->dst_bytes);
    if (result == RESULT_OK)
        result = read_seconds(reader, FIELD_START, &record->relative_start);
    if (result == RESULT_OK)
        result = read_seconds(reader, FIELD_DURATION, &record->duration);
    return result;
}

/* The text of an optional field. */
static struct record_text find_text(const struct record_reader *reader, enum field field)
{
    const struct json_member *member = reader->members[field];

    return member && member->type == JSON_STRING && member->length > 0
               ? (struct record_text){member->text, member->length}
               : (struct record_text){NULL, 0};
}

/* A word of up to eight bytes. */
struct word {
    char text[9];
    uint8_t length;
};

/* The index of a text in a list of words; the number of words if it is none of them. */
static unsigned find_word(struct record_text text, const struct word *words, unsigned count)
{
    uint64_t bytes = text.length <= 8 ? le_short((const uint8_t *)text.bytes, text.length) : 0;
    unsigned i = 0;

    while (i < count &&
           (text.length != words[i].length || bytes != le64((const uint8_t *)words[i].text)))
        i++;
    return i;
}

static struct record_text without_brackets(struct record_text host)
{
    if (host.length >= 2 && host.bytes[0] == '[' && host.bytes[host.length - 1] == ']')
        return (struct record_text){host.bytes + 1, host.length - 2};
    return host;
}

/* Parses an address without the brackets around it. False: not an address. */
static bool read_address(struct record_text host, struct address *address)
{
    host = without_brackets(host);
    return address_read(host.bytes, host.length, address);
}

/* Where the last colon is; 0: nowhere. A port makes it one of the last eight characters. */
static size_t find_last_colon(const char *text, size_t length)
{
    size_t from = length > 8 ? length - 8 : 0;
    uint64_t colons = bytes_equal(le_short((const uint8_t *)text + from, length - from), ':');
    const char *before;

    if (colons)
        return from + (63 - (size_t)__builtin_clzll(colons)) / 8;
    before = memrchr(text, ':', from);
    return before ? (size_t)(before - text) : 0;
}

/*
 * Reads the port after the last colon, which is where the host ends; 0: there is none. What is
 * returned stays in a register: a length that was stored alone is waited for by who loads a text.
 */
static size_t cut_port(struct record_text endpoint, uint16_t *port)
{
    size_t host = find_last_colon(endpoint.bytes, endpoint.length);
    uint64_t number;

    if (host == 0 ||
        !number_count(endpoint.bytes + host + 1, endpoint.length - host - 1, &number) ||
        number > UINT16_MAX)
        return 0;
    *port = (uint16_t)number;
    return host;
}

static void read_source(const struct record_reader *reader, struct record *record)
{
    struct record_text src = find_text(reader, FIELD_SRC);
    size_t host = 0;
    uint16_t port;

    record->source = (struct record_text){"", 0};
    if (src.length == 0)
        return;
    if (record_has_ports(record))
        host = cut_port(src, &port);
    record->source =
        without_brackets((struct record_text){src.bytes, host > 0 ? host : src.length});
}

/* A destination called original has its address as its name, if it is one. */
static void read_name(const struct record_reader *reader, struct record *record)
{
    struct record_text host = reader->host, ip = find_text(reader, FIELD_DST_IP);

    if (record->name_source == NAME_ORIGINAL && read_address(host, &record->dst))
        return;
    record->name = host;
    if (ip.length > 0 && !address_read(ip.bytes, ip.length, &record->dst))
        record->dst.family = 0;
}

static enum name_source read_name_source(const struct record_reader *reader)
{
    static const struct word words[] = {
        {"session", 7}, {"passive", 7}, {"cache", 5}, {"original", 8}};

    return (enum name_source)find_word(find_text(reader, FIELD_NAME_SOURCE), words, NAME_OTHER);
}

static uint8_t read_proto(const struct record_reader *reader)
{
    static const struct word words[] = {{"tcp", 3}, {"udp", 3}, {"icmp", 4}, {"icmp6", 5}};
    static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6, 0};

    return protos[find_word(find_text(reader, FIELD_PROTO), words, 4)];
}

static enum bytes_from read_bytes_from(const struct record_reader *reader)
{
    static const struct word words[] = {{"ip", 2}, {"frame", 5}};
    static const enum bytes_from layers[] = {BYTES_FROM_IP, BYTES_FROM_FRAME, BYTES_EXACT};

    return layers[find_word(find_text(reader, FIELD_BYTES_FROM), words, 2)];
}

/* The count of an optional field. */
static uint64_t find_count(const struct record_reader *reader, enum field field)
{
    const struct json_member *member = reader->members[field];
    uint64_t count;

    return member && member->type == JSON_NUMBER &&
                   number_count(member->text, member->length, &count)
               ? count
               : 0;
}

/* The array of an optional field, as it is in the line. */
static struct record_text find_array(const struct record_reader *reader, enum field field)
{
    const struct json_member *member = reader->members[field];

    return member && member->type == JSON_CONTAINER && *member->raw == '['
               ? (struct record_text){member->raw, member->raw_length}
               : (struct record_text){NULL, 0};
}

static int64_t read_traffic_date(const struct record_reader *reader)
{
    struct record_text text = find_text(reader, FIELD_TRAFFIC_DATE);
    int64_t date;

    return text.length > 0 && number_seconds(text.bytes, text.length, &date) ? date : -1;
}

/* The RFC 3339 time of an optional field. */
static int64_t find_time(const struct record_reader *reader, enum field field)
{
    struct record_text text = find_text(reader, field);
    int64_t time;

    return text.length > 0 && timestamp_read(text.bytes, text.length, &time) ? time : -1;
}

static struct record_text read_sensor(const struct record_reader *reader)
{
    struct record_text text = find_text(reader, FIELD_SENSOR);

    return sensor_is_name(text.bytes, text.length) ? text : (struct record_text){NULL, 0};
}

static enum result read_destination(struct record_reader *reader, struct record *record)
{
    struct record_text dst = find_text(reader, FIELD_DST);
    size_t host = dst.length;

    record->destination = dst;
    record->protocol_information = find_text(reader, FIELD_PROTOCOL);
    if (dst.length == 0)
        return damaged(reader, "dst", " is empty");
    if (record_has_ports(record))
        host = cut_port(dst, &record->dport);
    if (host == 0)
        return damaged(reader, "dst", " has no port from 0 to 65535");
    reader->host = (struct record_text){dst.bytes, host};
    return RESULT_OK;
}

static const struct record_known nothing_known = {
    .flow_id_first_seen = -1,
    .flow_id_last_seen = -1,
    .destination_first_seen = -1,
    .domain_first_seen = -1,
};

static const struct record nothing_read = {
    .traffic_date = -1, .window_start = -1, .known = &nothing_known};

/* False: the line is not canonical, or has one of these fields twice, or is damaged. */
static bool read_canonical(struct record_reader *reader, struct record *record)
{
    struct canonical *canonical = &reader->canonical;

    if (!canonical_read(canonical, reader->line, reader->length, record) ||
        json_read_on(reader->json, reader->line, reader->length, canonical->end, &reader->end) !=
            RESULT_OK ||
        reader->end != reader->length)
        return false;
    if (has_twice(reader, canonical->there))
        return false;
    reader->begin = canonical->first_end;
    find_canonical(reader, canonical->there);
    find_fields(reader);
    if (!(canonical->there >> RECORD_TRAFFIC_DATE & 1))
        record->traffic_date = read_traffic_date(reader);
    return true;
}

static enum result read_any(struct record_reader *reader, struct record *record)
{
    enum result result;

    forget_fields(reader);
    find_canonical(reader, 0);
    result = read_object(reader);
    if (result != RESULT_OK)
        return result;
    reader->begin =
        (size_t)((const char *)memchr(reader->line, '{', reader->end) + 1 - reader->line);
    find_fields(reader);
    result = check_needed(reader);
    if (result == RESULT_OK)
        result = check_texts(reader);
    if (result == RESULT_OK)
        result = read_numbers(reader, record);
    if (result == RESULT_OK)
        record->traffic_date = read_traffic_date(reader);
    return result;
}

enum result record_read(struct record_reader *reader, const char *line, size_t length,
                        struct record *record)
{
    reader->line = line;
    reader->length = length;
    *record = nothing_read;
    forget_fields(reader);
    if (!read_canonical(reader, record)) {
        enum result result = read_any(reader, record);

        if (result != RESULT_OK)
            return result;
    }
    record->sensor = read_sensor(reader);
    return read_destination(reader, record);
}

static struct record_known read_known(const struct record_reader *reader)
{
    return (struct record_known){
        .title = find_text(reader, FIELD_TITLE),
        .description = find_text(reader, FIELD_DESCRIPTION),
        .relevance = find_text(reader, FIELD_RELEVANCE),
        .known_by = find_text(reader, FIELD_KNOWN_BY),
        .activity = find_text(reader, FIELD_ACTIVITY),
        .tags = find_array(reader, FIELD_TAGS),
        .lists = find_array(reader, FIELD_LISTS),
        .event = find_text(reader, FIELD_EVENT),
        .event_id = find_text(reader, FIELD_EVENT_ID),
        .event_start = find_text(reader, FIELD_EVENT_START),
        .domain = find_text(reader, FIELD_DOMAIN),
        .dst_country = find_text(reader, FIELD_DST_COUNTRY),
        .dst_as_org = find_text(reader, FIELD_DST_AS_ORG),
        .flow_id_count = find_count(reader, FIELD_FLOW_ID_COUNT),
        .flow_id_sensors = find_count(reader, FIELD_FLOW_ID_SENSORS),
        .destination_count = find_count(reader, FIELD_DESTINATION_COUNT),
        .domain_count = find_count(reader, FIELD_DOMAIN_COUNT),
        .rank = find_count(reader, FIELD_RANK),
        .dst_asn = find_count(reader, FIELD_DST_ASN),
        .flow_id_first_seen = find_time(reader, FIELD_FLOW_ID_FIRST_SEEN),
        .flow_id_last_seen = find_time(reader, FIELD_FLOW_ID_LAST_SEEN),
        .destination_first_seen = find_time(reader, FIELD_DESTINATION_FIRST_SEEN),
        .domain_first_seen = find_time(reader, FIELD_DOMAIN_FIRST_SEEN),
    };
}

void record_read_rest(struct record_reader *reader, struct record *record)
{
    read_source(reader, record);
    record->name_source = read_name_source(reader);
    read_name(reader, record);
    record->proto = read_proto(reader);
    record->bytes_from = read_bytes_from(reader);
    record->sampling = find_count(reader, FIELD_SAMPLING);
    record->extended = reader->members[FIELD_EXTENDED_START] != NULL;
    record->window_start = find_time(reader, FIELD_WINDOW_START);
    record->community_id = find_text(reader, FIELD_COMMUNITY_ID);
    record->uid = find_text(reader, FIELD_UID);
    record->service = find_text(reader, FIELD_SERVICE);
    record->category = find_text(reader, FIELD_CATEGORY);
    record->flow_id = find_text(reader, FIELD_FLOW_ID);
    if (reader->filtered) {
        reader->known = read_known(reader);
        record->known = &reader->known;
    }
}

void record_read_source(const struct record_reader *reader, struct record *record)
{
    struct record_text src = find_text(reader, FIELD_SRC);
    size_t host = src.length;

    if (host > 0 && record_has_ports(record))
        host = cut_port(src, &record->sport);
    if (host == 0 || !read_address((struct record_text){src.bytes, host}, &record->src))
        record->sport = 0;
}

/* Writes the line up to the next field to be replaced, and its new value. */
static enum result put_next(const struct record_reader *reader, const char **p,
                            const char *const *values, struct output *output)
{
    const struct json_member *next = NULL;
    const char *value = NULL;
    enum result result;

    for (size_t i = 0; i < reader->added_count; i++) {
        const struct json_member *member = reader->members[reader->added[i].field];

        if (member && values[i] && member->raw >= *p && (!next || member->raw < next->raw)) {
            next = member;
            value = values[i];
        }
    }
    if (!next)
        return RESULT_END;
    result = output_put(output, *p, (size_t)(next->raw - *p));
    *p = next->raw + next->raw_length;
    return result == RESULT_OK ? output_put(output, value, strlen(value)) : result;
}

static enum result put_added(const struct added_field *field, const char *value,
                             struct output *output)
{
    enum result result = output_put(output, field->before, field->length);

    return result == RESULT_OK ? output_put(output, value, strlen(value)) : result;
}

enum result record_write_with(const struct record_reader *reader, const char *const *values,
                              struct output *output)
{
    const char *p = reader->line, *close = reader->line + reader->end - 1;
    size_t room = record_room(reader);
    enum result result;

    if (room > 0)
        return record_write_later(reader, reader->line, reader->length, room, values, output);
    do {
        result = put_next(reader, &p, values, output);
    } while (result == RESULT_OK);
    if (result == RESULT_END)
        result = output_put(output, p, (size_t)(close - p));
    for (size_t i = 0; i < reader->added_count && result == RESULT_OK; i++)
        if (values[i] && !reader->members[reader->added[i].field])
            result = put_added(&reader->added[i], values[i], output);
    if (result == RESULT_OK)
        result = output_put(output, close, (size_t)(reader->line + reader->length - close));
    return result == RESULT_OK ? output_put(output, "\n", 1) : result;
}

size_t record_room(const struct record_reader *reader)
{
    for (size_t i = 0; i < reader->added_count; i++)
        if (reader->members[reader->added[i].field])
            return 0;
    return reader->end - 1;
}

/* One field behind the other, of lines of any length. */
static enum result put_parts(const struct record_reader *reader, const char *line, size_t length,
                             size_t room, const char *const *values, struct output *output)
{
    enum result result = output_put(output, line, room);

    for (size_t i = 0; i < reader->added_count && result == RESULT_OK; i++)
        if (values[i])
            result = put_added(&reader->added[i], values[i], output);
    if (result == RESULT_OK)
        result = output_put(output, line + room, length - room);
    return result == RESULT_OK ? output_put(output, "\n", 1) : result;
}

/* Copies more than the name, which there is room for: so many bytes take less time. */
static char *put_before(char *p, const struct added_field *field)
{
    memcpy(p, field->before, sizeof field->before);
    return p + field->length;
}

enum result record_write_later(const struct record_reader *reader, const char *line, size_t length,
                               size_t room, const char *const *values, struct output *output)
{
    size_t lengths[RECORD_ADDED_MAX], most = length + 1 + sizeof reader->added->before;
    enum result result;
    char *p;

    for (size_t i = 0; i < reader->added_count; i++) {
        lengths[i] = values[i] ? strlen(values[i]) : 0;
        most += reader->added[i].length + lengths[i];
    }
    if (most > OUTPUT_BYTES)
        return put_parts(reader, line, length, room, values, output);
    result = output_reserve(output, most);
    if (result != RESULT_OK)
        return result;
    p = put_bytes(output->buffer + output->used, line, room);
    for (size_t i = 0; i < reader->added_count; i++)
        if (values[i])
            p = put_bytes(put_before(p, &reader->added[i]), values[i], lengths[i]);
    p = put_bytes(p, line + room, length - room);
    *p++ = '\n';
    output->used = (size_t)(p - output->buffer);
    return RESULT_OK;
}

enum result record_put_ten(const struct record_reader *reader, struct text *text)
{
    enum result result = RESULT_OK;

    for (size_t i = 0; i < RECORD_NEEDED && result == RESULT_OK; i++) {
        const struct json_member *member = reader->members[record_keys[i].id];

        result = text_put(text, i == 0 ? "{\"" : ",\"", 2);
        if (result == RESULT_OK)
            result = text_put_string(text, record_keys[i].name);
        if (result == RESULT_OK)
            result = text_put(text, "\":", 2);
        if (result == RESULT_OK)
            result = text_put(text, member->raw, member->raw_length);
    }
    return result == RESULT_OK ? text_put(text, "}", 1) : result;
}

static bool is_part(const struct json_member *member)
{
    return member->id <= RECORD_FIELDS && !member->element;
}

/* Where the key of a member begins: its name has no quotes, whatever escapes it has. */
static const char *key_of(const struct json_member *member)
{
    const char *p = member->raw - 1;

    while (*p != '"')
        p--;
    do {
        p--;
    } while (*p != '"');
    return p;
}

/* Adds the members from one place to another, where there may be none, but commas and blanks. */
static enum result put_members(struct text *text, const char *from, const char *to)
{
    enum result result = RESULT_OK;

    while (from < to && (is_blank(*from) || *from == ','))
        from++;
    while (from < to && (is_blank(to[-1]) || to[-1] == ','))
        to--;
    if (from < to && text->length > 0)
        result = text_put(text, ",", 1);
    return result == RESULT_OK ? text_put(text, from, (size_t)(to - from)) : result;
}

static enum result collect_rest(struct record_reader *reader, struct record_text *rest)
{
    size_t count;
    const struct json_member *members = json_members(reader->json, &count);
    const char *p = reader->line + reader->begin;
    enum result result = RESULT_OK;

    reader->rest.length = 0;
    for (size_t i = 0; i < count && result == RESULT_OK; i++) {
        if (!is_part(&members[i]))
            continue;
        result = put_members(&reader->rest, p, key_of(&members[i]));
        p = members[i].raw + members[i].raw_length;
    }
    if (result == RESULT_OK)
        result = put_members(&reader->rest, p, reader->line + reader->end - 1);
    *rest = (struct record_text){reader->rest.bytes, reader->rest.length};
    return result;
}

struct record_text record_value(const struct record_reader *reader, enum record_field field)
{
    const struct json_member *member = reader->members[field + 1];

    return member ? (struct record_text){member->raw, member->raw_length}
                  : (struct record_text){NULL, 0};
}

/* Where the fields are as long as the line, it has no others, and there is no rest. */
enum result record_take_apart(struct record_reader *reader, struct record_parts *parts)
{
    size_t length = strlen("{");

    for (size_t i = 0; i < RECORD_FIELDS; i++) {
        parts->values[i] = record_value(reader, (enum record_field)i);
        if (parts->values[i].length > 0)
            length += reader->lengths[i] + strlen(",\"\":") + parts->values[i].length;
    }
    parts->rest = (struct record_text){NULL, 0};
    return length == reader->end ? RESULT_OK : collect_rest(reader, &parts->rest);
}
