/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much the kernel copies of each packet: the program, run here by libpcap.
 */
#include "live/snap.h"

#include "../tap.h"
#include "packet/packet.h"

#include <pcap/pcap.h>

#define ETHERNET "020000000001 020000000002 "
#define V4(proto, src, dst) "45000100 0001 0000 40 " proto " 0000 " src " " dst " "
#define V6(next)                                                                                   \
    "60000000 0100 " next " 40 20010db8000000000000000000000001 "                                  \
    "26200000000000000000000000000002 "
#define IPV4(proto, src, dst) "0800 " V4(proto, src, dst)
#define IPV6(next) "86dd " V6(next)
#define OUT "0a000001 08080808 "
#define TCP(sport, dport, offset) sport dport "00000001 00000002 " offset "02 ffff 0000 0000 "
#define UDP(sport, dport) sport dport "00e0 0000 "
#define RESPONSE "0001 8180 0001 0001 0000 0000 "

/* The most frequent headers: 28 and 48 bytes. */
#define DATAGRAM4 V4("11", "0a000001", "08080808") UDP("d431", "01bb")
#define DATAGRAM6 V6("11") UDP("d431", "01bb")
#define TCP4 IPV4("06", "0a000001", "08080808") TCP("d431", "01bb", "50")
#define UDP4 "0800 " DATAGRAM4

/* Tunnels with their ends inside: 42 bytes up to the UDP payload, 34 up to GRE's header. */
#define TUNNEL(sport, dport) IPV4("11", "0a000001", "0a000002") UDP(sport, dport)
#define GRE IPV4("2f", "0a000001", "0a000002")
#define VXLAN TUNNEL("d431", "12b5") "08000000 00000100 " ETHERNET

