/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sorter.h"

#include "base/grow.h"
#include "base/varint.h"

#include <stdlib.h>
#include <string.h>

/* Entries begin at a multiple of UNIT bytes, so that 32 bits tell where. */
#define UNIT 4u
#define CHUNK_BYTES ((size_t)64 * 1024)
#define CHUNK_UNITS (CHUNK_BYTES / UNIT)
#define CHUNKS_MOST (UINT32_MAX / CHUNK_UNITS)

/* A quarter of what 32 bits can tell: chunks are not always full. */
#define MEMORY_MOST ((size_t)UINT32_MAX)

#define RADIX_BITS 11

/* How far ahead entries are fetched that do not lie one behind the other. */
#define AHEAD 16

enum result sorter_init(struct sorter *sorter, size_t memory, const char *folder,
                        const struct sorter_order *order)
{
    *sorter =
        (struct sorter){.memory = memory < MEMORY_MOST ? memory : MEMORY_MOST, .order = *order};
    return spill_init(&sorter->spill, folder, order->compare);
}

/* There are no entries then. */
static void free_chunks(struct sorter *sorter)
{
    for (size_t i = 0; i < sorter->chunk_count; i++)
        free(sorter->chunks[i].bytes);
    free(sorter->chunks);
    free(sorter->places);
    sorter->chunks = NULL;
    sorter->places = NULL;
    sorter->chunk_count = sorter->chunk_capacity = 0;
    sorter->left = sorter->count = sorter->bytes = 0;
}

void sorter_destroy(struct sorter *sorter)
{
    free_chunks(sorter);
    spill_destroy(&sorter->spill);
}

static bool add_chunk(struct sorter *sorter, size_t size)
{
    struct sorter_chunk *grown =
        grow(sorter->chunks, sorter->chunk_count, &sorter->chunk_capacity, sizeof *grown);
    char *bytes = grown && sorter->chunk_count < CHUNKS_MOST ? malloc(size) : NULL;

    if (grown)
        sorter->chunks = grown;
    if (!bytes)
        return false;
    sorter->chunks[sorter->chunk_count++] = (struct sorter_chunk){bytes, 0};
    sorter->left = size;
    return true;
}

/* In front of the bytes of an entry stands twice their number, and one more when it is gone. */

static size_t filled_up(size_t size)
{
    return (size + UNIT - 1) & ~(size_t)(UNIT - 1);
}

enum result sorter_add(struct sorter *sorter, const char *bytes, size_t length)
{
    char head[VARINT_MOST];
    size_t begin = (size_t)(varint_put(head, (uint64_t)length << 1) - head);
    size_t size = filled_up(begin + length);
    struct sorter_chunk *chunk;
    char *p;

    if (length > UINT32_MAX)
        return RESULT_NO_MEMORY;
    if (sorter->left < size && !add_chunk(sorter, size < CHUNK_BYTES ? CHUNK_BYTES : size))
        return RESULT_NO_MEMORY;
    chunk = &sorter->chunks[sorter->chunk_count - 1];
    p = chunk->bytes + chunk->used;
    memcpy(p, head, begin);
    memcpy(p + begin, bytes, length);
    chunk->used += size;
    sorter->left -= size;
    sorter->bytes += size;
    sorter->count++;
    return RESULT_OK;
}

/* Returns what the entry takes that begins there; one that is gone has no bytes. */
static size_t read_entry(const char *begin, struct entry *entry)
{
    uint64_t head;
    const char *bytes = varint_take(begin, &head);

    entry->bytes = head & 1 ? NULL : bytes;
    entry->length = (uint32_t)(head >> 1);
    return filled_up((size_t)(bytes - begin) + entry->length);
}

/* The next entry in the order in which they came. */
static bool step(const struct sorter *sorter, struct sorter_cursor *cursor, struct entry *entry)
{
    while (cursor->chunk < sorter->chunk_count) {
        const struct sorter_chunk *chunk = &sorter->chunks[cursor->chunk];

        if (cursor->at == chunk->used) {
            *cursor = (struct sorter_cursor){cursor->chunk + 1, 0};
            continue;
        }
        entry->place = (uint32_t)(cursor->chunk * CHUNK_UNITS + cursor->at / UNIT);
        cursor->at += read_entry(chunk->bytes + cursor->at, entry);
        if (entry->bytes)
            return true;
    }
    return false;
}

static char *place_at(const struct sorter *sorter, uint32_t place)
{
    return sorter->chunks[place / CHUNK_UNITS].bytes + place % CHUNK_UNITS * UNIT;
}

