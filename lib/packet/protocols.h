/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocol numbers shared by several parts, above all the decoder and the kernel's program: what
 * one reads and the other lets through must agree.
 *
 * Lists to iterate over are X-macros: X is expanded for each entry, into a case of a switch or a
 * row of a table.
 */
#ifndef SECFLOW_PROTOCOLS_H
#define SECFLOW_PROTOCOLS_H

/* Ethertypes, from IEEE or the RFC or vendor given. Values below ETHERTYPE_LEAST are lengths. */
enum {
    ETHERTYPE_LEAST = 0x0600,
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_BRIDGED = 0x6558, /* a whole Ethernet frame: RFC 1701 */
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_PPP = 0x880b,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_MPLS_UPSTREAM = 0x8848,
    ETHERTYPE_PPPOE = 0x8864,
    ETHERTYPE_QINQ = 0x88a8,
    ETHERTYPE_ERSPAN = 0x88be,
    ETHERTYPE_BACKBONE = 0x88e7,   /* 802.1ah */
    ETHERTYPE_FABRICPATH = 0x8903, /* Cisco's */
    ETHERTYPE_TRUSTSEC = 0x8909,   /* Cisco's */
    ETHERTYPE_VNTAG = 0x8926,      /* Cisco's */
    ETHERTYPE_ETAG = 0x893f,       /* 802.1BR */
    ETHERTYPE_TIMETAG = 0x8988,    /* Cisco's */
    ETHERTYPE_QINQ_1 = 0x9100,     /* QinQ before it had a type of its own */
    ETHERTYPE_QINQ_2 = 0x9200,
    ETHERTYPE_QINQ_3 = 0x9300
};

/* Tags: the type, and the bytes of the tag, whose last two are the type of what follows. */
#define ETHERTYPE_TAGS(X)                                                                          \
    X(ETHERTYPE_VLAN, 4)                                                                           \
    X(ETHERTYPE_QINQ, 4)                                                                           \
    X(ETHERTYPE_QINQ_1, 4)                                                                         \
    X(ETHERTYPE_QINQ_2, 4)                                                                         \
    X(ETHERTYPE_QINQ_3, 4)                                                                         \
    X(ETHERTYPE_VNTAG, 6)                                                                          \
    X(ETHERTYPE_TRUSTSEC, 8)                                                                       \
    X(ETHERTYPE_ETAG, 8)                                                                           \
    X(ETHERTYPE_TIMETAG, 8)

/* The type, and the bytes of a header that a whole Ethernet frame follows. */
#define ETHERTYPE_FRAMES(X)                                                                        \
    X(ETHERTYPE_BRIDGED, 0)                                                                        \
    X(ETHERTYPE_FABRICPATH, 2)                                                                     \
    X(ETHERTYPE_BACKBONE, 4)

/* PPP protocols (RFC 1332, 5072, 3032). */
enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057, PPP_MPLS = 0x0281, PPP_MPLS_MULTICAST = 0x0283 };

/* IPv6 extension headers with lengths in units of 8 bytes, from IANA's registry. */
#define IPV6_EXTENSIONS(X)                                                                         \
    X(IPPROTO_HOPOPTS)                                                                             \
    X(IPPROTO_ROUTING)                                                                             \
    X(IPPROTO_DSTOPTS)                                                                             \
    X(135) /* mobility */                                                                          \
    X(139) /* HIP */                                                                               \
    X(140) /* Shim6 */

/* GRE flags (RFC 1701, 2890, 2637). */
enum {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACK = 0x0080
};

/* Tunnels over UDP, by port. */
enum {
    PORT_GTPU = 2152,
    PORT_VXLAN = 4789,
    PORT_GENEVE = 6081,
    PORT_VXLAN_LINUX = 8472 /* the Linux kernel's, from before a port was registered */
};

enum { PORT_DNS = 53, PORT_QUIC = 443 };

/* Protocols that leak inside details, whoever the peer is: DHCP, NetBIOS, LDAP, SMB, SSDP, mDNS. */
#define SERVICE_PORTS(X)                                                                           \
    X(67)                                                                                          \
    X(68)                                                                                          \
    X(137)                                                                                         \
    X(139)                                                                                         \
    X(389)                                                                                         \
    X(445)                                                                                         \
    X(636)                                                                                         \
    X(1900)                                                                                        \
    X(5353)                                                                                        \
    X(5355)

/* HTTP methods at the start of a request (RFC 9110 section 9, RFC 5789). */
#define HTTP_METHODS(X)                                                                            \
    X("GET ")                                                                                      \
    X("PUT ")                                                                                      \
    X("POST ")                                                                                     \
    X("HEAD ")                                                                                     \
    X("DELETE ")                                                                                   \
    X("OPTIONS ")                                                                                  \
    X("PATCH ")                                                                                    \
    X("CONNECT ")                                                                                  \
    X("TRACE ")

/* QUIC versions, and the first four bits of their Initial packets (RFC 9000, 9369). */
enum { QUIC_VERSION_1 = 0x00000001, QUIC_VERSION_2 = 0x6b3343cf };

#define QUIC_VERSIONS(X)                                                                           \
    X(QUIC_VERSION_1, 0xc0)                                                                        \
    X(QUIC_VERSION_2, 0xd0)

#endif
