/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seeded hashing for tables filled by strangers: senders of packets must not be able to choose
 * collisions. Two 64 x 64 to 128 bit multiplications, folded, as in wyhash.
 */
#ifndef SECFLOW_HASH_H
#define SECFLOW_HASH_H

#include "base/result.h"
#include "base/wide.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

struct hash_seed {
    uint64_t a, b;
};

/* RESULT_SYSTEM if the kernel gives no random bytes. */
MUST_CHECK static inline enum result hash_seed_init(struct hash_seed *seed)
{
    ssize_t got;

    do {
        got = getrandom(seed, sizeof *seed, 0);
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof *seed ? RESULT_OK : RESULT_SYSTEM;
}

static inline uint64_t hash_fold(uint64_t x, uint64_t y)
{
    struct wide product = wide_multiply(x, y);

    return product.low ^ product.high;
}

static inline uint32_t hash_pair(const struct hash_seed *seed, uint64_t x, uint64_t y)
{
    uint64_t h = hash_fold(x ^ seed->a, y ^ seed->b);

    return (uint32_t)(hash_fold(h ^ seed->b, UINT64_C(0x9e3779b97f4a7c15)) >> 16);
}

static inline uint32_t hash_bytes(const struct hash_seed *seed, const void *data, size_t length)
{
    const unsigned char *p = data;
    uint64_t h = length, word;

    for (; length >= sizeof word; p += sizeof word, length -= sizeof word) {
        memcpy(&word, p, sizeof word);
        h = hash_fold(h ^ seed->a, word ^ seed->b);
    }
    word = 0;
    memcpy(&word, p, length);
    return hash_pair(seed, h, word);
}

#endif
