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
static uint32_t rank_of(uint32_t number, unsigned ranks)
{
    return ranks == 1 ? 0 : scatter(number) % ranks * (UINT32_MAX / ranks);
}

static uint32_t rank(const void *context, const char *bytes)
{
    const unsigned *ranks = context;

    return rank_of(number_of(bytes), *ranks);
}

/* ranks: how many there are; they must stay in place. */
static void new_sorter(struct sorter *sorter, size_t memory, const char *folder,
                       const unsigned *ranks)
{
    const struct sorter_order order = {rank, compare, ranks};

    need(sorter_init(sorter, memory, folder, &order) == RESULT_OK, "sorter_init");
}

static void add(struct sorter *sorter, uint32_t number)
{
    static char bytes[300000];
    size_t length = length_of(number);

    memset(bytes, (int)(number % 251), length);
    memcpy(bytes, &number, sizeof number);
    need(sorter_add(sorter, bytes, length) == RESULT_OK, "sorter_add");
}

static bool is_whole(const struct entry *entry, unsigned ranks)
{
    uint32_t number = number_of(entry->bytes);

    if (entry->rank != rank_of(number, ranks) || entry->length != length_of(number))
        return false;
    for (size_t i = sizeof number; i < length_of(number); i++)
        if ((unsigned char)entry->bytes[i] != number % 251)
            return false;
    return true;
}

static void check_sorted(struct sorter *sorter, unsigned ranks, const char *what)
{
    struct entry entry;
    uint32_t last = 0, number = 0, count = 0;
    bool in_order = true, whole = true;
    enum result result;

    is_int(sorter_read(sorter), RESULT_OK, "%s: can be read", what);
    while ((result = sorter_next(sorter, &entry)) == RESULT_OK) {
        if (count > 0 &&
            (entry.rank < last || (entry.rank == last && number_of(entry.bytes) <= number)))
            in_order = false;
        last = entry.rank;
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

    new_sorter(&sorter, memory, "/var/tmp", &ranks);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        if (sorter_full(&sorter))
            need(sorter_spill(&sorter) == RESULT_OK, "sorter_spill");
        add(&sorter, scatter(i));
    }
    check_sorted(&sorter, ranks, what);
    sorter_destroy(&sorter);
}

/* Every other entry of those that are joined goes. */
static enum result halve(void *context, struct entry *entries, size_t count)
{
    (void)context;
    for (size_t i = 1; i < count; i += 2)
        entries[i].bytes = NULL;
    return RESULT_OK;
}

static void test_compact(void)
{
    const unsigned ranks = 100;
    struct sorter sorter;
    struct entry entry;
    size_t chunks;
    uint32_t count = 0;

    new_sorter(&sorter, SIZE_MAX, "/nothing", &ranks);
    for (uint32_t i = 0; i < 4 * ENTRIES; i++)
        add(&sorter, scatter(i));
    chunks = sorter.chunk_count;
    is_int(sorter_join(&sorter, halve, NULL), RESULT_OK, "half of the entries go");
    is_int(sorter_compact(&sorter), RESULT_OK, "the others are moved");
    ok(sorter.chunk_count < chunks / 3 * 2, "they take less");
    need(sorter_read(&sorter) == RESULT_OK, "sorter_read");
    while (sorter_next(&sorter, &entry) == RESULT_OK)
        count += is_whole(&entry, ranks);
    ok(count > 2 * ENTRIES - ranks && count < 2 * ENTRIES + ranks, "half: they are whole");
    is_int(count, (intmax_t)sorter.count, "half: all of them");
    sorter_destroy(&sorter);
}

/* Of a rank one is left, which is added; the others must be there, in order. */
struct joined {
    struct sorter *sorter;
    uint32_t count;
};

static enum result join_rank(void *context, struct entry *entries, size_t count)
{
    struct joined *joined = context;

    for (size_t i = 1; i < count; i++)
        if (number_of(entries[i - 1].bytes) >= number_of(entries[i].bytes))
            return RESULT_INVALID;
    add(joined->sorter, number_of(entries[0].bytes));
    for (size_t i = 0; i < count; i++)
        entries[i].bytes = NULL;
    joined->count += (uint32_t)count - 1;
    return RESULT_OK;
}

static void test_join(unsigned ranks, const char *what)
{
    struct sorter sorter;
    struct joined joined = {&sorter, 0};
    struct entry entry;
    uint32_t count = 0, last = 0;
    bool differ = true, whole = true;

    new_sorter(&sorter, SIZE_MAX, "/nothing", &ranks);
    for (uint32_t i = 0; i < ENTRIES; i++)
        add(&sorter, scatter(i));
    is_int(sorter_join(&sorter, join_rank, &joined), RESULT_OK, "%s: joined", what);
    is_int((intmax_t)sorter.count, ENTRIES - joined.count, "%s: the others are left", what);
    ok(ranks > ENTRIES || joined.count == ENTRIES - ranks, "%s: one of each rank", what);
    need(sorter_read(&sorter) == RESULT_OK, "sorter_read");
    while (sorter_next(&sorter, &entry) == RESULT_OK) {
        differ = differ && (count == 0 || entry.rank > last);
        whole = whole && is_whole(&entry, ranks);
        last = entry.rank;
        count++;
    }
    ok(differ && count == ENTRIES - joined.count, "%s: each rank once", what);
    ok(whole, "%s: they are whole", what);
    sorter_destroy(&sorter);
}

static void test_none(void)
{
    const unsigned ranks = 1;
    struct sorter sorter;
    struct entry entry;

    new_sorter(&sorter, 0, "/nothing", &ranks);
    is_int(sorter_read(&sorter), RESULT_OK, "no entry: read");
    is_int(sorter_next(&sorter, &entry), RESULT_END, "no entry: none");
    sorter_destroy(&sorter);
    new_sorter(&sorter, 0, "/nothing", &ranks);
    add(&sorter, 1);
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
