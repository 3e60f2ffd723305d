/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counted flows of a window, taken out of the table that counted them. Whoever has the list may
 * sort and read it, also in another thread.
 */
#ifndef SECFLOW_FLOWLIST_H
#define SECFLOW_FLOWLIST_H

#include "flow/connection.h"

struct flowlist;

/* A flow as read from a list; src is the side that opened it. */
struct flow {
    struct address src, dst;
    uint16_t sport, dport; /* host byte order, 0 for ICMP */
    uint8_t proto;
    uint8_t icmp_type, icmp_code; /* of the flow's first packet */
    bool icmp_known;
    bool first_from_src;   /* the first packet went from src to dst */
    const char *logged_id; /* of its first connection; owned by the list; NULL: none */
    const char *service;   /* of its first connection with one; owned by the list; NULL: none */
    size_t service_length;
    const char *name; /* of dst, as src named it in the flow; owned by the list; NULL: none */
    size_t name_length;
    uint64_t src_packets, src_bytes, dst_packets, dst_bytes;
    enum bytes_from bytes_from; /* what the bytes are estimated from */
    uint32_t sampling;          /* one packet in this many was seen; 0: each, or unknown */
    int64_t start, last;        /* microseconds: the earliest and the latest packet */
};

/* Preserves errno. */
void flowlist_destroy(struct flowlist **list);

/* The number of flows, and the bytes of memory that they take. */
size_t flowlist_count(const struct flowlist *list);
size_t flowlist_bytes(const struct flowlist *list);

/*
 * Sorts the flows by start, and at equal starts by first packet in input order, which is unknown
 * for evicted flows. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result flowlist_sort(struct flowlist *list);

/* The flow at an index below the count. */
void flowlist_get(const struct flowlist *list, size_t index, struct flow *flow);

#endif
