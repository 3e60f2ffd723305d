/* SPDX-License-Identifier: Apache-2.0 */
#include "show/short.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>

const char *short_scaled(char text[SHORT_TEXT], uint64_t count)
{
    static const char letters[] = "KMGTPE";
    uint64_t unit = 1000; /* of the letter */
    unsigned i = 0;

    if (count < 1000) {
        snprintf(text, SHORT_TEXT, "%" PRIu64, count);
        return text;
    }
    /* Rounded, there would be 1000 of a unit. */
    while (letters[i + 1] != '\0' && count / unit >= 999 &&
           (count / unit > 999 || count % unit >= unit / 2)) {
        unit *= 1000;
        i++;
    }
    if (count / unit < 10 && (count + unit / 20) / unit < 10) {
        uint64_t tenths = count / (unit / 10) + (count % (unit / 10) >= unit / 20);

        snprintf(text, SHORT_TEXT, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10,
                 letters[i]);
    } else {
        snprintf(text, SHORT_TEXT, "%" PRIu64 "%c", count / unit + (count % unit >= unit / 2),
                 letters[i]);
    }
    return text;
}

const char *short_count(char text[SHORT_TEXT], uint64_t count)
{
    if (count > 99999)
        return short_scaled(text, count);
    snprintf(text, SHORT_TEXT, "%" PRIu64, count);
    return text;
}

/* Two units, the lower one only where there is any of it. */
static void put_two(char text[SHORT_TEXT], int64_t high, char high_unit, int64_t low, char low_unit)
{
    if (low > 0)
        snprintf(text, SHORT_TEXT, "%" PRId64 "%c%" PRId64 "%c", high, high_unit, low, low_unit);
    else
        snprintf(text, SHORT_TEXT, "%" PRId64 "%c", high, high_unit);
}

const char *short_duration(char text[SHORT_TEXT], int64_t microseconds)
{
    int64_t seconds = microseconds / SECOND, minutes = seconds / 60, hours = minutes / 60;
    int64_t days = hours / 24;

    if (microseconds == 0)
        snprintf(text, SHORT_TEXT, "0s");
    else if (microseconds < 1000)
        snprintf(text, SHORT_TEXT, "<1ms");
    else if (microseconds < 999500)
        snprintf(text, SHORT_TEXT, "%" PRId64 "ms", (microseconds + 500) / 1000);
    else if (microseconds < 9950000)
        snprintf(text, SHORT_TEXT, "%" PRId64 ".%" PRId64 "s", (microseconds + 50000) / SECOND,
                 (microseconds + 50000) / 100000 % 10);
    else if (microseconds < 59500000)
        snprintf(text, SHORT_TEXT, "%" PRId64 "s", (microseconds + SECOND / 2) / SECOND);
    else if (minutes == 0)
        snprintf(text, SHORT_TEXT, "1m");
    else if (hours == 0)
        put_two(text, minutes, 'm', seconds % 60, 's');
    else if (days == 0)
        put_two(text, hours, 'h', minutes % 60, 'm');
    else
        put_two(text, days, 'd', days < 100 ? hours % 24 : 0, 'h');
    return text;
}
