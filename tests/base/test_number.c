/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers parsed from text, to the last microsecond, and counts for people.
 */
#include "../tap.h"
#include "base/number.h"

#include <inttypes.h>
#include <math.h>

static void test_counts(void)
{
    static const struct {
        const char *text;
        bool count, whole; /* whether it is valid as one */
        uint64_t want;
    } cases[] = {
        {"0", true, true, 0},
        {"007", true, true, 7},
        {"9999999999999999999", true, true, UINT64_C(9999999999999999999)},
        {"18446744073709551615", true, true, UINT64_MAX},
        {"00000000000000000000000000000000042", true, true, 42},
        {"18446744073709551616", false, false, 0},
        {"99999999999999999999", false, false, 0},
        {"100000000000000000000000", false, false, 0},
        {"", false, false, 0},
        {"-1", false, false, 0},
        {"+1", false, false, 0},
        {" 1", false, false, 0},
        {"1 ", false, false, 0},
        {"0x10", false, false, 0},
        {"12a", false, false, 0},
        {"100.0", false, true, 100},
        {"100.000", false, true, 100},
        {"18446744073709551615.0", false, true, UINT64_MAX},
        {"100.", false, false, 0},
        {".0", false, false, 0},
        {"100.5", false, false, 0},
        {"100.01", false, false, 0},
        {"1.0.0", false, false, 0},
        {"1e2", false, false, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].text;
        uint64_t got = 0;

        ok(number_count(text, strlen(text), &got) == cases[i].count, "\"%s\": a count?", text);
        if (cases[i].count)
            is_int(got, cases[i].want, "\"%s\": which", text);
        ok(number_whole(text, strlen(text), &got) == cases[i].whole, "\"%s\": a whole one?", text);
        if (cases[i].whole)
            is_int(got, cases[i].want, "\"%s\": which", text);
    }
}

#define NONE INT64_MIN

static void test_seconds(void)
{
    static const struct {
        const char *text;
        int64_t want; /* NONE: the text is not one */
    } cases[] = {
        {"0", 0},
        {"1", 1000000},
        {"1700000000.123456", INT64_C(1700000000123456)},
        {"1700000000.1", INT64_C(1700000000100000)},
        {"0.000001", 1},
        {"0.0000004", 0},
        {"0.0000006", 1},
        {"1.5e3", INT64_C(1500000000)},
        {"1E-6", 1},
        {"1e0", 1000000},
        /* The nearest doubles, which count, lie below and above the half. */
        {"0.0000005", 0},
        {"0.0000015", 2},
        {"1700000000.1234565", INT64_C(1700000000123456)},
        {"1700000000.123456478118896484375", INT64_C(1700000000123456)},
        {"0.5000005", 500000},
        /* Halves that a double represents exactly round to even. */
        {"0.00000762939453125", 8}, /* 2^-17 */
        {"0.0078125", 7812},        /* 2^-7: 7812.5 */
        {"0.0234375", 23438},       /* 3 * 2^-7: 23437.5 */
        {"253402300799.999999", INT64_C(253402300799999999)},
        {"253402300799", INT64_C(253402300799000000)},
        {"253402300800", NONE},
        {"253402300800.0000000", NONE},
        {"1e300", NONE},
        {"99999999999999999999", NONE},
        {"-0.0000001", 0},
        {"-0.000000", 0},
        {"-1", NONE},
        {"", NONE},
        {".5", 500000},
        {"1.", NONE},
        {"1.5.5", NONE},
        {"1,5", NONE},
        {"inf", NONE},
        {"nan", NONE},
        {"0x10", NONE},
        {" 1", NONE},
        {"1 ", NONE},
        {"-", NONE},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].text;
        int64_t got = 0;

        if (!number_seconds(text, strlen(text), &got))
            got = NONE;
        is_int(got, cases[i].want, "\"%s\" seconds", text);
    }
}

/* As printf("%.6f") rounds the double that strtod reads, whichever way is used here. */
static void test_rounding(void)
{
    uint64_t state = 1, wrong = 0;

    for (int i = 0; i < 200000; i++) {
        char text[64], rounded[64];
        int decimals, whole;
        int64_t got = 0;
        long long seconds, rest;

        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        decimals = (int)(state >> 33) % 13;
        whole = (int)(state >> 40) % 10;
        snprintf(text, sizeof text, "%.*f", decimals + 1,
                 (double)(state >> 11) / 9007199254740992.0 * pow(10, whole));
        if (i % 2 == 0 && strlen(text) < 40) /* a half, as far as a double can tell */
            strcat(text, "5");
        snprintf(rounded, sizeof rounded, "%.6f", strtod(text, NULL));
        /* NOLINTNEXTLINE(cert-err34-c): what printf wrote */
        need(sscanf(rounded, "%lld.%lld", &seconds, &rest) == 2, "a number");
        if (!number_seconds(text, strlen(text), &got) || got != seconds * 1000000 + rest)
            if (wrong++ < 5)
                printf("# %s: %" PRId64 ", not %s\n", text, got, rounded);
    }
    is_int(wrong, 0, "200000 numbers are rounded as printf would");
}

static void test_grouped(void)
{
    static const struct {
        uint64_t count;
        const char *want;
    } cases[] = {
        {0, "0"},
        {7, "7"},
        {999, "999"},
        {1000, "1,000"},
        {12345, "12,345"},
        {999999, "999,999"},
        {1234567, "1,234,567"},
        {UINT64_MAX, "18,446,744,073,709,551,615"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[NUMBER_GROUPED];

        is_str(number_grouped(text, cases[i].count), cases[i].want, "%s", cases[i].want);
    }
}

int main(void)
{
    test_counts();
    test_seconds();
    test_rounding();
    test_grouped();
    return done();
}
