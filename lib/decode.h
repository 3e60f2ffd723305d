/*
 * What the files of the packet room share: a cursor that moves down the headers of one frame, and
 * the layers that call each other.
 */
#ifndef SECFLOW_DECODE_H
#define SECFLOW_DECODE_H

#include "packet.h"

/*
 * What is left of a frame below the headers read so far. Each layer moves it over its own; only
 * decode_udp_tunnel leaves it in place where it finds no tunnel.
 */
struct cursor {
    const uint8_t *data;
    uint32_t captured; /* bytes at data */
    uint32_t length;   /* bytes on the wire, as far as the layers above tell */
};

/* One frame on its way down. */
struct descent {
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

enum packet_verdict decode_link(struct descent *descent, int linktype, struct cursor *cursor);
enum packet_verdict decode_ethernet(struct descent *descent, struct cursor *cursor);
enum packet_verdict decode_ethertype(struct descent *descent, uint16_t type, struct cursor *cursor);
enum packet_verdict decode_ppp(struct descent *descent, struct cursor *cursor);

/* By the version in its first four bits. */
enum packet_verdict decode_ip(struct descent *descent, struct cursor *cursor);
enum packet_verdict decode_ipv4(struct descent *descent, struct cursor *cursor);
enum packet_verdict decode_ipv6(struct descent *descent, struct cursor *cursor);

enum packet_verdict decode_gre(struct descent *descent, struct cursor *cursor);

/*
 * Opens a tunnel inside UDP. False when the datagram (cursor: its payload) is none; else the
 * verdict on what it carries is in *verdict.
 */
bool decode_udp_tunnel(struct descent *descent, uint16_t sport, uint16_t dport,
                       struct cursor *cursor, enum packet_verdict *verdict);

#endif
