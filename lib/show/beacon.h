/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who calls where again and again, or for long: flows by pairs of a host and a destination, without
 * ports, with what score.h makes of them.
 *
 * Flows go to a sorter, which has a bound of memory and then uses the disk; beside that, memory
 * goes by the hosts and by the pairs that are found.
 */
#ifndef SECFLOW_BEACON_H
#define SECFLOW_BEACON_H

#include "record/merge.h"
#include "show/score.h"

struct beacons;

struct beacon_options {
    int64_t span;       /* up to the start of the last flow: microseconds */
    uint64_t flows;     /* fewer have no score of a beacon */
    uint32_t score;     /* of pairs that are given, at least: thousandths */
    bool all;           /* also flows that a filter calls uninteresting */
    size_t memory;      /* bytes before the disk is used */
    const char *folder; /* of temporary files; the caller's */
};

/* RESULT_NO_MEMORY; RESULT_SYSTEM: no random numbers. */
MUST_CHECK enum result beacons_init(struct beacons **beacons, const struct beacon_options *options);
void beacons_destroy(struct beacons **beacons);

/* Adds a flow, which is lean; they come in any order. RESULT_NO_MEMORY; RESULT_SYSTEM: the disk
 * failed. */
MUST_CHECK enum result beacons_add(struct beacons *beacons, const struct merged *flow);

/* What is kept of a name, in bytes. */
#define BEACON_NAME_MOST 1024u

/*
 * A pair that has a score, or was connected for an hour or more. Sums stop at the greatest 64-bit
 * number, those of durations before TIME_END. Times are microseconds since 1970, durations
 * microseconds.
 */
struct beacon {
    struct record_text src, dst; /* addresses, or the name of dst: without ports and brackets */
    uint64_t flows;
    uint32_t hosts;          /* that had flows to dst */
    uint32_t prevalence;     /* these, of all that had any: thousandths */
    int64_t start, end;      /* of the first flow, and the latest end of one */
    int64_t total, longest;  /* duration */
    uint64_t sent, received; /* bytes, by src and from dst */
    bool scored;             /* as a beacon: */
    struct score score;
    uint32_t long_score; /* 0: less than an hour */
    bool strobe;
    int64_t when_start, when_end; /* the time, in whole seconds, and how many flows began when */
    uint64_t when[SCORE_PARTS];
};

/* The score that pairs are sorted by: the larger one of both; a strobe has the greatest. */
uint32_t beacon_rank(const struct beacon *beacon);

/*
 * The order of two beacons, as for qsort: the greatest rank first; of equal ones that with more
 * flows, and then by the bytes of src and dst.
 */
int beacon_compare(const void *a, const void *b);

/* All flows are in: finds and sorts the pairs. RESULT_NO_MEMORY; RESULT_SYSTEM: the disk failed. */
MUST_CHECK enum result beacons_finish(struct beacons *beacons);

/* Pairs, after that; they stay where they are. */
size_t beacons_count(const struct beacons *beacons);
const struct beacon *beacons_at(const struct beacons *beacons, size_t index);

/* Whether flows began before the time that was looked at, and when the last flow began. */
bool beacons_cut(const struct beacons *beacons, int64_t *last);

/* Appends a line, as flowbeacon(1) describes it. RESULT_NO_MEMORY. */
MUST_CHECK enum result beacon_put(struct text *text, const struct beacon *beacon);

#endif