/* A frame, followed by much payload, and how much of it should be copied. */
static const struct {
    const char *title, *hex;
    unsigned usual, all; /* with the usual options, and with -a */
} frames[] = {
    {"TCP", TCP4, 54, 54},
    {"TCP with options", IPV4("06", "0a000001", "08080808") TCP("d431", "01bb", "80"), 54, 54},
    {"TCP, IP with options",
     "0800 47000100 0001 0000 40 06 0000 " OUT "01010101 01010101 " TCP("d431", "01bb", "50"), 62,
     62},
    {"UDP", UDP4, 42, 42},
    {"ICMP", IPV4("01", "0a000001", "08080808") "0800 0000 0001 0001", 42, 42},
    {"another protocol", IPV4("84", "0a000001", "08080808") UDP("d431", "01bb"), 0, 0},
    {"ICMPv6 in IPv4", IPV4("3a", "0a000001", "08080808") "8000 0000 0001 0001", 0, 0},
    {"ARP", "0806 0001080006040001", 0, 0},
    {"IPv6, TCP", IPV6("06") TCP("d431", "01bb", "50"), 74, 74},
    {"IPv6, TCP with options", IPV6("06") TCP("d431", "01bb", "a0"), 74, 74},
    {"IPv6, UDP", "86dd " DATAGRAM6, 62, 62},
    {"IPv6, ICMP", IPV6("3a") "8000 0000 0001 0001", 62, 62},
    {"IPv6, another protocol", IPV6("84") UDP("d431", "01bb"), 0, 0},
    {"IPv6, nothing", IPV6("3b"), 0, 0},

    {"a DNS query", IPV4("11", "0a000001", "08080808") UDP("d431", "0035") RESPONSE, 42, 42},
    {"a DNS query inside", IPV4("11", "0a000001", "0a000002") UDP("d431", "0035"), 42, 42},
    {"a DNS query over TCP", IPV4("06", "0a000001", "08080808") TCP("d431", "0035", "50"), 54, 54},
    {"a DNS response", IPV4("11", "08080808", "0a000001") UDP("0035", "d431") RESPONSE, SNAP_ALL,
     SNAP_ALL},
    {"a DNS response from inside", IPV4("11", "0a000001", "0a000002") UDP("0035", "d431") RESPONSE,
     SNAP_ALL, SNAP_ALL},
    {"IPv6, a DNS response", IPV6("11") UDP("0035", "d431") RESPONSE, SNAP_ALL, SNAP_ALL},
    {"a query from port 53",
     IPV4("11", "08080808", "0a000001") UDP("0035", "0035") "0001 0100 0001 0000", 42, 42},
    {"an update of DNS from port 53",
     IPV4("11", "08080808", "0a000001") UDP("0035", "d431") "0001 a880 0001 0000", 42, 42},
    {"two questions from port 53",
     IPV4("11", "08080808", "0a000001") UDP("0035", "d431") "0001 8180 0002 0001", 42, 42},
    {"something else from port 53",
     IPV4("11", "08080808", "0a000001") UDP("0035", "01bb") "'GET / HTTP/1.1'", 42, 42},
    {"a DNS response over TCP", IPV4("06", "08080808", "0a000001") TCP("0035", "d431", "50"),
     SNAP_ALL, SNAP_ALL},
    {"a first fragment of a DNS response",
     "0800 45000100 0001 2000 40 11 0000 " OUT UDP("0035", "d431") RESPONSE, 42, 42},

    {"inside", IPV4("06", "0a000001", "0a000002") TCP("d431", "01bb", "50"), 0, 54},
    {"inside, other networks", IPV4("11", "ac1f0001", "a9fe0002") UDP("d431", "01bb"), 0, 42},
    {"beside 172.16.0.0/12", IPV4("11", "ac200001", "c0a80002") UDP("d431", "01bb"), 42, 42},
    {"to a group", IPV4("11", "c0a80001", "e0000116") UDP("d431", "01bb"), 0, 42},
    {"from itself to itself", IPV4("11", "7f000001", "7f000002") UDP("d431", "01bb"), 0, 42},
    {"inside, ICMP", IPV4("01", "0a000001", "0a000002") "0800 0000 0001 0001", 0, 42},
    {"inside, a later fragment", "0800 45000100 0001 0010 40 11 0000 0a000001 0a000002", 0, 34},
    {"IPv6, inside",
     "86dd 60000000 0100 11 40 fe800000000000000000000000000001 "
     "fd000000000000000000000000000002 " UDP("d431", "01bb"),
     0, 62},
    {"IPv6, from itself to itself",
     "86dd 60000000 0100 11 40 00000000000000000000000000000001 "
     "00000000000000000000000000000001 " UDP("d431", "01bb"),
     0, 62},
    {"IPv6, to a group",
     "86dd 60000000 0100 11 40 fe800000000000000000000000000001 "
     "ff020000000000000000000000000016 " UDP("d431", "01bb"),
     0, 62},
    {"a service", IPV4("11", "0a000001", "08080808") UDP("0044", "0043"), 0, 42},
    {"another one", IPV4("06", "08080808", "0a000001") TCP("d431", "01bd", "50"), 0, 54},

    {"a first fragment", "0800 45000100 0001 2000 40 11 0000 " OUT UDP("d431", "01bb"), 42, 42},
    {"a later fragment", "0800 45000100 0001 0010 40 11 0000 " OUT, 34, 34},
    {"an authentication header",
     IPV4("33", "0a000001", "08080808") "1104 0000 00000001 00000001 00000000 00000000 "
                                        "00000000 d431 01bb 0080 0000",
     66, 66},
    {"IPv6, an extension header", IPV6("00") "0600 0000 00000000 " TCP("d431", "01bb", "50"), 82,
     82},
    {"IPv6, three of them",
     IPV6("00") "2b00 0104 00000000 3301 0000 00000000 00000000 00000000 1101 0000 00000001 "
                "00000001 d431 01bb 0080 0000",
     98, 98},
    {"IPv6, four of them",
     IPV6("00") "3c00 0104 00000000 3c00 0104 00000000 3c00 0104 00000000 1100 0104 00000000 " UDP(
         "d431", "01bb"),
     SNAP_INNER, SNAP_INNER},
    {"IPv6, a first fragment of a DNS response",
     IPV6("2c") "1100 0001 00000007 " UDP("0035", "d431") RESPONSE, 70, 70},
    {"IPv6, a fragment that is all", IPV6("2c") "1100 0000 00000007 " UDP("0035", "d431") RESPONSE,
     SNAP_ALL, SNAP_ALL},
    {"IPv6, a later fragment", IPV6("2c") "1100 0401 00000007 ", 62, 62},

    {"VLAN", "8100 0001 " TCP4, 58, 58},
    {"two VLANs", "88a8 0001 8100 0002 " TCP4, 62, 62},
    {"four VLANs", "9100 0001 9200 0002 9300 0003 8100 0004 " UDP4, 58, 58},
    {"seven VLANs", "8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 8100 0006 8100 0007 " UDP4,
     SNAP_INNER, SNAP_INNER},
    {"VLAN, inside", "8100 0001 " IPV4("06", "0a000001", "0a000002") TCP("d431", "01bb", "50"), 0,
     58},
    {"VLAN, a DNS response",
     "8100 0001 " IPV4("11", "08080808", "0a000001") UDP("0035", "d431") RESPONSE, SNAP_ALL,
     SNAP_ALL},
    {"VLAN, ARP", "8100 0001 0806 0001080006040001", 0, 0},
    {"TrustSec", "8909 0101 0001 0005 " UDP4, 50, 50},
    {"VN-Tag, VLAN", "8926 0000 0001 8100 0001 " UDP4, 52, 52},
    {"802.1BR", "893f 0000 0001 0000 " UDP4, 50, 50},
    {"Cisco's times", "8988 0000 0000 0001 " UDP4, 50, 50},
    {"FabricPath", "8903 0001 " ETHERNET UDP4, 58, 58},
    {"802.1ah", "88e7 00000001 " ETHERNET UDP4, 60, 60},
    {"a bridged frame", "6558 " ETHERNET UDP4, 56, 56},
    {"IEEE 802.3", "0100 424203 000000 0800", 0, 0},
    {"SNAP", "0100 aaaa03 000000 " UDP4, 50, 50},
    {"SNAP, VLAN", "0100 aaaa03 000000 8100 0001 " UDP4, 54, 54},
    {"SNAP, something else", "0100 aaaa03 00000c 2000", 0, 0},
    {"MPLS", "8847 00001140 " DATAGRAM4, 46, 46},
    {"MPLS, no IP", "8847 00001140 10000000", 0, 0},
    {"MPLS, four labels", "8848 00001040 00001040 00001040 00001140 " DATAGRAM6, 78, 78},
    {"MPLS, five labels", "8847 00001040 00001040 00001040 00001040 00001140 " DATAGRAM4,
     SNAP_INNER, SNAP_INNER},
    {"MPLS, a pseudowire", "8847 00001140 00000000 " ETHERNET "8100 0001 " UDP4, 68, 68},
    {"PPPoE", "8864 1100 0001 0100 0021 " DATAGRAM4, 50, 50},
    {"PPPoE, IPv6, one byte of protocol", "8864 1100 0001 0100 57 " DATAGRAM6, 69, 69},
    {"PPPoE, MPLS", "8864 1100 0001 0100 ff03 0281 00001140 " DATAGRAM4, 56, 56},
    {"PPPoE, LCP", "8864 1100 0001 0100 c021 0101", 0, 0},
    {"PPPoE, a session ends", "8864 11a7 0001 0100 0021 " DATAGRAM4, 0, 0},

    {"IP in IP", IPV4("04", "0a000001", "0a000002") DATAGRAM4, 62, 62},
    {"6in4", IPV4("29", "0a000001", "0a000002") DATAGRAM6, 82, 82},
    {"IP in IPv6", IPV6("04") DATAGRAM4, 82, 82},
    {"IP in IP, inside",
     IPV4("04", "08080808", "08080809") V4("06", "0a000001", "0a000002") TCP("d431", "01bb", "50"),
     0, 74},
    {"IP in IP in IP",
     IPV4("04", "0a000001", "0a000002") V4("04", "0a000001", "0a000002") DATAGRAM4, SNAP_INNER,
     SNAP_INNER},
    {"6in4, an extension header",
     IPV4("29", "0a000001", "0a000002") V6("00") "1100 0104 00000000 " UDP("d431", "01bb"), 90, 90},
    {"6in4, two of them",
     IPV4("29", "0a000001", "0a000002")
         V6("00") "3c00 0104 00000000 1100 0104 00000000 " UDP("d431", "01bb"),
     SNAP_INNER, SNAP_INNER},
    {"GRE", GRE "0000 0800 " DATAGRAM4, 66, 66},
    {"GRE, key, checksum and number", GRE "b000 86dd 00000000 00000001 00000001 " DATAGRAM6, 98,
     98},
    {"GRE, a frame with a VLAN", GRE "0000 6558 " ETHERNET "8100 0001 " UDP4, 84, 84},
    {"GRE, PPP", GRE "3081 880b 0040 0001 00000001 00000001 ff03 0021 " DATAGRAM4, 82, 82},
    {"GRE, PPP, encrypted", GRE "3001 880b 0040 0001 00000001 00fd 9000", 0, 0},
    {"GRE, PPP, MPLS", GRE "3001 880b 0040 0001 00000001 0281 00001140 " DATAGRAM4, SNAP_INNER,
     SNAP_INNER},
    {"GRE, MPLS", GRE "0000 8847 00001140 " DATAGRAM4, SNAP_INNER, SNAP_INNER},
    {"GRE, ERSPAN", GRE "0000 88be " ETHERNET UDP4, 80, 80},
    {"GRE, ERSPAN II", GRE "1000 88be 00000001 00000000 00000000 " ETHERNET UDP4, 92, 92},
    {"GRE, source routes", GRE "4000 0800 00000000 00000000 " DATAGRAM4, SNAP_INNER, SNAP_INNER},
    {"GRE of version 2", GRE "0002 0800 " DATAGRAM4, 0, 0},
    {"GRE, something else", GRE "0000 1234 " DATAGRAM4, 0, 0},
    {"GRE, IEEE 802.3", GRE "0000 6558 " ETHERNET "0026 424203 000000", 0, 0},
    {"VXLAN", VXLAN UDP4, 92, 92},
    {"VXLAN, a DNS response", VXLAN IPV4("11", "08080808", "0a000001") UDP("0035", "d431") RESPONSE,
     SNAP_ALL, SNAP_ALL},
    {"VXLAN, ARP", VXLAN "0806 0001080006040001", 0, 0},
    {"VXLAN, a policy, a reserved byte", TUNNEL("d431", "2118") "88000010 00000101 " ETHERNET UDP4,
     92, 92},
    {"VXLAN's port, but no VXLAN",
     IPV4("11", "0a000001", "08080808") UDP("d431", "12b5") "00000000 00000100 " ETHERNET UDP4, 42,
     42},
    {"VXLAN in VXLAN", VXLAN VXLAN UDP4, SNAP_INNER, SNAP_INNER},
    {"Geneve", TUNNEL("d431", "17c1") "0000 6558 00000100 " ETHERNET UDP4, 92, 92},
    {"Geneve, options, a reserved bit",
     TUNNEL("d431", "17c1") "0241 86dd 00000100 01020304 00000000 " DATAGRAM6, 106, 106},
    {"Geneve, something else",
     IPV4("11", "0a000001", "08080808") UDP("d431", "17c1") "0000 1234 00000100", 42, 42},
    {"GTP-U", TUNNEL("0868", "0868") "30ff 0100 00000001 " DATAGRAM4, 78, 78},
    {"GTP-U, from its port", TUNNEL("0868", "d431") "30ff 0100 00000001 " DATAGRAM6, 98, 98},
    {"GTP-U, a number", TUNNEL("d431", "0868") "32ff 0100 00000001 0001 00 85 " DATAGRAM4, 82, 82},
    {"GTP-U, extension headers",
     TUNNEL("d431", "0868") "34ff 0100 00000001 0000 00 85 01 0000 c0 01 0000 00 " DATAGRAM4, 90,
     90},
    {"GTP-U, three of them",
     TUNNEL("d431",
            "0868") "34ff 0100 00000001 0000 00 85 01 0000 c0 01 0000 40 01 0000 00 " DATAGRAM4,
     SNAP_INNER, SNAP_INNER},
    {"GTP-U, an echo",
     IPV4("11", "0a000001", "08080808") UDP("d431", "0868") "3201 0004 00000000 00010000", 42, 42},
    {"GTP-U, no IP",
     IPV4("11", "0a000001", "08080808") UDP("d431", "0868") "30ff 0100 00000001 00000000", 42, 42},
};

