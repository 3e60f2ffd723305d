/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parses numbers: counts, and seconds as JSON and Zeek logs write them. Formats counts for people.
 */
#ifndef SECFLOW_NUMBER_H
#define SECFLOW_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

/* The value of a hexadecimal digit; more than 15: not one. */
static inline unsigned hex_value(char c)
{
    unsigned letter = ((unsigned char)c | 0x20u) - 'a';

    return is_digit(c) ? (unsigned)(c - '0') : letter < 6 ? letter + 10 : 16;
}

/*
 * The number that eight digits make, of which the lowest byte has the first, each as its value.
 * Pairs of them are joined, then pairs of pairs, then those.
 */
static inline uint64_t number_eight(uint64_t digits)
{
    digits = digits * ((10 << 8) + 1) >> 8 & UINT64_C(0x00ff00ff00ff00ff);
    digits = digits * ((100 << 16) + 1) >> 16 & UINT64_C(0x0000ffff0000ffff);
    return digits * ((UINT64_C(10000) << 32) + 1) >> 32;
}

/* Parses an unsigned decimal integer of up to 64 bits. False if the text is not one. */
bool number_count(const char *text, size_t length, uint64_t *count);

/* The same, but also accepts a whole floating-point number, such as 100.0 from pandas. */
bool number_whole(const char *text, size_t length, uint64_t *count);

/*
 * Parses seconds into microseconds: a decimal number, with or without an exponent, not negative and
 * before the year 10000. False if the text is not one. With more than six decimals, it is taken as
 * a floating-point number and rounded as printf("%.6f") would.
 */
bool number_seconds(const char *text, size_t length, int64_t *microseconds);

/* Space for the largest count as text, with commas and a final NUL. */
#define NUMBER_GROUPED 27

/* Writes 1234567 as "1,234,567". Returns the text. */
const char *number_grouped(char text[NUMBER_GROUPED], uint64_t count);

#endif
