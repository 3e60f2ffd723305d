/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sorter.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)64 * 1024)

#define RADIX_BITS 11

/* What an entry takes beside its bytes: its length, twice its place, for sorting, and what fills
 * up. */
#define ENTRY_BYTES (sizeof(uint64_t) + 2 * sizeof(struct entry) + 4)

enum result sorter_init(struct sorter *sorter, size_t memory, const char *folder,
                        entry_compare_fn *compare)
{
    *sorter = (struct sorter){.memory = memory, .compare = compare};
    return spill_init(&sorter->spill, folder, compare);
}

static void free_chunks(char **chunks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(chunks[i]);
    free(chunks);
}

/* There are none then. */
static void forget_chunks(struct sorter *sorter)
{
    sorter->chunks = NULL;
    sorter->chunk_count = sorter->chunk_capacity = 0;
    sorter->free = NULL;
    sorter->left = sorter->bytes = 0;
}

void sorter_destroy(struct sorter *sorter)
{
    free_chunks(sorter->chunks, sorter->chunk_count);
    free(sorter->entries);
    spill_destroy(&sorter->spill);
    *sorter = (struct sorter){.count = 0};
}

static bool add_chunk(struct sorter *sorter, size_t size)
{
    char **grown =
        grow(sorter->chunks, sorter->chunk_count, &sorter->chunk_capacity, sizeof *sorter->chunks);

    if (!grown)
        return false;
    sorter->chunks = grown;
    sorter->chunks[sorter->chunk_count] = malloc(size);
    if (!sorter->chunks[sorter->chunk_count])
        return false;
    sorter->free = sorter->chunks[sorter->chunk_count++];
    sorter->left = size;
    return true;
}

/* What bytes take with their number in front, filled up. */
static size_t with_number(size_t length)
{
    return sizeof(uint64_t) + ((length + 7) & ~(size_t)7);
}

char *sorter_room(struct sorter *sorter, size_t most)
{
    size_t size = with_number(most);

    if (sorter->left < size && !add_chunk(sorter, size < CHUNK_BYTES ? CHUNK_BYTES : size))
        return NULL;
    return sorter->free ? sorter->free + sizeof(uint64_t) : NULL;
}

void sorter_keep(struct sorter *sorter, char *room, size_t length)
{
    uint64_t number = length;

    memcpy(room - sizeof number, &number, sizeof number);
    sorter->free += with_number(length);
    sorter->left -= with_number(length);
    sorter->bytes += with_number(length);
}

enum result sorter_add(struct sorter *sorter, uint64_t rank, char *room, size_t length)
{
    struct entry *grown =
        grow(sorter->entries, sorter->count, &sorter->capacity, sizeof *sorter->entries);

    if (!grown)
        return RESULT_NO_MEMORY;
    sorter->entries = grown;
    sorter_keep(sorter, room, length);
    sorter->entries[sorter->count++] = (struct entry){rank, room};
    return RESULT_OK;
}

size_t sorter_cost(size_t entries, size_t bytes)
{
    return entries * ENTRY_BYTES + bytes;
}

bool sorter_full(const struct sorter *sorter)
{
    return sorter_cost(sorter->count, sorter->bytes) >= sorter->memory;
}

/* What is sorted in place of entries: the lower half of their ranks, or the upper one. */
struct place {
    uint32_t rank, index;
};

/* Sorts by some bits of the ranks, and leaves places where they are equal in their order. */
static void radix_pass(const struct place *from, struct place *to, size_t count, int shift)
{
    enum { BUCKETS = 1 << RADIX_BITS };
    size_t ends[BUCKETS] = {0}, end = 0;

    for (size_t i = 0; i < count; i++)
        ends[from[i].rank >> shift & (BUCKETS - 1)]++;
    for (size_t i = 0; i < BUCKETS; i++) {
        size_t begin = end;

        end += ends[i];
        ends[i] = begin;
    }
    for (size_t i = 0; i < count; i++)
        to[ends[from[i].rank >> shift & (BUCKETS - 1)]++] = from[i];
}

/* Two arrays of places, of which the first is what was sorted last. */
struct places {
    struct place *sorted, *other;
};

