/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits between attempts: their bounds, for any random number, and that they vary.
 */
#include "../tap.h"
#include "send/backoff.h"

#include <errno.h>
#include <limits.h>
#include <sys/random.h>

enum { TRIES = 2000 };

/* The result of getrandom: the next number of a simple generator, or a chosen one. */
static enum { RANDOM_ANY, RANDOM_CHOSEN, RANDOM_FAILS } mode;
static uint64_t chosen;

/* Replaces the C library's. */
ssize_t getrandom(void *bytes, size_t size, unsigned flags)
{
    static uint64_t state = 1;

    (void)flags;
    if (mode == RANDOM_FAILS || size != sizeof state) {
        errno = ENOSYS;
        return -1;
    }
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    if (mode == RANDOM_ANY)
        chosen = state >> 32 | state << 32;
    memcpy(bytes, &chosen, size);
    return (ssize_t)size;
}

/* Bounds worked out by hand. */
static const struct {
    unsigned failures;
    int64_t most; /* seconds */
} bounds[] = {
    {1, 1},    {2, 2},    {3, 4},     {4, 8},        {5, 16},         {6, 32},
    {7, 64},   {8, 128},  {9, 256},   {10, 512},     {11, 600},       {12, 600},
    {13, 600}, {32, 600}, {33, 600},  {63, 600},     {64, 600},       {65, 600},
    {66, 600}, {99, 600}, {100, 600}, {100000, 600}, {UINT_MAX, 600},
};

static void test_bounds(void)
{
    mode = RANDOM_ANY;
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        int64_t least = INT64_MAX, most = INT64_MIN, limit = bounds[i].most * 1000000;

        for (int j = 0; j < TRIES; j++) {
            int64_t wait = backoff_wait(bounds[i].failures);

            least = wait < least ? wait : least;
            most = wait > most ? wait : most;
        }
        ok(least > 0, "after %u failures: it is never 0 or less", bounds[i].failures);
        ok(most <= limit, "after %u failures: it is at most %lld s", bounds[i].failures,
           (long long)bounds[i].most);
        ok(least < limit / 100 && most > limit - limit / 100,
           "after %u failures: it varies up to that", bounds[i].failures);
    }
}

/* The smallest and largest random numbers: each gives a wait within its bounds. */
static void test_extremes(void)
{
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        uint64_t limit = (uint64_t)bounds[i].most * 1000000;
        const uint64_t numbers[] = {0,         1,          limit - 1,      limit,
                                    limit + 1, UINT64_MAX, UINT64_MAX / 2, UINT64_MAX / 2 + 1};
        size_t wrong = 0;

        mode = RANDOM_CHOSEN;
        for (size_t j = 0; j < sizeof numbers / sizeof *numbers; j++) {
            int64_t wait;

            chosen = numbers[j];
            wait = backoff_wait(bounds[i].failures);
            wrong += wait < 1 || wait > (int64_t)limit;
        }
        is_int(wrong, 0, "after %u failures: no number leads out of the bounds",
               bounds[i].failures);
    }
}

static void test_no_random(void)
{
    mode = RANDOM_FAILS;
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        int64_t wait = backoff_wait(bounds[i].failures);

        ok(wait > 0 && wait <= bounds[i].most * 1000000,
           "after %u failures, without random numbers: within bounds", bounds[i].failures);
    }
}

int main(void)
{
    is_int(BACKOFF_FIRST, 1000000, "the first wait is up to a second");
    is_int(BACKOFF_MOST, 600000000, "the longest is up to ten minutes");
    test_bounds();
    test_extremes();
    test_no_random();
    return done();
}
