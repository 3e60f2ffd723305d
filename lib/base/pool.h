/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arrays that grow and shrink by blocks: elements never move, and memory is never much more than
 * what they need.
 */
#ifndef SECFLOW_POOL_H
#define SECFLOW_POOL_H

#include "base/result.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define POOL_SHIFT 9
#define POOL_BLOCK (UINT32_C(1) << POOL_SHIFT) /* elements per block */

/* Zeroed: empty. All elements have one size, which each call is given. */
struct pool {
    char **blocks;
    size_t block_count, block_capacity;
    uint32_t count; /* of elements */
};

static inline void *pool_at(const struct pool *pool, size_t size, uint32_t index)
{
    return pool->blocks[index >> POOL_SHIFT] + (index & (POOL_BLOCK - 1)) * size;
}

/* Bytes of memory in use. */
static inline size_t pool_bytes(const struct pool *pool, size_t size)
{
    return pool->block_count * (size << POOL_SHIFT) + pool->block_capacity * sizeof *pool->blocks;
}

/* Makes space for one more element. RESULT_NO_MEMORY, also if 32 bits cannot count them. */
MUST_CHECK static inline enum result pool_reserve(struct pool *pool, size_t size)
{
    size_t capacity = pool->block_capacity ? pool->block_capacity * 2 : 16;
    char **grown = pool->blocks;

    if (pool->count >> POOL_SHIFT < pool->block_count)
        return RESULT_OK;
    if (pool->count >= UINT32_MAX - POOL_BLOCK)
        return RESULT_NO_MEMORY;
    if (pool->block_count == pool->block_capacity) {
        grown = realloc(pool->blocks, capacity * sizeof *grown);
        if (!grown)
            return RESULT_NO_MEMORY;
        pool->blocks = grown;
        pool->block_capacity = capacity;
    }
    grown[pool->block_count] = malloc(size << POOL_SHIFT);
    if (!grown[pool->block_count])
        return RESULT_NO_MEMORY;
    pool->block_count++;
    return RESULT_OK;
}

/* Keeps only the first `count` elements. */
static inline void pool_trim(struct pool *pool, uint32_t count)
{
    size_t blocks = ((size_t)count + POOL_BLOCK - 1) >> POOL_SHIFT;

    while (pool->block_count > blocks)
        free(pool->blocks[--pool->block_count]);
    pool->count = count;
}

static inline void pool_destroy(struct pool *pool)
{
    pool_trim(pool, 0);
    free(pool->blocks);
    *pool = (struct pool){.count = 0};
}

#endif
