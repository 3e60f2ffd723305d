/* SPDX-License-Identifier: Apache-2.0 */
#include "show/units.h"

#include "base/calendar.h"

#include <inttypes.h>
#include <stdio.h>

/* A number of units, of which there are `per` in what is shown: a decimal where it is below 10. */
static void put_scaled(char text[UNITS_TEXT], uint64_t number, uint64_t per, const char *unit)
{
    uint64_t tenths = number / per * 10 + (number % per * 10 + per / 2) / per;

    if (tenths < 100 && number % per != 0)
        snprintf(text, UNITS_TEXT, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10, unit);
    else
        snprintf(text, UNITS_TEXT, "%" PRIu64 " %s", number / per + (number % per >= per - per / 2),
                 unit);
}

/* A number of two units, and nothing of the smaller one where there is none. */
static void put_two(char text[UNITS_TEXT], uint64_t large, const char *large_unit, uint64_t small,
                    const char *small_unit)
{
    if (small > 0)
        snprintf(text, UNITS_TEXT, "%u %s %u %s", (unsigned)large, large_unit, (unsigned char)small,
                 small_unit);
    else
        snprintf(text, UNITS_TEXT, "%u %s", (unsigned)large, large_unit);
}

const char *units_bytes(char text[UNITS_TEXT], uint64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    uint64_t per = 1000;
    unsigned unit = 0;

    if (bytes < per) {
        snprintf(text, UNITS_TEXT, "%" PRIu64 " B", bytes);
        return text;
    }
    /* 999.5 and more would be rounded to 1000. */
    while (unit < 5 && bytes - per / 2 >= per * 999) {
        per *= 1000;
        unit++;
    }
    put_scaled(text, bytes, per, units[unit]);
    return text;
}

const char *units_duration(char text[UNITS_TEXT], int64_t microseconds)
{
    uint64_t time = microseconds > 0 ? (uint64_t)microseconds : 0, seconds = time / 1000000;

    if (time == 0)
        snprintf(text, UNITS_TEXT, "0 s");
    else if (time < 1000)
        snprintf(text, UNITS_TEXT, "%" PRIu64 " us", time);
    else if (time < 999500)
        put_scaled(text, time, 1000, "ms");
    else if (time < 59500000)
        put_scaled(text, time, 1000000, "s");
    else if (seconds < 60)
        snprintf(text, UNITS_TEXT, "1 min");
    else if (seconds < 3600)
        put_two(text, seconds / 60, "min", seconds % 60, "s");
    else if (seconds < DAY_SECONDS)
        put_two(text, seconds / 3600, "h", seconds / 60 % 60, "min");
    else
        put_two(text, seconds / DAY_SECONDS, "d", seconds / 3600 % 24, "h");
    return text;
}

const char *units_time(char text[UNITS_TEXT], int64_t microseconds)
{
    int64_t seconds = microseconds / 1000000;
    struct date date = calendar_date(seconds / DAY_SECONDS);
    unsigned of_day = (unsigned)(seconds % DAY_SECONDS);

    snprintf(text, UNITS_TEXT, "%04u-%02u-%02u %02u:%02u:%02u", (unsigned)date.year % 10000,
             (unsigned)date.month % 100, (unsigned)date.day % 100, of_day / 3600 % 100,
             of_day / 60 % 60, of_day % 60);
    return text;
}

size_t units_time_from(int64_t first, int64_t last)
{
    const int64_t day = INT64_C(1000000) * DAY_SECONDS;

    if (last - first >= 365 * day)
        return 0;
    return first / day != last / day ? UNITS_AFTER_YEAR : UNITS_TIME_OF_DAY;
}
