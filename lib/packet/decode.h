/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the packet module share: a cursor that moves down the headers of one frame, and
 * the layers, each of which tells which one is next.
 */
#ifndef SECFLOW_DECODE_H
#define SECFLOW_DECODE_H

#include "packet/packet.h"

/*
 * What is left of a frame below the headers read so far.
 */
struct cursor {
    const uint8_t *data;
    uint32_t captured; /* bytes at data */
    uint32_t length;   /* bytes on the wire, as far as the layers above tell */
};

/* One frame on its way down. */
struct descent {
    uint16_t ethertype; /* of LAYER_ETHERTYPE */
    struct decoder *decoder;
    struct packet *packet;
    unsigned layers; /* passed so far: a bound on what a hostile frame can nest */
    bool open_tunnels;
};

/* An IP header, read. */
struct ip_header {
    uint8_t family, proto;
    const uint8_t *src, *dst;
    uint32_t length; /* of the IP payload, without extension headers */
    uint32_t ident;  /* of the fragments */
    uint32_t offset; /* of the fragment, in bytes */
    bool first_fragment, later_fragment;
    bool length_from_wire; /* the header said 0: segmentation offload, or a jumbogram */
};

/* Moves over n bytes; false when they were not captured. */
static inline bool cursor_skip(struct cursor *cursor, uint32_t n)
{
    if (cursor->captured < n)
        return false;
    cursor->data += n;
    cursor->captured -= n;
    cursor->length = cursor->length > n ? cursor->length - n : 0;
    return true;
}

/* Drops what lies beyond n bytes: padding, trailers. */
static inline void cursor_limit(struct cursor *cursor, uint32_t n)
{
    cursor->length = n;
    if (cursor->captured > n)
        cursor->captured = n;
}

/* False once a frame has nested more than any honest one does. */
static inline bool descend(struct descent *descent)
{
    return ++descent->layers <= 24;
}

/* What stands at the cursor. */
enum layer {
    LAYER_ETHERNET = PACKET_VERDICTS,
    LAYER_ETHERTYPE, /* what the descent's type says */
    LAYER_PPP,
    LAYER_IP, /* by the version in its first four bits */
    LAYER_IPV4,
    LAYER_IPV6,
    LAYER_GRE
};

/*
 * Each of these reads a layer, moves the cursor over it, and returns a verdict (enum
 * packet_verdict), which is the end, or the layer that is next.
 */

/* link.c */
int decode_link(struct descent *descent, int linktype, struct cursor *cursor);
int decode_ethernet(struct descent *descent, struct cursor *cursor);
int decode_ethertype(struct descent *descent, struct cursor *cursor);
int decode_ppp(struct descent *descent, struct cursor *cursor);

/*
 * tunnel.c. A datagram, at whose payload the cursor is, may be no tunnel: then it is PACKET_OK, and
 * the cursor stays where it is.
 */
int decode_gre(struct descent *descent, struct cursor *cursor);
int decode_udp_tunnel(struct descent *descent, uint16_t sport, uint16_t dport,
                      struct cursor *cursor);

#endif
