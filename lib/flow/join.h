/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How connections of logs are joined to flows: what their bytes count, and how a flow is counted
 * that several points observed.
 *
 * The flow table adds up the connections of one 5-tuple, from the first start to the last end; the
 * earliest decides which side is the source. A flow's home is the point of its first connection,
 * whose counts are in the flow. What other points saw of it is kept here until its window ends. Of
 * points that saw it at the same time, each side then gets the counts of the point that saw most of
 * its packets, since they saw the same ones; what was seen at another time is added.
 *
 * Memory: none if there is only one point; otherwise two bytes per flow, and about 64 for each
 * point but its home that saw a flow. Points beyond 65534 count as one.
 *
 * Part of the flowtable module.
 */
#ifndef SECFLOW_JOIN_H
#define SECFLOW_JOIN_H

#include "flow/connection.h"

/*
 * Estimates payload from bytes of a lower layer: subtracts the headers of each packet without
 * options, and 20 bytes of options if the side sent a SYN. ICMP has no payload. If all packets of a
 * side are TCP in 60 bytes of Ethernet, they are empty and padded.
 */
void join_payload(struct connection *connection);

struct join;

/* What a point saw of a flow, with the flow's sides (flowstore.h). */
struct sighting {
    uint32_t place; /* of the flow */
    uint32_t point;
    int64_t start, last;
    uint64_t packets[2], bytes[2];
};

/* RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result join_init(struct join **join);
void join_destroy(struct join **join);

/* The number of a point, from 1; the 65535th and all after it share theirs. RESULT_NO_MEMORY. */
MUST_CHECK enum result join_number(struct join *join, const char *point, size_t length,
                                   uint16_t *number);

/*
 * join_settle makes a point the home of a flow; join_home returns it, 0 for a flow without one.
 * RESULT_NO_MEMORY.
 */
MUST_CHECK enum result join_settle(struct join *join, uint32_t flow, uint16_t point);
uint16_t join_home(const struct join *join, uint32_t flow);

/* Adds what a point other than its home saw of a flow. RESULT_NO_MEMORY. */
MUST_CHECK enum result join_add(struct join *join, const struct sighting *sighting);

/* The sightings so far, by first occurrence; join_forget drops them. */
const struct sighting *join_sightings(const struct join *join, size_t *count);
void join_forget(struct join *join);

/* Joins a sighting to what else is known of its flow. */
void join_merge(struct sighting *flow, const struct sighting *sighting);

/* Bytes of memory in use. */
size_t join_bytes(const struct join *join);

#endif
