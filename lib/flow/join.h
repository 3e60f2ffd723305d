/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How connections of logs are joined to flows: what their bytes are worth, and what becomes of a
 * flow that was observed at several points.
 *
 * The flow table adds up the connections of one 5-tuple, from the first start to the last end; the
 * earliest of them tells who the source is. A flow's home is the point of its first connection,
 * whose counts stand in the flow. What other points saw of it is kept here until its window ends.
 * Then, of points that saw it at the same time, each side has the counts of the one that saw most
 * packets of it, for these are the same packets; what was seen at another time adds up.
 *
 * Memory: nothing where there is but one point; else two bytes a flow, and about 64 for each point
 * but its home that saw a flow. Points beyond 65534 are taken for one.
 *
 * Part of the flowtable module.
 */
#ifndef SECFLOW_JOIN_H
#define SECFLOW_JOIN_H

#include "flow/connection.h"

/*
 * Makes payload of bytes that count more, as far as the counts tell: less the headers of each
 * packet without options, and 20 bytes of options where a side showed its SYN. ICMP has none.
 * Where all packets of a side are TCP of 60 bytes on Ethernet, they are empty ones, padded.
 */
void join_payload(struct connection *connection);

struct join;

/* What a point saw of a flow; sides as the flow has them (flowstore.h). */
struct sighting {
    uint32_t place; /* of the flow */
    uint32_t point;
    int64_t start, last;
    uint64_t packets[2], bytes[2];
};

/* RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result join_init(struct join **join);
void join_destroy(struct join **join);

/* The number of a point, from 1. RESULT_NO_MEMORY. */
MUST_CHECK enum result join_number(struct join *join, const char *point, size_t length,
                                   uint16_t *number);

/* Makes a point the home of a flow; and tells it, 0 being that of flows without one. As above. */
MUST_CHECK enum result join_settle(struct join *join, uint32_t flow, uint16_t point);
uint16_t join_home(const struct join *join, uint32_t flow);

/* Adds what a point saw of a flow whose home it is not. As above. */
MUST_CHECK enum result join_add(struct join *join, const struct sighting *sighting);

/* The sightings so far, in the order of each first one; and forgets them. */
const struct sighting *join_sightings(const struct join *join, size_t *count);
void join_forget(struct join *join);

/* Joins one of them to what is known of its flow otherwise. */
void join_merge(struct sighting *flow, const struct sighting *sighting);

/* How much memory it takes. */
size_t join_bytes(const struct join *join);

#endif
