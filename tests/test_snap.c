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
    test_bad_filter();
    return done();
}
