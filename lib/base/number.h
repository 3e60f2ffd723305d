/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers out of text: counts, and seconds as JSON and Zeek's logs have them. And counts for
 * people.
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

/* A decimal integer of up to 64 bits, without a sign. False when the text is none. */
bool number_count(const char *text, size_t length, uint64_t *count);

/* The same, or as a floating-point number that is whole: 100.0, as pandas writes it. */
bool number_whole(const char *text, size_t length, uint64_t *count);

/*
 * Microseconds out of seconds: a decimal number, with an exponent or without, not negative and
 * before the year 10000. False when the text is none. More than six decimals are taken for those of
 * a floating-point number, and rounded as printf("%.6f") would write it.
 */
bool number_seconds(const char *text, size_t length, int64_t *microseconds);

/* Bytes that the greatest count takes as text, with commas and a final NUL. */
#define NUMBER_GROUPED 27

/* 1234567 as "1,234,567". Returns the text. */
const char *number_grouped(char text[NUMBER_GROUPED], uint64_t count);

#endif
