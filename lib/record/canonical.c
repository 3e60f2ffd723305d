/* SPDX-License-Identifier: Apache-2.0 */
#include "record/canonical.h"

#include "record/recordread.h"
#include "record/take.h"

/* What stands between two places; of a string, text is what stands in the quotes. */
static inline void set_member(struct json_member *member, const char *raw, const char *end,
                              enum json_type type)
{
    size_t quote = type == JSON_STRING, length = (size_t)(end - raw);

    *member = (struct json_member){
        .text = raw + quote,
        .raw = raw,
        .length = (uint32_t)(length - 2 * quote),
        .raw_length = (uint32_t)length,
        .type = (uint8_t)type,
    };
}

/* The rest of a string, after its opening quote. */
static const char *take_string(const char *p, const char *begin, const char *end,
                               struct json_member *member)
{
    const char *after = take_text(p, begin, end);

    if (after)
        set_member(member, p - 1, after, JSON_STRING);
    return after;
}

static inline const char *take_count(const char *p, const char *end, struct json_member *member,
                                     uint64_t *count)
{
    const char *after = take_whole(p, end, count);

    if (after)
        set_member(member, p, after, JSON_NUMBER);
    return after;
}

static const char *take_number_of_seconds(const char *p, const char *end,
                                          struct json_member *member, int64_t *microseconds)
{
    const char *after = take_seconds(p, end, microseconds);

    if (after)
        set_member(member, p, after, JSON_NUMBER);
    return after;
}

static const char *take_ten(const char *line, const char *end, struct json_member *members,
                            struct record *record)
{
    const char *p = TAKE(line, end, "{\"src\":\"");

    p = take_string(p, line, end, &members[RECORD_SRC]);
    p = TAKE(p, end, ",\"dst\":\"");
    p = take_string(p, line, end, &members[RECORD_DST]);
    p = TAKE(p, end, ",\"destinationNameSource\":\"");
    p = take_string(p, line, end, &members[RECORD_NAME_SOURCE]);
    p = TAKE(p, end, ",\"srcPkts\":");
    p = take_count(p, end, &members[RECORD_SRC_PACKETS], &record->src_packets);
    p = TAKE(p, end, ",\"srcBytes\":");
    p = take_count(p, end, &members[RECORD_SRC_BYTES], &record->src_bytes);
    p = TAKE(p, end, ",\"dstPkts\":");
    p = take_count(p, end, &members[RECORD_DST_PACKETS], &record->dst_packets);
    p = TAKE(p, end, ",\"dstBytes\":");
    p = take_count(p, end, &members[RECORD_DST_BYTES], &record->dst_bytes);
    p = TAKE(p, end, ",\"relativeStart\":");
    p = take_number_of_seconds(p, end, &members[RECORD_RELATIVE_START], &record->relative_start);
    p = TAKE(p, end, ",\"protocolInformation\":\"");
    p = take_string(p, line, end, &members[RECORD_PROTOCOL_INFORMATION]);
    p = TAKE(p, end, ",\"duration\":");
    return take_number_of_seconds(p, end, &members[RECORD_DURATION], &record->duration);
}

/* Reads a field that may follow, and sets its bit if it does. */
static const char *take_date(const char *p, const char *end, struct canonical *canonical,
                             int64_t *date)
{
    static const char key[] = ",\"trafficDate\":\"";
    int64_t time;
    const char *after = take_seconds(TAKE(p, end, key), end, &time);

    after = TAKE(after, end, "\"");
    if (!after)
        return p;
    set_member(&canonical->members[RECORD_TRAFFIC_DATE], p + sizeof key - 2, after, JSON_STRING);
    canonical->there |= 1u << RECORD_TRAFFIC_DATE;
    *date = time;
    return after;
}

static inline __attribute__((always_inline)) const char *
take_option(const char *p, const char *line, const char *end, const char *key, size_t length,
            struct canonical *canonical, unsigned member)
{
    const char *after =
        take_string(take_literal(p, end, key, length), line, end, &canonical->members[member]);

    if (!after)
        return p;
    canonical->there |= 1u << member;
    return after;
}

#define TAKE_OPTION(p, key, canonical, member)                                                     \
    take_option(p, line, end, key, sizeof(key) - 1, canonical, member)

bool canonical_read(struct canonical *canonical, const char *line, size_t length,
                    struct record *record)
{
    const char *end = line + length, *p = take_ten(line, end, canonical->members, record);

    if (!p)
        return false;
    canonical->there = (1u << RECORD_TRAFFIC_DATE) - 1;
    p = take_date(p, end, canonical, &record->traffic_date);
    p = TAKE_OPTION(p, ",\"proto\":\"", canonical, RECORD_PROTO);
    p = TAKE_OPTION(p, ",\"sensor\":\"", canonical, RECORD_SENSOR);
    canonical->first_end = (size_t)(p - line);
    p = TAKE_OPTION(p, ",\"flowCategory\":\"", canonical, CANONICAL_CATEGORY);
    p = TAKE_OPTION(p, ",\"flowId\":\"", canonical, CANONICAL_FLOW_ID);
    canonical->end = (size_t)(p - line);
    return true;
}
