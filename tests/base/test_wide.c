/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 128-bit products: known ones and, if the compiler has such integers, compared with its own.
 */
#include "base/wide.h"

#include "../tap.h"

#define TOP UINT64_MAX

/* Numbers near which a carry may get lost. */
static const uint64_t numbers[] = {
    0,          1,          2,         3,          10,      1000000,
    0x7fffffff, 0x80000000, TOP >> 32, 1ull << 32, TOP / 3, 0x8000000180000001,
    1ull << 63, TOP - 1,    TOP << 32, TOP,
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static bool is_wide(struct wide a, uint64_t high, uint64_t low)
{
    return a.high == high && a.low == low;
}

static void test_products(void)
{
    ok(is_wide(wide_multiply_halves(TOP, TOP), TOP - 1, 1), "the greatest product");
    ok(is_wide(wide_multiply_halves(TOP, 1), 0, TOP), "times one");
    ok(is_wide(wide_multiply_halves(TOP, 0), 0, 0), "times nothing");
    ok(is_wide(wide_multiply_halves(TOP, 2), 1, TOP - 1), "times two");
    ok(is_wide(wide_multiply_halves(1ull << 32, 1ull << 32), 1, 0), "only the upper half");
    ok(is_wide(wide_multiply_halves(0x123456789abcdef0, 0xfedcba9876543210), 0x121fa00ad77d7422,
               0x236d88fe5618cf00),
       "any product");
    for (size_t i = 0; i < NUMBERS; i++)
        for (size_t j = 0; j < NUMBERS; j++) {
            struct wide product = wide_multiply(numbers[i], numbers[j]);
            struct wide halves = wide_multiply_halves(numbers[i], numbers[j]);

            ok(is_wide(product, halves.high, halves.low), "%zu times %zu", i, j);
        }
}

static void test_order(void)
{
    ok(wide_less((struct wide){0, 1}, (struct wide){0, 2}), "less");
    ok(!wide_less((struct wide){0, 2}, (struct wide){0, 2}), "equal");
    ok(wide_less((struct wide){1, TOP}, (struct wide){2, 0}), "less in the upper half");
    ok(!wide_less((struct wide){2, 0}, (struct wide){1, TOP}), "greater in it");
}

static void test_shifts(void)
{
    const struct wide a = {0x8000000000000001, 0x8000000000000001};

    ok(is_wide(wide_shift_right(a, 0), a.high, a.low), "by nothing");
    ok(is_wide(wide_shift_right(a, 1), 1ull << 62, 0xc000000000000000), "by one");
    ok(is_wide(wide_shift_right(a, 63), 1, 3), "by 63");
    ok(is_wide(wide_shift_right(a, 64), 0, a.high), "by 64");
    ok(is_wide(wide_shift_right(a, 127), 0, 1), "by 127");
}

static void test_lowest(void)
{
    const struct wide bits[] = {{0, 0}, {0, 1}, {0, 1ull << 63}, {1, 0}, {1ull << 63, 0}};
    const unsigned places[] = {128, 0, 63, 64, 127};

    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        unsigned wrong = 0;

        for (unsigned n = 0; n < 128; n++)
            wrong += wide_has_lowest(bits[i], n) != (n > places[i]);
        is_int(wrong, 0, "the lowest bits, of which bit %u is set", places[i]);
    }
}

#ifdef __SIZEOF_INT128__
/* Many products and shifts, compared with the compiler's. */
static void test_native(void)
{
    __extension__ typedef unsigned __int128 native;
    uint64_t a = 1, b = 2;
    size_t wrong = 0;

    for (unsigned i = 0; i < 1000000; i++) {
        struct wide product, shifted;
        native want;

        a = a * 6364136223846793005u + 1442695040888963407u;
        b = (b ^ a) * 0x9e3779b97f4a7c15;
        product = wide_multiply_halves(a >> i % 64, b);
        want = (native)(a >> i % 64) * b;
        wrong += !is_wide(product, (uint64_t)(want >> 64), (uint64_t)want);
        shifted = wide_shift_right(product, i % 128);
        wrong += wide_has_lowest(product, i % 128) != (want << 1 << (127 - i % 128) != 0);
        want >>= i % 128;
        wrong += !is_wide(shifted, (uint64_t)(want >> 64), (uint64_t)want);
    }
    is_int(wrong, 0, "a million products and shifts as the compiler's own");
}
#endif

int main(void)
{
    test_products();
    test_order();
    test_shifts();
    test_lowest();
#ifdef __SIZEOF_INT128__
    test_native();
#endif
    return done();
}
