/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashing with a secret seed, so that senders of packets cannot choose collisions.
 */
#include "../tap.h"
#include "base/hash.h"

enum { TRIES = 1000 };

static const char text[] = "the quick brown fox jumps over the lazy dog";

static void test_seeds(void)
{
    struct hash_seed one, other;
    unsigned pairs = 0, all = 0;

    need(hash_seed_init(&one) == RESULT_OK && hash_seed_init(&other) == RESULT_OK, "seeds");
    ok(one.a != other.a && one.b != other.b, "no seed is another one again");
    for (uint64_t i = 0; i < TRIES; i++) {
        pairs += hash_pair(&one, i, 2 * i) == hash_pair(&other, i, 2 * i);
        all += hash_bytes(&one, text, i % sizeof text) == hash_bytes(&other, text, i % sizeof text);
    }
    ok(pairs < TRIES / 100, "pairs: what is equal by one seed is not by another: %u", pairs);
    ok(all < TRIES / 100, "bytes: the same: %u", all);
}

/* Every bit counts: inputs that differ in one bit have different hashes. */
static void test_all_counts(void)
{
    struct hash_seed seed;
    unsigned pairs = 0, bits = 0;

    need(hash_seed_init(&seed) == RESULT_OK, "a seed");
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t x = UINT64_C(0x0123456789abcdef), flip = UINT64_C(1) << bit;

        pairs += hash_pair(&seed, x, x) == hash_pair(&seed, x ^ flip, x);
        pairs += hash_pair(&seed, x, x) == hash_pair(&seed, x, x ^ flip);
    }
    for (size_t i = 0; i < sizeof text - 1; i++) {
        char copy[sizeof text];

        memcpy(copy, text, sizeof text);
        copy[i] ^= 1;
        bits +=
            hash_bytes(&seed, copy, sizeof text - 1) == hash_bytes(&seed, text, sizeof text - 1);
        bits += hash_bytes(&seed, text, i) == hash_bytes(&seed, text, i + 1);
    }
    ok(pairs <= 1, "each bit of a pair: %u collide", pairs);
    ok(bits <= 1, "each byte, and their number: %u collide", bits);
}

int main(void)
{
    test_seeds();
    test_all_counts();
    return done();
}
