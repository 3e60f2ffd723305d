/* SPDX-License-Identifier: Apache-2.0 */
#include "record/canonical.h"

#include "base/clock.h"
#include "base/number.h"
#include "base/plain.h"

#include <string.h>

/* What is left of a line, and where the next value goes. */
struct cursor {
    const char *begin, *p, *end;
    struct json_member *member;
};

static inline __attribute__((always_inline)) bool take_literal(struct cursor *cursor,
                                                               const char *literal, size_t length)
{
    if ((size_t)(cursor->end - cursor->p) < length || memcmp(cursor->p, literal, length) != 0)
        return false;
    cursor->p += length;
    return true;
}

#define TAKE(cursor, literal) take_literal(cursor, literal, sizeof(literal) - 1)

/* A value that begins there and ends here; of a string, text is what stands in the quotes. */
static bool end_value(struct cursor *cursor, const char *raw, enum json_type type)
{
    size_t quote = type == JSON_STRING, length = (size_t)(cursor->p - raw);

    *cursor->member++ = (struct json_member){
        .text = raw + quote,
        .raw = raw,
        .length = (uint32_t)(length - 2 * quote),
        .raw_length = (uint32_t)length,
        .type = (uint8_t)type,
    };
    return true;
}

/* The rest of a string, after its opening quote. */
static bool take_string(struct cursor *cursor)
{
    const char *raw = cursor->p - 1;

    cursor->p = plain_skip(cursor->begin, cursor->p, cursor->end);
    return TAKE(cursor, "\"") && end_value(cursor, raw, JSON_STRING);
}

static const uint64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/*
 * Digits, of which there are 1 to 15, and behind which the line must go on: those of a word, and
 * where all of it are, those of the next. Returns their number; 0: otherwise.
 */
static size_t take_digits(struct cursor *cursor, uint64_t *value)
{
    const uint8_t *p = (const uint8_t *)cursor->p;
    uint64_t word, others;
    size_t more;

    if (cursor->end - cursor->p < 16)
        return 0;
    word = le64(p) ^ BYTES_EACH * '0';
    others = bytes_above_9(word);
    if (others) {
        more = (size_t)__builtin_ctzll(others) / 8;
        *value = more == 0 ? 0 : number_eight(word << (8 - more) * 8);
        cursor->p += more;
        return more;
    }
    *value = number_eight(word);
    word = le64(p + 8) ^ BYTES_EACH * '0';
    others = bytes_above_9(word);
    if (others == 0)
        return 0;
    more = (size_t)__builtin_ctzll(others) / 8;
    if (more > 0)
        *value = *value * powers[more] + number_eight(word << (8 - more) * 8);
    cursor->p += 8 + more;
    return 8 + more;
}

/* As JSON has them: without zeros before others. */
static bool take_whole(struct cursor *cursor, uint64_t *value)
{
    const char *first = cursor->p;
    size_t count = take_digits(cursor, value);

    return count == 1 || (count > 1 && *first != '0');
}

static bool take_count(struct cursor *cursor, uint64_t *count)
{
    const char *raw = cursor->p;

    return take_whole(cursor, count) && end_value(cursor, raw, JSON_NUMBER);
}

/* With one to six decimals. */
static bool take_seconds(struct cursor *cursor, int64_t *microseconds)
{
    uint64_t whole, decimals;
    size_t count;

    if (!take_whole(cursor, &whole) || whole >= TIME_END / SECOND || !TAKE(cursor, "."))
        return false;
    count = take_digits(cursor, &decimals);
    if (count == 0 || count > 6)
        return false;
    *microseconds = (int64_t)(whole * SECOND + decimals * powers[6 - count]);
    return true;
}

static bool take_number_of_seconds(struct cursor *cursor, int64_t *microseconds)
{
    const char *raw = cursor->p;

    return take_seconds(cursor, microseconds) && end_value(cursor, raw, JSON_NUMBER);
}

static bool take_ten(struct cursor *cursor, struct record *record)
{
    return TAKE(cursor, "{\"src\":\"") && take_string(cursor) && TAKE(cursor, ",\"dst\":\"") &&
           take_string(cursor) && TAKE(cursor, ",\"destinationNameSource\":\"") &&
           take_string(cursor) && TAKE(cursor, ",\"srcPkts\":") &&
           take_count(cursor, &record->src_packets) && TAKE(cursor, ",\"srcBytes\":") &&
           take_count(cursor, &record->src_bytes) && TAKE(cursor, ",\"dstPkts\":") &&
           take_count(cursor, &record->dst_packets) && TAKE(cursor, ",\"dstBytes\":") &&
           take_count(cursor, &record->dst_bytes) && TAKE(cursor, ",\"relativeStart\":") &&
           take_number_of_seconds(cursor, &record->relative_start) &&
           TAKE(cursor, ",\"protocolInformation\":\"") && take_string(cursor) &&
           TAKE(cursor, ",\"duration\":") && take_number_of_seconds(cursor, &record->duration);
}

static bool take_date(struct cursor *cursor, int64_t *date)
{
    static const char key[] = ",\"trafficDate\":";
    const char *raw = cursor->p + sizeof key - 1;

    return take_literal(cursor, key, sizeof key - 1) && TAKE(cursor, "\"") &&
           take_seconds(cursor, date) && TAKE(cursor, "\"") && end_value(cursor, raw, JSON_STRING);
}

static bool take_proto(struct cursor *cursor)
{
    return TAKE(cursor, ",\"proto\":\"") && take_string(cursor);
}

bool canonical_read(struct canonical *canonical, const char *line, size_t length,
                    struct record *record)
{
    struct cursor cursor = {line, line, line + length, canonical->members}, before;
    int64_t date;

    if (!take_ten(&cursor, record))
        return false;
    before = cursor;
    if (take_date(&cursor, &date)) {
        record->traffic_date = date;
        before = cursor;
        if (take_proto(&cursor))
            before = cursor;
    }
    canonical->count = (unsigned)(before.member - canonical->members);
    canonical->end = (size_t)(before.p - line);
    return true;
}
