/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet module: frames as wire bytes, and the result of decoding. Each good frame is also cut
 * off at each length, in memory that ends there.
 */
#include "../tap.h"
#include "base/clock.h"
#include "packet/fragment.h"

#define FRAME_ROOM 2048

/* Headers as fields of wire text, from the innermost out. 10.0.0.1 talks to 8.8.8.8. */
#define PORTS "d431 01bb " /* 54321, 443 */
#define TCP(flags) PORTS "00000001 00000002 50" flags " ffff 0000 0000 "
#define UDP(length) PORTS length " 0000 "
#define V4(total, fragment, proto)                                                                 \
    "45 00 " total " 1234 " fragment " 40 " proto " 0000 0a000001 08080808 "
#define OUT4(total, proto) "45 00 " total " 0001 0000 40 " proto " 0000 c0000201 c0000202 "
#define SRC6 "20010db8000000000000000000000001 "
#define DST6 "26064700000000000000000000000001 "
#define V6(length, next) "60000000 " length " " next " 40 " SRC6 DST6
#define OUT6(length, next)                                                                         \
    "60000000 " length " " next " 40 fe800000000000000000000000000001 "                            \
    "fe800000000000000000000000000002 "
#define MACS "020000000002 020000000001 "
#define ETH(type) MACS type " "
#define SNAP(type) "aaaa03 000000 " type " "

/* The inner packets, with 4 bytes of data each. */
#define TCP4 V4("002c", "0000", "06") TCP("18") "'data' "
#define UDP4 V4("0020", "0000", "11") UDP("000c") "'data' "
#define TCP6 V6("0018", "06") TCP("02") "'data' "
#define ICMP4 V4("001c", "0000", "01") "08 01 0000 00010001 "
#define ICMP6 V6("0008", "3a") "80 00 0000 00010001 "
#define FRAME4 ETH("0800") TCP4
#define FRAME6 ETH("86dd") TCP6

enum { ANY = -1 };

struct row {
    const char *title;
    int linktype;
    const char *wire;
    enum packet_verdict open, closed; /* verdicts with tunnels open and closed */
    int family;                       /* of the packet with tunnels open: 4 or 6 */
    int proto;
    int bytes;
    int captured; /* bytes of payload, ANY: as many as .bytes */
    uint8_t tcp_flags;
    uint32_t length; /* on the wire, 0: what is there */
};

#define GOOD PACKET_OK, PACKET_OK
#define TUNNEL PACKET_OK, PACKET_OTHER_PROTOCOL
#define BAD PACKET_DAMAGED, PACKET_DAMAGED, 0, 0, 0, 0, 0, 0
#define NO_IP PACKET_NOT_IP, PACKET_NOT_IP, 0, 0, 0, 0, 0, 0
#define OPAQUE PACKET_OPAQUE, PACKET_OPAQUE, 0, 0, 0, 0, 0, 0
#define OTHER PACKET_OTHER_PROTOCOL, PACKET_OTHER_PROTOCOL, 0, 0, 0, 0, 0, 0
#define IS_TCP4 4, IPPROTO_TCP, 4, ANY, 0x18, 0
#define IS_TCP6 6, IPPROTO_TCP, 4, ANY, 0x02, 0
#define IS_UDP4 4, IPPROTO_UDP, 4, ANY, 0, 0

