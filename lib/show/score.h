/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much the flows from a host to a destination look like a beacon: the score that RITA publishes
 * (https://github.com/activecm/rita, version 5), of how even their times, their sizes and their
 * hours are.
 *
 * Two machines always agree on it. All of it is computed with integers: quartiles and medians are
 * kept doubled, a quotient is never rounded before it is added or compared, and what is rounded in
 * the end, to thousandths, is exact before. A half is rounded up.
 */
#ifndef SECFLOW_SCORE_H
#define SECFLOW_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A pair with so many flows is a strobe, which needs no score. */
#define SCORE_STROBE 86400u

/* The parts of the time in which flows are counted. */
#define SCORE_PARTS 24u

/* Fewer distinct times have no score, for there are no three intervals. */
#define SCORE_TIMES 4u

/* A flow that sent more bytes counts as one of so many. */
#define SCORE_SIZE_MOST (UINT64_C(1) << 50)

/* Thousandths, 1000 at most. */
struct score {
    uint32_t timing, size, histogram, duration;
    uint32_t all;             /* of these four */
    int64_t interval, jitter; /* the median of the intervals and of how far they are off it: us */
};

/* The flows of a pair that began within a time: seconds since 1970. */
struct score_flows {
    int64_t first, last;    /* the time: when the first and the last flow of all pairs began */
    int64_t *times;         /* of the flows */
    int64_t *sizes;         /* bytes that the source sent, not more than SCORE_SIZE_MOST */
    size_t count;           /* less than SCORE_STROBE */
    const uint64_t *counts; /* of flows in each of the parts of the time: SCORE_PARTS */
};

/* The part in which a time is, of those from first to last; the last one ends with last. */
size_t score_part(int64_t first, int64_t last, int64_t time);

/* False: there are too few distinct times. Sorts the sizes, and spoils the times. */
bool score_flows(const struct score_flows *flows, struct score *score);

/*
 * The score of so much time connected, in microseconds: as RITA grades it, on the scale of beacons.
 * An hour has 500, which rises to 700 at 4 hours, 900 at 8 and 1000 at 12; less than an hour has 0.
 */
uint32_t score_long(int64_t duration);

#endif
