/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/packet.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "packet/decode.h"
#include "packet/fragment.h"

#include <stdlib.h>

struct decoder {
    struct fragment_table *fragments;
    bool open_tunnels;
};

enum result decoder_init(struct decoder **decoder, bool open_tunnels)
{
    struct decoder *new = calloc(1, sizeof *new);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    new->open_tunnels = open_tunnels;
    result = fragment_table_init(&new->fragments);
    if (result != RESULT_OK) {
        free(new);
        return result;
    }
    *decoder = new;
    return RESULT_OK;
}

void decoder_destroy(struct decoder **decoder)
{
    if (*decoder) {
        fragment_table_destroy(&(*decoder)->fragments);
        free(*decoder);
        *decoder = NULL;
    }
}

static enum packet_verdict decode_tcp(struct packet *packet, const struct ip_header *ip,
                                      struct cursor *cursor)
{
    uint32_t header;

    if (cursor->captured < 14)
        return PACKET_DAMAGED;
    header = (cursor->data[12] >> 4) * 4u;
    if (header < 20 || header > ip->length)
        return PACKET_DAMAGED;
    packet->sport = be16(cursor->data);
    packet->dport = be16(cursor->data + 2);
    packet->tcp_sequence = be32(cursor->data + 4);
    packet->tcp_flags = cursor->data[13];
    packet->bytes = ip->length - header;
    if (!cursor_skip(cursor, header))
        cursor->captured = 0;
    packet->payload = cursor->data;
    packet->captured = cursor->captured;
    return PACKET_OK;
}

/*
 * The length of the datagram, header included. For a fragment it comes from the IP header. 0 means
 * "see the IP header", in a jumbogram (RFC 2675) or when the network card was to fill it in.
 */
static uint32_t udp_length(const struct ip_header *ip, uint32_t claimed)
{
    if (ip->first_fragment || (claimed == 0 && ip->length_from_wire))
        return ip->length;
    return claimed > ip->length ? 0 : claimed;
}

static int decode_udp(struct descent *descent, const struct ip_header *ip, struct cursor *cursor)
{
    struct packet *packet = descent->packet;
    uint16_t sport, dport;
    uint32_t length;
    int next = PACKET_OK;

    if (cursor->captured < 8)
        return PACKET_DAMAGED;
    length = udp_length(ip, be16(cursor->data + 4));
    if (length < 8)
        return PACKET_DAMAGED;
    sport = be16(cursor->data);
    dport = be16(cursor->data + 2);
    cursor_skip(cursor, 8);
    cursor_limit(cursor, length - 8);
    if (descent->open_tunnels)
        next = decode_udp_tunnel(descent, sport, dport, cursor);
    if (next != PACKET_OK)
        return next;
    packet->sport = sport;
    packet->dport = dport;
    packet->bytes = length - 8;
    packet->payload = cursor->data;
    packet->captured = cursor->captured;
    return PACKET_OK;
}

static void decode_icmp(struct packet *packet, const struct cursor *cursor)
{
    packet->icmp_known = cursor->captured >= 2;
    if (packet->icmp_known) {
        packet->icmp_type = cursor->data[0];
        packet->icmp_code = cursor->data[1];
    }
}

static int open_tunnel(const struct descent *descent, enum layer inside)
{
    if (!descent->open_tunnels)
        return PACKET_OTHER_PROTOCOL;
    return inside;
}

/* Decodes the payload of a whole IP packet or first fragment. */
static int decode_transport(struct descent *descent, const struct ip_header *ip,
                            struct cursor *cursor)
{
    struct packet *packet = descent->packet;

    packet->proto = ip->proto;
    switch (ip->proto) {
    case IPPROTO_TCP:
        return decode_tcp(packet, ip, cursor);
    case IPPROTO_UDP:
        return decode_udp(descent, ip, cursor);
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
        if ((ip->proto == IPPROTO_ICMP) != (ip->family == 4))
            return PACKET_OTHER_PROTOCOL;
        decode_icmp(packet, cursor);
        return PACKET_OK;
    case IPPROTO_IPIP:
        return open_tunnel(descent, LAYER_IPV4);
    case IPPROTO_IPV6:
        return open_tunnel(descent, LAYER_IPV6);
    case IPPROTO_GRE:
        return open_tunnel(descent, LAYER_GRE);
    default:
        return PACKET_OTHER_PROTOCOL;
    }
}

/* Of fragments, only the payload of DNS over UDP matters; it is reassembled elsewhere. */
static void note_fragment(const struct ip_header *ip, const struct cursor *cursor,
                          struct packet *packet)
{
    enum { UDP_HEADER = 8, LENGTH_BEFORE = 4 };

