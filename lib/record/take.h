/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a line, taken where they stand as put.h puts them: each function reads what begins
 * at p, and returns where it ends; NULL: it is written otherwise, or p is NULL.
 */
#ifndef SECFLOW_TAKE_H
#define SECFLOW_TAKE_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/plain.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t take_word(const char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof word);
    return word;
}

/* Compares words, where memcmp would be called: the length is known when this is compiled. */
static inline __attribute__((always_inline)) bool take_same(const char *a, const char *b,
                                                            size_t length)
{
    uint64_t differ = 0;

    if (length < 8)
        return memcmp(a, b, length) == 0;
    for (size_t i = 0; i + 8 <= length; i += 8)
        differ |= take_word(a + i) ^ take_word(b + i);
    a += length - 8;
    b += length - 8;
    return (differ | (take_word(a) ^ take_word(b))) == 0;
}

static inline __attribute__((always_inline)) const char *
take_literal(const char *p, const char *end, const char *literal, size_t length)
{
    return p && (size_t)(end - p) >= length && take_same(p, literal, length) ? p + length : NULL;
}

#define TAKE(p, end, literal) take_literal(p, end, literal, sizeof(literal) - 1)

/* The rest of a string without escapes, after its opening quote. */
static inline const char *take_text(const char *p, const char *begin, const char *end)
{
    const char *quote = p ? plain_skip(begin, p, end) : end;

    return quote != end && *quote == '"' ? quote + 1 : NULL;
}

static const uint64_t take_powers[] = {1,      10,      100,      1000,     10000,
                                       100000, 1000000, 10000000, 100000000};

/*
 * Digits, of which there are 1 to 15, and behind which the line must go on: those of a word, and
 * where all of it are, those of the next.
 */
static inline const char *take_digits(const char *p, const char *end, uint64_t *value)
{
    uint64_t word, others;
    size_t more;

    if (!p || end - p < 16)
        return NULL;
    word = le64((const uint8_t *)p) ^ BYTES_EACH * '0';
    others = bytes_above_9(word);
    if (others) {
        more = (size_t)__builtin_ctzll(others) / 8;
        if (more == 0)
            return NULL;
        *value = number_eight(word << (8 - more) * 8);
        return p + more;
    }
    *value = number_eight(word);
    word = le64((const uint8_t *)p + 8) ^ BYTES_EACH * '0';
    others = bytes_above_9(word);
    if (others == 0)
        return NULL;
    more = (size_t)__builtin_ctzll(others) / 8;
    if (more > 0)
        *value = *value * take_powers[more] + number_eight(word << (8 - more) * 8);
    return p + 8 + more;
}

/* As JSON has them: without zeros before others. */
static inline const char *take_whole(const char *p, const char *end, uint64_t *value)
{
    const char *after = take_digits(p, end, value);

    return after && (after == p + 1 || *p != '0') ? after : NULL;
}

/* With one to six decimals. */
static inline const char *take_seconds(const char *p, const char *end, int64_t *microseconds)
{
    uint64_t whole, decimals;
    const char *point = take_whole(p, end, &whole), *after;

    if (!point || *point != '.' || whole >= TIME_END / SECOND)
        return NULL;
    after = take_digits(point + 1, end, &decimals);
    if (!after || after - point > 7)
        return NULL;
    *microseconds = (int64_t)(whole * SECOND + decimals * take_powers[7 - (after - point)]);
    return after;
}

#endif