static struct entry entry_of(const struct sorter *sorter, struct sorter_place place)
{
    struct entry entry = {.rank = place.rank, .place = place.place};

    read_entry(place_at(sorter, place.place), &entry);
    return entry;
}

static void drop(struct sorter *sorter, uint32_t place)
{
    struct entry entry;
    char *begin = place_at(sorter, place);

    sorter->bytes -= read_entry(begin, &entry);
    sorter->count--;
    *begin |= 1;
}

size_t sorter_cost(const struct sorter *sorter)
{
    return sorter->count * 2 * sizeof(struct sorter_place) + sorter->bytes;
}

bool sorter_full(const struct sorter *sorter)
{
    return sorter_cost(sorter) >= sorter->memory;
}

/* Sorting. */

/* Sorts by some bits of the ranks, and leaves places where they are equal in their order. */
static void radix_pass(const struct sorter_place *from, struct sorter_place *to, size_t count,
                       int shift)
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

/* The places of all entries, as they came. NULL: no memory. */
static struct sorter_place *list_places(const struct sorter *sorter)
{
    struct sorter_place *places = calloc(sorter->count + 1, sizeof *places);
    struct sorter_cursor cursor = {0, 0};
    struct entry entry;

    for (size_t i = 0; places && step(sorter, &cursor, &entry); i++)
        places[i] = (struct sorter_place){sorter->order.rank(sorter->order.context, entry.bytes),
                                          entry.place};
    return places;
}

/* The places sorted by rank, which are the caller's to free. NULL: no memory. */
static struct sorter_place *sort_places(const struct sorter *sorter)
{
    size_t count = sorter->count;
    struct sorter_place *places = list_places(sorter), *other = calloc(count + 1, sizeof *other);
    uint32_t differing = 0;

    for (size_t i = 1; places && other && i < count; i++)
        differing |= places[i].rank ^ places[0].rank;
    for (int shift = 0; shift < 32 && differing >> shift != 0; shift += RADIX_BITS) {
        struct sorter_place *from = places;

        radix_pass(from, other, count, shift);
        places = other;
        other = from;
    }
    if (!other) {
        free(places);
        places = NULL;
    }
    free(other);
    return places;
}

/* The entries of one rank. */
struct rank {
    struct entry *entries;
    size_t count, capacity;
};

static int compare_entries(const void *a, const void *b, void *compare)
{
    const struct entry *x = a, *y = b;
    entry_compare_fn *const *function = compare;

    return (*function)(x->bytes, y->bytes);
}

/* More often than not they are in their order. */
static void sort_rank(struct rank *rank, entry_compare_fn *compare)
{
    for (size_t i = 1; i < rank->count; i++)
        if (compare(rank->entries[i - 1].bytes, rank->entries[i].bytes) > 0) {
            qsort_r(rank->entries, rank->count, sizeof *rank->entries, compare_entries, &compare);
            return;
        }
}

static enum result collect_rank(const struct sorter *sorter, const struct sorter_place *places,
                                size_t count, struct rank *rank)
{
    for (rank->count = 0; rank->count < count; rank->count++) {
        struct entry *grown = grow(rank->entries, rank->count, &rank->capacity, sizeof *grown);

        if (!grown)
            return RESULT_NO_MEMORY;
        rank->entries = grown;
        rank->entries[rank->count] = entry_of(sorter, places[rank->count]);
    }
    sort_rank(rank, sorter->order.compare);
    return RESULT_OK;
}

/*
 * Fetches an entry that has another one's rank. A compiler may take a function that only fetches
 * for one that does nothing, unless it is inlined.
 */
static inline __attribute__((always_inline)) void
fetch(const struct sorter *sorter, const struct sorter_place *places, size_t at)
{
    if (at + 1 >= sorter->count || places[at].rank != places[at + 1].rank)
        return;
    __builtin_prefetch(place_at(sorter, places[at].place));
    __builtin_prefetch(place_at(sorter, places[at + 1].place));
}

/* Sorts the places of equal rank, and joins their entries, where it is given how. */
static enum result do_ranks(struct sorter *sorter, struct sorter_place *places,
                            sorter_join_fn *join, void *context)
{
    struct rank rank = {.count = 0};
    enum result result = RESULT_OK;
    size_t count = sorter->count;

    for (size_t begin = 0, end; begin < count && result == RESULT_OK; begin = end) {
        for (end = begin + 1; end < count && places[end].rank == places[begin].rank;)
            end++;
        for (size_t i = begin; i < end; i++)
            fetch(sorter, places, i + AHEAD);
        if (end - begin == 1)
            continue;
        result = collect_rank(sorter, places + begin, end - begin, &rank);
        if (result == RESULT_OK && join)
            result = join(context, rank.entries, rank.count);
        for (size_t i = 0; i < rank.count && result == RESULT_OK; i++) {
            places[begin + i].place = rank.entries[i].place;
            if (!rank.entries[i].bytes)
                drop(sorter, rank.entries[i].place);
        }
    }
    free(rank.entries);
    return result;
}