static unsigned run(const struct snap_options *options, const char *hex)
{
    uint8_t frame[1000] = {0};
    struct snap *snap = NULL;
    unsigned count, bytes;
    const struct bpf_insn *program;

    need(snap_init(&snap, options) == RESULT_OK, "a program");
    program = snap_program(snap, &count);
    need(bpf_validate(program, (int)count), "a valid program");
    unhex(ETHERNET, frame, sizeof frame);
    unhex(hex, frame + 12, sizeof frame - 12);
    bytes = bpf_filter(program, frame, sizeof frame, sizeof frame);
    snap_destroy(&snap);
    return bytes;
}

/* What the decoder makes of the first bytes of a frame. */
static enum packet_verdict decode(const uint8_t *bytes, unsigned captured, unsigned length,
                                  struct packet *packet)
{
    struct frame frame = {bytes, captured, length, 0, LINKTYPE_ETHERNET};
    struct decoder *decoder = NULL;
    enum packet_verdict verdict;

    memset(packet, 0, sizeof *packet);
    need(decoder_init(&decoder, true) == RESULT_OK, "a decoder");
    verdict = decoder_packet(decoder, &frame, packet);
    decoder_destroy(&decoder);
    return verdict;
}

static bool same_packet(const struct packet *a, const struct packet *b)
{
    return address_compare(&a->src, &b->src) == 0 && address_compare(&a->dst, &b->dst) == 0 &&
           a->sport == b->sport && a->dport == b->dport && a->proto == b->proto &&
           a->bytes == b->bytes && a->tcp_flags == b->tcp_flags &&
           a->tcp_sequence == b->tcp_sequence;
}

