/* SPDX-License-Identifier: Apache-2.0 */
#include "know/seenlines.h"

#include "base/bytes.h"
#include "base/number.h"
#include "record/sensor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum member { KEY = 1, COUNTER, SENSOR, COUNT, FIRST, LAST, SAMPLE, MEMBERS };

static const struct json_key keys[] = {
    {"key", KEY},     {"counter", COUNTER}, {"sensor", SENSOR}, {"n", COUNT},
    {"first", FIRST}, {"last", LAST},       {"sample", SAMPLE},
};

size_t seenline_row(char line[SEENLINE_MOST], const struct seen_row *row)
{
    return (size_t)snprintf(line, SEENLINE_MOST,
                            "{\"key\":\"%016" PRIx64 "%016" PRIx64 "\",\"counter\":\"%016" PRIx64
                            "\",\"n\":%" PRId64 ",\"first\":%" PRId64 ",\"last\":%" PRId64 "}\n",
                            (uint64_t)row->key.high, (uint64_t)row->key.low, (uint64_t)row->counter,
                            row->count, row->first, row->last);
}

size_t seenline_sample(char line[SEENLINE_MOST], int64_t sample)
{
    return (size_t)snprintf(line, SEENLINE_MOST, "{\"sample\":\"%016" PRIx64 "\"}\n",
                            (uint64_t)sample);
}

int64_t seenline_counter(const char *sensor, size_t length)
{
    return seen_id_of("sensor", sensor, length);
}

enum result seenline_reader(struct json **json)
{
    return json_init(json, keys, sizeof keys / sizeof *keys);
}

static bool read_hex(const struct json_member *member, uint8_t *bytes, size_t length)
{
    return member && member->type == JSON_STRING && member->length == 2 * length &&
           seen_hex_read(member->text, bytes, length);
}

static bool read_id(const struct json_member *member, int64_t *id)
{
    uint8_t bytes[8];

    if (!read_hex(member, bytes, sizeof bytes))
        return false;
    *id = (int64_t)be64(bytes);
    return true;
}

/* A number, also as a string: ClickHouse writes those of 64 bits so. */
static bool read_number(const struct json_member *member, int64_t least, int64_t most,
                        int64_t *number)
{
    uint64_t value;

    if (!member || (member->type != JSON_NUMBER && member->type != JSON_STRING) ||
        !number_count(member->text, member->length, &value) || value < (uint64_t)least ||
        value > (uint64_t)most)
        return false;
    *number = (int64_t)value;
    return true;
}

static bool read_counter(const struct json_member *const *members, int64_t *counter)
{
    const struct json_member *sensor = members[SENSOR];

    if (members[COUNTER] || !sensor || sensor->type != JSON_STRING ||
        !sensor_is_name(sensor->text, sensor->length))
        return read_id(members[COUNTER], counter);
    *counter = seenline_counter(sensor->text, sensor->length);
    return true;
}

static const char *read_row(const struct json_member *const *members, struct seen_row *row)
{
    uint8_t key[SEEN_KEY_BYTES];

    if (!read_hex(members[KEY], key, sizeof key))
        return "key is not 32 hexadecimal digits";
    row->key = seen_key_read(key);
    if (!read_counter(members, &row->counter))
        return "counter is not 16 hexadecimal digits, and sensor is not a name";
    if (!read_number(members[COUNT], 1, SEEN_COUNT_MOST, &row->count))
        return "n is not a count of samples";
    if (!read_number(members[FIRST], 0, SEEN_TIME_MOST, &row->first))
        return "first is not a number of seconds since 1970";
    if (!read_number(members[LAST], row->first, SEEN_TIME_MOST, &row->last))
        return "last is not a number of seconds since 1970, or is before first";
    return NULL;
}

enum result seenline_read(struct json *json, const char *text, size_t length, struct seenline *line,
                          const char **problem)
{
    const struct json_member *members[MEMBERS] = {NULL}, *found;
    enum result result;
    size_t used, count;

    result = json_read(json, text, length, &used);
    if (result == RESULT_NO_MEMORY)
        return result;
    *problem = result == RESULT_OK    ? NULL
               : result == RESULT_END ? "it is cut off"
                                      : json_problem(json);
    if (*problem)
        return RESULT_DAMAGED;
    found = json_members(json, &count);
    for (size_t i = 0; i < count; i++)
        if (!found[i].element)
            members[found[i].id] = &found[i];
    line->is_sample = members[SAMPLE] && !members[KEY];
    if (!line->is_sample)
        *problem = read_row(members, &line->row);
    else if (!read_id(members[SAMPLE], &line->sample))
        *problem = "sample is not 16 hexadecimal digits";
    return *problem ? RESULT_DAMAGED : RESULT_OK;
}