/* Sorts by those bits of the ranks, 32 at most, in which any of them differ. */
static void sort_places(struct places *places, size_t count, uint32_t differing)
{
    for (int shift = 0; shift < 32 && differing >> shift != 0; shift += RADIX_BITS) {
        struct place *from = places->sorted;

        if ((differing >> shift & ((1u << RADIX_BITS) - 1)) == 0)
            continue;
        radix_pass(from, places->other, count, shift);
        places->sorted = places->other;
        places->other = from;
    }
}

/* Which bits of the ranks are not the same in all of them. */
static uint64_t differing_bits(const struct entry *entries, size_t count)
{
    uint64_t bits = 0;

    for (size_t i = 1; i < count; i++)
        bits |= entries[i].rank ^ entries[0].rank;
    return bits;
}

/* Sorts by the whole ranks, in places that free_places frees. */
static enum result order_entries(const struct sorter *sorter, struct places *places)
{
    size_t count = sorter->count;
    uint64_t bits = differing_bits(sorter->entries, count);

    places->sorted = calloc(2 * (count + 1), sizeof *places->sorted);
    if (!places->sorted)
        return RESULT_NO_MEMORY;
    places->other = places->sorted + count;
    for (size_t i = 0; i < count; i++)
        places->sorted[i] = (struct place){(uint32_t)sorter->entries[i].rank, (uint32_t)i};
    sort_places(places, count, (uint32_t)bits);
    if (bits >> 32 == 0)
        return RESULT_OK;
    for (size_t i = 0; i < count; i++)
        places->sorted[i].rank = (uint32_t)(sorter->entries[places->sorted[i].index].rank >> 32);
    sort_places(places, count, (uint32_t)(bits >> 32));
    return RESULT_OK;
}

static void free_places(const struct places *places)
{
    free(places->sorted < places->other ? places->sorted : places->other);
}

/* Where the places end whose entries have the rank of the one where they begin. */
static size_t end_of_rank(const struct sorter *sorter, const struct place *places, size_t begin)
{
    const struct entry *entries = sorter->entries;
    size_t end = begin + 1;

    while (end < sorter->count && places[end].rank == places[begin].rank &&
           entries[places[end].index].rank == entries[places[begin].index].rank)
        end++;
    return end;
}

static bool is_sorted(const struct sorter *sorter)
{
    const struct entry *entries = sorter->entries;

    for (size_t i = 1; i < sorter->count; i++)
        if (entries[i - 1].rank > entries[i].rank ||
            (entries[i - 1].rank == entries[i].rank &&
             sorter->compare(entries[i - 1].bytes, entries[i].bytes) > 0))
            return false;
    return true;
}

static int compare_pointers(const void *a, const void *b, void *compare)
{
    const struct entry *const *x = a, *const *y = b;
    entry_compare_fn *const *function = compare;

    return (*function)((*x)->bytes, (*y)->bytes);
}

/* Those of one rank, which are more often than not in their order. */
static void sort_rank(struct entry **entries, size_t count, entry_compare_fn *compare)
{
    for (size_t i = 1; i < count; i++)
        if (compare(entries[i - 1]->bytes, entries[i]->bytes) > 0) {
            qsort_r(entries, count, sizeof *entries, compare_pointers, &compare);
            return;
        }
}

/* The entries of one rank. */
struct rank {
    struct entry **entries;
    size_t count, capacity;
};

static enum result collect_rank(const struct sorter *sorter, const struct place *places,
                                size_t count, struct rank *rank)
{
    for (rank->count = 0; rank->count < count; rank->count++) {
        struct entry **grown =
            grow(rank->entries, rank->count, &rank->capacity, sizeof *rank->entries);

        if (!grown)
            return RESULT_NO_MEMORY;
        rank->entries = grown;
        rank->entries[rank->count] = &sorter->entries[places[rank->count].index];
    }
    sort_rank(rank->entries, count, sorter->compare);
    return RESULT_OK;
}

/* Only those that have bytes are left. */
static void drop_empty(struct sorter *sorter)
{
    size_t left = 0;

    for (size_t i = 0; i < sorter->count; i++)
        if (sorter->entries[i].bytes)
            sorter->entries[left++] = sorter->entries[i];
    sorter->count = left;
}

enum result sorter_join(struct sorter *sorter, sorter_join_fn *join, void *context)
{
    struct places places;
    struct rank rank = {.count = 0};
    enum result result = order_entries(sorter, &places);

