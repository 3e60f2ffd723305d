/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows: packets of one 5-tuple (ICMP: one pair of addresses), counted by direction.
 *
 * There is no timeout and no split at FIN. A table may be read in windows: each window has the
 * flows that were active in it, with the counts of that window; a flow keeps its source. Memory: 64
 * bytes per IPv4 flow, 88 per IPv6 flow, plus 10 to 32 bytes to find it, and 24 to sort it if flows
 * did not begin in order. A named flow, and each flow before it, takes 4 more, plus the name. Lists
 * of windows other than the last hold copies, of 68 or 92 bytes per flow.
 *
 * Functions that return a result may return RESULT_NO_MEMORY or RESULT_SYSTEM.
 */
#ifndef SECFLOW_FLOWTABLE_H
#define SECFLOW_FLOWTABLE_H

#include "flow/connection.h"
#include "flow/flowlist.h"
#include "name/hello.h"
#include "packet/packet.h"

struct flowtable;

/* Two ids with a separator. */
#define FLOW_LOGGED_ID_MAX (2 * CONNECTION_ID_MAX + 1)

/*
 * most: flows in memory; 0: no limit. Beyond it, a new flow evicts one that has not been seen for
 * long, whose counts so far are reported before it is forgotten. names_most: bytes of flow names;
 * 0: no limit. Beyond it, flows are no longer named.
 */
MUST_CHECK enum result flowtable_init(struct flowtable **table, size_t most, size_t names_most);
void flowtable_destroy(struct flowtable **table);

/*
 * Counts a packet. The first packet of a flow decides which side is the source; whether its ends
 * are local matters for that. hello, unless NULL, is what the packet's sender says: the first name
 * from the source in a window becomes the flow's.
 */
MUST_CHECK enum result flowtable_add(struct flowtable *table, const struct packet *packet,
                                     bool src_local, bool dst_local, const struct hello *hello);

/*
 * Counts a connection, as if its packets came here and orig sent the first one; its bytes must be
 * payload already (join.h). The earliest connection of a new flow decides which side is the source,
 * the first of equally early ones. Counts that would overflow stay at the maximum. The first
 * connection in a window gives the flow its logged id, a text of at most FLOW_LOGGED_ID_MAX bytes;
 * NULL: none. The first with a service gives that to a flow with ports, up to 65535 different
 * services.
 */
MUST_CHECK enum result flowtable_add_connection(struct flowtable *table,
                                                const struct connection *connection,
                                                const char *logged_id, size_t logged_id_length,
                                                bool orig_local, bool resp_local);

/*
 * Adds a name given by the originator of the connection with that uid, at any time before or after
 * it.
 */
MUST_CHECK enum result flowtable_name_connection(struct flowtable *table, const char *uid,
                                                 size_t uid_length, const struct hostname *said);

/*
 * True if a name from the packet's sender would be new: its flow has no name in this window, or is
 * unknown, and the sender is its source.
 */
bool flowtable_lacks_name(const struct flowtable *table, const struct packet *packet);

/*
 * Ends the window: its flows, with those evicted in it, become a list, the caller's. All counts are
 * then zero again, and no flow is active. last: nothing more will be added, so the flows need not
 * be copied.
 */
MUST_CHECK enum result flowtable_take(struct flowtable *table, bool last, struct flowlist **list);

/*
 * Ends the window in pieces, so that a live counter need not wait until all flows are copied. After
 * flowtable_end_window, packets of the next window may be added: each copies some flows, and
 * flowtable_collect copies up to `most`. *list stays NULL until the list is complete. No other
 * window may end before that.
 */
MUST_CHECK enum result flowtable_end_window(struct flowtable *table);
MUST_CHECK enum result flowtable_collect(struct flowtable *table, size_t most,
                                         struct flowlist **list);

/* The number of flows evicted in this window, and their list, the caller's; NULL: none. */
size_t flowtable_evicted(const struct flowtable *table);
struct flowlist *flowtable_take_evicted(struct flowtable *table);

/* Forgets inactive flows whose last packet is more than `memory` away from now. */
void flowtable_forget(struct flowtable *table, int64_t now, int64_t memory);

/* The number of names not stored because names_most was reached. */
uint64_t flowtable_unnamed(const struct flowtable *table);

/* The flows remembered, active or not, and the bytes of memory that everything takes. */
uint32_t flowtable_count(const struct flowtable *table);
size_t flowtable_bytes(const struct flowtable *table);

#endif
