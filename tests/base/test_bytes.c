/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding a byte among up to 64 is the same as looking at one after another, and reads nothing
 * beyond them.
 */
#include "base/bytes.h"

#include "../tap.h"

#include <stdlib.h>
#include <string.h>

#define RUNS 2000

static uint32_t next_random(void)
{
    static uint64_t state = 1;

    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33);
}

static uint64_t find_slowly(const uint8_t *p, size_t length, char byte)
{
    uint64_t found = 0;

    for (size_t i = 0; i < length; i++)
        found |= (uint64_t)(p[i] == (uint8_t)byte) << i;
    return found;
}

/* Half of them the one that is looked for, and most others near it, where a carry might tell. */
static void fill(uint8_t *p, size_t length, char byte)
{
    for (size_t i = 0; i < length; i++) {
        uint32_t random = next_random();

        p[i] = (uint8_t)((uint8_t)byte + (random % 2       ? 0
                                          : random / 2 % 8 ? random / 16 % 3
                                                           : random / 16));
    }
}

static void test_length(size_t length)
{
    uint8_t *exact = malloc(length + 1); /* malloc(0) may be NULL */
    uint8_t *p = exact + 1;
    size_t wrong = 0;

    need(exact, "memory");
    for (int i = 0; i < RUNS; i++) {
        char byte = (char)next_random();

        fill(p, length, byte);
        wrong += bytes_find(p, length, byte) != find_slowly(p, length, byte);
    }
    is_int((long long)wrong, 0, "bytes among %zu", length);
    free(exact);
}

int main(void)
{
    for (size_t length = 0; length <= 64; length++)
        test_length(length);
    return done();
}
