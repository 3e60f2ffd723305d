/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time, in microseconds.
 */
#ifndef SECFLOW_CLOCK_H
#define SECFLOW_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define SECOND INT64_C(1000000)

/* The first microsecond of the year 10000, which RFC 3339 cannot write: times end before it. */
#define TIME_END INT64_C(253402300800000000)

static inline int64_t clock_read(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return time.tv_sec * SECOND + time.tv_nsec / 1000;
}

/* Since some fixed moment; setting the wall clock does not change it. */
static inline int64_t clock_monotonic(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

/* Since 1970-01-01 UTC. */
static inline int64_t clock_wall(void)
{
    return clock_read(CLOCK_REALTIME);
}

/* A clock that was ever set shows at least this time: anything dated earlier has no known age. */
#define CLOCK_LEAST (INT64_C(1735689600) * SECOND)

/* When the wall clock was last set, as far as known. Starts zeroed. */
struct clock_watch {
    int64_t offset; /* of the wall clock to the time since boot */
    int64_t set_at;
};

/*
 * True if at the wall time `wall` ages of up to `age` microseconds can be trusted: not until the
 * clock was last set that long ago. Call it regularly: ordinary corrections between two calls stay
 * below a minute.
 */
static inline bool clock_knows_age(struct clock_watch *watch, int64_t wall, int64_t age)
{
    int64_t offset = wall - clock_read(CLOCK_BOOTTIME), change = offset - watch->offset;

    if (watch->offset != 0 && (change > 60 * SECOND || change < -60 * SECOND))
        watch->set_at = wall;
    watch->offset = offset;
    return watch->set_at <= wall - age;
}

#endif