    packet->is_fragment = true;
    packet->captured = 0;
    if (packet->proto != IPPROTO_UDP || !packet_is_dns(packet))
        return;
    packet->payload = cursor->data;
    packet->captured = cursor->captured;
    packet->fragment.id = ip->ident;
    packet->fragment.at = ip->later_fragment ? ip->offset - UDP_HEADER : 0;
    packet->fragment.bytes = 0;
    if (ip->first_fragment && be16(cursor->data - LENGTH_BEFORE) > UDP_HEADER)
        packet->fragment.bytes = be16(cursor->data - LENGTH_BEFORE) - UDP_HEADER;
}

/* Decodes an IP payload; the cursor is limited to the length in the header. */
static int decode_payload(struct descent *descent, const struct ip_header *ip,
                          struct cursor *cursor)
{
    struct packet *packet = descent->packet;

    if (ip->later_fragment) {
        if (!fragment_table_find(descent->decoder->fragments, ip, packet))
            return PACKET_LATE_FRAGMENT;
        packet->bytes =
            packet->proto == IPPROTO_TCP || packet->proto == IPPROTO_UDP ? ip->length : 0;
    } else {
        int next = decode_transport(descent, ip, cursor);

        if (next != PACKET_OK)
            return next;
    }
    address_set(&packet->src, ip->family, ip->src);
    address_set(&packet->dst, ip->family, ip->dst);
    if (ip->first_fragment)
        fragment_table_add(descent->decoder->fragments, ip, packet);
    if (ip->first_fragment || ip->later_fragment)
        note_fragment(ip, cursor, packet);
    return PACKET_OK;
}

/* IPsec's authentication header precedes the payload in both families (RFC 4302). */
static bool skip_authentication(struct ip_header *ip, struct cursor *cursor)
{
    uint32_t length;

    if (cursor->captured < 12)
        return false;
    length = (cursor->data[1] + 2u) * 4;
    if (length > ip->length)
        return false;
    ip->proto = cursor->data[0];
    ip->length -= length;
    return cursor_skip(cursor, length);
}

static int decode_ipv4(struct descent *descent, struct cursor *cursor)
{
    struct ip_header ip = {.family = 4};
    uint32_t header, total, fragment;

    if (!descend(descent) || cursor->captured < 20 || cursor->data[0] >> 4 != 4)
        return PACKET_DAMAGED;
    header = (cursor->data[0] & 15) * 4u;
    if (header < 20 || cursor->captured < header)
        return PACKET_DAMAGED;
    total = be16(cursor->data + 2);
    if (total == 0) {
        total = cursor->length;
        ip.length_from_wire = true;
    }
    if (total < header)
        return PACKET_DAMAGED;
    fragment = be16(cursor->data + 6);
    ip.proto = ip.first_proto = cursor->data[9];
    ip.src = cursor->data + 12;
    ip.dst = cursor->data + 16;
    ip.length = total - header;
    ip.ident = be16(cursor->data + 4);
    ip.first_fragment = (fragment & 0x3fff) == 0x2000;
    ip.later_fragment = (fragment & 0x1fff) != 0;
    ip.offset = (fragment & 0x1fffu) * 8;
    cursor_skip(cursor, header);
    cursor_limit(cursor, ip.length);
    if (ip.proto == IPPROTO_AH && !ip.later_fragment && !skip_authentication(&ip, cursor))
        return PACKET_DAMAGED;
    return decode_payload(descent, &ip, cursor);
}

/* A payload length of 0 may mean a jumbogram, whose length is in a hop-by-hop option (RFC 2675). */
static uint32_t jumbo_length(const struct cursor *cursor, uint8_t next)
{
    uint32_t end, at = 2;

    if (next != IPPROTO_HOPOPTS || cursor->captured < 8)
        return cursor->length;
    end = (cursor->data[1] + 1u) * 8;
    if (end > cursor->captured)
        return cursor->length;
    while (at + 6 <= end) {
        if (cursor->data[at] == 0xc2 && cursor->data[at + 1] == 4)
            return be32(cursor->data + at + 2);
        at += cursor->data[at] == 0 ? 1 : cursor->data[at + 1] + 2u;
    }
    return cursor->length;
}

/* Skips one extension header. False: cut off, or longer than the packet. */
static bool skip_extension(struct ip_header *ip, struct cursor *cursor)
{
    uint32_t length = 8;

    if (ip->proto == IPPROTO_AH)
        return skip_authentication(ip, cursor);
    if (cursor->captured < 8)
        return false;
    if (ip->proto == IPPROTO_FRAGMENT) {
        uint16_t fragment = be16(cursor->data + 2);

        ip->ident = be32(cursor->data + 4);
        ip->first_fragment = (fragment & 0xfff9) == 1;
        ip->later_fragment = (fragment & 0xfff8) != 0;
        ip->offset = fragment & 0xfff8u;
    } else {
        length = (cursor->data[1] + 1u) * 8;
    }
    if (length > ip->length)
        return false;
    ip->proto = cursor->data[0];
    ip->length -= length;
    return cursor_skip(cursor, length);
}

