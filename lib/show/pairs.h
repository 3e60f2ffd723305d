/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of pairs of numbers, of which there can be many millions: it is not made of index.h, which
 * would take twice as long to find one in.
 */
#ifndef SECFLOW_PAIRS_H
#define SECFLOW_PAIRS_H

#include "base/hash.h"

#include <stdbool.h>

/* All zero is an empty one that has room for none; it can be destroyed. */
struct pairs {
    struct hash_seed seed;
    uint64_t *slots; /* 0: free */
    uint32_t slot_count, count, most;
};

/* Room for so many pairs, at most half of what 32 bits count. RESULT_NO_MEMORY, RESULT_SYSTEM. */
MUST_CHECK enum result pairs_init(struct pairs *pairs, uint32_t most);
void pairs_destroy(struct pairs *pairs);

/*
 * Adds a pair, of which the first number is less than UINT32_MAX. RESULT_END: it is there already.
 * RESULT_INVALID: it is not, and there is no room for more. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result pairs_add(struct pairs *pairs, uint32_t first, uint32_t second);

/* Fetches the memory of a pair that is soon added. */
void pairs_fetch(const struct pairs *pairs, uint32_t first, uint32_t second);

/* Gives each pair's first number another one, by a function; equal pairs become one. */
typedef uint32_t pairs_renumber_fn(const void *context, uint32_t first);
MUST_CHECK enum result pairs_renumber(struct pairs *pairs, pairs_renumber_fn *renumber,
                                      const void *context);

/* How many pairs have that first number: by looking at all of them. */
uint32_t pairs_of(const struct pairs *pairs, uint32_t first);

/* Adds to the count of each second number how many pairs it is in. */
void pairs_count(const struct pairs *pairs, uint32_t *counts);

#endif