static const struct row links[] = {
    {"Ethernet, TCP over IPv4", 1, FRAME4, GOOD, IS_TCP4},
    {"Ethernet, TCP over IPv6", 1, FRAME6, GOOD, IS_TCP6},
    {"Ethernet, UDP", 1, ETH("0800") UDP4, GOOD, IS_UDP4},
    {"Ethernet, padded", 1, FRAME4 "0000000000000000", GOOD, IS_TCP4},
    {"Ethernet, ARP", 1, ETH("0806") "0001 0800 06 04 0001", NO_IP},
    {"Ethernet, IPv6 under the type of IPv4", 1, ETH("0800") TCP6, BAD},
    {"VLAN", 1, ETH("8100") "0064 0800 " TCP4, GOOD, IS_TCP4},
    {"QinQ", 1, ETH("88a8") "0001 8100 0064 86dd " TCP6, GOOD, IS_TCP6},
    {"old QinQ tags", 1, ETH("9100") "0001 9200 0002 9300 0003 0800 " TCP4, GOOD, IS_TCP4},
    {"loopback test frames", 1, ETH("9000") "0000 0100 0000", NO_IP},
    {"six VLAN tags", 1,
     ETH("8100") "0001 8100 0001 8100 0001 8100 0001 8100 0001 8100 0001 0800 " TCP4, GOOD,
     IS_TCP4},
    {"TrustSec", 1, ETH("8909") "01 01 0001 0002 0800 " TCP4, GOOD, IS_TCP4},
    {"VN-Tag between VLAN tags", 1, ETH("8100") "00fa 8926 0000 0033 8100 00fa 86dd " TCP6, GOOD,
     IS_TCP6},
    {"802.1BR", 1, ETH("893f") "2001 0002 0000 0800 " TCP4, GOOD, IS_TCP4},
    {"802.1BR and VLAN", 1, ETH("893f") "2001 0002 0000 8100 0064 0800 " TCP4, GOOD, IS_TCP4},
    {"Cisco's time tag", 1, ETH("8988") "000102030405 0800 " TCP4, GOOD, IS_TCP4},
    {"FabricPath", 1, ETH("8903") "0000 " FRAME4, GOOD, IS_TCP4},
    {"802.1ah", 1, ETH("88a8") "0064 88e7 001ebb4d " FRAME6, GOOD, IS_TCP6},
    {"802.1ah, its reserved bits and VLAN inside", 1,
     ETH("88e7") "ff1ebb4d " ETH("8100") "0064 0800 " TCP4, GOOD, IS_TCP4},
    {"802.1ah of ARP", 1, ETH("88e7") "001ebb4d " ETH("0806") "0001 0800 06 04 0001", NO_IP},
    {"a tag that is cut off", 1, ETH("893f") "2001 0002 0000 08", BAD},
    {"MPLS", 1, ETH("8847") "00010140 " TCP4, GOOD, IS_TCP4},
    {"MPLS, three labels", 1, ETH("8847") "00010040 00020040 00030140 " TCP6, GOOD, IS_TCP6},
    {"MPLS, upstream-assigned", 1, ETH("8848") "00010140 " TCP4, GOOD, IS_TCP4},
    {"MPLS, pseudowire", 1, ETH("8847") "00010140 00000000 " FRAME4, GOOD, IS_TCP4},
    {"MPLS in VLAN", 1, ETH("8100") "0064 8847 00010140 " TCP4, GOOD, IS_TCP4},
    {"MPLS of something else", 1, ETH("8847") "00010140 50000000", NO_IP},
    {"PPPoE", 1, ETH("8864") "11 00 0001 002e 0021 " TCP4, GOOD, IS_TCP4},
    {"PPPoE, IPv6", 1, ETH("8864") "11 00 0001 0042 0057 " TCP6, GOOD, IS_TCP6},
    {"PPPoE, LCP", 1, ETH("8864") "11 00 0001 000a c021 01010008 00000000", NO_IP},
    {"PPPoE discovery", 1, ETH("8863") "11 09 0000 0000", NO_IP},
    {"802.3 with SNAP", 1, ETH("0034") SNAP("0800") TCP4, GOOD, IS_TCP4},
    {"802.3, spanning tree", 1, ETH("0026") "424203 0000 00 00 0000000000", NO_IP},
    {"Linux SLL", 113, "0000 0001 0006 020000000001 0000 0800 " TCP4, GOOD, IS_TCP4},
    {"Linux SLL, IPv6", 113, "0004 0001 0006 020000000001 0000 86dd " TCP6, GOOD, IS_TCP6},
    {"Linux SLL, VLAN", 113, "0000 0001 0006 020000000001 0000 8100 0064 0800 " TCP4, GOOD,
     IS_TCP4},
    {"Linux SLL, netlink", 113, "0004 0338 0000 0000000000000000 0800 " TCP4, NO_IP},
    {"Linux SLL2", 276, "0800 0000 00000001 0001 00 06 0200000000010000 " TCP4, GOOD, IS_TCP4},
    {"Linux SLL2, IPv6", 276, "86dd 0000 00000001 0001 00 06 0200000000010000 " TCP6, GOOD,
     IS_TCP6},
    {"raw IP, 4", 101, TCP4, GOOD, IS_TCP4},
    {"raw IP, 6", 101, TCP6, GOOD, IS_TCP6},
    {"raw IP as DLT 12", 12, TCP4, GOOD, IS_TCP4},
    {"raw IP as DLT 14", 14, TCP6, GOOD, IS_TCP6},
    {"raw IPv4", 228, TCP4, GOOD, IS_TCP4},
    {"raw IPv6", 229, TCP6, GOOD, IS_TCP6},
    {"raw IPv4 that is IPv6", 228, TCP6, BAD},
    {"raw IPv6 that is IPv4", 229, TCP4, BAD},
    {"BSD null, little-endian", 0, "02000000 " TCP4, GOOD, IS_TCP4},
    {"BSD null, big-endian", 0, "00000002 " TCP4, GOOD, IS_TCP4},
    {"BSD null, IPv6 of BSD", 0, "18000000 " TCP6, GOOD, IS_TCP6},
    {"BSD null, IPv6 of FreeBSD", 0, "1c000000 " TCP6, GOOD, IS_TCP6},
    {"BSD null, IPv6 of macOS", 0, "1e000000 " TCP6, GOOD, IS_TCP6},
    {"BSD null, IPv6 of Linux", 0, "0a000000 " TCP6, GOOD, IS_TCP6},
    {"BSD null, another family", 0, "07000000 00000000", NO_IP},
    {"loop", 108, "00000002 " TCP4, GOOD, IS_TCP4},
    {"loop, IPv6", 108, "00000018 " TCP6, GOOD, IS_TCP6},
    {"PPP", 9, "ff03 0021 " TCP4, GOOD, IS_TCP4},
    {"PPP, compressed fields", 9, "21 " TCP4, GOOD, IS_TCP4},
    {"PPP, IPv6", 9, "0057 " TCP6, GOOD, IS_TCP6},
    {"PPP, MPLS", 9, "ff03 0281 00010140 " TCP4, GOOD, IS_TCP4},
    {"PPP in HDLC framing", 50, "ff03 0021 " TCP4, GOOD, IS_TCP4},
    {"Cisco HDLC", 104, "0f00 0800 " TCP4, GOOD, IS_TCP4},
    {"Cisco HDLC, IPv6 multicast", 104, "8f00 86dd " TCP6, GOOD, IS_TCP6},
    {"Cisco HDLC under PPP_HDLC", 50, "0f00 0800 " TCP4, GOOD, IS_TCP4},
    {"PPPoE without Ethernet", 51, "11 00 0001 002e 0021 " TCP4, GOOD, IS_TCP4},
    {"PPP with direction", 204, "01 ff03 0021 " TCP4, GOOD, IS_TCP4},
    {"a link type not read here", 147, FRAME4, PACKET_LINKTYPE, PACKET_LINKTYPE, 0, 0, 0, 0, 0, 0},
    {"a negative link type", -1, FRAME4, PACKET_LINKTYPE, PACKET_LINKTYPE, 0, 0, 0, 0, 0, 0},
};

#define WIFI_ADDRESSES "020000000001 020000000002 020000000003 0010 "
#define RADIOTAP(length, present) "00 00 " length " " present " "

static const struct row wireless[] = {
    {"802.11 data", 105, "0801 0000 " WIFI_ADDRESSES SNAP("0800") TCP4, GOOD, IS_TCP4},
    {"802.11 data from the access point", 105, "0802 0000 " WIFI_ADDRESSES SNAP("86dd") TCP6, GOOD,
     IS_TCP6},
    {"802.11 QoS data", 105, "8801 0000 " WIFI_ADDRESSES "0000 " SNAP("0800") TCP4, GOOD, IS_TCP4},
    {"802.11 QoS data with HT control", 105,
     "8881 0000 " WIFI_ADDRESSES "0000 00000000 " SNAP("0800") TCP4, GOOD, IS_TCP4},
    {"802.11 with four addresses", 105,
     "0803 0000 " WIFI_ADDRESSES "020000000004 " SNAP("0800") TCP4, GOOD, IS_TCP4},
    {"802.11 QoS with four addresses", 105,
     "8803 0000 " WIFI_ADDRESSES "020000000004 0000 " SNAP("0800") TCP4, GOOD, IS_TCP4},
    {"802.11 encrypted", 105, "0841 0000 " WIFI_ADDRESSES "0011223344556677", OPAQUE},
    {"802.11 aggregated", 105, "8801 0000 " WIFI_ADDRESSES "8000 " SNAP("0800") TCP4, OPAQUE},
    {"802.11 beacon", 105, "8000 0000 " WIFI_ADDRESSES, NO_IP},
    {"802.11 acknowledgement", 105, "d400 0000 020000000001", NO_IP},
    {"802.11 null data", 105, "4801 0000 " WIFI_ADDRESSES, NO_IP},
    {"radiotap, nothing present", 127,
     RADIOTAP("0800", "00000000") "0801 0000 " WIFI_ADDRESSES SNAP("0800") TCP4, GOOD, IS_TCP4},
    {"radiotap, flags without padding", 127,
     RADIOTAP("0900", "02000000") "10 8801 0000 " WIFI_ADDRESSES "0000 " SNAP("0800") TCP4, GOOD,
     IS_TCP4},
    {"radiotap, flags with padding", 127,
     RADIOTAP("0900", "02000000") "20 8801 0000 " WIFI_ADDRESSES "0000 0000 " SNAP("0800") TCP4,
     GOOD, IS_TCP4},
    {"radiotap, time and flags with padding", 127,
     RADIOTAP("1100", "03000000") "ffffffffffffffff 20 8801 0000 " WIFI_ADDRESSES
                                  "0000 0000 " SNAP("0800") TCP4,
     GOOD, IS_TCP4},
    {"radiotap, two words, time aligned, flags with padding", 127,
     RADIOTAP("1900", "03000080") "00000000 00000000 ffffffffffffffff 20 8801 0000 " WIFI_ADDRESSES
                                  "0000 0000 " SNAP("0800") TCP4,
     GOOD, IS_TCP4},
    {"radiotap longer than the frame", 127, RADIOTAP("ff00", "00000000") "0801 0000", BAD},
    {"radiotap shorter than itself", 127, RADIOTAP("0700", "00000000") "0801 0000", BAD},
};

