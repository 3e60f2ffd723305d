/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one index: from a hash to the number of a thing that its owner keeps, in an array, say.
 * Numbers begin at 1. The owner knows what things hash to (seeded, hash.h, where strangers choose
 * the keys) and which of them a key is of; it tells by functions that are inlined here.
 *
 * What is not an index says so, and why: the flow table (flowtable.c), streams (stream.c) and
 * fragments (fragment.c).
 */
#ifndef SECFLOW_INDEX_H
#define SECFLOW_INDEX_H

#include "base/result.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_MIN 1024u

/* Slots have numbers, or 0 where they are free; a power of two, and at most three quarters full. */
struct index {
    uint32_t *slots;
    uint32_t count; /* of the slots */
};

/* Whether the thing of that number is the key's; and what the thing hashes to. */
typedef bool index_same_fn(const void *owner, uint32_t number, const void *key);
typedef uint32_t index_hash_fn(const void *owner, uint32_t number);

MUST_CHECK static inline enum result index_init(struct index *index)
{
    index->slots = calloc(INDEX_MIN, sizeof *index->slots);
    index->count = index->slots ? INDEX_MIN : 0;
    return index->slots ? RESULT_OK : RESULT_NO_MEMORY;
}

/* Of zeroes, too. */
static inline void index_destroy(struct index *index)
{
    free(index->slots);
    *index = (struct index){.count = 0};
}

static inline size_t index_bytes(const struct index *index)
{
    return index->count * sizeof *index->slots;
}

/* Where a search for the hash begins. */
static inline uint32_t *index_slot(const struct index *index, uint32_t hash)
{
    return &index->slots[hash & (index->count - 1)];
}

/* The slot of what the key is of, or the free one where its number is to be put. */
static inline uint32_t *index_find(const struct index *index, uint32_t hash, index_same_fn *same,
                                   const void *owner, const void *key)
{
    uint32_t *slot = index_slot(index, hash);

    while (*slot != 0 && !same(owner, *slot, key))
        slot = index_slot(index, ++hash);
    return slot;
}

/* Enters so many things, which differ from each other, into slots that are all free. */
static inline void index_fill(const struct index *index, uint32_t things, index_hash_fn *hash,
                              const void *owner)
{
    for (uint32_t number = 1; number <= things; number++) {
        uint32_t at = hash(owner, number);

        while (*index_slot(index, at) != 0)
            at++;
        *index_slot(index, at) = number;
    }
}

/* Whether one thing more, of so many, needs more slots. */
static inline bool index_full(const struct index *index, uint32_t things)
{
    return things >= index->count / 4 * 3;
}

/* Twice as many slots for so many things. RESULT_NO_MEMORY: all is as it was. */
MUST_CHECK static inline enum result index_grow(struct index *index, uint32_t things,
                                                index_hash_fn *hash, const void *owner)
{
    uint32_t *grown = index->count <= UINT32_MAX / 2
                          ? calloc((size_t)index->count * 2, sizeof *index->slots)
                          : NULL;

    if (!grown)
        return RESULT_NO_MEMORY;
    free(index->slots);
    index->slots = grown;
    index->count *= 2;
    index_fill(index, things, hash, owner);
    return RESULT_OK;
}

/* Enters things anew that got other numbers, and lets go of slots that so many do not need. */
static inline void index_renew(struct index *index, uint32_t things, index_hash_fn *hash,
                               const void *owner)
{
    uint32_t count = index->count, *shrunk;

    while (count > INDEX_MIN && things < count / 8 * 3)
        count /= 2;
    shrunk = count < index->count ? realloc(index->slots, count * sizeof *shrunk) : NULL;
    if (shrunk) {
        index->slots = shrunk;
        index->count = count;
    }
    memset(index->slots, 0, index_bytes(index));
    index_fill(index, things, hash, owner);
}

#endif
