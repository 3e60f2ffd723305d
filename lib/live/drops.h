/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides when a growing count of drops deserves a message: when it begins to grow, and when it has
 * stopped for a while; not each time.
 */
#ifndef SECFLOW_DROPS_H
#define SECFLOW_DROPS_H

#include <stdbool.h>
#include <stdint.h>

/* Microseconds without a drop after which a run of drops is over. */
#define DROPS_QUIET (INT64_C(60) * 1000000)

/* Zeroed: no drops seen. */
struct drops {
    bool on;
    uint64_t seen;       /* the count */
    uint64_t before;     /* the count before the current or last run of drops */
    int64_t began, last; /* when that run was first and last seen */
};

enum drops_change { DROPS_SAME, DROPS_BEGIN, DROPS_END };

/*
 * Takes the count at a monotonic time in microseconds. After DROPS_END, drops_of describes the run
 * that ended.
 */
enum drops_change drops_look(struct drops *drops, uint64_t count, int64_t now);

/* How many drops the run has had, and how long it has lasted. */
uint64_t drops_of(const struct drops *drops, int64_t *duration);

#endif