/*
 * Live and offline agree: the decoder gets the same from the kernel's copy as from the whole frame.
 */
static void test_decoded(const char *title, const char *hex, unsigned bytes)
{
    uint8_t frame[1000] = {0};
    struct packet whole, cut;
    enum packet_verdict verdict;

    unhex(ETHERNET, frame, sizeof frame);
    unhex(hex, frame + 12, sizeof frame - 12);
    verdict = decode(frame, sizeof frame, sizeof frame, &whole);
    if (bytes == 0) {
        ok(verdict != PACKET_OK, "%s: of nothing comes nothing", title);
        return;
    }
    if (bytes > sizeof frame)
        bytes = sizeof frame;
    is_int(decode(frame, bytes, sizeof frame, &cut), verdict, "%s: the verdict", title);
    ok(same_packet(&whole, &cut), "%s: the packet", title);
}

static void test_frames(void)
{
    struct snap_options usual = {.ethernet = true, .open_tunnels = true};
    struct snap_options all = {.ethernet = true, .open_tunnels = true, .keep_all = true};

    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        is_int(run(&usual, frames[i].hex), frames[i].usual, "%s", frames[i].title);
        is_int(run(&all, frames[i].hex), frames[i].all, "%s, with -a", frames[i].title);
        test_decoded(frames[i].title, frames[i].hex, frames[i].all);
    }
}