#define TCP_OF(total, offset)                                                                      \
    V4(total, "0000", "06") PORTS "00000001 00000002 " offset "18 ffff 0000 0000 "

static const struct row ipv4[] = {
    {"options", 101,
     "47 00 0034 1234 0000 40 06 0000 0a000001 08080808 94040000 01010100 " TCP("18") "'data'",
     GOOD, IS_TCP4},
    {"TCP options", 101,
     V4("0030", "0000", "06") PORTS "00000001 00000002 6018 ffff 0000 0000 "
                                    "020405b4 'data'",
     GOOD, IS_TCP4},
    {"length 0: the length on the wire", 101, V4("0000", "0000", "06") TCP("18") "'data'", GOOD, 4,
     IPPROTO_TCP, 5000 - 40, 4, 0x18, 5000},
    {"length 0, UDP length 0", 101, V4("0000", "0000", "11") UDP("0000") "'data'", GOOD, 4,
     IPPROTO_UDP, 3000 - 28, 4, 0, 3000},
    {"length 0, UDP length given", 101, V4("0000", "0000", "11") UDP("000c") "'data'", GOOD, 4,
     IPPROTO_UDP, 4, 4, 0, 3000},
    {"captured less than sent", 101, V4("05dc", "0000", "06") TCP("10") "'data'", GOOD, 4,
     IPPROTO_TCP, 1460, 4, 0x10, 1500},
    {"captured up to TCP's flags", 101, V4("05dc", "0000", "06") PORTS "00000001 00000002 5010",
     GOOD, 4, IPPROTO_TCP, 1460, 0, 0x10, 1500},
    {"an IP length beyond the wire", 101, V4("05dc", "0000", "06") TCP("10") "'data'", GOOD, 4,
     IPPROTO_TCP, 1460, 4, 0x10, 0},
    {"no payload", 101, V4("0028", "0000", "06") TCP("10"), GOOD, 4, IPPROTO_TCP, 0, 0, 0x10, 0},
    {"don't fragment", 101, V4("002c", "4000", "06") TCP("18") "'data'", GOOD, IS_TCP4},
    {"UDP shorter than IP says", 101, V4("0022", "0000", "11") UDP("000c") "'data' ffff", GOOD,
     IS_UDP4},
    {"an empty datagram", 101, V4("001c", "0000", "11") UDP("0008"), GOOD, 4, IPPROTO_UDP, 0, 0, 0,
     0},
    {"ICMP", 101, ICMP4, GOOD, 4, IPPROTO_ICMP, 0, 0, 0, 0},
    {"ICMP of IP header only", 101, V4("0014", "0000", "01"), GOOD, 4, IPPROTO_ICMP, 0, 0, 0, 0},
    {"authentication header", 101,
     V4("0044", "0000", "33") "06 04 0000 00000001 00000001 "
                              "000102030405060708090a0b " TCP("18") "'data'",
     GOOD, IS_TCP4},
    {"IGMP", 101, V4("001c", "0000", "02") "1600 0000 00000000", OTHER},
    {"ESP", 101, V4("001c", "0000", "32") "00000001 00000001", OTHER},
    {"SCTP", 101, V4("0020", "0000", "84") PORTS "00000000 00000000", OTHER},
    {"ICMPv6 in IPv4", 101, V4("001c", "0000", "3a") "8000 0000 00000000", OTHER},
    {"header length 4", 101, "44 00 002c 1234 0000 40 06 0000 0a000001 08080808 " TCP("18"), BAD},
    {"header beyond the length", 101,
     "46 00 0014 1234 0000 40 06 0000 0a000001 08080808 00000000 " TCP("18"), BAD},
    {"length 19", 101, V4("0013", "0000", "06") TCP("18"), BAD},
    {"version 5", 101, "55 00 002c 1234 0000 40 06 0000 0a000001 08080808 " TCP("18"), BAD},
    {"TCP offset 4", 101, TCP_OF("002c", "40") "'data'", BAD},
    {"TCP offset 0", 101, TCP_OF("002c", "00") "'data'", BAD},
    {"TCP header beyond the length", 101, TCP_OF("002c", "70") "'data'", BAD},
    {"TCP, not captured up to its flags", 101,
     V4("05dc", "0000", "06") PORTS "00000001 00000002 50", PACKET_CUT, PACKET_CUT, 0, 0, 0, 0, 0,
     1500},
    {"TCP offset 4, not captured whole", 101, TCP_OF("002c", "40") "'data'", PACKET_CUT, PACKET_CUT,
     0, 0, 0, 0, 0, 100},
    {"TCP in 19 bytes", 101, V4("0027", "0000", "06") TCP("18"), BAD},
    {"UDP length 7", 101, V4("0020", "0000", "11") UDP("0007") "'data'", BAD},
    {"UDP length 0", 101, V4("0020", "0000", "11") UDP("0000") "'data'", BAD},
    {"UDP length beyond IP's", 101, V4("0020", "0000", "11") UDP("000d") "'data'", BAD},
    {"UDP in 7 bytes", 101, V4("001b", "0000", "11") UDP("0008"), BAD},
    {"authentication header beyond the length", 101,
     V4("0020", "0000", "33") "06 04 0000 00000001 00000001 000102030405060708090a0b", BAD},
    {"nothing", 101, "", BAD},
};

#define OPTIONS8(next) next " 00 01 04 00000000 "

