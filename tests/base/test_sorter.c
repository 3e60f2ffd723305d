/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries sorted, in memory and on the disk.
 */
#include "../tap.h"
#include "base/sorter.h"

#include <errno.h>

#define ENTRIES 5000u

/* Bytes of an entry: its number, and then as many as it likes. */
static uint32_t number_of(const char *bytes)
{
    uint32_t number;

    memcpy(&number, bytes, sizeof number);
    return number;
}

static int compare(const char *a, const char *b)
{
    return number_of(a) < number_of(b) ? -1 : number_of(a) > number_of(b);
}

/* Numbers that look as if they came by chance. */
static uint32_t scatter(uint32_t n)
{
    n *= 2654435761u;
    return n ^ n >> 15;
}

static size_t length_of(uint32_t number)
{
    return number % 1000 == 7 ? 300000 : 4 + number % 61;
}

/* Ranks: of each, several entries, whose numbers come in any order. */
static uint64_t rank_of(uint32_t number, unsigned ranks)
{
    return ranks == 1 ? 0 : (uint64_t)(scatter(number) % ranks) << 37 | scatter(number) % ranks;
}

static void add(struct sorter *sorter, uint32_t number, unsigned ranks)
{
    size_t length = length_of(number);
    char *room = sorter_room(sorter, length + 100);

    need(room != NULL, "sorter_room");
    memset(room, (int)(number % 251), length);
    memcpy(room, &number, sizeof number);
    need(sorter_add(sorter, rank_of(number, ranks), room, length) == RESULT_OK, "sorter_add");
}

static bool is_whole(const struct entry *entry, unsigned ranks)
{
    uint32_t number = number_of(entry->bytes);

    if (entry->rank != rank_of(number, ranks) || entry_length(entry) != length_of(number))
        return false;
    for (size_t i = sizeof number; i < length_of(number); i++)
        if ((unsigned char)entry->bytes[i] != number % 251)
            return false;
    return true;
}

static void check_sorted(struct sorter *sorter, unsigned ranks, const char *what)
{
    struct entry entry;
    uint64_t rank = 0;
    uint32_t number = 0, count = 0;
    bool in_order = true, whole = true;
    enum result result;

    is_int(sorter_read(sorter), RESULT_OK, "%s: can be read", what);
    while ((result = sorter_next(sorter, &entry)) == RESULT_OK) {
        if (count > 0 &&
            (entry.rank < rank || (entry.rank == rank && number_of(entry.bytes) <= number)))
            in_order = false;
        rank = entry.rank;
        number = number_of(entry.bytes);
        whole = whole && is_whole(&entry, ranks);
        count++;
    }
    is_int(result, RESULT_END, "%s: to the end", what);
    is_int(count, ENTRIES, "%s: all of them", what);
    ok(in_order, "%s: in order", what);
    ok(whole, "%s: whole", what);
}

static void test_sizes(unsigned ranks, size_t memory, const char *what)
{
    struct sorter sorter;

    need(sorter_init(&sorter, memory, "/var/tmp", compare) == RESULT_OK, "sorter_init");
    for (uint32_t i = 0; i < ENTRIES; i++) {
        if (sorter_full(&sorter)) {
            need(sorter_sort(&sorter) == RESULT_OK, "sorter_sort");
            need(sorter_spill(&sorter) == RESULT_OK, "sorter_spill");
        }
        add(&sorter, scatter(i), ranks);
    }
    need(sorter_sort(&sorter) == RESULT_OK, "sorter_sort");
    check_sorted(&sorter, ranks, what);
    sorter_destroy(&sorter);
}

static void test_compact(void)
{
    struct sorter sorter;
    size_t bytes;

    need(sorter_init(&sorter, SIZE_MAX, "/nothing", compare) == RESULT_OK, "sorter_init");
    for (uint32_t i = 0; i < 2 * ENTRIES; i++)
        add(&sorter, scatter(i), 100);
    bytes = sorter.bytes;
    for (uint32_t i = 0; i < ENTRIES; i++)
        sorter.entries[i] = sorter.entries[2 * i];
    sorter.count = ENTRIES;
    is_int(sorter_compact(&sorter), RESULT_OK, "half of the entries are left");
    ok(sorter.bytes < bytes / 3 * 2, "they take less");
    need(sorter_sort(&sorter) == RESULT_OK, "sorter_sort");
    check_sorted(&sorter, 100, "half");
    sorter_destroy(&sorter);
}

/* Of a rank only the first is left, with other bytes; the others must be there, in order. */
static enum result join_rank(void *context, struct entry *const *entries, size_t count)
{
    uint32_t *joined = context;

    for (size_t i = 1; i < count; i++) {
        if (number_of(entries[i - 1]->bytes) >= number_of(entries[i]->bytes))
            return RESULT_INVALID;
        if (i > 1)
            entries[i - 1]->bytes = NULL;
    }
    entries[count - 1]->bytes = NULL;
    *joined += (uint32_t)count - 1;
    return RESULT_OK;
}

static void test_join(unsigned ranks, const char *what)
{
    struct sorter sorter;
    struct entry entry;
    uint32_t joined = 0, count = 0;
    uint64_t rank = 0;
    bool differ = true;

    need(sorter_init(&sorter, SIZE_MAX, "/nothing", compare) == RESULT_OK, "sorter_init");
    for (uint32_t i = 0; i < ENTRIES; i++)
        add(&sorter, scatter(i), ranks);
    is_int(sorter_join(&sorter, join_rank, &joined), RESULT_OK, "%s: joined", what);
    is_int(sorter.count, ENTRIES - joined, "%s: the others are left", what);
    ok(ranks > ENTRIES || joined == ENTRIES - ranks, "%s: one of each rank", what);
    need(sorter_sort(&sorter) == RESULT_OK && sorter_read(&sorter) == RESULT_OK, "sorter_sort");
    while (sorter_next(&sorter, &entry) == RESULT_OK) {
        differ = differ && (count == 0 || entry.rank > rank);
        rank = entry.rank;
        count++;
    }
    ok(differ && count == ENTRIES - joined, "%s: each rank once", what);
    sorter_destroy(&sorter);
}

static void test_none(void)
{
    struct sorter sorter;
    struct entry entry;

    need(sorter_init(&sorter, 0, "/nothing", compare) == RESULT_OK, "sorter_init");
    is_int(sorter_sort(&sorter), RESULT_OK, "no entry: sorted");
    is_int(sorter_read(&sorter), RESULT_OK, "no entry: read");
    is_int(sorter_next(&sorter, &entry), RESULT_END, "no entry: none");
    sorter_destroy(&sorter);
    need(sorter_init(&sorter, 0, "/nothing", compare) == RESULT_OK, "sorter_init");
    add(&sorter, 1, 1);
    is_int(sorter_spill(&sorter), RESULT_SYSTEM, "no folder");
    is_int(errno, ENOENT, "no folder: errno");
    sorter_destroy(&sorter);
}

int main(void)
{
    test_sizes(100000, SIZE_MAX, "many ranks");
    test_sizes(40, SIZE_MAX, "few ranks");
    test_sizes(1, SIZE_MAX, "one rank");
    test_sizes(100000, 100000, "on the disk");
    test_sizes(40, 3000000, "on the disk, few ranks");
    test_sizes(1, 0, "each on the disk");
    test_compact();
    test_join(1, "one rank");
    test_join(50, "ranks");
    test_join(100000, "ranks that mostly are alone");
    test_none();
    return done();
}
