#include "record/recordread.h"

#include "base/json.h"
#include "base/number.h"
#include "record/sensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fields of a record, in their order. */
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
    FIELD_SENSOR,
    FIELD_ADDED /* the first of those that are added */
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
    {"sensor", FIELD_SENSOR},
};

#define RECORD_KEYS (sizeof record_keys / sizeof *record_keys)

/* Those that every record must have: the first ones. */
#define RECORD_NEEDED 10

struct record_reader {
    struct json *json;
    struct json_key keys[RECORD_KEYS + RECORD_ADDED_MAX];
    size_t added;
    const struct json_member *members[FIELDS]; /* by field; NULL: not there */
    const char *line;
    size_t length, end; /* of the line; where its object ends */
    char problem[160];
};

enum result record_reader_init(struct record_reader **reader, const char *const *names,
                               size_t count)
{
    struct record_reader *new = calloc(1, sizeof *new);

    if (!new)
        return RESULT_NO_MEMORY;
    memcpy(new->keys, record_keys, sizeof record_keys);
    for (size_t i = 0; i < count; i++)
        new->keys[RECORD_KEYS + i] = (struct json_key){names[i], (uint8_t)(FIELD_ADDED + i)};
    new->added = count;
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
    snprintf(reader->problem, sizeof reader->problem, "no Secflow: %s%s", field, what);
    return RESULT_DAMAGED;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The line must be one object, with blanks around it at most. */
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

/* Finds each field; of one that is there twice the last, as most readers of JSON do. */
static enum result find_fields(struct record_reader *reader)
{
    size_t count;
    const struct json_member *members = json_members(reader->json, &count);

    memset(reader->members, 0, sizeof reader->members);
    for (size_t i = 0; i < count; i++)
        if (!members[i].element)
            reader->members[members[i].id] = &members[i];
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
            return damaged(reader, record_keys[texts[i] - 1].name, " is no string");
    return RESULT_OK;
}

static enum result read_count(struct record_reader *reader, enum field field, uint64_t *count)
{
    const struct json_member *member = reader->members[field];

    if (member->type != JSON_NUMBER || !number_count(member->text, member->length, count))
        return damaged(reader, record_keys[field - 1].name, " is no count of 64 bits");
    return RESULT_OK;
}

static enum result read_seconds(struct record_reader *reader, enum field field, int64_t *seconds)
{
    const struct json_member *member = reader->members[field];

    if (member->type != JSON_NUMBER || !number_seconds(member->text, member->length, seconds))
        return damaged(reader, record_keys[field - 1].name, " is no number of seconds");
    return RESULT_OK;
}

static enum result read_numbers(struct record_reader *reader, struct secflow *secflow)
{
    int64_t start;
    enum result result = read_count(reader, FIELD_SRC_PACKETS, &secflow->src_packets);

    if (result == RESULT_OK)
        result = read_count(reader, FIELD_SRC_BYTES, &secflow->src_bytes);
    if (result == RESULT_OK)
        result = read_count(reader, FIELD_DST_PACKETS, &secflow->dst_packets);
    if (result == RESULT_OK)
        result = read_count(reader, FIELD_DST_BYTES, &secflow->dst_bytes);
    if (result == RESULT_OK)
        result = read_seconds(reader, FIELD_START, &start);
    if (result == RESULT_OK)
        result = read_seconds(reader, FIELD_DURATION, &secflow->duration);
    return result;
}

/* The destination, whose port stands behind its last colon. */
static enum result read_destination(struct record_reader *reader, struct secflow *secflow)
{
    const struct json_member *dst = reader->members[FIELD_DST];
    const struct json_member *protocol = reader->members[FIELD_PROTOCOL];
    const char *colon = memrchr(dst->text, ':', dst->length);
    uint64_t port = 0;

    secflow->dst = dst->text;
    secflow->dst_length = dst->length;
    secflow->protocol_information = protocol->text;
    secflow->protocol_information_length = protocol->length;
    if (dst->length == 0)
        return damaged(reader, "dst", " is empty");
    if (protocol->length == 0 &&
        (!colon || colon == dst->text ||
         !number_count(colon + 1, (size_t)(dst->text + dst->length - colon - 1), &port) ||
         port > UINT16_MAX))
        return damaged(reader, "dst", " has no port from 0 to 65535");
    secflow->dst_port = (uint16_t)port;
    return RESULT_OK;
}

static int64_t read_traffic_date(const struct record_reader *reader)
{
    const struct json_member *member = reader->members[FIELD_TRAFFIC_DATE];
    int64_t date;

    if (!member || member->type != JSON_STRING ||
        !number_seconds(member->text, member->length, &date))
        return -1;
    return date;
}

static void read_sensor(const struct record_reader *reader, struct secflow *secflow)
{
    const struct json_member *member = reader->members[FIELD_SENSOR];
    bool tells =
        member && member->type == JSON_STRING && sensor_is_name(member->text, member->length);

    secflow->sensor = tells ? member->text : NULL;
    secflow->sensor_length = tells ? member->length : 0;
}

enum result record_read(struct record_reader *reader, const char *line, size_t length,
                        struct secflow *secflow)
{
    enum result result;

    reader->line = line;
    reader->length = length;
    result = read_object(reader);
    if (result == RESULT_OK)
        result = find_fields(reader);
    if (result == RESULT_OK) {
        secflow->traffic_date = read_traffic_date(reader);
        read_sensor(reader, secflow);
        result = check_texts(reader);
    }
    if (result == RESULT_OK)
        result = read_numbers(reader, secflow);
    return result == RESULT_OK ? read_destination(reader, secflow) : result;
}

/* Writes the line up to where the next field stands that is replaced, and its value. */
static enum result put_next(const struct record_reader *reader, const char **p,
                            const char *const *values, struct output *output)
{
    const struct json_member *next = NULL;
    const char *parts[] = {"\"", NULL, "\""};
    enum result result;

    for (size_t i = 0; i < reader->added; i++) {
        const struct json_member *member = reader->members[FIELD_ADDED + i];

        if (member && member->raw >= *p && (!next || member->raw < next->raw)) {
            next = member;
            parts[1] = values[i];
        }
    }
    if (!next)
        return RESULT_END;
    result = output_put(output, *p, (size_t)(next->raw - *p));
    for (size_t i = 0; i < 3 && result == RESULT_OK; i++)
        result = output_put(output, parts[i], strlen(parts[i]));
    *p = next->raw + next->raw_length;
    return result;
}

static enum result put_added(const char *name, const char *value, struct output *output)
{
    const char *const parts[] = {",\"", name, "\":\"", value, "\""};
    enum result result = RESULT_OK;

    for (size_t i = 0; i < sizeof parts / sizeof *parts && result == RESULT_OK; i++)
        result = output_put(output, parts[i], strlen(parts[i]));
    return result;
}

enum result record_write_with(const struct record_reader *reader, const char *const *values,
                              struct output *output)
{
    const char *p = reader->line, *close = reader->line + reader->end - 1;
    enum result result;

    do {
        result = put_next(reader, &p, values, output);
    } while (result == RESULT_OK);
    if (result == RESULT_END)
        result = output_put(output, p, (size_t)(close - p));
    for (size_t i = 0; i < reader->added && result == RESULT_OK; i++)
        if (!reader->members[FIELD_ADDED + i])
            result = put_added(reader->keys[RECORD_KEYS + i].name, values[i], output);
    if (result == RESULT_OK)
        result = output_put(output, close, (size_t)(reader->line + reader->length - close));
    return result == RESULT_OK ? output_put(output, "\n", 1) : result;
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
