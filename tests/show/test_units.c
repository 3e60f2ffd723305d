/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amounts and times as people read them.
 */
#include "../tap.h"
#include "show/units.h"

static void test_bytes(void)
{
    static const struct {
        uint64_t bytes;
        const char *want;
    } cases[] = {
        {0, "0 B"},
        {1, "1 B"},
        {999, "999 B"},
        {1000, "1 kB"},
        {1049, "1.0 kB"},
        {1050, "1.1 kB"},
        {9949, "9.9 kB"},
        {9950, "10 kB"},
        {10499, "10 kB"},
        {10500, "11 kB"},
        {999499, "999 kB"},
        {999500, "1.0 MB"},
        {1234567, "1.2 MB"},
        {999499999, "999 MB"},
        {999500000, "1.0 GB"},
        {UINT64_C(999500000000), "1.0 TB"},
        {UINT64_C(999500000000000000), "1.0 EB"},
        {UINT64_MAX, "18 EB"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[UNITS_TEXT];

        is_str(units_bytes(text, cases[i].bytes), cases[i].want, "bytes: %s", cases[i].want);
    }
}

static void test_durations(void)
{
    static const struct {
        int64_t microseconds;
        const char *want;
    } cases[] = {
        {-1, "0 s"},
        {0, "0 s"},
        {1, "1 us"},
        {999, "999 us"},
        {1000, "1 ms"},
        {1001, "1.0 ms"},
        {12345, "12 ms"},
        {999499, "999 ms"},
        {999500, "1.0 s"},
        {1000000, "1 s"},
        {1500000, "1.5 s"},
        {9950000, "10 s"},
        {59499999, "59 s"},
        {59500000, "1 min"},
        {60000000, "1 min"},
        {90999999, "1 min 30 s"},
        {INT64_C(600000000), "10 min"},
        {INT64_C(3600000000), "1 h"},
        {INT64_C(86399999999), "23 h 59 min"},
        {INT64_C(86400000000), "1 d"},
        {INT64_C(273600000000), "3 d 4 h"},
        {INT64_MAX, "106751991 d 4 h"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[UNITS_TEXT];

        is_str(units_duration(text, cases[i].microseconds), cases[i].want, "a duration: %s",
               cases[i].want);
    }
}

static void test_times(void)
{
    static const struct {
        int64_t microseconds;
        const char *want;
    } cases[] = {
        {0, "1970-01-01 00:00:00"},
        {INT64_C(1709251199999999), "2024-02-29 23:59:59"},
        {INT64_C(253402300799999999), "9999-12-31 23:59:59"},
    };
    char text[UNITS_TEXT];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_str(units_time(text, cases[i].microseconds), cases[i].want, "a time: %s", cases[i].want);
    is_str(text + UNITS_AFTER_YEAR, "12-31 23:59:59", "the year's end");
    is_str(text + UNITS_TIME_OF_DAY, "23:59:59", "the time of day");
    is_str(text + UNITS_TIME, "", "the end of a time");
}

static void test_what_tells_times_apart(void)
{
    const int64_t day = INT64_C(86400000000), start = 20 * day;

    is_int(units_time_from(start, start + day - 1), UNITS_TIME_OF_DAY, "one day");
    is_int(units_time_from(start, start + day), UNITS_AFTER_YEAR, "two days");
    is_int(units_time_from(start, start + 365 * day - 1), UNITS_AFTER_YEAR, "no day comes again");
    is_int(units_time_from(start, start + 365 * day), 0, "a day comes again");
}

int main(void)
{
    test_bytes();
    test_durations();
    test_times();
    test_what_tells_times_apart();
    return done();
}