static const struct row ipv6[] = {
    {"hop-by-hop options", 101, V6("0020", "00") OPTIONS8("06") TCP("02") "'data'", GOOD, IS_TCP6},
    {"destination options of 16 bytes", 101,
     V6("0028", "3c") "06 01 01 0c 00000000 00000000 00000000 " TCP("02") "'data'", GOOD, IS_TCP6},
    {"routing header", 101, V6("0020", "2b") "06 00 00 00 00000000 " TCP("02") "'data'", GOOD,
     IS_TCP6},
    {"mobility, HIP and shim6 headers", 101,
     V6("0030", "87") OPTIONS8("8b") OPTIONS8("8c") OPTIONS8("06") TCP("02") "'data'", GOOD,
     IS_TCP6},
    {"authentication header", 101,
     V6("0030", "33") "06 04 0000 00000001 00000001 "
                      "000102030405060708090a0b " TCP("02") "'data'",
     GOOD, IS_TCP6},
    {"five headers", 101,
     V6("0040", "00") OPTIONS8("3c") OPTIONS8("2b") OPTIONS8("3c")
         OPTIONS8("2c") "06 00 0000 00000007 " TCP("02") "'data'",
     GOOD, IS_TCP6},
    {"an atomic fragment", 101, V6("0020", "2c") "06 00 0000 00000009 " TCP("02") "'data'", GOOD,
     IS_TCP6},
    {"a jumbogram", 101, V6("0000", "00") "06 00 c204 00011170 " TCP("02") "'data'", GOOD, 6,
     IPPROTO_TCP, 70000 - 28, 4, 0x02, 70040},
    {"a jumbogram, its option behind padding", 101,
     V6("0000", "00") "06 01 0104 00000000 c204 00011170 "
                      "0100 " TCP("02") "'data'",
     GOOD, 6, IPPROTO_TCP, 70000 - 36, 4, 0x02, 70040},
    {"a jumbogram of UDP", 101, V6("0000", "00") "11 00 c204 00011170 " UDP("0000") "'data'", GOOD,
     6, IPPROTO_UDP, 70000 - 16, 4, 0, 70040},
    {"length 0 without jumbo option: the wire's", 101, V6("0000", "06") TCP("02") "'data'", GOOD, 6,
     IPPROTO_TCP, 3000 - 60, 4, 0x02, 3000},
    {"ICMPv6", 101, ICMP6, GOOD, 6, IPPROTO_ICMPV6, 0, 0, 0, 0},
    {"UDP", 101, V6("000c", "11") UDP("000c") "'data'", GOOD, 6, IPPROTO_UDP, 4, ANY, 0, 0},
    {"ICMP of IPv4", 101, V6("0008", "01") "0800 0000 00000000", OTHER},
    {"no next header", 101, V6("0000", "3b"), OTHER},
    {"ESP", 101, V6("0008", "32") "00000001 00000001", OTHER},
    {"an extension beyond the length", 101,
     V6("0020", "00") "06 04 01 04 00000000 " TCP("02") "'data'", BAD},
    {"an extension header of 7 bytes", 101, V6("0007", "00") "06 00 01 04 00000000", BAD},
    {"TCP beyond the length", 101, V6("0013", "06") TCP("02"), BAD},
    {"UDP length beyond IP's", 101, V6("000c", "11") UDP("000d") "'data'", BAD},
};

#define OUTER_UDP(total, sport, dport, length) OUT4(total, "11") sport " " dport " " length " 0000 "
#define VXLAN "08000000 00002a00 "

/* The inner packet is 44 bytes of IPv4 (0x2c) or 64 of IPv6 (0x40), a frame has 14 more. */
static const struct row tunnels[] = {
    {"IP in IP", 101, OUT4("0040", "04") TCP4, TUNNEL, IS_TCP4},
    {"6in4", 101, OUT4("0054", "29") TCP6, TUNNEL, IS_TCP6},
    {"4in6", 101, OUT6("002c", "04") TCP4, TUNNEL, IS_TCP4},
    {"6in6", 101, OUT6("0040", "29") TCP6, TUNNEL, IS_TCP6},
    {"three deep", 101, OUT4("0054", "04") OUT4("0040", "04") TCP4, TUNNEL, IS_TCP4},
    {"GRE", 101, OUT4("0044", "2f") "0000 0800 " TCP4, TUNNEL, IS_TCP4},
    {"GRE, IPv6 in IPv6", 101, OUT6("0044", "2f") "0000 86dd " TCP6, TUNNEL, IS_TCP6},
    {"GRE with checksum", 101, OUT4("0048", "2f") "8000 0800 00000000 " TCP4, TUNNEL, IS_TCP4},
    {"GRE with key", 101, OUT4("0048", "2f") "2000 0800 00000007 " TCP4, TUNNEL, IS_TCP4},
    {"GRE with sequence", 101, OUT4("0048", "2f") "1000 0800 00000001 " TCP4, TUNNEL, IS_TCP4},
    {"GRE with all of them", 101, OUT4("0050", "2f") "b000 0800 00000000 00000007 00000001 " TCP4,
     TUNNEL, IS_TCP4},
    {"GRE with source routes", 101,
     OUT4("0054", "2f") "4000 0800 00000000 0800 00 04 c0000203 00000000 " TCP4, TUNNEL, IS_TCP4},
    {"GRE of Ethernet", 101, OUT4("0052", "2f") "0000 6558 " FRAME4, TUNNEL, IS_TCP4},
    {"GRE of MPLS", 101, OUT4("0048", "2f") "0000 8847 00010140 " TCP4, TUNNEL, IS_TCP4},
    {"PPTP", 101, OUT4("0054", "2f") "3081 880b 00300001 00000001 00000001 ff03 0021 " TCP4, TUNNEL,
     IS_TCP4},
    {"ERSPAN I", 101, OUT4("0052", "2f") "0000 88be " FRAME4, TUNNEL, IS_TCP4},
    {"ERSPAN II", 101, OUT4("005e", "2f") "1000 88be 00000001 10010001 00000000 " FRAME4, TUNNEL,
     IS_TCP4},
    {"VXLAN", 101, OUTER_UDP("005e", "c000", "12b5", "004a") VXLAN FRAME4, GOOD, IS_TCP4},
    {"VXLAN with a group policy", 101,
     OUTER_UDP("005e", "c000", "12b5", "004a") "88000007 00002a00 " FRAME4, GOOD, IS_TCP4},
    {"VXLAN, all that is reserved set", 101,
     OUTER_UDP("005e", "c000", "12b5", "004a") "ffffffff 00002aff " FRAME4, GOOD, IS_TCP4},
    {"VXLAN on Linux's port", 101, OUTER_UDP("005e", "c000", "2118", "004a") VXLAN FRAME4, GOOD,
     IS_TCP4},
    {"VXLAN of VLAN of IPv6", 101,
     OUTER_UDP("0076", "c000", "12b5", "0062") VXLAN ETH("8100") "0001 86dd " TCP6, GOOD, IS_TCP6},
    {"Geneve of Ethernet", 101,
     OUTER_UDP("005e", "c000", "17c1", "004a") "00 00 6558 00002a00 " FRAME4, GOOD, IS_TCP4},
    {"Geneve of IPv4 with options", 101,
     OUTER_UDP("0058", "c000", "17c1", "0044") "02 00 0800 00002a00 0000000100000000 " TCP4, GOOD,
     IS_TCP4},
    {"Geneve, flags and all that is reserved set", 101,
     OUTER_UDP("005e", "c000", "17c1", "004a") "00 ff 6558 00002aff " FRAME4, GOOD, IS_TCP4},
    {"GRE, all that is reserved set", 101, OUT4("0044", "2f") "0ff8 0800 " TCP4, TUNNEL, IS_TCP4},
    {"ERSPAN II with Cisco's time tag", 101,
     OUT4("0066",
          "2f") "1000 88be 00000001 10010001 00000000 " ETH("8988") "000102030405 0800 " TCP4,
     TUNNEL, IS_TCP4},
    {"GTP-U, its spare bit set", 101,
     OUTER_UDP("0050", "0868", "0868", "003c") "38 ff 002c 00000001 " TCP4, GOOD, IS_TCP4},
    {"GTP-U", 101, OUTER_UDP("0050", "0868", "0868", "003c") "30 ff 002c 00000001 " TCP4, GOOD,
     IS_TCP4},
    {"GTP-U, IPv6, with sequence number", 101,
     OUTER_UDP("0068", "0868", "0868", "0054") "32 ff 0044 00000001 00010000 " TCP6, GOOD, IS_TCP6},
    {"GTP-U with extension headers", 101,
     OUTER_UDP("005c", "0868", "0868",
               "0048") "34 ff 0038 00000001 00000085 01 10 01 85 01 10 01 00 " TCP4,
     GOOD, IS_TCP4},
    {"GTP-U, by its source port alone", 101,
     OUTER_UDP("0050", "0868", "d431", "003c") "30 ff 002c 00000001 " TCP4, GOOD, IS_TCP4},
    {"VXLAN in VXLAN", 101,
     OUTER_UDP("0090", "c000", "12b5", "007c") VXLAN ETH("0800")
         OUTER_UDP("005e", "c001", "12b5", "004a") VXLAN FRAME4,
     GOOD, IS_TCP4},
};

