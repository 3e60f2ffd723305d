/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries that memory does not hold: sorted runs of them in a temporary file, read back as one. The
 * file has no name, so that it is gone with the process, whatever ends that.
 */
#ifndef SECFLOW_SPILL_H
#define SECFLOW_SPILL_H

#include "base/result.h"

#include <stddef.h>
#include <stdint.h>

/* What is sorted: by rank, and where that is equal by what a function makes of the bytes. */
struct entry {
    const char *bytes;
    uint32_t length, rank;
    uint32_t place; /* the sorter's (sorter.h) */
};

/* Of two entries of one rank: negative, where the first comes first, 0 or positive. */
typedef int entry_compare_fn(const char *a, const char *b);

static inline int entry_compare(const struct entry *a, const struct entry *b,
                                entry_compare_fn *compare)
{
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return compare(a->bytes, b->bytes);
}

struct spill;

/* The file is made in that folder, which is the caller's, when it is needed. */
MUST_CHECK enum result spill_init(struct spill **spill, const char *folder,
                                  entry_compare_fn *compare);
void spill_destroy(struct spill **spill);

/*
 * A run: it begins, takes entries in their order, and ends. RESULT_SYSTEM: it cannot be written,
 * errno says why.
 */
MUST_CHECK enum result spill_begin(struct spill *spill);
MUST_CHECK enum result spill_put(struct spill *spill, const struct entry *entry);
MUST_CHECK enum result spill_end(struct spill *spill);

/* How many bytes have been written. */
uint64_t spill_bytes(const struct spill *spill);

/*
 * Begins to read, once, when all runs have ended: with so many bytes of memory, or a few for each
 * run where that is more. Then comes entry by entry, of all runs, in order; it stays where it is
 * until the next call. RESULT_END; RESULT_SYSTEM: errno says why.
 */
MUST_CHECK enum result spill_read(struct spill *spill, size_t memory);
MUST_CHECK enum result spill_next(struct spill *spill, struct entry *entry);

#endif
