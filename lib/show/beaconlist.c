/* SPDX-License-Identifier: Apache-2.0 */
#include "show/beaconlist.h"

#include "base/clock.h"
#include "base/grow.h"
#include "base/number.h"
#include "base/timestamp.h"

#include <stdlib.h>

enum key {
    KEY_SRC = 1,
    KEY_DST,
    KEY_FLOWS,
    KEY_HOSTS,
    KEY_PREVALENCE,
    KEY_START,
    KEY_END,
    KEY_TOTAL,
    KEY_LONGEST,
    KEY_SENT,
    KEY_RECEIVED,
    KEY_INTERVAL,
    KEY_JITTER,
    KEY_SCORE,
    KEY_TIMING,
    KEY_SIZE,
    KEY_HISTOGRAM,
    KEY_DURATION,
    KEY_LONG,
    KEY_STROBE,
    KEY_WHEN_START,
    KEY_WHEN_END,
    KEY_WHEN
};

static const struct json_key keys[] = {
    {"src", KEY_SRC},
    {"dst", KEY_DST},
    {"flows", KEY_FLOWS},
    {"hosts", KEY_HOSTS},
    {"prevalence", KEY_PREVALENCE},
    {"start", KEY_START},
    {"end", KEY_END},
    {"totalDuration", KEY_TOTAL},
    {"longestDuration", KEY_LONGEST},
    {"srcBytes", KEY_SENT},
    {"dstBytes", KEY_RECEIVED},
    {"interval", KEY_INTERVAL},
    {"jitter", KEY_JITTER},
    {"beaconScore", KEY_SCORE},
    {"timingScore", KEY_TIMING},
    {"sizeScore", KEY_SIZE},
    {"histogramScore", KEY_HISTOGRAM},
    {"durationScore", KEY_DURATION},
    {"longScore", KEY_LONG},
    {"strobe", KEY_STROBE},
    {"whenStart", KEY_WHEN_START},
    {"whenEnd", KEY_WHEN_END},
    {"when", KEY_WHEN},
};

enum result beacon_list_init(struct beacon_list *list)
{
    enum result result;

    *list = (struct beacon_list){.count = 0};
    result = json_init(&list->json, keys, sizeof keys / sizeof *keys);
    return result == RESULT_OK ? intern_init(&list->names) : result;
}

void beacon_list_destroy(struct beacon_list *list)
{
    json_destroy(&list->json);
    intern_destroy(&list->names);
    free(list->beacons);
    *list = (struct beacon_list){.count = 0};
}

enum result beacon_list_clear(struct beacon_list *list)
{
    beacon_list_destroy(list);
    return beacon_list_init(list);
}

/* Values of members; false: the member has another one. */

static bool read_count(const struct json_member *member, uint64_t *count)
{
    return member->type == JSON_NUMBER && number_count(member->text, member->length, count);
}

static bool read_hosts(const struct json_member *member, uint32_t *hosts)
{
    uint64_t count;
    bool read = read_count(member, &count) && count <= UINT32_MAX;

    if (read)
        *hosts = (uint32_t)count;
    return read;
}

static bool read_duration(const struct json_member *member, int64_t *duration)
{
    return member->type == JSON_NUMBER && number_seconds(member->text, member->length, duration);
}

static bool read_score(const struct json_member *member, uint32_t *score)
{
    int64_t millionths;
    bool read = read_duration(member, &millionths) && millionths <= SECOND;

    if (read)
        *score = (uint32_t)(millionths / 1000);
    return read;
}

static bool read_time(const struct json_member *member, int64_t *time)
{
    return member->type == JSON_STRING && timestamp_read(member->text, member->length, time);
}

/* A line as it is read. */
struct reading {
    struct beacon beacon;
    size_t parts; /* of when */
    enum result result;
};

static bool read_name(struct beacon_list *list, struct reading *reading,
                      const struct json_member *member, struct record_text *name)
{
    uint32_t index;

    if (member->type != JSON_STRING)
        return false;
    reading->result = intern_add(&list->names, member->text,
                                 text_cut(member->text, member->length, BEACON_NAME_MOST), &index);
    if (reading->result == RESULT_OK)
        name->bytes = intern_text(&list->names, index, &name->length);
    return reading->result == RESULT_OK;
}