/* UDP on a tunnel's port that is not a tunnel counts as plain UDP. */
static const struct row not_tunnels[] = {
    {"VXLAN without its flag", 101, OUTER_UDP("0024", "c000", "12b5", "0010") "f7000000 00002a00",
     GOOD, 4, IPPROTO_UDP, 8, ANY, 0, 0},
    {"GTP-U echo", 101, OUTER_UDP("0024", "0868", "0868", "0010") "30 01 0000 00000000", GOOD, 4,
     IPPROTO_UDP, 8, ANY, 0, 0},
    {"Geneve version 1", 101, OUTER_UDP("0024", "c000", "17c1", "0010") "40 00 6558 00002a00", GOOD,
     4, IPPROTO_UDP, 8, ANY, 0, 0},
    {"an empty datagram to VXLAN", 101, OUTER_UDP("001c", "c000", "12b5", "0008"), GOOD, 4,
     IPPROTO_UDP, 0, 0, 0, 0},
};

static const struct row bad_tunnels[] = {
    {"GRE version 2", 101, OUT4("0044", "2f") "0002 0800 " TCP4, PACKET_DAMAGED,
     PACKET_OTHER_PROTOCOL, 0, 0, 0, 0, 0, 0},
    {"GRE of ARP", 101, OUT4("0020", "2f") "0000 0806 00010800 06040001", PACKET_NOT_IP,
     PACKET_OTHER_PROTOCOL, 0, 0, 0, 0, 0, 0},
    {"IP in IP of IPv6", 101, OUT4("0054", "04") TCP6, PACKET_DAMAGED, PACKET_OTHER_PROTOCOL, 0, 0,
     0, 0, 0, 0},
    {"an inner packet that is damaged", 101, OUT4("0040", "04") TCP_OF("002c", "40") "'data'",
     PACKET_DAMAGED, PACKET_OTHER_PROTOCOL, 0, 0, 0, 0, 0, 0},
};

static struct decoder *new_decoder(bool open_tunnels)
{
    struct decoder *decoder = NULL;

    need(decoder_init(&decoder, open_tunnels) == RESULT_OK, "decoder_init");
    return decoder;
}

/* Decodes the first n bytes; the packet's payload is gone afterwards. */
static enum packet_verdict decode(struct decoder *decoder, int linktype, const uint8_t *wire,
                                  size_t n, uint32_t length, struct packet *packet)
{
    uint8_t *copy = exact_copy(wire, n);
    struct frame frame = {copy, (uint32_t)n, length > n ? length : (uint32_t)n, 1700000000000000,
                          linktype};
    enum packet_verdict verdict = decoder_packet(decoder, &frame, packet);

    /* The payload lies within the frame. */
    if (verdict == PACKET_OK && packet->captured > 0 &&
        (packet->payload < copy || packet->payload + packet->captured > copy + n ||
         packet->captured > packet->bytes))
        verdict = PACKET_VERDICTS;
    packet->payload = NULL;
    exact_free(copy, n);
    return verdict;
}

static void check_packet(const struct row *row, const struct packet *packet)
{
    char src[ADDRESS_TEXT], dst[ADDRESS_TEXT];
    bool ports = row->proto == IPPROTO_TCP || row->proto == IPPROTO_UDP;

    address_format(&packet->src, src);
    address_format(&packet->dst, dst);
    is_str(src, row->family == 4 ? "10.0.0.1" : "2001:db8::1", "source: %s", row->title);
    is_str(dst, row->family == 4 ? "8.8.8.8" : "2606:4700::1", "destination: %s", row->title);
    is_int(packet->proto, row->proto, "protocol: %s", row->title);
    is_int(packet->sport, ports ? 54321 : 0, "source port: %s", row->title);
    is_int(packet->dport, ports ? 443 : 0, "destination port: %s", row->title);
    is_int(packet->bytes, row->bytes, "bytes: %s", row->title);
    is_int(packet->captured, row->captured == ANY ? row->bytes : row->captured, "captured: %s",
           row->title);
    is_int(packet->tcp_flags, row->tcp_flags, "TCP flags: %s", row->title);
    is_int(packet->time, 1700000000000000, "time: %s", row->title);
}

/* Any verdict is fine, but no read beyond the end; without the last header, none is good. */
static void check_prefixes(const struct row *row, bool open, const uint8_t *wire, size_t length)
{
    struct decoder *decoder = new_decoder(open);
    size_t sound = 0, good = 0, first_good = length;

    for (size_t n = 0; n < length; n++) {
        struct packet packet;
        enum packet_verdict verdict = decode(decoder, row->linktype, wire, n,
                                             row->length ? row->length : (uint32_t)length, &packet);

        sound += verdict < PACKET_VERDICTS;
        good += verdict == PACKET_OK;
        if (verdict == PACKET_OK && first_good == length)
            first_good = n;
    }
    is_int(sound, length, "each prefix has a verdict, tunnels %s: %s", open ? "open" : "closed",
           row->title);
    /* Cut off within its own header, a tunnel over UDP is still UDP. */
    if (!open || row->linktype != 101 || wire[9] != IPPROTO_UDP)
        ok(good == 0 || (first_good >= 20 && good == length - first_good),
           "from some length on all are good: %s", row->title);
    decoder_destroy(&decoder);
}