enum result sorter_join(struct sorter *sorter, sorter_join_fn *join, void *context)
{
    struct sorter_place *places = sort_places(sorter);
    enum result result = places ? do_ranks(sorter, places, join, context) : RESULT_NO_MEMORY;

    free(places);
    return result;
}

/* Whether they came in their order. */
static bool is_sorted(const struct sorter *sorter)
{
    const struct sorter_order *order = &sorter->order;
    struct sorter_cursor cursor = {0, 0};
    struct entry before, entry;
    bool any = false;

    for (; step(sorter, &cursor, &entry); before = entry, any = true) {
        entry.rank = order->rank(order->context, entry.bytes);
        if (any && entry_compare(&before, &entry, order->compare) > 0)
            return false;
    }
    return true;
}

/* Makes the entries in memory ready to be read in order. */
static enum result sort(struct sorter *sorter)
{
    sorter->cursor = (struct sorter_cursor){0, 0};
    sorter->next = 0;
    if (is_sorted(sorter))
        return RESULT_OK;
    sorter->places = sort_places(sorter);
    return sorter->places ? do_ranks(sorter, sorter->places, NULL, NULL) : RESULT_NO_MEMORY;
}

/* The next entry as they came; chunks that were read are free for other uses. */
static bool step_on(struct sorter *sorter, struct entry *entry)
{
    size_t chunk = sorter->cursor.chunk;
    bool any = step(sorter, &sorter->cursor, entry);

    for (; chunk < sorter->cursor.chunk; chunk++) {
        free(sorter->chunks[chunk].bytes);
        sorter->chunks[chunk].bytes = NULL;
    }
    return any;
}

static enum result next_in_memory(struct sorter *sorter, struct entry *entry)
{
    const struct sorter_order *order = &sorter->order;

    if (!sorter->places) {
        if (!step_on(sorter, entry))
            return RESULT_END;
        entry->rank = order->rank(order->context, entry->bytes);
        return RESULT_OK;
    }
    if (sorter->next == sorter->count)
        return RESULT_END;
    if (sorter->next + AHEAD < sorter->count)
        __builtin_prefetch(place_at(sorter, sorter->places[sorter->next + AHEAD].place));
    *entry = entry_of(sorter, sorter->places[sorter->next++]);
    return RESULT_OK;
}

enum result sorter_compact(struct sorter *sorter)
{
    struct sorter old = *sorter;
    struct sorter_cursor cursor = {0, 0};
    struct entry entry;
    enum result result = RESULT_OK;

    sorter->chunks = NULL;
    sorter->places = NULL;
    sorter->chunk_count = 0;
    free_chunks(sorter);
    while (result == RESULT_OK && step(&old, &cursor, &entry)) {
        result = sorter_add(sorter, entry.bytes, entry.length);
        for (size_t i = cursor.chunk; i-- > 0 && old.chunks[i].bytes;) {
            free(old.chunks[i].bytes);
            old.chunks[i].bytes = NULL;
        }
    }
    free_chunks(&old);
    return result;
}

enum result sorter_spill(struct sorter *sorter)
{
    struct entry entry;
    enum result result = sort(sorter);

    if (result == RESULT_OK)
        result = spill_begin(sorter->spill);
    while (result == RESULT_OK && (result = next_in_memory(sorter, &entry)) == RESULT_OK)
        result = spill_put(sorter->spill, &entry);
    if (result == RESULT_END)
        result = spill_end(sorter->spill);
    free_chunks(sorter);
    sorter->spilled = true;
    return result;
}

enum result sorter_read(struct sorter *sorter)
{
    enum result result = RESULT_OK;

    if (!sorter->spilled)
        return sort(sorter);
    if (sorter->count > 0)
        result = sorter_spill(sorter);
    return result == RESULT_OK ? spill_read(sorter->spill, sorter->memory / 4) : result;
}

enum result sorter_next(struct sorter *sorter, struct entry *entry)
{
    return sorter->spilled ? spill_next(sorter->spill, entry) : next_in_memory(sorter, entry);
}
