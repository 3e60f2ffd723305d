/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorts entries (spill.h), of which there may be more than memory holds: its owner, who can know
 * how to make fewer of them, tells when they go to the disk.
 */
#ifndef SECFLOW_SORTER_H
#define SECFLOW_SORTER_H

#include "base/spill.h"

#include <stdbool.h>

/* Entries lie in chunks one behind the other, in the order in which they came. */
struct sorter_chunk {
    char *bytes;
    size_t used;
};

/* The next of them that is read. */
struct sorter_cursor {
    size_t chunk, at;
};

/* An entry: its rank, and where it is in the chunks. */
struct sorter_place {
    uint32_t rank, place;
};

/* The order: by ranks, which a function tells, and by another one where they are equal. */
typedef uint32_t sorter_rank_fn(const void *context, const char *bytes);

struct sorter_order {
    sorter_rank_fn *rank;
    entry_compare_fn *compare;
    const void *context; /* of rank */
};

struct sorter {
    size_t memory;
    struct sorter_order order;
    struct sorter_chunk *chunks;
    size_t chunk_count, chunk_capacity;
    size_t left;                 /* of the last chunk */
    size_t count, bytes;         /* of entries in memory */
    struct sorter_place *places; /* of the entries, sorted; NULL: as they came */
    struct sorter_cursor cursor; /* of what is read, where there are no places, */
    size_t next;                 /* or the next place */
    struct spill *spill;
    bool spilled;
};

/*
 * memory: bytes that it takes before it is full, of which no more than 4 GiB count. folder: where
 * its temporary file is, as for spill_init. It may be destroyed after that, whatever the result,
 * and so may one of zeroes.
 */
MUST_CHECK enum result sorter_init(struct sorter *sorter, size_t memory, const char *folder,
                                   const struct sorter_order *order);
void sorter_destroy(struct sorter *sorter);

/* Copies an entry, of one byte at least. */
MUST_CHECK enum result sorter_add(struct sorter *sorter, const char *bytes, size_t length);

/* Bytes that the entries in memory take, with what sorting needs; and whether memory is used up. */
size_t sorter_cost(const struct sorter *sorter);
bool sorter_full(const struct sorter *sorter);

/*
 * Calls join with the entries in memory of each rank that several of them have, in their order.
 * Those that it gives no bytes (NULL) are gone. It may add others, which are not joined. What join
 * does not answer RESULT_OK to ends it, and is returned.
 */
typedef enum result sorter_join_fn(void *context, struct entry *entries, size_t count);
MUST_CHECK enum result sorter_join(struct sorter *sorter, sorter_join_fn *join, void *context);

/* Moves the entries to other memory, so that what belongs to none of them is free. */
MUST_CHECK enum result sorter_compact(struct sorter *sorter);

/* Sorts the entries in memory and writes them to the disk. RESULT_SYSTEM: errno says why not. */
MUST_CHECK enum result sorter_spill(struct sorter *sorter);

/*
 * All entries are in: they come in order, until RESULT_END, each until the next call.
 * RESULT_SYSTEM: the disk failed, errno says why.
 */
MUST_CHECK enum result sorter_read(struct sorter *sorter);
MUST_CHECK enum result sorter_next(struct sorter *sorter, struct entry *entry);

#endif