static void check_row(const struct row *row)
{
    uint8_t wire[FRAME_ROOM];
    size_t length = unhex(row->wire, wire, sizeof wire);

    for (int open = 0; open < 2; open++) {
        struct decoder *decoder = new_decoder(open);
        enum packet_verdict want = open ? row->open : row->closed;
        struct packet packet;

        memset(&packet, 0xee, sizeof packet);
        is_int(decode(decoder, row->linktype, wire, length, row->length, &packet), want,
               "verdict, tunnels %s: %s", open ? "open" : "closed", row->title);
        if (open && want == PACKET_OK)
            check_packet(row, &packet);
        decoder_destroy(&decoder);
        check_prefixes(row, open, wire, length);
    }
}

#define CHECK_ROWS(rows)                                                                           \
    for (size_t i = 0; i < sizeof(rows) / sizeof *(rows); i++)                                     \
    check_row(&(rows)[i])

static void test_tables(void)
{
    CHECK_ROWS(links);
    CHECK_ROWS(wireless);
    CHECK_ROWS(ipv4);
    CHECK_ROWS(ipv6);
    CHECK_ROWS(tunnels);
    CHECK_ROWS(bad_tunnels);
}

/* Rows whose outer packet counts: 192.0.2.1 to 192.0.2.2. */
static void test_not_tunnels(void)
{
    for (size_t i = 0; i < sizeof not_tunnels / sizeof *not_tunnels; i++) {
        const struct row *row = &not_tunnels[i];
        struct decoder *decoder = new_decoder(true);
        uint8_t wire[FRAME_ROOM];
        size_t length = unhex(row->wire, wire, sizeof wire);
        struct packet packet = {0};
        char src[ADDRESS_TEXT];

        is_int(decode(decoder, 101, wire, length, 0, &packet), PACKET_OK, "no tunnel: %s",
               row->title);
        address_format(&packet.src, src);
        is_str(src, "192.0.2.1", "its own source");
        is_int(packet.proto, IPPROTO_UDP, "is UDP");
        is_int(packet.bytes, row->bytes, "its own bytes");
        check_prefixes(row, true, wire, length);
        decoder_destroy(&decoder);
    }
}

/* With tunnels closed, UDP tunnels are plain UDP between their outer addresses. */
static void test_closed_udp_tunnel(void)
{
    struct decoder *decoder = new_decoder(false);
    uint8_t wire[FRAME_ROOM];
    size_t length =
        unhex(OUTER_UDP("005e", "c000", "12b5", "004a") VXLAN FRAME4, wire, sizeof wire);
    struct packet packet = {0};
    char src[ADDRESS_TEXT];

    is_int(decode(decoder, 101, wire, length, 0, &packet), PACKET_OK, "closed VXLAN");
    address_format(&packet.src, src);
    is_str(src, "192.0.2.1", "its outer source");
    is_int(packet.sport, 0xc000, "its outer source port");
    is_int(packet.dport, 4789, "its outer destination port");
    is_int(packet.bytes, 66, "its outer bytes");
    decoder_destroy(&decoder);
}

static void test_icmp_fields(void)
{
    struct decoder *decoder = new_decoder(true);
    uint8_t wire[FRAME_ROOM];
    size_t length = unhex(ICMP4, wire, sizeof wire);
    struct packet packet = {0};

    is_int(decode(decoder, 101, wire, length, 0, &packet), PACKET_OK, "ICMP");
    ok(packet.icmp_known && packet.icmp_type == 8 && packet.icmp_code == 1, "type and code");
    is_int(decode(decoder, 101, wire, 21, 28, &packet), PACKET_OK, "one byte of ICMP captured");
    ok(!packet.icmp_known, "its type and code are not known");
    length = unhex(ICMP6, wire, sizeof wire);
    is_int(decode(decoder, 101, wire, length, 0, &packet), PACKET_OK, "ICMPv6");
    ok(packet.icmp_known && packet.icmp_type == 128 && packet.icmp_code == 0, "type and code");
    decoder_destroy(&decoder);
}

/* Fragments in order, and the result for each. */
struct fragment_row {
    const char *title, *wire;
    enum packet_verdict verdict;
    int bytes, proto;
    bool ports;
};

#define FRAG(id, total, fragment, proto)                                                           \
    "45 00 " total " " id " " fragment " 40 " proto " 0000 0a000001 08080808 "
#define FRAG6(length, next, offset, id) V6(length, "2c") next " 00 " offset " " id " "

static const struct fragment_row fragments[] = {
    {"later before first", FRAG("0001", "001c", "0003", "11") "'datadata'", PACKET_LATE_FRAGMENT, 0,
     0, false},
    {"first, UDP", FRAG("0001", "002c", "2000", "11") UDP("0030") "'datadatadatadata'", PACKET_OK,
     16, IPPROTO_UDP, true},
    {"middle", FRAG("0001", "001c", "2003", "11") "'datadata'", PACKET_OK, 8, IPPROTO_UDP, true},
    {"last", FRAG("0001", "001c", "0004", "11") "'datadata'", PACKET_OK, 8, IPPROTO_UDP, true},
    {"last, nothing captured of its 8 bytes", FRAG("0001", "001c", "0004", "11"), PACKET_OK, 8,
     IPPROTO_UDP, true},
    {"of another id", FRAG("0002", "001c", "0003", "11") "'datadata'", PACKET_LATE_FRAGMENT, 0, 0,
     false},
    {"of another protocol", FRAG("0001", "001c", "0003", "06") "'datadata'", PACKET_LATE_FRAGMENT,
     0, 0, false},
    {"first, TCP, same id", FRAG("0001", "0030", "2000", "06") TCP("10") "'datadata'", PACKET_OK, 8,
     IPPROTO_TCP, true},
    {"later, TCP", FRAG("0001", "001c", "0004", "06") "'datadata'", PACKET_OK, 8, IPPROTO_TCP,
     true},
    {"later, UDP still", FRAG("0001", "001c", "0004", "11") "'datadata'", PACKET_OK, 8, IPPROTO_UDP,
     true},
    {"first, ICMP", FRAG("0003", "001c", "2000", "01") "08000000 00000000", PACKET_OK, 0,
     IPPROTO_ICMP, false},
    {"later, ICMP", FRAG("0003", "001c", "0001", "01") "'datadata'", PACKET_OK, 0, IPPROTO_ICMP,
     false},
    {"first that is damaged", FRAG("0004", "0018", "2000", "06") "d43101bb", PACKET_DAMAGED, 0, 0,
     false},
    {"later of it", FRAG("0004", "001c", "0001", "06") "'datadata'", PACKET_LATE_FRAGMENT, 0, 0,
     false},
    {"first, UDP behind an authentication header",
     FRAG("0005", "0034", "2000",
          "33") "11 01 0000 00000001 00000001 " UDP("0018") "'datadatadata'",
     PACKET_OK, 12, IPPROTO_UDP, true},
    {"later of it", FRAG("0005", "001c", "0004", "33") "'data'", PACKET_OK, 8, IPPROTO_UDP, true},
    {"first of IPv6", FRAG6("0018", "11", "0001", "00010001") UDP("0030") "'datadata'", PACKET_OK,
     8, IPPROTO_UDP, true},
    {"later of IPv6", FRAG6("0010", "11", "0011", "00010001") "'datadata'", PACKET_OK, 8,
     IPPROTO_UDP, true},
    {"last of IPv6, its next header changed", FRAG6("0010", "3c", "0018", "00010001") "'datadata'",
     PACKET_OK, 8, IPPROTO_UDP, true},
    {"later of IPv6, another id", FRAG6("0010", "11", "0011", "00010002") "'datadata'",
     PACKET_LATE_FRAGMENT, 0, 0, false},
};

