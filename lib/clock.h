/*
 * The time, in microseconds.
 */
#ifndef SECFLOW_CLOCK_H
#define SECFLOW_CLOCK_H

#include <stdint.h>
#include <time.h>

#define SECOND INT64_C(1000000)

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

#endif
