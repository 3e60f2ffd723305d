/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/wide.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Any number of this many decimal digits fits in 64 bits. */
#define DIGITS 19

static bool count_long(const char *text, size_t length, uint64_t *count)
{
    const char *p = text, *end = text + length, *limit = length > DIGITS ? text + DIGITS : end;
    uint64_t value = 0;

    for (; p < limit && is_digit(*p); p++)
        value = value * 10 + (unsigned)(*p - '0');
    for (; p < end && is_digit(*p); p++)
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (unsigned)(*p - '0'), &value))
            return false;
    *count = value;
    return p == end;
}

/* The number that one to eight digits make. False: not all are digits. */
static inline bool read_eight(const char *text, size_t length, uint64_t *value)
{
    unsigned unused = (8 - (unsigned)length) % 8 * 8; /* bits */
    uint64_t word = (le_short((const uint8_t *)text, length) ^ BYTES_EACH * '0') << unused;

    *value = number_eight(word);
    return bytes_above_9(word) == 0;
}

bool number_count(const char *text, size_t length, uint64_t *count)
{
    uint64_t high, low;

    if (length == 0)
        return false;
    if (length <= 8)
        return read_eight(text, length, count);
    if (length > 16)
        return count_long(text, length, count);
    *count = 0;
    if (!read_eight(text, length - 8, &high) || !read_eight(text + length - 8, 8, &low))
        return false;
    *count = high * 100000000 + low;
    return true;
}

bool number_whole(const char *text, size_t length, uint64_t *count)
{
    const char *point, *end = text + length;

    if (number_count(text, length, count))
        return true;
    point = memchr(text, '.', length);
    if (!point || point + 1 == end)
        return false;
    for (const char *p = point + 1; p < end; p++)
        if (*p != '0')
            return false;
    return number_count(text, (size_t)(point - text), count);
}

/*
 * Microseconds in a floating-point number of seconds, from 0 to the year 9999, rounded like
 * printf("%.6f"): the number is an exact fraction; take the nearest microsecond, or of two equally
 * near the even one.
 */
static void round_seconds(double seconds, int64_t *microseconds)
{
    int exponent;
    double fraction = frexp(seconds, &exponent);
    int shift = DBL_MANT_DIG - exponent; /* seconds is an integer of 53 bits over 2^shift */
    struct wide value;
    uint64_t halves;

    *microseconds = 0;
    if (shift >= 100) /* far less than half a microsecond */
        return;
    value = wide_multiply((uint64_t)ldexp(fraction, DBL_MANT_DIG), 1000000);
    halves = wide_shift_right(value, (unsigned)shift - 1).low;
    *microseconds = (int64_t)(halves / 2);
    if (halves % 2 == 1 && (*microseconds % 2 == 1 || wide_has_lowest(value, (unsigned)shift - 1)))
        ++*microseconds;
}

/* The same for a number as text, with an exponent or any number of digits. */
static bool read_double(const char *text, size_t length, int64_t *microseconds)
{
    char copy[64], *end;
    double seconds;

    if (length == 0 || length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (strspn(copy, "0123456789.eE+-") != length)
        return false;
    seconds = strtod(copy, &end);
    if (seconds < 0 && seconds > -0.0000005)
        seconds = 0; /* printf writes -0.000000 */
    if (end != copy + length || seconds < 0 || seconds >= (double)TIME_END / 1000000)
        return false;
    round_seconds(seconds, microseconds);
    return true;
}

static const uint64_t powers[] = {
    1,           10,           100,           1000,           10000,
    100000,      1000000,      10000000,      100000000,      1000000000,
    10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000};

/* Seconds with one to six decimals, as most are. False: others. */
static bool read_short(const char *text, size_t length, int64_t *microseconds)
{
    size_t from = length > 8 ? length - 8 : 0, at;
    uint64_t points, whole, decimals;

    points = bytes_equal(le_short((const uint8_t *)text + from, length - from), '.');
    if (points == 0)
        return false;
    at = from + (size_t)__builtin_ctzll(points) / 8;
    if (at + 1 == length || length - at > 7 || !number_count(text, at, &whole) ||
        !read_eight(text + at + 1, length - at - 1, &decimals) || whole >= TIME_END / SECOND)
        return false;
    *microseconds = (int64_t)(whole * SECOND + decimals * powers[7 - (length - at)]);
    return true;
}

/*
 * A text with more than six decimals differs from its double by at most 2^-53 of the value, so the
 * text can be rounded instead, unless it is that close to a half.
 */
bool number_seconds(const char *text, size_t length, int64_t *microseconds)
{
    const char *p = text, *end = text + length, *point;
    const char *limit = length > DIGITS ? text + DIGITS : end;
    uint64_t value = 0, rest, half, near;
    size_t decimals = 0, more;

    if (read_short(text, length, microseconds))
        return true;
    for (; p < limit && is_digit(*p); p++)
        value = value * 10 + (unsigned)(*p - '0');
    if (p > text && p < end && *p == '.') {
        point = p++;
        limit += limit < end;
        for (; p < limit && is_digit(*p); p++)
            value = value * 10 + (unsigned)(*p - '0');
        decimals = (size_t)(p - point - 1);
        if (decimals == 0)
            return false;
    }
    if (p < end || length == 0 || decimals >= 6 + sizeof powers / sizeof *powers)
        return read_double(text, length, microseconds);
    if (decimals <= 6) {
        if (value >= (uint64_t)TIME_END / powers[6 - decimals])
            return false;
        *microseconds = (int64_t)(value * powers[6 - decimals]);
        return true;
    }
    more = decimals - 6;
    rest = value % powers[more];
    half = powers[more] / 2;
    near = (value >> 53) + 1;
    if (rest <= half + near && rest + near >= half)
        return read_double(text, length, microseconds);
    *microseconds = (int64_t)(value / powers[more]) + (rest > half);
    return *microseconds < TIME_END;
}

const char *number_grouped(char text[NUMBER_GROUPED], uint64_t count)
{
    char digits[21], *out = text;
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return text;
}
