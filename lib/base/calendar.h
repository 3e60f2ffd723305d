/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates of the Gregorian calendar, UTC, as days since 1970-01-01. Integers only, since time_t ends
 * in 2038 on 32-bit machines.
 */
#ifndef SECFLOW_CALENDAR_H
#define SECFLOW_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define DAY_SECONDS 86400

struct date {
    int year, month, day; /* 1 to 9999, 1 to 12, 1 to 31 */
};

/*
 * Both functions count years from March, so that a leap day ends its year, and days from 719468
 * days before 1970.
 */

/* The date of a day, which must not be before 1970. */
static inline struct date calendar_date(int64_t day)
{
    int days = (int)(day + 719468), of_era = days % 146097; /* eras of 400 years */
    int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = of_era - (365 * year + year / 4 - year / 100);
    int month = (5 * of_year + 2) / 153; /* 0: March */

    return (struct date){
        .year = days / 146097 * 400 + year + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = of_year - (153 * month + 2) / 5 + 1,
    };
}

/* The day of a date, negative before 1970. False if there is no such date. */
static inline bool calendar_day(struct date date, int64_t *day)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
    int year = date.month > 2 ? date.year : date.year - 1;
    int month = date.month > 2 ? date.month - 3 : date.month + 9;

    if (date.year < 1 || date.year > 9999 || date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > lengths[date.month - 1] + (leap && date.month == 2))
        return false;
    *day = (int64_t)year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 +
           date.day - 1 - 719468;
    return true;
}

#endif
