/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a count that grows now and then is worth a word: when it begins to grow, and when it has not
 * grown for a while; not each time.
 */
#ifndef SECFLOW_DROPS_H
#define SECFLOW_DROPS_H

#include <stdbool.h>
#include <stdint.h>

/* Microseconds without a drop after which they are over. */
#define DROPS_QUIET (INT64_C(60) * 1000000)

/* All zero is one that has seen none. */
struct drops {
    bool on;
    uint64_t seen;       /* the count */
    uint64_t before;     /* what it was before the drops that go on, or went on last */
    int64_t began, last; /* when they were seen first and last */
};

enum drops_change { DROPS_SAME, DROPS_BEGIN, DROPS_END };

/*
 * Takes the count at a monotonic time in microseconds. After DROPS_END drops_of tells of those that
 * have ended.
 */
enum drops_change drops_look(struct drops *drops, uint64_t count, int64_t now);

/* How many there were since they began, and how long they went on. */
uint64_t drops_of(const struct drops *drops, int64_t *duration);

#endif
