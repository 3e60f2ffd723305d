/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection metered by another program: passed from the modules that read logs to those that
 * make flows.
 */
#ifndef SECFLOW_CONNECTION_H
#define SECFLOW_CONNECTION_H

#include "packet/address.h"

/* The side known to have opened the conversation: by the opening SYN, or because the log says so.
 */
enum opener { OPENER_UNKNOWN, OPENER_ORIG, OPENER_RESP };

/* What bytes count: payload, or the layer whose counts payload is estimated from (join.h). */
enum bytes_from { BYTES_EXACT, BYTES_FROM_IP, BYTES_FROM_FRAME };

/* Many logs write a connection in several pieces, some with a piece for each side. */
struct connection {
    struct address orig, resp;     /* of the same family */
    uint16_t orig_port, resp_port; /* host byte order, 0 for ICMP */
    uint8_t proto;                 /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP or IPPROTO_ICMPV6 */
    uint8_t opener;                /* enum opener */
    uint8_t bytes_from;            /* enum bytes_from: what the bytes here count */
    uint8_t frame_header;          /* BYTES_FROM_FRAME: bytes of the frame before its packet */
    bool orig_syn, resp_syn;       /* that side is known to have sent a SYN */
    bool half;                     /* resp has no counts here: another record has them, if any */
    bool either;                   /* orig may be either side: a record that tells goes before */
    uint32_t sampling;             /* one packet in this many was seen; 0: each, or unknown */
    uint8_t icmp_type, icmp_code;
    bool icmp_known;
    int64_t start, last; /* microseconds since 1970-01-01 UTC */
    int64_t seen; /* when it was reported, by which it belongs to a window; 0: by start and last */
    uint64_t orig_packets, orig_bytes, resp_packets, resp_bytes;
    const char *point; /* the point of observation, any text; NULL: there is only one */
    size_t point_length;
    const char *community_id;   /* as logged, printable, without quotes; NULL: none */
    size_t community_id_length; /* at most CONNECTION_ID_MAX */
    const char *uid;            /* its id in other logs, as above; NULL: none */
    size_t uid_length;          /* at most CONNECTION_ID_MAX */
    const char *service;        /* its application protocol, as above; NULL: none */
    size_t service_length;      /* at most CONNECTION_SERVICE_MAX */
};

#define CONNECTION_ID_MAX 64u
#define CONNECTION_SERVICE_MAX 128u

#endif