static void test_options(void)
{
    static const char tcp4[] = TCP4, udp6[] = "86dd " DATAGRAM6, gre[] = GRE "0000 0800 " DATAGRAM4;
    static const char query6[] = IPV6("11") UDP("d431", "0035");
    struct snap_options family = {.ethernet = true, .family = 4};
    struct snap_options filter = {.ethernet = true, .filter = "tcp port 443"};

    is_int(run(&family, tcp4), 54, "-4: IPv4");
    is_int(run(&family, udp6), 0, "-4: IPv6");
    is_int(run(&family, query6), 62, "-4: DNS over IPv6");
    family.family = 6;
    is_int(run(&family, tcp4), 0, "-6: IPv4");
    is_int(run(&family, udp6), 62, "-6: IPv6");
    is_int(run(&family, gre), 0, "-T: a tunnel");
    is_int(run(&filter, tcp4), 54, "a filter: what it lets through");
    is_int(run(&filter, udp6), 0, "a filter: the rest");
}

/* A frame, the payload that follows, and how much should be copied with -S. */
static void test_sessions(void)
{
    static const char tcp4[] = IPV4("06", "0a000001", "08080808") TCP("d431", "01bb", "50");
    static const char tcp6[] = IPV6("06") TCP("d431", "01bb", "50");
    static const char quic4[] = IPV4("11", "0a000001", "08080808") UDP("d431", "01bb");
    static const char quic6[] = IPV6("11") UDP("d431", "01bb");
    static const char from[] = IPV4("11", "08080808", "0a000001") UDP("01bb", "d431");
    static const struct {
        const char *title, *headers, *payload;
        unsigned bytes;
    } cases[] = {
        {"a ClientHello", tcp4, "160301 0200 01 0001fc", 54 + 5 + 512},
        {"a ClientHello, IPv6", tcp6, "160303 ffff 01 000000", 74 + 5 + 65535},
        {"a ClientHello, IP with options",
         "0800 47000100 0001 0000 40 06 0000 " OUT "01010101 01010101 " TCP("d431", "01bb", "50"),
         "160301 0010 01 000000", 62 + 5 + 16},
        {"a ServerHello", tcp4, "160301 0200 02 0001fc", 54},
        {"application data", tcp4, "170303 0200 01 000000", 54},
        {"handshake of something else", tcp4, "160201 0200 01 000000", 54},
        {"GET", tcp4, "'GET / HTTP/1.1'", 54 + SNAP_REQUEST},
        {"OPTIONS, IPv6", tcp6, "'OPTIONS *'", 74 + SNAP_REQUEST},
        {"DELETE", tcp4, "'DELETE / H'", 54 + SNAP_REQUEST},
        {"a deletion of POP3", tcp4, "'DELE 1'0d0a", 54},
        {"a word of text", tcp4, "'POSTpone'", 54},
        {"GET in a VLAN", "8100 0001 " TCP4, "'GET / HTTP/1.1'", 58 + SNAP_REQUEST},
        {"QUIC in VXLAN", VXLAN UDP4, "c3 00000001 08", SNAP_ALL},
        {"a ClientHello behind options",
         IPV4("06", "0a000001", "08080808") TCP("d431", "01bb", "80") "010101010101010101010101",
         "160301 0200 01 0001fc", 66 + 5 + 512},
        {"GET in a fragment", "0800 45000100 0001 2000 40 06 0000 " OUT TCP("d431", "01bb", "50"),
         "'GET / HTTP/1.1'", 54},
        {"a response", tcp4, "'HTTP/1.1 200'", 54},
        {"no word of HTTP", tcp4, "'GETS HTTP/1.1'", 54},
        {"QUIC version 1", quic4, "c3 00000001 08", SNAP_ALL},
        {"QUIC version 2, IPv6", quic6, "d3 6b3343cf 08", SNAP_ALL},
        {"a type of version 2 in version 1", quic4, "d3 00000001 08", 42},
        {"a type of version 1 in version 2", quic6, "c3 6b3343cf 08", 62},
        {"a short header", quic4, "43 00000001 08", 42},
        {"another version", quic4, "c3 ff00001d 08", 42},
        {"from port 443", from, "c3 00000001 08", 42},
        {"QUIC on another port", IPV4("11", "0a000001", "08080808") UDP("d431", "01bc"),
         "c3 00000001 08", 42},
    };
    struct snap_options options = {.ethernet = true, .open_tunnels = true, .session_names = true};
    struct snap_options none = {.ethernet = true, .open_tunnels = true};
    char hex[512];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(hex, sizeof hex, "%s%s", cases[i].headers, cases[i].payload);
        is_int(run(&options, hex), cases[i].bytes, "-S: %s", cases[i].title);
        is_int(run(&none, hex), run(&none, cases[i].headers), "without -S: %s", cases[i].title);
    }
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
        is_int(run(&options, frames[i].hex), frames[i].usual, "-S: %s", frames[i].title);
    options.filter = "ip";
    is_int(run(&options, IPV6("06") TCP("d431", "01bb", "50") "160301 0200 01 0001fc"), 0,
           "-S: what a filter does not let through");
}

