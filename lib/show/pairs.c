/* SPDX-License-Identifier: Apache-2.0 */
#include "show/pairs.h"

#include <stdlib.h>

#define SLOTS_MIN 1024u

enum result pairs_init(struct pairs *pairs, uint32_t most)
{
    *pairs = (struct pairs){
        .slots = calloc(SLOTS_MIN, sizeof *pairs->slots), .slot_count = SLOTS_MIN, .most = most};
    return pairs->slots ? hash_seed_init(&pairs->seed) : RESULT_NO_MEMORY;
}

void pairs_destroy(struct pairs *pairs)
{
    free(pairs->slots);
    *pairs = (struct pairs){.count = 0};
}

/* The first number is one higher, so that no pair is 0. */
static uint64_t join(uint32_t first, uint32_t second)
{
    return ((uint64_t)first + 1) << 32 | second;
}

void pairs_fetch(const struct pairs *pairs, uint32_t first, uint32_t second)
{
    uint32_t at = hash_pair(&pairs->seed, join(first, second), 0);

    __builtin_prefetch(&pairs->slots[at & (pairs->slot_count - 1)], 1);
}

/* The slot of a pair, or the free one where it is to be put. */
static uint64_t *find(const struct pairs *pairs, uint64_t pair)
{
    uint32_t mask = pairs->slot_count - 1, at = hash_pair(&pairs->seed, pair, 0);

    while (pairs->slots[at & mask] != 0 && pairs->slots[at & mask] != pair)
        at++;
    return &pairs->slots[at & mask];
}

/* Enters old ones into slots that are all free. */
static void fill(struct pairs *pairs, const uint64_t *old, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (old[i] != 0)
            *find(pairs, old[i]) = old[i];
}

static enum result make_slots(struct pairs *pairs, uint32_t count)
{
    uint64_t *old = pairs->slots, *slots = calloc(count, sizeof *slots);
    uint32_t old_count = pairs->slot_count;

    if (!slots)
        return RESULT_NO_MEMORY;
    pairs->slots = slots;
    pairs->slot_count = count;
    fill(pairs, old, old_count);
    free(old);
    return RESULT_OK;
}

enum result pairs_add(struct pairs *pairs, uint32_t first, uint32_t second)
{
    uint64_t pair = join(first, second), *slot = find(pairs, pair);
    enum result result;

    if (*slot != 0)
        return RESULT_END;
    if (pairs->count >= pairs->most)
        return RESULT_INVALID;
    if (pairs->count >= pairs->slot_count / 4 * 3) {
        result = make_slots(pairs, pairs->slot_count * 2);
        if (result != RESULT_OK)
            return result;
        slot = find(pairs, pair);
    }
    *slot = pair;
    pairs->count++;
    return RESULT_OK;
}

enum result pairs_renumber(struct pairs *pairs, pairs_renumber_fn *renumber, const void *context)
{
    struct pairs new = *pairs;
    enum result result = RESULT_OK;

    new.count = 0;
    new.slots = calloc(new.slot_count, sizeof *new.slots);
    if (!new.slots)
        return RESULT_NO_MEMORY;
    for (uint32_t i = 0; i < pairs->slot_count && result == RESULT_OK; i++) {
        uint64_t pair = pairs->slots[i];

        if (pair != 0) {
            result = pairs_add(&new, renumber(context, (uint32_t)(pair >> 32) - 1), (uint32_t)pair);
            if (result == RESULT_END)
                result = RESULT_OK;
        }
    }
    free(pairs->slots);
    *pairs = new;
    return result;
}

void pairs_count(const struct pairs *pairs, uint32_t *counts)
{
    for (uint32_t i = 0; i < pairs->slot_count; i++)
        if (pairs->slots[i] != 0)
            counts[(uint32_t)pairs->slots[i]]++;
}

uint32_t pairs_of(const struct pairs *pairs, uint32_t first)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < pairs->slot_count; i++)
        count += pairs->slots[i] >> 32 == (uint64_t)first + 1;
    return count;
}