static bool is_extension(uint8_t proto)
{
#define EXTENSION(proto) case proto:
    switch (proto) {
    case IPPROTO_FRAGMENT:
    case IPPROTO_AH:
        IPV6_EXTENSIONS(EXTENSION)
        return true;
    default:
        return false;
    }
#undef EXTENSION
}

static int decode_ipv6(struct descent *descent, struct cursor *cursor)
{
    struct ip_header ip = {.family = 6};

    if (!descend(descent) || cursor->captured < 40 || cursor->data[0] >> 4 != 6)
        return PACKET_DAMAGED;
    ip.length = be16(cursor->data + 4);
    ip.proto = cursor->data[6];
    ip.src = cursor->data + 8;
    ip.dst = cursor->data + 24;
    cursor_skip(cursor, 40);
    if (ip.length == 0) {
        ip.length = jumbo_length(cursor, ip.proto);
        ip.length_from_wire = true;
    }
    cursor_limit(cursor, ip.length);
    while (is_extension(ip.proto) && !ip.later_fragment)
        if (!skip_extension(&ip, cursor))
            return PACKET_DAMAGED;
    return decode_payload(descent, &ip, cursor);
}

/* Reads the layer at the cursor. Results as in decode.h. */
static int decode_layer(struct descent *descent, enum layer layer, struct cursor *cursor)
{
    switch (layer) {
    case LAYER_IPV4:
        return decode_ipv4(descent, cursor);
    case LAYER_IPV6:
        return decode_ipv6(descent, cursor);
    case LAYER_IP:
        if (cursor->captured == 0)
            return PACKET_DAMAGED;
        return cursor->data[0] >> 4 == 6 ? decode_ipv6(descent, cursor)
                                         : decode_ipv4(descent, cursor);
    case LAYER_ETHERNET:
        return decode_ethernet(descent, cursor);
    case LAYER_ETHERTYPE:
        return decode_ethertype(descent, cursor);
    case LAYER_PPP:
        return decode_ppp(descent, cursor);
    case LAYER_GRE:
        return decode_gre(descent, cursor);
    }
    return PACKET_DAMAGED;
}

/*
 * Reads what most frames are, at once: TCP in whole IPv4 packets without options, on Ethernet.
 * False, and nothing is done: it is something else, or damaged.
 */
static bool decode_usual(const struct frame *frame, struct packet *packet)
{
    enum { IP = 14, TCP = IP + 20, LEAST = TCP + 20 };
    const uint8_t *data = frame->data;
    uint32_t length, header, captured;

    if (frame->linktype != LINKTYPE_ETHERNET || frame->captured < LEAST ||
        be16(data + 12) != ETHERTYPE_IPV4 || data[IP] != 0x45 || data[IP + 9] != IPPROTO_TCP ||
        (be16(data + IP + 6) & 0x3fff) != 0)
        return false;
    length = be16(data + IP + 2) - 20u; /* wraps around where it is too small, or not there */
    header = (data[TCP + 12] >> 4) * 4u;
    captured = frame->captured - TCP;
    if (header < 20 || header > length || header > captured || length > UINT16_MAX)
        return false;
    packet->sport = be16(data + TCP);
    packet->dport = be16(data + TCP + 2);
    packet->proto = IPPROTO_TCP;
    packet->tcp_flags = data[TCP + 13];
    packet->tcp_sequence = be32(data + TCP + 4);
    packet->bytes = length - header;
    packet->payload = data + TCP + header;
    packet->captured = (captured < length ? captured : length) - header;
    address_set(&packet->src, 4, data + IP + 12);
    address_set(&packet->dst, 4, data + IP + 16);
    return true;
}

enum packet_verdict decoder_packet(struct decoder *decoder, const struct frame *frame,
                                   struct packet *packet)
{
    struct descent descent = {
        .decoder = decoder, .packet = packet, .open_tunnels = decoder->open_tunnels};
    struct cursor cursor = {frame->data, frame->captured, frame->length};
    int next;

    if (frame->time < 0 || frame->time >= TIME_END)
        return PACKET_NO_TIME;
    packet->time = frame->time;
    packet->icmp_type = packet->icmp_code = 0;
    packet->icmp_known = packet->is_fragment = false;
    if (decode_usual(frame, packet))
        return PACKET_OK;
    packet->sport = packet->dport = 0;
    packet->tcp_flags = 0;
    packet->bytes = packet->captured = 0;
    packet->payload = NULL;
    next = decode_link(&descent, frame->linktype, &cursor);
    if (next == LAYER_IPV4)
        next = decode_ipv4(&descent, &cursor);
    while (next >= PACKET_VERDICTS)
        next = decode_layer(&descent, (enum layer)next, &cursor);
    if (next == PACKET_DAMAGED && frame->captured < frame->length)
        return PACKET_CUT;
    return (enum packet_verdict)next;
}
