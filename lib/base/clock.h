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

/* Since some time in the past, whatever is done to the clock on the wall. */
static inline int64_t clock_monotonic(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

/* Since 1970-01-01 UTC. */
static inline int64_t clock_wall(void)
{
    return clock_read(CLOCK_REALTIME);
}

/* No clock that was set ever tells less: what has an earlier time has no age. */
#define CLOCK_LEAST (INT64_C(1735689600) * SECOND)

/* What is known of when the clock on the wall was set; zero at first. */
struct clock_watch {
    int64_t offset; /* of it to the time since boot */
    int64_t set_at;
};

/*
 * Whether ages of up to so many microseconds are known at that time: that the clock was set tells
 * nothing of how old anything is. To be asked again and again. A clock that runs differs from the
 * other one by less than a minute meanwhile, whatever corrects it.
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
