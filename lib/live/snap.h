/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel copies of each packet: a BPF program whose answer is how many bytes that is.
 *
 * It walks over tags, tunnels and extension headers as the decoder does, down to the innermost
 * packet. Of TCP, UDP and ICMP it is the headers, without TCP's options, and of a later fragment
 * the IP header. Of all else it is nothing, nor of traffic that the meter would drop anyway:
 * service ports, and what private addresses say to each other, except for DNS.
 *
 * Beyond the headers come, of packets that are no fragments,
 *
 *   DNS   of a UDP datagram from port 53 whose first bytes are the header of a response, all, and
 * of TCP from port 53 each segment, for its beginning may be in an earlier one;
 *
 * and with session_names, where at least 8 bytes of payload stand right behind the headers,
 *
 *   TLS   of a TCP segment that begins with a record in which a ClientHello begins (its first bytes
 *         are 16 03, its sixth is 01), that record, as far as the segment has it;
 *
 *   HTTP  of a TCP segment that begins with a method of HTTP/1 (4 bytes of it), SNAP_REQUEST bytes;
 *
 *   QUIC  of a UDP datagram to port 443 that begins with an Initial packet of version 1 or 2, all.
 *
 * The kernel keeps no state: what of a hello is in later segments is not seen. It has no loops
 * either, so the walk ends after the SNAP_ numbers below; of what nests deeper, and behind GRE's
 * source routes, SNAP_INNER bytes are copied, for the decoder to look into.
 *
 * Needs libpcap, which compiles tcpdump filters.
 */
#ifndef SECFLOW_SNAP_H
#define SECFLOW_SNAP_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNAP_INNER 256u
#define SNAP_REQUEST 1024u
#define SNAP_ALL 262144u

/* How far the walk goes. Linux before 6.8 takes no program of more than 20 KiB of its own code. */
enum {
    SNAP_TAGS = 4,              /* in a row, as of VLANs, of a frame */
    SNAP_TAGS_INSIDE = 2,       /* of a frame in a tunnel or in MPLS, behind PPP and SNAP */
    SNAP_LABELS = 4,            /* of MPLS */
    SNAP_EXTENSIONS = 3,        /* headers of IPv6 */
    SNAP_EXTENSIONS_INSIDE = 1, /* of IPv6 in a tunnel; tunnels in tunnels are not walked */
    SNAP_GTPU = 2               /* extension headers of GTP-U */
};

/* What libpcap captures with. */
struct pcap;

struct snap_options {
    bool ethernet; /* frames with an Ethernet header; else they begin with the IP header */
    bool keep_all; /* service ports and local traffic too */
    bool open_tunnels;
    bool session_names;
    uint8_t family;     /* 4 or 6: that one only; 0: both */
    const char *filter; /* of tcpdump; NULL: none */
    struct pcap *live;  /* knows where its kernel keeps the tags of VLANs for filters; NULL: none */
    const int *interfaces;  /* only packets of these, by their numbers */
    size_t interface_count; /* 0: of all that the socket hears */
};

/* An instruction, as Linux and libpcap have it. */
struct bpf_insn;

struct snap;

/* RESULT_INVALID: the filter is none, or none for such frames; snap_problem says why. */
MUST_CHECK enum result snap_init(struct snap **snap, const struct snap_options *options);
void snap_destroy(struct snap **snap);

/* Owned by the snap, which is there with RESULT_INVALID, too. */
const char *snap_problem(const struct snap *snap);
const struct bpf_insn *snap_program(const struct snap *snap, unsigned *count);

#endif