    if (result != RESULT_OK)
        return result;
    for (size_t begin = 0, end; begin < sorter->count && result == RESULT_OK; begin = end) {
        end = end_of_rank(sorter, places.sorted, begin);
        if (end - begin == 1)
            continue;
        result = collect_rank(sorter, places.sorted + begin, end - begin, &rank);
        if (result == RESULT_OK)
            result = join(context, rank.entries, rank.count);
    }
    free(rank.entries);
    free_places(&places);
    drop_empty(sorter);
    return result;
}

/* Puts the entries where their places are. */
static enum result move_entries(struct sorter *sorter, const struct place *places)
{
    struct entry *moved = malloc((sorter->count + 1) * sizeof *moved);

    if (!moved)
        return RESULT_NO_MEMORY;
    for (size_t i = 0; i < sorter->count; i++)
        moved[i] = sorter->entries[places[i].index];
    free(sorter->entries);
    sorter->entries = moved;
    sorter->capacity = sorter->count + 1;
    return RESULT_OK;
}

static int compare_entries(const void *a, const void *b, void *compare)
{
    entry_compare_fn *const *function = compare;

    return entry_compare(a, b, *function);
}

/* Those of one rank, which are sorted by rank only, or are in their order already. */
static void sort_equal(struct entry *entries, size_t count, entry_compare_fn *compare)
{
    for (size_t i = 1; i < count; i++)
        if (compare(entries[i - 1].bytes, entries[i].bytes) > 0) {
            qsort_r(entries, count, sizeof *entries, compare_entries, &compare);
            return;
        }
}

enum result sorter_sort(struct sorter *sorter)
{
    struct places places;
    enum result result;

    if (is_sorted(sorter))
        return RESULT_OK;
    result = order_entries(sorter, &places);
    if (result != RESULT_OK)
        return result;
    result = move_entries(sorter, places.sorted);
    free_places(&places);
    for (size_t begin = 0, end; begin < sorter->count && result == RESULT_OK; begin = end) {
        for (end = begin + 1; end < sorter->count; end++)
            if (sorter->entries[end].rank != sorter->entries[begin].rank)
                break;
        sort_equal(sorter->entries + begin, end - begin, sorter->compare);
    }
    return result;
}

enum result sorter_compact(struct sorter *sorter)
{
    char **old = sorter->chunks;
    size_t old_count = sorter->chunk_count;
    enum result result = RESULT_OK;

    forget_chunks(sorter);
    for (size_t i = 0; i < sorter->count && result == RESULT_OK; i++) {
        struct entry *entry = &sorter->entries[i];
        size_t length = entry_length(entry);
        char *room = sorter_room(sorter, length);

        if (room) {
            memcpy(room, entry->bytes, length);
            sorter_keep(sorter, room, length);
            entry->bytes = room;
        } else {
            result = RESULT_NO_MEMORY;
        }
    }
    free_chunks(old, old_count);
    return result;
}

enum result sorter_spill(struct sorter *sorter)
{
    enum result result = spill_begin(sorter->spill);

    for (size_t i = 0; i < sorter->count && result == RESULT_OK; i++) {
        if (i + 8 < sorter->count)
            __builtin_prefetch(sorter->entries[i + 8].bytes);
        result = spill_put(sorter->spill, &sorter->entries[i]);
    }
    if (result == RESULT_OK)
        result = spill_end(sorter->spill);
    free_chunks(sorter->chunks, sorter->chunk_count);
    forget_chunks(sorter);
    sorter->count = 0;
    sorter->spilled = true;
    return result;
}

enum result sorter_read(struct sorter *sorter)
{
    enum result result = RESULT_OK;

    sorter->next = 0;
    if (!sorter->spilled)
        return RESULT_OK;
    if (sorter->count > 0)
        result = sorter_spill(sorter);
    return result == RESULT_OK ? spill_read(sorter->spill, sorter->memory / 4) : result;
}

enum result sorter_next(struct sorter *sorter, struct entry *entry)
{
    if (sorter->spilled)
        return spill_next(sorter->spill, entry);
    if (sorter->next == sorter->count)
        return RESULT_END;
    if (sorter->next + 8 < sorter->count)
        __builtin_prefetch(sorter->entries[sorter->next + 8].bytes);
    *entry = sorter->entries[sorter->next++];
    return RESULT_OK;
}
