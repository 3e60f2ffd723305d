/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times as logs and records write them.
 */
#include "../tap.h"
#include "base/timestamp.h"

static void test_times(void)
{
    static const struct {
        const char *text;
        int64_t time;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2023-11-14T22:13:20.268918Z", 1700000000268918},
        {"2023-11-14T23:13:20.268918+0100", 1700000000268918},
        {"2023-11-14T23:43:20.268918+01:30", 1700000000268918},
        {"2023-11-14T16:43:20.268918-05:30", 1700000000268918},
        {"2023-11-14T22:13:20.5Z", 1700000000500000},
        {"2023-11-14T22:13:20.1234567+0000", 1700000000123457},
        {"2023-11-14T22:13:59.9999999Z", 1700000040000000},
        {"1970-01-01T01:00:00.000001+0100", 1},
        {"9999-12-31T23:59:59.999999Z", 253402300799999999},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = strlen(cases[i].text);
        uint8_t *copy = exact_copy(cases[i].text, length);
        int64_t time = -1;

        ok(timestamp_read((const char *)copy, length, &time), "%s: a time", cases[i].text);
        is_int(time, cases[i].time, "%s: which", cases[i].text);
        exact_free(copy, length);
    }
}

static void test_others(void)
{
    static const char *const cases[] = {
        "2023-11-14T22:13:20",
        "2023-11-14T22:13:2Z",
        "2023-11-14 22:13:20Z",
        "2023-11-14T22:13:20.Z",
        "2023-11-14T22:13:20.26891xZ",
        "2023-11-14T22:13:20.2e1Z",
        "2023-11-14T22:13:20.268918",
        "2023-11-14T22:13:20.268918+01",
        "2023-11-14T22:13:20.268918+01:0",
        "2023-11-14T22:13:20.268918+2400",
        "2023-11-14T22:13:20.268918+0060",
        "2023-11-14T22:13:20.268918Z+0100",
        "2023-11-14T22:13:20,268918Z",
        "2023-11-14T22:13:20268918Z",
        "2023-11-14T24:13:20Z",
        "2023-11-14T22:60:20Z",
        "2023-11-14T22:13:60Z",
        "2023-02-29T22:13:20Z",
        "2023-13-01T22:13:20Z",
        "202x-11-14T22:13:20Z",
        "1970-01-01T00:00:00+0001",
        "1899-12-31T23:59:59Z",
        "9999-12-31T23:59:59.9999999Z",
        "",
        "Z",
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = strlen(cases[i]);
        uint8_t *copy = exact_copy(cases[i], length);
        int64_t time;

        ok(!timestamp_read((const char *)copy, length, &time), "'%s' is not a time", cases[i]);
        exact_free(copy, length);
    }
}

int main(void)
{
    test_times();
    test_others();
    return done();
}