static void test_fragments(void)
{
    struct decoder *decoder = new_decoder(true);

    for (size_t i = 0; i < sizeof fragments / sizeof *fragments; i++) {
        const struct fragment_row *row = &fragments[i];
        uint8_t wire[FRAME_ROOM];
        size_t length = unhex(row->wire, wire, sizeof wire);
        struct packet packet = {0};

        is_int(decode(decoder, 101, wire, length, 0, &packet), row->verdict, "fragment: %s",
               row->title);
        if (row->verdict != PACKET_OK)
            continue;
        is_int(packet.proto, row->proto, "protocol: %s", row->title);
        is_int(packet.bytes, row->bytes, "bytes: %s", row->title);
        is_int(packet.sport, row->ports ? 54321 : 0, "source port: %s", row->title);
        is_int(packet.dport, row->ports ? 443 : 0, "destination port: %s", row->title);
        is_int(packet.captured, 0, "no payload: %s", row->title);
        ok(packet.src.family == (strstr(row->title, "IPv6") ? 6 : 4), "family: %s", row->title);
    }
    decoder_destroy(&decoder);
}

/* Direction is part of the key, and the fields of a first packet do not leak into the next. */
static void test_fragment_direction(void)
{
    struct decoder *decoder = new_decoder(true);
    uint8_t wire[FRAME_ROOM];
    size_t length =
        unhex(FRAG("0001", "0024", "2000", "11") UDP("0030") "'datadata'", wire, sizeof wire);
    struct packet packet = {0};

    is_int(decode(decoder, 101, wire, length, 0, &packet), PACKET_OK, "first");
    length =
        unhex("45 00 001c 0001 0003 40 11 0000 08080808 0a000001 'datadata'", wire, sizeof wire);
    is_int(decode(decoder, 101, wire, length, 0, &packet), PACKET_LATE_FRAGMENT,
           "later, backwards");
    decoder_destroy(&decoder);
}

/* A datagram is forgotten two minutes after its first fragment, in either direction of time. */
static void test_fragment_age(void)
{
    static const struct {
        int64_t first, later;
        enum packet_verdict verdict;
    } cases[] = {{1000, 1000 + FRAGMENT_TIME, PACKET_OK},
                 {1000, 1001 + FRAGMENT_TIME, PACKET_LATE_FRAGMENT},
                 {1000 + FRAGMENT_TIME, 1000, PACKET_OK},
                 {1001 + FRAGMENT_TIME, 1000, PACKET_LATE_FRAGMENT},
                 {TIME_END - 1, 0, PACKET_LATE_FRAGMENT}};
    uint8_t first[FRAME_ROOM], later[FRAME_ROOM];
    size_t length = unhex(FRAG("0001", "0024", "2000", "11") UDP("0030") "'datadata'", first, 99);

    need(unhex(FRAG("0001", "0024", "0002", "11") "'datadatadatadata'", later, 99) == length, "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame frame = {first, (uint32_t)length, (uint32_t)length, cases[i].first, 101};
        struct decoder *decoder = new_decoder(true);
        struct packet packet = {0};

        is_int(decoder_packet(decoder, &frame, &packet), PACKET_OK, "first");
        frame.data = later;
        frame.time = cases[i].later;
        is_int(decoder_packet(decoder, &frame, &packet), cases[i].verdict, "later, row %zu", i);
        decoder_destroy(&decoder);
    }
}

/* Fragments of DNS keep their payload and its offset. */
static void test_fragment_dns(void)
{
    static const struct {
        const char *first, *later;
        uint32_t id, at;
    } cases[] = {
        {FRAG("0007", "0024", "2000", "11") "0035 d431 0020 0000 'datadata'",
         FRAG("0007", "001c", "0002", "11") "'moredata'", 7, 8},
        {FRAG6("0018", "11", "0001", "00010001") "d431 0035 0020 0000 'datadata'",
         FRAG6("0010", "11", "0010", "00010001") "'moredata'", 0x10001, 8},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decoder *decoder = new_decoder(true);
        uint8_t wire[FRAME_ROOM];
        uint32_t length = (uint32_t)unhex(cases[i].first, wire, sizeof wire);
        struct frame frame = {wire, length, length, 1, 101};
        struct packet packet = {0};

        is_int(decoder_packet(decoder, &frame, &packet), PACKET_OK, "first");
        ok(packet.is_fragment && packet.fragment.id == cases[i].id && packet.fragment.at == 0,
           "its id and place");
        is_int(packet.fragment.bytes, 24, "the bytes of the datagram");
        ok(packet.captured == 8 && memcmp(packet.payload, "datadata", 8) == 0, "its payload");
        frame.captured = frame.length = (uint32_t)unhex(cases[i].later, wire, sizeof wire);
        is_int(decoder_packet(decoder, &frame, &packet), PACKET_OK, "later");
        ok(packet.is_fragment && packet.fragment.id == cases[i].id, "its id");
        is_int(packet.fragment.at, cases[i].at, "its place");
        is_int(packet.fragment.bytes, 0, "it does not say how long the datagram is");
        ok(packet.captured == 8 && memcmp(packet.payload, "moredata", 8) == 0, "its payload");
        decoder_destroy(&decoder);
    }
}