/* Frames that end before there is anything to examine are passed with what they have. */
static void test_short_frames(void)
{
    struct snap_options options = {.ethernet = true, .session_names = true};
    uint8_t frame[128];
    struct snap *snap = NULL;
    size_t length, headers = 54;
    const struct bpf_insn *program;
    unsigned count;

    need(snap_init(&snap, &options) == RESULT_OK, "a program");
    program = snap_program(snap, &count);
    unhex(ETHERNET, frame, sizeof frame);
    length =
        12 + unhex(IPV4("06", "0a000001", "08080808") TCP("d431", "01bb", "50") "160301 0200 01"
                                                                                "000000",
                   frame + 12, sizeof frame - 12);
    for (size_t size = headers; size < headers + 8; size++)
        is_int(bpf_filter(program, frame, (unsigned)size, (unsigned)size), (long long)headers,
               "-S: %zu bytes of payload", size - headers);
    is_int(bpf_filter(program, frame, (unsigned)length, (unsigned)length), headers + 5 + 512,
           "-S: enough of it");
    snap_destroy(&snap);
}

static void test_bad_filter(void)
{
    struct snap_options options = {.ethernet = true, .filter = "port nonsense"};
    struct snap *snap = NULL;

    is_int(snap_init(&snap, &options), RESULT_INVALID, "a bad filter");
    ok(*snap_problem(snap), "has a problem");
    snap_destroy(&snap);
    options = (struct snap_options){.filter = "ether host 02:00:00:00:00:01"};
    is_int(snap_init(&snap, &options), RESULT_INVALID, "a filter of what is not there");
    snap_destroy(&snap);
}

int main(void)
{
    test_frames();
    test_options();
    test_sessions();
    test_short_frames();
    test_bad_filter();
    return done();
}
