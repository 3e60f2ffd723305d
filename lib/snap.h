/*
 * What the kernel copies of each packet: a BPF program whose answer is how many bytes that is.
 *
 * Of TCP, UDP and ICMP those are the headers, to the byte; of DNS from port 53 all of it, for its
 * names; of what carries other packets, and of IPv6 extension headers, the first SNAP_INNER bytes.
 * Of all else nothing, nor of traffic that the meter would drop anyway: service ports, and what
 * private addresses say to each other, except for DNS.
 *
 * With session_names, where at least 8 bytes of payload stand right behind these headers, also
 *
 *   TLS   of a TCP segment that begins with a record in which a ClientHello begins (its first bytes
 *         are 16 03, its sixth is 01), that record, as far as the segment has it;
 *
 *   HTTP  of a TCP segment that begins with a method of HTTP/1 (4 bytes of it), SNAP_REQUEST bytes;
 *
 *   QUIC  of a UDP datagram to port 443 that begins with an Initial packet of version 1 or 2, all.
 *
 * The kernel keeps no state: what of a hello is in later segments is not seen.
 *
 * Needs libpcap, which compiles tcpdump filters.
 */
#ifndef SECFLOW_SNAP_H
#define SECFLOW_SNAP_H

#include "result.h"

#include <stdbool.h>
#include <stdint.h>

#define SNAP_INNER 256u
#define SNAP_REQUEST 1024u
#define SNAP_ALL 262144u

struct snap_options {
    bool ethernet; /* frames with an Ethernet header; else they begin with the IP header */
    bool keep_all; /* service ports and local traffic too */
    bool open_tunnels;
    bool session_names;
    uint8_t family;     /* 4 or 6: that one only; 0: both */
    const char *filter; /* of tcpdump; NULL: none */
};

/* An instruction, as Linux and libpcap have it. */
struct bpf_insn;

struct snap;

/* RESULT_DAMAGED: the filter is none, or none for such frames; snap_problem says why. */
MUST_CHECK enum result snap_init(struct snap **snap, const struct snap_options *options);
void snap_destroy(struct snap **snap);

/* Owned by the snap, which is there with RESULT_DAMAGED, too. */
const char *snap_problem(const struct snap *snap);
const struct bpf_insn *snap_program(const struct snap *snap, unsigned *count);

#endif
