/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of each packet the kernel copies: a BPF program that returns the number of bytes.
 *
 * It walks tags, tunnels and extension headers like the decoder, down to the innermost packet. It
 * copies the headers of TCP (without options), UDP and ICMP, and the IP header of a later fragment.
 * It copies nothing of other packets, or of traffic that the meter would drop anyway: service ports
 * and traffic between private addresses, except for DNS.
 *
 * Of packets that are not fragments it also copies
 *
 *   DNS   UDP datagrams from port 53 that begin with the header of a response, whole, and every TCP
 *         segment from port 53, since its message may begin in an earlier one;
 *
 * and with session_names, if at least 8 bytes of payload follow the headers,
 *
 *   TLS   the record at the start of a TCP segment if a ClientHello begins in it (its first bytes
 *         are 16 03, its sixth is 01), as far as it is in this segment;
 *
 *   HTTP  SNAP_REQUEST bytes of a TCP segment that begins with an HTTP/1 method (4 bytes of it);
 *
 *   QUIC  UDP datagrams to port 443 that begin with an Initial packet of version 1 or 2, whole.
 *
 * The kernel keeps no state, so the part of a hello in later segments is not seen. It has no loops
 * either, so the walk ends at the SNAP_ limits below; of packets that nest deeper or have GRE
 * source routes, SNAP_INNER bytes are copied for the decoder to examine.
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

/*
 * How far the walk goes. Linux before 6.8 rejects programs that take more than 20 KiB in its own
 * code.
 */
enum {
    SNAP_TAGS = 4,              /* in a row, such as VLAN tags, of a frame */
    SNAP_TAGS_INSIDE = 2,       /* of a frame in a tunnel or in MPLS, after PPP and SNAP */
    SNAP_LABELS = 4,            /* of MPLS */
    SNAP_EXTENSIONS = 3,        /* IPv6 extension headers */
    SNAP_EXTENSIONS_INSIDE = 1, /* of IPv6 in a tunnel; tunnels in tunnels are not walked */
    SNAP_GTPU = 2               /* extension headers of GTP-U */
};

/* libpcap's handle of a capture. */
struct pcap;

struct snap_options {
    bool ethernet; /* frames have an Ethernet header; else they begin with the IP header */
    bool keep_all; /* also service ports and local traffic */
    bool open_tunnels;
    bool session_names;
    uint8_t family;         /* 4 or 6: that family only; 0: both */
    const char *filter;     /* a tcpdump filter; NULL: none */
    struct pcap *live;      /* knows where its kernel keeps VLAN tags for filters; NULL: none */
    const int *interfaces;  /* only packets of these, by index */
    size_t interface_count; /* 0: of all that the socket hears */
};

/* An instruction, as Linux and libpcap define it. */
struct bpf_insn;

struct snap;

/* RESULT_INVALID: not a filter, or not one for such frames; see snap_problem. */
MUST_CHECK enum result snap_init(struct snap **snap, const struct snap_options *options);
void snap_destroy(struct snap **snap);

/* Owned by the snap, which exists after RESULT_INVALID too. */
const char *snap_problem(const struct snap *snap);
const struct bpf_insn *snap_program(const struct snap *snap, unsigned *count);

#endif