static void test_fragment_flood(void)
{
    struct decoder *decoder = new_decoder(true);
    uint8_t wire[FRAME_ROOM];
    size_t length =
        unhex(FRAG("0001", "0024", "2000", "11") UDP("0030") "'datadata'", wire, sizeof wire);
    struct packet packet = {0};
    unsigned good = 0;

    for (unsigned i = 0; i < 100000; i++) {
        memcpy(wire + 4, &i, 2);
        memcpy(wire + 12, &i, 4);
        good += decode(decoder, 101, wire, length, 0, &packet) == PACKET_OK;
    }
    is_int(good, 100000, "100000 first fragments");
    wire[6] = 0;
    wire[7] = 3;
    is_int(decode(decoder, 101, wire, length, 0, &packet), PACKET_OK, "the last of them is known");
    decoder_destroy(&decoder);
}

/* Up to 24 layers are honest; a thousand cost neither time nor stack. */
static void test_nesting(void)
{
    static const struct {
        int layers;
        enum packet_verdict verdict;
    } cases[] = {{1, PACKET_OK},
                 {4, PACKET_OK},
                 {10, PACKET_OK},
                 {40, PACKET_DAMAGED},
                 {1000, PACKET_DAMAGED}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static uint8_t wire[21000];
        struct decoder *decoder = new_decoder(true);
        size_t at = 0;
        struct packet packet = {0};

        for (int layer = 0; layer < cases[i].layers; layer++)
            at += unhex("45 00 0000 0001 0000 40 04 0000 c0000201 c0000202", wire + at, 20);
        at += unhex(TCP4, wire + at, 44);
        is_int(decode(decoder, 101, wire, at, 0, &packet), cases[i].verdict,
               "%d layers of IP in IP", cases[i].layers);
        decoder_destroy(&decoder);
    }
}

static void test_times(void)
{
    static const struct {
        int64_t time;
        enum packet_verdict verdict;
    } cases[] = {{0, PACKET_OK},
                 {-1, PACKET_NO_TIME},
                 {INT64_MIN, PACKET_NO_TIME},
                 {TIME_END - 1, PACKET_OK},
                 {TIME_END, PACKET_NO_TIME}};
    struct decoder *decoder = new_decoder(true);
    uint8_t wire[FRAME_ROOM];
    size_t length = unhex(TCP4, wire, sizeof wire);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame frame = {wire, (uint32_t)length, (uint32_t)length, cases[i].time, 101};
        struct packet packet = {0};

        is_int(decoder_packet(decoder, &frame, &packet), cases[i].verdict, "time %lld",
               (long long)cases[i].time);
    }
    decoder_destroy(&decoder);
}

static void test_payload(void)
{
    struct decoder *decoder = new_decoder(true);
    uint8_t wire[FRAME_ROOM];
    size_t length = unhex(FRAME4 "ffffffff", wire, sizeof wire);
    struct frame frame = {wire, (uint32_t)length, (uint32_t)length, 1, 1};
    struct packet packet = {0};

    is_int(decoder_packet(decoder, &frame, &packet), PACKET_OK, "a padded frame");
    is_int(packet.captured, 4, "its payload without the padding");
    ok(packet.payload == wire + 54 && memcmp(packet.payload, "data", 4) == 0, "points at the data");
    decoder_destroy(&decoder);
    ok(!decoder, "destroying clears the pointer");
}

/* Every byte of every frame set to some values, in memory of the exact size. */
static void mutate(const struct row *row)
{
    static const uint8_t values[] = {0x00, 0x01, 0x0f, 0x40, 0x7f, 0x80, 0xff};
    struct decoder *decoder = new_decoder(true);
    uint8_t wire[FRAME_ROOM];
    size_t length = unhex(row->wire, wire, sizeof wire), unsound = 0;

    for (size_t at = 0; at < length; at++) {
        uint8_t old = wire[at];

        for (size_t v = 0; v < sizeof values; v++) {
            struct packet packet;

            wire[at] = values[v];
            unsound += decode(decoder, row->linktype, wire, length, row->length, &packet) >=
                       PACKET_VERDICTS;
        }
        wire[at] = old;
    }
    is_int(unsound, 0, "each byte changed: %s", row->title);
    decoder_destroy(&decoder);
}

static void test_mutations(void)
{
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        mutate(&links[i]);
    for (size_t i = 0; i < sizeof wireless / sizeof *wireless; i++)
        mutate(&wireless[i]);
    for (size_t i = 0; i < sizeof ipv6 / sizeof *ipv6; i++)
        mutate(&ipv6[i]);
    for (size_t i = 0; i < sizeof tunnels / sizeof *tunnels; i++)
        mutate(&tunnels[i]);
}

static bool same_packet(const struct packet *a, const struct packet *b)
{
    return a->time == b->time && address_equal(&a->src, &b->src) &&
           address_equal(&a->dst, &b->dst) && a->sport == b->sport && a->dport == b->dport &&
           a->proto == b->proto && a->tcp_flags == b->tcp_flags &&
           a->tcp_sequence == b->tcp_sequence && a->icmp_type == b->icmp_type &&
           a->icmp_code == b->icmp_code && a->icmp_known == b->icmp_known && a->bytes == b->bytes &&
           a->payload == b->payload && a->captured == b->captured &&
           a->is_fragment == b->is_fragment;
}

/* TCP on Ethernet is read at once, and must give what the same packet gives without Ethernet. */
static void test_usual(void)
{
    enum { ETHERNET = 14 };
    struct decoder *usual = new_decoder(true), *other = new_decoder(true);
    uint8_t wire[FRAME_ROOM];
    size_t length = unhex(FRAME4 "ffffffff", wire, sizeof wire);
    unsigned good = 0, different = 0;

    for (size_t at = ETHERNET; at < length; at++) {
        uint8_t old = wire[at];

        for (unsigned value = 0; value < 256; value++) {
            wire[at] = (uint8_t)value;
            for (size_t end = ETHERNET; end <= length; end++) {
                struct frame frame = {wire, (uint32_t)end, (uint32_t)length, 1, 1};
                struct packet a = {0}, b = {0};
                enum packet_verdict verdict = decoder_packet(usual, &frame, &a);

                frame = (struct frame){wire + ETHERNET, (uint32_t)(end - ETHERNET),
                                       (uint32_t)(length - ETHERNET), 1, LINKTYPE_IPV4};
                good += verdict == PACKET_OK;
                different += decoder_packet(other, &frame, &b) != verdict ||
                             (verdict == PACKET_OK && !same_packet(&a, &b));
            }
        }
        wire[at] = old;
    }
    ok(good > 0, "packets were read: %u", good);
    is_int(different, 0, "whatever a byte is, and wherever it is cut off, it is the same packet");
    decoder_destroy(&usual);
    decoder_destroy(&other);
}

int main(void)
{
    test_tables();
    test_not_tunnels();
    test_closed_udp_tunnel();
    test_icmp_fields();
    test_fragments();
    test_fragment_direction();
    test_fragment_age();
    test_fragment_dns();
    test_fragment_flood();
    test_nesting();
    test_times();
    test_payload();
    test_mutations();
    test_usual();
    return done();
}
