/*
 * The slots of a hash table: numbers of things that are kept elsewhere, 0 where a slot is free.
 * They are a power of two, and at most three quarters full.
 */
#ifndef SECFLOW_SLOTS_H
#define SECFLOW_SLOTS_H

#include "base/result.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 1024u

struct slots {
    uint32_t *list;
    uint32_t count;
};

MUST_CHECK static inline enum result slots_init(struct slots *slots)
{
    slots->list = calloc(SLOTS_MIN, sizeof *slots->list);
    slots->count = slots->list ? SLOTS_MIN : 0;
    return slots->list ? RESULT_OK : RESULT_NO_MEMORY;
}

static inline uint32_t *slots_at(const struct slots *slots, uint32_t hash)
{
    return &slots->list[hash & (slots->count - 1)];
}

/* Whether one thing more, of so many, needs more of them. */
static inline bool slots_full(const struct slots *slots, uint32_t things)
{
    return things >= slots->count / 4 * 3;
}

/* Twice as many, all free. RESULT_NO_MEMORY: they are as they were. */
MUST_CHECK static inline enum result slots_grow(struct slots *slots)
{
    uint32_t *grown = slots->count <= UINT32_MAX / 2
                          ? calloc((size_t)slots->count * 2, sizeof *slots->list)
                          : NULL;

    if (!grown)
        return RESULT_NO_MEMORY;
    free(slots->list);
    slots->list = grown;
    slots->count *= 2;
    return RESULT_OK;
}

/* Frees all, and lets go of those that so many things do not need. */
static inline void slots_clear(struct slots *slots, uint32_t things)
{
    uint32_t count = slots->count, *shrunk;

    while (count > SLOTS_MIN && things < count / 8 * 3)
        count /= 2;
    shrunk = count < slots->count ? realloc(slots->list, count * sizeof *shrunk) : NULL;
    if (shrunk) {
        slots->list = shrunk;
        slots->count = count;
    }
    memset(slots->list, 0, slots->count * sizeof *slots->list);
}

#endif
