/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 128-bit unsigned integers, as far as products of two 64-bit integers need them. Compilers have
 * such a type, but not for 32-bit machines; there, four smaller products are added.
 */
#ifndef SECFLOW_WIDE_H
#define SECFLOW_WIDE_H

#include <stdbool.h>
#include <stdint.h>

struct wide {
    uint64_t high, low;
};

/* a * b, in 32-bit halves. */
static inline struct wide wide_multiply_halves(uint64_t a, uint64_t b)
{
    uint64_t a_high = a >> 32, a_low = (uint32_t)a, b_high = b >> 32, b_low = (uint32_t)b;
    uint64_t low = a_low * b_low, one = a_high * b_low, other = a_low * b_high;
    uint64_t middle = (low >> 32) + (uint32_t)one + (uint32_t)other;

    return (struct wide){a_high * b_high + (one >> 32) + (other >> 32) + (middle >> 32),
                         middle << 32 | (uint32_t)low};
}

/* a * b. */
static inline struct wide wide_multiply(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    __extension__ typedef unsigned __int128 native;
    native product = (native)a * b;

    return (struct wide){(uint64_t)(product >> 64), (uint64_t)product};
#else
    return wide_multiply_halves(a, b);
#endif
}

static inline bool wide_less(struct wide a, struct wide b)
{
    return a.high < b.high || (a.high == b.high && a.low < b.low);
}

/* a / 2^bits; bits is less than 128. */
static inline struct wide wide_shift_right(struct wide a, unsigned bits)
{
    if (bits >= 64)
        return (struct wide){0, a.high >> (bits - 64)};
    if (bits == 0)
        return a;
    return (struct wide){a.high >> bits, a.high << (64 - bits) | a.low >> bits};
}

/* True if one of the lowest `bits` bits is set; bits is less than 128. */
static inline bool wide_has_lowest(struct wide a, unsigned bits)
{
    struct wide mask = wide_shift_right((struct wide){UINT64_MAX, UINT64_MAX}, 127 - bits);

    mask = wide_shift_right(mask, 1);
    return (a.high & mask.high) != 0 || (a.low & mask.low) != 0;
}

#endif
