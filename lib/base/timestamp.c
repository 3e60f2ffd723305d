/* SPDX-License-Identifier: Apache-2.0 */
#include "base/timestamp.h"

#include "base/calendar.h"
#include "base/clock.h"
#include "base/number.h"

#include <string.h>

static bool read_two(const char *p, int low, int high, int *value)
{
    if (!is_digit(p[0]) || !is_digit(p[1]))
        return false;
    *value = (p[0] - '0') * 10 + p[1] - '0';
    return *value >= low && *value <= high;
}

/*
 * Cuts Z, +0130 or +01:30 off the end of a time of at least 19 characters; zeek-cut -d writes
 * +0130.
 */
static bool cut_offset(const char *text, size_t *length, int64_t *seconds)
{
    size_t from = 19;
    const char *p;
    int hours, minutes;

    while (from < *length && !memchr("Z+-", text[from], 3))
        from++;
    p = text + from;
    *seconds = 0;
    if (*length - from == 1 && *p == 'Z') {
        *length = from;
        return true;
    }
    if (*length - from == 6 ? p[3] != ':' : *length - from != 5)
        return false;
    if (*p == 'Z' || !read_two(p + 1, 0, 23, &hours) ||
        !read_two(text + *length - 2, 0, 59, &minutes))
        return false;
    *seconds = (hours * 60 + minutes) * (*p == '-' ? -60 : 60);
    *length = from;
    return true;
}

bool timestamp_read(const char *text, size_t length, int64_t *microseconds)
{
    int century, year, month, day, hour, minute, second;
    int64_t days, seconds, offset;

    if (length < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
        text[16] != ':' || !cut_offset(text, &length, &offset))
        return false;
    if (!read_two(text, 19, 99, &century) || !read_two(text + 2, 0, 99, &year) ||
        !read_two(text + 5, 1, 12, &month) || !read_two(text + 8, 1, 31, &day) ||
        !read_two(text + 11, 0, 23, &hour) || !read_two(text + 14, 0, 59, &minute) ||
        !read_two(text + 17, 0, 59, &second) || (length > 19 && text[19] != '.') ||
        memchr(text + 19, 'e', length - 19) || memchr(text + 19, 'E', length - 19) ||
        !number_seconds(text + 17, length - 17, microseconds))
        return false;
    if (!calendar_day((struct date){century * 100 + year, month, day}, &days))
        return false;
    seconds = days * DAY_SECONDS + hour * 3600 + minute * 60 - offset;
    *microseconds += seconds * SECOND;
    return seconds >= 0 && *microseconds < TIME_END;
}
