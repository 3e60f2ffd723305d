/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files of the packet module: a cursor that moves down the headers of one frame, and
 * the layers, each of which determines the next.
 */
#ifndef SECFLOW_DECODE_H
#define SECFLOW_DECODE_H

#include "packet/packet.h"

/* The rest of a frame, below the headers read so far. */
struct cursor {
    const uint8_t *data;
    uint32_t captured; /* bytes at data */
    uint32_t length;   /* bytes on the wire, as far as the layers above say */
};

/* One frame while it is decoded. */
struct descent {
    uint16_t ethertype; /* for LAYER_ETHERTYPE */
    struct decoder *decoder;
    struct packet *packet;
    unsigned layers; /* passed so far; limits how deeply a hostile frame can nest */
    bool open_tunnels;
};

/* A parsed IP header. */
struct ip_header {
    uint8_t family, proto;
    uint8_t first_proto; /* IPv4: in the header itself, as all fragments have it; IPv6: 0 */
    const uint8_t *src, *dst;
    uint32_t length; /* of the IP payload, without extension headers */
    uint32_t ident;  /* of the datagram, shared by its fragments */
    uint32_t offset; /* of the fragment, in bytes */
    bool first_fragment, later_fragment;
    bool length_from_wire; /* the header said 0: segmentation offload, or a jumbogram */
};

/* Skips n bytes; false if they were not captured. */
static inline bool cursor_skip(struct cursor *cursor, uint32_t n)
{
    if (cursor->captured < n)
        return false;
    cursor->data += n;
    cursor->captured -= n;
    cursor->length = cursor->length > n ? cursor->length - n : 0;
    return true;
}

/* Drops everything beyond n bytes: padding, trailers. */
static inline void cursor_limit(struct cursor *cursor, uint32_t n)
{
    cursor->length = n;
    if (cursor->captured > n)
        cursor->captured = n;
}

/* False once a frame has nested deeper than any honest one. */
static inline bool descend(struct descent *descent)
{
    return ++descent->layers <= 24;
}

/* What is at the cursor. */
enum layer {
    LAYER_ETHERNET = PACKET_VERDICTS,
    LAYER_ETHERTYPE, /* according to descent.ethertype */
    LAYER_PPP,
    LAYER_IP, /* according to the version in its first four bits */
    LAYER_IPV4,
    LAYER_IPV6,
    LAYER_GRE
};

/*
 * Each of these reads a layer, moves the cursor past it, and returns the next layer, or a verdict
 * (enum packet_verdict) to end with.
 */

/* link.c */
int decode_link(struct descent *descent, int linktype, struct cursor *cursor);
int decode_ethernet(struct descent *descent, struct cursor *cursor);
int decode_ethertype(struct descent *descent, struct cursor *cursor);
int decode_ppp(struct descent *descent, struct cursor *cursor);

/*
 * tunnel.c. A datagram, with the cursor at its payload, may not be a tunnel: then the result is
 * PACKET_OK and the cursor stays.
 */
int decode_gre(struct descent *descent, struct cursor *cursor);
int decode_udp_tunnel(struct descent *descent, uint16_t sport, uint16_t dport,
                      struct cursor *cursor);

#endif
