/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorts entries (spill.h), of which there may be more than memory holds: its owner, who can know
 * how to make fewer of them, tells when they go to the disk.
 */
#ifndef SECFLOW_SORTER_H
#define SECFLOW_SORTER_H

#include "base/spill.h"

#include <stdbool.h>

struct sorter {
    size_t memory;
    entry_compare_fn *compare;
    struct entry *entries; /* in memory */
    size_t count, capacity;
    char **chunks; /* their bytes */
    size_t chunk_count, chunk_capacity;
    char *free; /* what is left of the last chunk, and how much that is */
    size_t left;
    size_t bytes; /* used of all chunks */
    struct spill *spill;
    bool spilled;
    size_t next; /* of the entries, to be read where nothing was spilled */
};

/*
 * memory: bytes that it takes before it is full. folder: where its temporary file is, as for
 * spill_init. It may be destroyed after that, whatever the result, and so may one of zeroes.
 */
MUST_CHECK enum result sorter_init(struct sorter *sorter, size_t memory, const char *folder,
                                   entry_compare_fn *compare);
void sorter_destroy(struct sorter *sorter);

/* Room for so many bytes, which belong to no entry yet; NULL: no memory. */
MUST_CHECK char *sorter_room(struct sorter *sorter, size_t most);

/* The room asked for last is an entry of so many bytes, or fewer, or the bytes of one. */
MUST_CHECK enum result sorter_add(struct sorter *sorter, uint64_t rank, char *room, size_t length);
void sorter_keep(struct sorter *sorter, char *room, size_t length);

/* Whether memory is used up; and what entries of so many bytes take of it. */
bool sorter_full(const struct sorter *sorter);
size_t sorter_cost(size_t entries, size_t bytes);

/* Sorts the entries in memory. Ranks should differ in few bits, as times do. */
MUST_CHECK enum result sorter_sort(struct sorter *sorter);

/*
 * Calls join with those of each rank that several of the entries in memory have, in their order. It
 * may give them other bytes, or none: then they are gone. What join does not answer RESULT_OK to
 * ends it, and is returned.
 */
typedef enum result sorter_join_fn(void *context, struct entry *const *entries, size_t count);
MUST_CHECK enum result sorter_join(struct sorter *sorter, sorter_join_fn *join, void *context);

/* Moves the entries to other memory, so that what belongs to none of them goes. */
MUST_CHECK enum result sorter_compact(struct sorter *sorter);

/* Writes the entries, which are sorted, to the disk. RESULT_SYSTEM: errno says why not. */
MUST_CHECK enum result sorter_spill(struct sorter *sorter);

/*
 * All entries are in: they come in order, until RESULT_END, each until the next call.
 * RESULT_SYSTEM: the disk failed, errno says why. Those in memory, where there is nothing on the
 * disk, are sorted already.
 */
MUST_CHECK enum result sorter_read(struct sorter *sorter);
MUST_CHECK enum result sorter_next(struct sorter *sorter, struct entry *entry);

#endif
