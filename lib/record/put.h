/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a line, put where there is room for them: each function writes at p and returns the
 * place behind.
 */
#ifndef SECFLOW_PUT_H
#define SECFLOW_PUT_H

#include "base/calendar.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const char two_digits[] =
    "00010203040506070809101112131415161718192021222324252627282930313233"
    "34353637383940414243444546474849505152535455565758596061626364656667"
    "6869707172737475767778798081828384858687888990919293949596979899";

#define DIGITS_MOST 20 /* of 64 bits */

static inline char *put_bytes(char *p, const char *bytes, size_t length)
{
    memcpy(p, bytes, length);
    return p + length;
}

#define put_literal(p, literal) put_bytes((p), (literal), sizeof(literal) - 1)

/* There must be room for DIGITS_MOST bytes: to copy always as many is faster. */
static inline char *put_unsigned(char *p, uint64_t value)
{
    char digits[2 * DIGITS_MOST] = {0};
    char *start = digits + DIGITS_MOST;

    while (value >= 10) {
        *--start = two_digits[value % 100 * 2 + 1];
        *--start = two_digits[value % 100 * 2];
        value /= 100;
    }
    if (value > 0 || start == digits + DIGITS_MOST)
        *--start = (char)('0' + value);
    memcpy(p, start, DIGITS_MOST);
    return p + (digits + DIGITS_MOST - start);
}

static inline char *put_six_digits(char *p, uint32_t value)
{
    memcpy(p, two_digits + value / 10000 * 2, 2);
    memcpy(p + 2, two_digits + value / 100 % 100 * 2, 2);
    memcpy(p + 4, two_digits + value % 100 * 2, 2);
    return p + 6;
}

/* Seconds with six decimals, as trafficDate has them. */
static inline char *put_date(char *p, int64_t microseconds)
{
    p = put_unsigned(p, (uint64_t)microseconds / 1000000);
    *p++ = '.';
    return put_six_digits(p, (uint32_t)((uint64_t)microseconds % 1000000));
}

/* Seconds with up to six decimals: no zeros at the end beyond the first decimal. */
static inline char *put_seconds(char *p, int64_t microseconds)
{
    p = put_date(p, microseconds);
    for (int i = 0; i < 5 && p[-1] == '0'; i++)
        p--;
    return p;
}

static inline char *put_two(char *p, int value)
{
    return put_bytes(p, two_digits + value * 2, 2);
}

/* RFC 3339, UTC, microseconds. Readers take no time outside of the years 1970 to 9999. */
static inline char *put_timestamp(char *p, int64_t microseconds)
{
    int64_t seconds = microseconds / 1000000;
    struct date date = calendar_date(seconds / DAY_SECONDS);
    int second = (int)(seconds % DAY_SECONDS);

    p = put_two(p, date.year / 100);
    p = put_two(p, date.year % 100);
    *p++ = '-';
    p = put_two(p, date.month);
    *p++ = '-';
    p = put_two(p, date.day);
    *p++ = 'T';
    p = put_two(p, second / 3600);
    *p++ = ':';
    p = put_two(p, second / 60 % 60);
    *p++ = ':';
    p = put_two(p, second % 60);
    *p++ = '.';
    p = put_six_digits(p, (uint32_t)(microseconds % 1000000));
    *p++ = 'Z';
    return p;
}

static inline char *put_quote(char *p)
{
    *p++ = '"';
    return p;
}

#endif
