/*
 * How much the kernel copies of each packet: the program, run here by libpcap.
 */
#include "snap.h"

#include "tap.h"

#include <pcap/pcap.h>

#define ETHERNET "020000000001 020000000002 "
#define IPV4(proto, src, dst) "0800 45000100 0001 0000 40 " proto " 0000 " src " " dst " "
#define IPV6(next)                                                                                 \
    "86dd 60000000 0100 " next " 40 20010db8000000000000000000000001 "                             \
    "26200000000000000000000000000002 "
#define OUT "0a000001 08080808 "
#define TCP(sport, dport, offset) sport dport "00000001 00000002 " offset "02 ffff 0000 0000 "
#define UDP(sport, dport) sport dport "0100 0000 "

/* A frame, followed by much payload, and how much of it is wanted. */
static const struct {
    const char *title, *hex;
    unsigned usual, all; /* of the usual options, and of -a */
} frames[] = {
    {"TCP", IPV4("06", "0a000001", "08080808") TCP("d431", "01bb", "50"), 54, 54},
    {"TCP with options", IPV4("06", "0a000001", "08080808") TCP("d431", "01bb", "80"), 66, 66},
    {"TCP, IP with options",
     "0800 47000100 0001 0000 40 06 0000 " OUT "01010101 01010101 " TCP("d431", "01bb", "50"), 62,
     62},
    {"UDP", IPV4("11", "0a000001", "08080808") UDP("d431", "01bb"), 42, 42},
    {"ICMP", IPV4("01", "0a000001", "08080808") "0800 0000 0001 0001", 42, 42},
    {"a DNS query", IPV4("11", "0a000001", "08080808") UDP("d431", "0035"), 42, 42},
    {"a DNS response", IPV4("11", "08080808", "0a000001") UDP("0035", "d431"), SNAP_ALL, SNAP_ALL},
    {"a DNS response from inside", IPV4("11", "0a000001", "0a000002") UDP("0035", "d431"), SNAP_ALL,
     SNAP_ALL},
    {"a DNS query inside", IPV4("11", "0a000001", "0a000002") UDP("d431", "0035"), 42, 42},
    {"a DNS response over TCP", IPV4("06", "08080808", "0a000001") TCP("0035", "d431", "50"),
     SNAP_ALL, SNAP_ALL},
    {"inside", IPV4("06", "0a000001", "0a000002") TCP("d431", "01bb", "50"), 0, 54},
    {"a service", IPV4("11", "0a000001", "08080808") UDP("0044", "0043"), 0, 42},
    {"another one", IPV4("06", "08080808", "0a000001") TCP("d431", "01bd", "50"), 0, 54},
    {"a later fragment", "0800 45000100 0001 0010 40 11 0000 " OUT, 34, 34},
    {"an authentication header", IPV4("33", "0a000001", "08080808") "0604 0000", SNAP_INNER,
     SNAP_INNER},
    {"IEEE 802.3", "0100 aaaa03 000000 0800", SNAP_INNER, SNAP_INNER},
    {"another protocol", IPV4("84", "0a000001", "08080808") UDP("d431", "01bb"), 0, 0},
    {"ARP", "0806 0001080006040001", 0, 0},
    {"IPv6, TCP", IPV6("06") TCP("d431", "01bb", "50"), 74, 74},
    {"IPv6, TCP with options", IPV6("06") TCP("d431", "01bb", "a0"), 94, 94},
    {"IPv6, UDP", IPV6("11") UDP("d431", "01bb"), 62, 62},
    {"IPv6, ICMP", IPV6("3a") "8000 0000 0001 0001", 62, 62},
    {"IPv6, a DNS response", IPV6("11") UDP("0035", "d431"), SNAP_ALL, SNAP_ALL},
    {"IPv6, an extension header", IPV6("00") "0600 0000 0000 0000", SNAP_INNER, SNAP_INNER},
    {"IPv6, another protocol", IPV6("84") UDP("d431", "01bb"), 0, 0},
    {"GRE inside", IPV4("2f", "0a000001", "0a000002") "0000 0800", SNAP_INNER, SNAP_INNER},
    {"6in4", IPV4("29", "0a000001", "08080808") "6000", SNAP_INNER, SNAP_INNER},
    {"VXLAN inside", IPV4("11", "0a000001", "0a000002") UDP("d431", "12b5"), SNAP_INNER,
     SNAP_INNER},
    {"two VLAN tags", "88a8 0001 8100 0002 0800", SNAP_INNER, SNAP_INNER},
    {"MPLS", "8847 00001140", SNAP_INNER, SNAP_INNER},
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

static void test_frames(void)
{
    struct snap_options usual = {.ethernet = true, .open_tunnels = true};
    struct snap_options all = {.ethernet = true, .open_tunnels = true, .keep_all = true};

    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        is_int(run(&usual, frames[i].hex), frames[i].usual, "%s", frames[i].title);
        is_int(run(&all, frames[i].hex), frames[i].all, "%s, with -a", frames[i].title);
    }
}

static void test_options(void)
{
    static const char tcp4[] = IPV4("06", "0a000001", "08080808") TCP("d431", "01bb", "50");
    static const char udp6[] = IPV6("11") UDP("d431", "01bb");
    static const char gre[] = IPV4("2f", "0a000001", "08080808") "0000 0800";
    struct snap_options family = {.ethernet = true, .family = 4};
    struct snap_options filter = {.ethernet = true, .filter = "tcp port 443"};

    is_int(run(&family, tcp4), 54, "-4: IPv4");
    is_int(run(&family, udp6), 0, "-4: IPv6");
    family.family = 6;
    is_int(run(&family, tcp4), 0, "-6: IPv4");
    is_int(run(&family, udp6), 62, "-6: IPv6");
    is_int(run(&family, gre), 0, "-T: a tunnel");
    is_int(run(&filter, tcp4), 54, "a filter: what it lets through");
    is_int(run(&filter, udp6), 0, "a filter: the rest");
}

/* A frame, the payload that follows, and how much is wanted with -S. */
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

/* Frames that end before there is anything to look at come with what they have. */
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

    is_int(snap_init(&snap, &options), RESULT_DAMAGED, "a bad filter");
    ok(*snap_problem(snap), "has a problem");
    snap_destroy(&snap);
    options = (struct snap_options){.filter = "ether host 02:00:00:00:00:01"};
    is_int(snap_init(&snap, &options), RESULT_DAMAGED, "a filter of what is not there");
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
