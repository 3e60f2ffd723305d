/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one hash index of the library: maps a hash to the number of an element that its owner keeps,
 * in an array for instance. Numbers begin at 1. The owner supplies inlined functions that hash an
 * element (seeded, hash.h, if strangers choose the keys) and compare it with a key.
 *
 * Tables that do without it say why: the flow table (flowtable.c), streams (stream.c) and fragments
 * (fragment.c).
 */
#ifndef SECFLOW_INDEX_H
#define SECFLOW_INDEX_H

#include "base/result.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_MIN 1024u

/*
 * A slot holds a number, or 0 if free. The count of slots is a power of two; at most three quarters
 * are used.
 */
struct index {
    uint32_t *slots;
    uint32_t count; /* of the slots */
};

/* True if the element of that number has the key; and the hash of an element. */
typedef bool index_same_fn(const void *owner, uint32_t number, const void *key);
typedef uint32_t index_hash_fn(const void *owner, uint32_t number);

MUST_CHECK static inline enum result index_init(struct index *index)
{
    index->slots = calloc(INDEX_MIN, sizeof *index->slots);
    index->count = index->slots ? INDEX_MIN : 0;
    return index->slots ? RESULT_OK : RESULT_NO_MEMORY;
}

/* A zeroed index may be destroyed. */
static inline void index_destroy(struct index *index)
{
    free(index->slots);
    *index = (struct index){.count = 0};
}

static inline size_t index_bytes(const struct index *index)
{
    return index->count * sizeof *index->slots;
}

/* Where the search for a hash begins. */
static inline uint32_t *index_slot(const struct index *index, uint32_t hash)
{
    return &index->slots[hash & (index->count - 1)];
}

/* The slot of the element with this key, or the free slot for its number. */
static inline uint32_t *index_find(const struct index *index, uint32_t hash, index_same_fn *same,
                                   const void *owner, const void *key)
{
    uint32_t *slot = index_slot(index, hash);

    while (*slot != 0 && !same(owner, *slot, key))
        slot = index_slot(index, ++hash);
    return slot;
}

/* Enters elements 1 to `things`, all different, into slots that are all free. */
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

/* True if one element more than `things` needs more slots. */
static inline bool index_full(const struct index *index, uint32_t things)
{
    return things >= index->count / 4 * 3;
}

/*
 * Doubles the slots and enters elements 1 to `things` again. RESULT_NO_MEMORY: nothing has changed.
 */
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

/* Enters elements again after they were renumbered, and frees slots that are no longer needed. */
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
