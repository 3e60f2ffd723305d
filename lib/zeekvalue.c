/*
 * Numbers and times as Zeek writes them.
 */
#include "zeekread.h"

#include "frame.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)

/* So many decimal digits fit in 64 bits, whatever they are. */
#define DIGITS 19

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

bool zeek_count(const char *text, size_t length, uint64_t *count)
{
    const char *p = text, *end = text + length, *limit = length > DIGITS ? text + DIGITS : end;
    uint64_t value = 0;

    for (; p < limit && is_digit(*p); p++)
        value = value * 10 + (unsigned)(*p - '0');
    for (; p < end && is_digit(*p); p++)
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (unsigned)(*p - '0'), &value))
            return false;
    *count = value;
    return p == end && length > 0;
}

/*
 * Microseconds in a floating-point number of seconds, from 0 to the year 9999, rounded as
 * printf("%.6f") does it: the number stands for an exact fraction, of which the nearest microsecond
 * is taken, of two the even one.
 */
static void round_seconds(double seconds, int64_t *microseconds)
{
    __extension__ typedef unsigned __int128 wide;
    int exponent;
    double fraction = frexp(seconds, &exponent);
    int shift = DBL_MANT_DIG - exponent; /* seconds is an integer of 53 bits over 2^shift */
    wide value, rest, half;

    *microseconds = 0;
    if (shift >= 100) /* less than half a microsecond by far */
        return;
    value = (wide)(uint64_t)ldexp(fraction, DBL_MANT_DIG) * 1000000;
    half = (wide)1 << (shift - 1);
    rest = value & (2 * half - 1);
    *microseconds = (int64_t)(value >> shift);
    if (rest > half || (rest == half && *microseconds % 2 == 1))
        ++*microseconds;
}

/* The same for the text of one, with an exponent or any number of digits. */
static bool read_double(const char *text, size_t length, int64_t *microseconds)
{
    char copy[64], *end;
    double seconds;

    if (length == 0 || length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (strspn(copy, "0123456789.eE+-") != length)
        return false;
    seconds = strtod(copy, &end);
    if (seconds < 0 && seconds > -0.0000005)
        seconds = 0; /* what printf writes as -0.000000 */
    if (end != copy + length || seconds < 0 || seconds >= (double)FRAME_TIME_END / 1000000)
        return false;
    round_seconds(seconds, microseconds);
    return true;
}

/*
 * More than six decimals are those of Zeek's floating-point numbers in JSON. In TSV Zeek has
 * rounded the same numbers itself, which must come to the same. The text is that of a double no
 * further from it than 2^-53 of its value, so the text can be rounded instead, unless the half is
 * that near.
 */
bool zeek_seconds(const char *text, size_t length, int64_t *microseconds)
{
    static const uint64_t powers[] = {
        1,           10,           100,           1000,           10000,
        100000,      1000000,      10000000,      100000000,      1000000000,
        10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000};
    const char *p = text, *end = text + length, *point;
    const char *limit = length > DIGITS ? text + DIGITS : end;
    uint64_t value = 0, rest, half, near;
    size_t decimals = 0, more;

    for (; p < limit && is_digit(*p); p++)
        value = value * 10 + (unsigned)(*p - '0');
    if (p > text && p < end && *p == '.') {
        point = p++;
        limit += limit < end;
        for (; p < limit && is_digit(*p); p++)
            value = value * 10 + (unsigned)(*p - '0');
        decimals = (size_t)(p - point - 1);
        if (decimals == 0)
            return false;
    }
    if (p < end || length == 0 || decimals >= 6 + sizeof powers / sizeof *powers)
        return read_double(text, length, microseconds);
    if (decimals <= 6) {
        if (value >= (uint64_t)FRAME_TIME_END / powers[6 - decimals])
            return false;
        *microseconds = (int64_t)(value * powers[6 - decimals]);
        return true;
    }
    more = decimals - 6;
    rest = value % powers[more];
    half = powers[more] / 2;
    near = (value >> 53) + 1;
    if (rest <= half + near && rest + near >= half)
        return read_double(text, length, microseconds);
    *microseconds = (int64_t)(value / powers[more]) + (rest > half);
    return *microseconds < FRAME_TIME_END;
}

/* Days from 1970-01-01, in the Gregorian calendar; years begin in March, so that leap days end
 * them. */
static int64_t days_since_1970(int year, int month, int day)
{
    int y = month > 2 ? year : year - 1;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static bool read_two(const char *p, int low, int high, int *value)
{
    if (!is_digit(p[0]) || !is_digit(p[1]))
        return false;
    *value = (p[0] - '0') * 10 + p[1] - '0';
    return *value >= low && *value <= high;
}

static int month_days(int year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
        return 29;
    return days[month - 1];
}

/* 2020-06-05T14:39:59.305988Z, with any number of decimals or none. */
static bool read_iso8601(const char *text, size_t length, int64_t *microseconds)
{
    int century, year, month, day, hour, minute, second;
    int64_t seconds;

    if (length < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
        text[16] != ':' || text[length - 1] != 'Z')
        return false;
    if (!read_two(text, 19, 99, &century) || !read_two(text + 2, 0, 99, &year) ||
        !read_two(text + 5, 1, 12, &month) || !read_two(text + 8, 1, 31, &day) ||
        !read_two(text + 11, 0, 23, &hour) || !read_two(text + 14, 0, 59, &minute) ||
        !read_two(text + 17, 0, 59, &second) || (length > 20 && text[19] != '.') ||
        memchr(text + 20, 'e', length - 20) || memchr(text + 20, 'E', length - 20) ||
        !zeek_seconds(text + 17, length - 18, microseconds))
        return false;
    year += century * 100;
    if (day > month_days(year, month))
        return false;
    seconds = days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60;
    *microseconds += seconds * SECOND;
    return seconds >= 0 && *microseconds < FRAME_TIME_END;
}

bool zeek_time(const char *text, size_t length, int64_t *microseconds)
{
    uint64_t milliseconds;

    if (length >= 20 && text[4] == '-')
        return read_iso8601(text, length, microseconds);
    if (length < 12 || length > 15 || !zeek_count(text, length, &milliseconds))
        return zeek_seconds(text, length, microseconds);
    if (milliseconds >= (uint64_t)FRAME_TIME_END / 1000)
        return false;
    *microseconds = (int64_t)milliseconds * 1000;
    return true;
}
