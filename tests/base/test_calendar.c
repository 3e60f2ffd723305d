/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates and days: known ones, every day of eight thousand years in turn, and what is not a date.
 */
#include "base/calendar.h"

#include "../tap.h"

static void test_known(void)
{
    static const struct {
        int year, month, day;
        int64_t days;
    } cases[] = {
        {1970, 1, 1, 0},         {1970, 2, 28, 58},    {1970, 3, 1, 59},      {1972, 2, 29, 789},
        {2000, 2, 29, 11016},    {2000, 3, 1, 11017},  {2023, 11, 14, 19675}, {2038, 1, 19, 24855},
        {2099, 12, 31, 47481},   {2100, 2, 28, 47540}, {2100, 3, 1, 47541},   {2400, 2, 29, 157113},
        {9999, 12, 31, 2932896},
    };

    int64_t before;

    ok(calendar_day((struct date){1969, 12, 31}, &before) && before == -1, "the day before 1970");
    ok(calendar_day((struct date){1, 1, 1}, &before) && before == -719162, "the first one");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct date date = {cases[i].year, cases[i].month, cases[i].day};
        int64_t day = -1;

        ok(calendar_day(date, &day), "%04d-%02d-%02d is a date", date.year, date.month, date.day);
        is_int(day, cases[i].days, "its day");
        date = calendar_date(cases[i].days);
        ok(date.year == cases[i].year && date.month == cases[i].month && date.day == cases[i].day,
           "the date of day %lld", (long long)cases[i].days);
    }
}

/* Each day is the next of the month, or the first of the next month. */
static void test_in_turn(void)
{
    struct date before = calendar_date(0);
    size_t wrong = 0;
    int64_t again;

    for (int64_t day = 1; day <= 2932896; day++) {
        struct date date = calendar_date(day);
        bool next_month = date.day == 1 && before.day >= 28 &&
                          (date.month == before.month + 1 ? date.year == before.year
                                                          : date.month == 1 && before.month == 12 &&
                                                                date.year == before.year + 1);

        wrong += !calendar_day(date, &again) || again != day;
        wrong += !next_month && (date.day != before.day + 1 || date.month != before.month ||
                                 date.year != before.year);
        before = date;
    }
    is_int(wrong, 0, "each day until 9999");
}

static void test_none(void)
{
    static const struct date cases[] = {
        {10000, 1, 1}, {0, 1, 1},     {2023, 0, 1},  {2023, 13, 1}, {2023, 1, 0},
        {2023, 1, 32}, {2023, 4, 31}, {2023, 2, 29}, {2100, 2, 29}, {2024, 2, 30},
    };
    int64_t day = 7;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ok(!calendar_day(cases[i], &day) && day == 7, "no date %04d-%02d-%02d", cases[i].year,
           cases[i].month, cases[i].day);
}

int main(void)
{
    test_known();
    test_in_turn();
    test_none();
    return done();
}
