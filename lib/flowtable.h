/*
 * Flows: packets of one 5-tuple (ICMP: one pair of addresses), counted by direction.
 *
 * There is no timeout and no split at FIN. A table may be read in windows: each window has the
 * flows that were active in it, with the counts of that window; a flow keeps its source. Memory:
 * 64 bytes an IPv4 flow, 88 an IPv6 flow, and 10 to 32 bytes for finding it; 24 for sorting it,
 * where flows did not begin in order. A flow that is named, and each before it, 4 more, and its
 * name.
 */
#ifndef SECFLOW_FLOWTABLE_H
#define SECFLOW_FLOWTABLE_H

#include "connection.h"
#include "hello.h"
#include "packet.h"

struct flowtable;

/* A flow as it is read out; src is the side that opened it. */
struct flow {
    struct address src, dst;
    uint16_t sport, dport; /* host byte order, 0 for ICMP */
    uint8_t proto;
    uint8_t icmp_type, icmp_code; /* of the flow's first packet */
    bool icmp_known;
    bool first_from_src; /* the first packet went from src to dst */
    const char *label;   /* of its first connection, the table's; NULL: none */
    const char *name;    /* of dst, as src said it in the flow, the table's; NULL: none */
    size_t name_length;
    uint64_t src_packets, src_bytes, dst_packets, dst_bytes;
    int64_t start, last; /* microseconds: the earliest and the latest packet */
};

#define FLOW_LABEL_MAX CONNECTION_ID_MAX

/* RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result flowtable_init(struct flowtable **table);
void flowtable_destroy(struct flowtable **table);

/*
 * Counts a packet. The first packet of a flow decides which side is the source, for which it
 * matters whether its ends are local. hello, unless it is NULL, is what the packet's sender says:
 * the first name that the source says in a window is the flow's from then on. RESULT_NO_MEMORY, or
 * RESULT_SYSTEM, which all that counts packets may answer.
 */
MUST_CHECK enum result flowtable_add(struct flowtable *table, const struct packet *packet,
                                     bool src_local, bool dst_local, const struct hello *hello);

/*
 * The same for a connection, as if its packets came here and orig sent the first one. Counts that
 * would overflow stay at their greatest. A new flow keeps the label, a text of at most
 * FLOW_LABEL_MAX bytes; NULL: none.
 */
MUST_CHECK enum result flowtable_add_connection(struct flowtable *table,
                                                const struct connection *connection,
                                                const char *label, size_t label_length,
                                                bool orig_local, bool resp_local);

/* What the originator of a connection with that uid says, whenever that comes. The same. */
MUST_CHECK enum result flowtable_name_connection(struct flowtable *table, const char *uid,
                                                 size_t uid_length, const struct hello *hello);

/*
 * Whether a name that the packet's sender says would be news: in this window its flow has none, or
 * is not known yet, and the sender is its source.
 */
bool flowtable_lacks_name(const struct flowtable *table, const struct packet *packet);

/*
 * Ends the window: sorts its flows by start, those of equal start by their first packet in input
 * order, and tells how many there are. last: nothing will be added any more, so that what finds
 * flows may make room for what sorts them. Results as of flowtable_add.
 */
MUST_CHECK enum result flowtable_finish(struct flowtable *table, bool last, size_t *count);

/*
 * The same in the middle of a window, except that the half of the flows whose last packets are the
 * oldest comes first: count of them, each half sorted. Results as above.
 */
MUST_CHECK enum result flowtable_divide(struct flowtable *table, size_t *count);

/*
 * Forgets all flows but the active ones from an index on, which keep their order and begin with
 * index 0 then. Results as above.
 */
MUST_CHECK enum result flowtable_keep(struct flowtable *table, size_t first);

/* Flows that are remembered, active or not. */
uint32_t flowtable_count(const struct flowtable *table);

/* The flow at an index below that count. */
void flowtable_get(const struct flowtable *table, size_t index, struct flow *flow);

/* Begins the next window: all counts are zero again, no flow is active. */
void flowtable_next_window(struct flowtable *table);

#endif