static bool read_when(struct reading *reading, const struct json_member *member)
{
    if (!member->element)
        return member->type == JSON_CONTAINER;
    return reading->parts < SCORE_PARTS &&
           read_count(member, &reading->beacon.when[reading->parts++]);
}

static bool read_strobe(const struct json_member *member, bool *strobe)
{
    *strobe = member->type == JSON_BOOLEAN && *member->text == 't';
    return member->type == JSON_BOOLEAN;
}

static bool read_member(struct beacon_list *list, struct reading *reading,
                        const struct json_member *member)
{
    struct beacon *beacon = &reading->beacon;

    switch ((enum key)member->id) {
    case KEY_SRC:
        return read_name(list, reading, member, &beacon->src);
    case KEY_DST:
        return read_name(list, reading, member, &beacon->dst);
    case KEY_FLOWS:
        return read_count(member, &beacon->flows);
    case KEY_HOSTS:
        return read_hosts(member, &beacon->hosts);
    case KEY_PREVALENCE:
        return read_score(member, &beacon->prevalence);
    case KEY_START:
        return read_time(member, &beacon->start);
    case KEY_END:
        return read_time(member, &beacon->end);
    case KEY_TOTAL:
        return read_duration(member, &beacon->total);
    case KEY_LONGEST:
        return read_duration(member, &beacon->longest);
    case KEY_SENT:
        return read_count(member, &beacon->sent);
    case KEY_RECEIVED:
        return read_count(member, &beacon->received);
    case KEY_INTERVAL:
        return read_duration(member, &beacon->score.interval);
    case KEY_JITTER:
        return read_duration(member, &beacon->score.jitter);
    case KEY_SCORE:
        beacon->scored = true;
        return read_score(member, &beacon->score.all);
    case KEY_TIMING:
        return read_score(member, &beacon->score.timing);
    case KEY_SIZE:
        return read_score(member, &beacon->score.size);
    case KEY_HISTOGRAM:
        return read_score(member, &beacon->score.histogram);
    case KEY_DURATION:
        return read_score(member, &beacon->score.duration);
    case KEY_LONG:
        return read_score(member, &beacon->long_score);
    case KEY_STROBE:
        return read_strobe(member, &beacon->strobe);
    case KEY_WHEN_START:
        return read_time(member, &beacon->when_start);
    case KEY_WHEN_END:
        return read_time(member, &beacon->when_end);
    default:
        return read_when(reading, member);
    }
}

/* What each line has is there. */
static bool is_whole(const struct reading *reading)
{
    const struct beacon *beacon = &reading->beacon;

    return beacon->src.bytes && beacon->dst.bytes && beacon->flows > 0 && beacon->start >= 0 &&
           beacon->end >= beacon->start && beacon->when_start >= 0 &&
           beacon->when_end >= beacon->when_start && reading->parts == SCORE_PARTS;
}

enum result beacon_list_read(struct beacon_list *list, const char *line, size_t length)
{
    struct reading reading = {
        .beacon = {.start = -1, .end = -1, .when_start = -1, .when_end = -1},
        .result = RESULT_OK,
    };
    const struct json_member *members;
    size_t used, count;
    struct beacon *grown;
    enum result result = json_read(list->json, line, length, &used);

    if (result != RESULT_OK)
        return result == RESULT_NO_MEMORY ? result : RESULT_DAMAGED;
    members = json_members(list->json, &count);
    for (size_t i = 0; i < count; i++)
        if (!read_member(list, &reading, &members[i]))
            return reading.result == RESULT_OK ? RESULT_DAMAGED : reading.result;
    if (!is_whole(&reading))
        return RESULT_DAMAGED;
    grown = grow(list->beacons, list->count, &list->capacity, sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    list->beacons = grown;
    list->beacons[list->count++] = reading.beacon;
    return RESULT_OK;
}

void beacon_list_sort(struct beacon_list *list)
{
    if (list->count > 0)
        qsort(list->beacons, list->count, sizeof *list->beacons, beacon_compare);
}
