/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet module, tunnels: GRE (RFC 1701, 2784, 2890; PPTP's version 1, RFC 2637), ERSPAN types
 * I and II (draft-foschiano-erspan), VXLAN (RFC 7348), Geneve (RFC 8926), GTP-U (3GPP TS 29.281).
 */
#include "base/bytes.h"
#include "packet/decode.h"

/* Skips RFC 1701 source routes: address family, offset, length, data; an all-zero one ends them. */
static bool skip_gre_routes(struct cursor *cursor)
{
    for (;;) {
        uint8_t length;
        bool last;

        if (cursor->captured < 4)
            return false;
        length = cursor->data[3];
        last = be16(cursor->data) == 0 && length == 0;
        if (!cursor_skip(cursor, 4u + length))
            return false;
        if (last)
            return true;
    }
}

int decode_gre(struct descent *descent, struct cursor *cursor)
{
    uint16_t flags, protocol;
    uint32_t header = 4;

    if (cursor->captured < 4)
        return PACKET_DAMAGED;
    flags = be16(cursor->data);
    protocol = be16(cursor->data + 2);
    if ((flags & 7) > 1)
        return PACKET_DAMAGED;
    header += flags & (GRE_CHECKSUM | GRE_ROUTING) ? 4 : 0;
    header += flags & GRE_KEY ? 4 : 0;
    header += flags & GRE_SEQUENCE ? 4 : 0;
    header += (flags & 7) == 1 && (flags & GRE_ACK) ? 4 : 0;
    if (!cursor_skip(cursor, header) || ((flags & GRE_ROUTING) && !skip_gre_routes(cursor)))
        return PACKET_DAMAGED;
    if (protocol == ETHERTYPE_PPP)
        return LAYER_PPP;
    if (protocol == ETHERTYPE_ERSPAN) { /* type II has a sequence number and 8 bytes of its own */
        if ((flags & GRE_SEQUENCE) && !cursor_skip(cursor, 8))
            return PACKET_DAMAGED;
        return LAYER_ETHERNET;
    }
    descent->ethertype = protocol;
    return LAYER_ETHERTYPE;
}

/* The flag must say that there is a network identifier; nothing else matters. */
static int open_vxlan(struct cursor *cursor)
{
    enum { VXLAN_IDENTIFIED = 0x08 };

    if (cursor->captured < 8 || !(cursor->data[0] & VXLAN_IDENTIFIED))
        return PACKET_OK;
    cursor_skip(cursor, 8);
    return LAYER_ETHERNET;
}

static int open_geneve(struct descent *descent, struct cursor *cursor)
{
    uint16_t protocol;

    if (cursor->captured < 8 || cursor->data[0] >> 6 != 0)
        return PACKET_OK;
    protocol = be16(cursor->data + 2);
    if (protocol != ETHERTYPE_BRIDGED && protocol != ETHERTYPE_IPV4 && protocol != ETHERTYPE_IPV6)
        return PACKET_OK;
    if (!cursor_skip(cursor, 8 + 4 * (cursor->data[0] & 0x3fu)))
        return PACKET_DAMAGED;
    descent->ethertype = protocol;
    return LAYER_ETHERTYPE;
}

/*
 * Only messages that carry a subscriber's IP packet are tunnels; echoes and the like are plain UDP.
 */
static int open_gtpu(struct cursor *datagram)
{
    enum { GTP_OPTIONAL = 0x07, GTP_EXTENSION = 0x04, GTP_TPDU = 255 };
    struct cursor copy = *datagram, *cursor = &copy;
    uint8_t flags, next = 0;

    if (cursor->captured < 8 || (cursor->data[0] & 0xf0) != 0x30 || cursor->data[1] != GTP_TPDU)
        return PACKET_OK;
    flags = cursor->data[0];
    cursor_skip(cursor, 8);
    if (flags & GTP_OPTIONAL) {
        if (cursor->captured < 4)
            return PACKET_OK;
        next = flags & GTP_EXTENSION ? cursor->data[3] : 0;
        cursor_skip(cursor, 4);
    }
    while (next != 0) {
        uint32_t length = cursor->captured > 0 ? 4u * cursor->data[0] : 0;

        if (length == 0 || !cursor_skip(cursor, length))
            return PACKET_OK;
        next = cursor->data[-1];
    }
    if (cursor->captured == 0 || (cursor->data[0] >> 4 != 4 && cursor->data[0] >> 4 != 6))
        return PACKET_OK;
    *datagram = copy;
    return LAYER_IP;
}

int decode_udp_tunnel(struct descent *descent, uint16_t sport, uint16_t dport,
                      struct cursor *cursor)
{
    switch (dport) {
    case PORT_VXLAN:
    case PORT_VXLAN_LINUX:
        return open_vxlan(cursor);
    case PORT_GENEVE:
        return open_geneve(descent, cursor);
    case PORT_GTPU:
        return open_gtpu(cursor);
    default: /* a GTP-U peer behind address translation keeps only its source port */
        return sport == PORT_GTPU ? open_gtpu(cursor) : PACKET_OK;
    }
}
