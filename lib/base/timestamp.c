/* SPDX-License-Identifier: Apache-2.0 */
#include "base/timestamp.h"

#include "base/calendar.h"
#include "base/clock.h"
#include "base/number.h"

#include <string.h>

/* Reads so many digits, 9 at most, of a number within bounds. */
static inline bool read_digits(const char *p, int count, unsigned low, unsigned high,
                               unsigned *value)
{
    unsigned others = 0;

    *value = 0;
    for (int i = 0; i < count; i++) {
        unsigned digit = (unsigned char)(p[i] - '0');

        others |= digit > 9;
        *value = *value * 10 + digit;
    }
    return others == 0 && *value >= low && *value <= high;
}

static inline bool read_two(const char *p, unsigned low, unsigned high, unsigned *value)
{
    return read_digits(p, 2, low, high, value);
}

/*
 * Cuts Z, +0130 or +01:30 off the end of a time of at least 20 characters; zeek-cut -d writes
 * +0130.
 */
static bool cut_offset(const char *text, size_t *length, int64_t *seconds)
{
    const char *end = text + *length, *sign = end - 5;
    unsigned hours, minutes;

    *seconds = 0;
    if (end[-1] == 'Z') {
        --*length;
        return true;
    }
    if (*sign != '+' && *sign != '-' && end[-3] == ':')
        sign--;
    if (sign < text + 19 || (*sign != '+' && *sign != '-') || !read_two(sign + 1, 0, 23, &hours) ||
        !read_two(end - 2, 0, 59, &minutes))
        return false;
    *seconds = (int64_t)(hours * 60 + minutes) * (*sign == '-' ? -60 : 60);
    *length = (size_t)(sign - text);
    return true;
}

/* Reads seconds, and what is behind them: more often than not, it is microseconds. */
static bool read_seconds(const char *text, size_t length, int64_t *microseconds)
{
    unsigned second, fraction = 0;

    if (!read_two(text, 0, 59, &second) || (length > 2 && text[2] != '.'))
        return false;
    if (length == 2 || (length == 9 && read_digits(text + 3, 6, 0, 999999, &fraction))) {
        *microseconds = second * SECOND + fraction;
        return true;
    }
    return !memchr(text, 'e', length) && !memchr(text, 'E', length) &&
           number_seconds(text, length, microseconds);
}

bool timestamp_read(const char *text, size_t length, int64_t *microseconds)
{
    unsigned year, month, day, hour, minute;
    int64_t days, seconds, offset;

    if (length < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
        text[16] != ':' || !cut_offset(text, &length, &offset))
        return false;
    if (!read_digits(text, 4, 1900, 9999, &year) || !read_two(text + 5, 1, 12, &month) ||
        !read_two(text + 8, 1, 31, &day) || !read_two(text + 11, 0, 23, &hour) ||
        !read_two(text + 14, 0, 59, &minute) ||
        !read_seconds(text + 17, length - 17, microseconds) ||
        !calendar_day((struct date){(int)year, (int)month, (int)day}, &days))
        return false;
    seconds = days * DAY_SECONDS + hour * 3600 + minute * 60 - offset;
    *microseconds += seconds * SECOND;
    return seconds >= 0 && *microseconds < TIME_END;
}
