/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a frame to the innermost packet: link layer, tunnels, IP, transport.
 *
 * Reads TCP, UDP and ICMP over IPv4, and TCP, UDP and ICMPv6 over IPv6. Every bound is checked
 * before the read; headers that contradict themselves are damaged. Sources: RFC 791, 8200, 9293,
 * 768, 792, 4443; link types: www.tcpdump.org/linktypes.html; tunnels: see tunnel.c.
 */
#ifndef SECFLOW_PACKET_H
#define SECFLOW_PACKET_H

#include "base/result.h"
#include "packet/address.h"
#include "packet/frame.h"
#include "packet/protocols.h"

#include <netinet/in.h>

enum { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_ACK = 0x10 };

struct packet {
    int64_t time; /* microseconds since 1970-01-01 UTC */
    struct address src, dst;
    uint16_t sport, dport; /* host byte order, 0 for ICMP */
    uint8_t proto;         /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP or IPPROTO_ICMPV6 */
    uint8_t tcp_flags;
    uint32_t tcp_sequence; /* of the segment's first byte, or its SYN; TCP only */
    uint8_t icmp_type, icmp_code;
    bool icmp_known; /* type and code were captured */
    uint32_t bytes;  /* transport payload according to the IP header; 0 for ICMP */
    const uint8_t *payload;
    uint32_t captured; /* bytes at payload, at most .bytes; of fragments, only DNS over UDP */
    bool is_fragment;
    struct {
        uint32_t id;    /* of the datagram */
        uint32_t at;    /* offset of the fragment's payload in the datagram's */
        uint32_t bytes; /* of the datagram's payload, if its first fragment says so; else 0 */
    } fragment;         /* only for fragments of DNS over UDP */
};

static inline bool packet_is_dns(const struct packet *packet)
{
    return packet->sport == PORT_DNS || packet->dport == PORT_DNS;
}

/* What became of a frame. */
enum packet_verdict {
    PACKET_OK,
    PACKET_NOT_IP,
    PACKET_OTHER_PROTOCOL, /* IP, but neither TCP, UDP nor ICMP; or a tunnel left closed */
    PACKET_LATE_FRAGMENT,  /* a fragment whose first fragment was not seen */
    PACKET_OPAQUE,         /* encrypted or aggregated 802.11 */
    PACKET_DAMAGED,        /* headers that contradict each other or do not end */
    PACKET_CUT,            /* the same, in a packet not captured whole: cut off within a header */
    PACKET_NO_TIME,        /* its time is out of range */
    PACKET_LINKTYPE,       /* of an unsupported link type */
    PACKET_VERDICTS        /* the number of verdicts */
};

/* Decodes the frames of one input; remembers a fixed number of first fragments. */
struct decoder;

/*
 * open_tunnels: go down to the innermost IP; otherwise tunnels stay closed. RESULT_NO_MEMORY, or
 * RESULT_SYSTEM.
 */
MUST_CHECK enum result decoder_init(struct decoder **decoder, bool open_tunnels);
void decoder_destroy(struct decoder **decoder);

/* Fills in the packet if the verdict is PACKET_OK. Its payload points into the frame. */
enum packet_verdict decoder_packet(struct decoder *decoder, const struct frame *frame,
                                   struct packet *packet);

#endif
