/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows: packets of one 5-tuple (ICMP: one pair of addresses), counted by direction.
 *
 * There is no timeout and no split at FIN. A table may be read in windows: each window has the
 * flows that were active in it, with the counts of that window; a flow keeps its source. Memory:
 * 64 bytes an IPv4 flow, 88 an IPv6 flow, and 10 to 32 bytes for finding it; 24 for sorting it,
 * where flows did not begin in order. A flow that is named, and each before it, 4 more, and its
 * name. The lists of windows that are not the last hold copies, of 68 or 92 bytes a flow.
 *
 * All that returns a result may return RESULT_NO_MEMORY or RESULT_SYSTEM.
 */
#ifndef SECFLOW_FLOWTABLE_H
#define SECFLOW_FLOWTABLE_H

#include "flow/connection.h"
#include "flow/flowlist.h"
#include "name/hello.h"
#include "packet/packet.h"

struct flowtable;

/* Two ids, with something between them. */
#define FLOW_LOGGED_ID_MAX (2 * CONNECTION_ID_MAX + 1)

/*
 * most: flows in memory; 0: no limit. Beyond it a new flow evicts one that was not seen for long,
 * which is told and counted as far as it goes, and then forgotten. names_most: bytes that the names
 * of flows may take; 0: no limit. Beyond it flows are not named any more.
 */
MUST_CHECK enum result flowtable_init(struct flowtable **table, size_t most, size_t names_most);
void flowtable_destroy(struct flowtable **table);

/*
 * Counts a packet. The first packet of a flow decides which side is the source, for which it
 * matters whether its ends are local. hello, unless it is NULL, is what the packet's sender says:
 * the first name that the source says in a window is the flow's from then on.
 */
MUST_CHECK enum result flowtable_add(struct flowtable *table, const struct packet *packet,
                                     bool src_local, bool dst_local, const struct hello *hello);

/*
 * Counts a connection, as if its packets came here and orig sent the first one. Counts that
 * would overflow stay at their greatest. Of the connections of a window the first one gives the
 * flow its logged id, a text of at most FLOW_LOGGED_ID_MAX bytes; NULL: none. The first that has a
 * service gives a flow with ports that, but for more than 65535 different ones.
 */
MUST_CHECK enum result flowtable_add_connection(struct flowtable *table,
                                                const struct connection *connection,
                                                const char *logged_id, size_t logged_id_length,
                                                bool orig_local, bool resp_local);

/* What the originator of a connection with that uid says, whenever that comes. */
MUST_CHECK enum result flowtable_name_connection(struct flowtable *table, const char *uid,
                                                 size_t uid_length, const struct hostname *said);

/*
 * Whether a name that the packet's sender says would be news: in this window its flow has none, or
 * is not known yet, and the sender is its source.
 */
bool flowtable_lacks_name(const struct flowtable *table, const struct packet *packet);

/*
 * Ends the window: its flows become a list, the caller's, together with those that were evicted in
 * it. All counts are zero again then, and no flow is active. last: nothing will be added any more,
 * so that the flows need not be copied.
 */
MUST_CHECK enum result flowtable_take(struct flowtable *table, bool last, struct flowlist **list);

/*
 * Ends the window in pieces, between which packets of the next window may be added: so who counts
 * packets as they come need not wait until all flows are copied. After flowtable_end_window some
 * are copied with each packet, and as many as are asked for by flowtable_collect; *list is NULL
 * until it is complete. No other window may end before that.
 */
MUST_CHECK enum result flowtable_end_window(struct flowtable *table);
MUST_CHECK enum result flowtable_collect(struct flowtable *table, size_t most,
                                         struct flowlist **list);

/* How many flows of this window have been evicted; and their list, the caller's, NULL: none. */
size_t flowtable_evicted(const struct flowtable *table);
struct flowlist *flowtable_take_evicted(struct flowtable *table);

/* Forgets the flows that are not active whose last packet is further from now than that. */
void flowtable_forget(struct flowtable *table, int64_t now, int64_t memory);

/* How many names were not stored, because names_most was reached. */
uint64_t flowtable_unnamed(const struct flowtable *table);

/* Flows that are remembered, active or not; and how much memory all of it takes. */
uint32_t flowtable_count(const struct flowtable *table);
size_t flowtable_bytes(const struct flowtable *table);

#endif
