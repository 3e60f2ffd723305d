/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts and durations in few characters.
 */
#include "../tap.h"
#include "show/short.h"

static void test_counts(void)
{
    static const struct {
        uint64_t count;
        const char *scaled, *exact;
    } cases[] = {
        {0, "0", "0"},
        {999, "999", "999"},
        {1000, "1.0K", "1000"},
        {1049, "1.0K", "1049"},
        {1050, "1.1K", "1050"},
        {9949, "9.9K", "9949"},
        {9950, "10K", "9950"},
        {10499, "10K", "10499"},
        {10500, "11K", "10500"},
        {99999, "100K", "99999"},
        {100000, "100K", "100K"},
        {999499, "999K", "999K"},
        {999500, "1.0M", "1.0M"},
        {999499999, "999M", "999M"},
        {999500000, "1.0G", "1.0G"},
        {UINT64_C(999499999999999), "999T", "999T"},
        {UINT64_C(999500000000000), "1.0P", "1.0P"},
        {UINT64_MAX, "18E", "18E"},
    };
    char text[SHORT_TEXT];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        is_str(short_scaled(text, cases[i].count), cases[i].scaled, "scaled %zu", i);
        is_str(short_count(text, cases[i].count), cases[i].exact, "count %zu", i);
    }
}

static void test_durations(void)
{
    static const struct {
        int64_t time;
        const char *want;
    } cases[] = {
        {0, "0s"},
        {1, "<1ms"},
        {999, "<1ms"},
        {1000, "1ms"},
        {1499, "1ms"},
        {1500, "2ms"},
        {999499, "999ms"},
        {999500, "1.0s"},
        {1000000, "1.0s"},
        {9949999, "9.9s"},
        {9950000, "10s"},
        {30757000, "31s"},
        {59499999, "59s"},
        {59500000, "1m"},
        {60000000, "1m"},
        {200000000, "3m20s"},
        {INT64_C(3599999999), "59m59s"},
        {INT64_C(3600000000), "1h"},
        {INT64_C(18720000000), "5h12m"},
        {INT64_C(86399999999), "23h59m"},
        {INT64_C(86400000000), "1d"},
        {INT64_C(187200000000), "2d4h"},
        {INT64_C(8639999999999), "99d23h"},
        {INT64_C(8643600000000), "100d"},
        {INT64_MAX, "106751991d"},
    };
    char text[SHORT_TEXT];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_str(short_duration(text, cases[i].time), cases[i].want, "duration %zu", i);
}

int main(void)
{
    test_counts();
    test_durations();
    return done();
}
