/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many things began when, of which it is not known beforehand when the first and the last
 * begins: each time is kept while they are few, and counted in bins of equal width when they are
 * many. The width is a power of two of microseconds and doubles whenever the bins do not reach far
 * enough. What becomes of the times does not depend on the order in which they come.
 */
#ifndef SECFLOW_TIMELINE_H
#define SECFLOW_TIMELINE_H

#include "base/result.h"

#include <stddef.h>
#include <stdint.h>

/* Microseconds since 1970. */
struct timeline {
    uint64_t count;      /* of times */
    int64_t first, last; /* of them, where there is one */
    uint32_t bin_count;  /* at most so many bins */
    uint32_t room;       /* of the times below; 0 where there are bins */
    uint32_t shift;      /* a bin is so wide: 1 << shift */
    union {
        int64_t *times; /* while there are no more of them than half as many as bins */
        uint32_t *bins; /* the first one is that of the first time; full at UINT32_MAX */
    };
};

/* An empty one, of at least 2 bins, which is all that is known of it. Never fails. */
void timeline_init(struct timeline *timeline, uint32_t bin_count);

/* Fetches the memory that adding a time will need. */
void timeline_fetch(const struct timeline *timeline, int64_t time);

/* One of zeroes, too. */
void timeline_destroy(struct timeline *timeline);

/* A time that is not negative and before TIME_END (clock.h). RESULT_NO_MEMORY: it was not added. */
MUST_CHECK enum result timeline_add(struct timeline *timeline, int64_t time);

/* All times of another one, of as many bins. RESULT_NO_MEMORY: some of them were not added. */
MUST_CHECK enum result timeline_merge(struct timeline *timeline, const struct timeline *other);

/*
 * The part, of so many equal ones, in which a time lies that is from start to end. The first one
 * begins with start, and the last one ends with end.
 */
size_t timeline_part(int64_t start, int64_t end, size_t parts, int64_t time);

/*
 * Adds to counts, of which there are so many as parts, how many times are in each part between
 * start and end. A bin that belongs to several parts is shared out by its width. All times are
 * counted: those before start in the first part, those behind end in the last one.
 */
void timeline_spread(const struct timeline *timeline, int64_t start, int64_t end, size_t parts,
                     uint64_t *counts);

#endif
