/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow table: which side is the source, what is counted, order, windows; and many random
 * packets compared with a simple table.
 */
#include "../tap.h"
#include "flow/flowtable.h"

static struct address parsed(const char *text)
{
    struct address address = {0};

    need(address_parse(text, &address), text);
    return address;
}

static struct flowtable *new_table(void)
{
    struct flowtable *table = NULL;

    need(flowtable_init(&table, 0, 0) == RESULT_OK, "flowtable_init");
    return table;
}

static struct packet tcp_packet(const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
    return (struct packet){.src = parsed(src),
                           .dst = parsed(dst),
                           .sport = sport,
                           .dport = dport,
                           .proto = IPPROTO_TCP,
                           .tcp_flags = TCP_ACK,
                           .time = 1000,
                           .bytes = 10};
}

static void add(struct flowtable *table, const struct packet *packet, bool src_local,
                bool dst_local)
{
    need(flowtable_add(table, packet, src_local, dst_local, NULL) == RESULT_OK, "flowtable_add");
}

/* From inside to outside, with a name. */
static void say(struct flowtable *table, const struct packet *packet, const char *name)
{
    struct hello hello = {.cut = false};

    need(hostname_set(&hello.name, name, strlen(name)), name);
    need(flowtable_add(table, packet, true, false, &hello) == RESULT_OK, "flowtable_add");
}

/* The flows of the last window that ended. */
static struct flowlist *window;

static size_t finish_window(struct flowtable *table, bool last)
{
    flowlist_destroy(&window);
    need(flowtable_take(table, last, &window) == RESULT_OK, "flowtable_take");
    need(flowlist_sort(window) == RESULT_OK, "flowlist_sort");
    return flowlist_count(window);
}

static size_t finish(struct flowtable *table)
{
    return finish_window(table, false);
}

/* A is the sender of the first packet, B the other side. */
struct source_row {
    const char *title;
    uint8_t proto, flags;
    bool a_local, b_local;
    uint16_t a, b;
    bool a_is_source;
};

#define T IPPROTO_TCP
#define U IPPROTO_UDP
#define I IPPROTO_ICMP

static const struct source_row source_rows[] = {
    /* 1. The handshake decides, whatever the ports. */
    {"SYN", T, TCP_SYN, true, false, 50000, 443, true},
    {"SYN, a low port to a high one", T, TCP_SYN, false, true, 80, 60000, true},
    {"SYN, not local, equal ports", T, TCP_SYN, false, false, 179, 179, true},
    {"SYN with FIN", T, TCP_SYN | TCP_FIN, false, true, 80, 60000, true},
    {"SYN-ACK", T, TCP_SYN | TCP_ACK, false, true, 443, 50000, false},
    {"SYN-ACK, from an ephemeral port", T, TCP_SYN | TCP_ACK, true, false, 60000, 80, false},
    {"SYN-ACK, not local, equal ports", T, TCP_SYN | TCP_ACK, false, false, 179, 179, false},
    {"FIN decides nothing", T, TCP_FIN | TCP_ACK, true, false, 80, 60000, false},
    {"RST decides nothing", T, TCP_RST, true, false, 80, 60000, false},
    {"SYN's bit in UDP decides nothing", U, TCP_SYN, true, false, 53, 60000, false},
    /* 3. ICMP: the local side. */
    {"ICMP, A local", I, 0, true, false, 0, 0, true},
    {"ICMP, B local", I, 0, false, true, 0, 0, false},
    {"ICMP, both", I, 0, true, true, 0, 0, true},
    {"ICMP, neither", I, 0, false, false, 0, 0, true},
    {"ICMPv6, B local", IPPROTO_ICMPV6, 0, false, true, 0, 0, false},
    {"ICMPv6, neither", IPPROTO_ICMPV6, 0, false, false, 0, 0, true},
    /* 4. UDP: A, unless only its port is below 1024. */
    {"UDP, neither local, 65535 to 1024", U, 0, false, false, 65535, 1024, true},
    {"UDP, neither local, 1023 to 65535", U, 0, false, false, 1023, 65535, false},
    {"UDP, neither local, 53 to 53", U, 0, false, false, 53, 53, true},
    {"UDP, A local, 1024 to 1023", U, 0, true, false, 1024, 1023, true},
    {"UDP, A local, 1023 to 1024", U, 0, true, false, 1023, 1024, false},
    {"UDP, A local, 1 to 1023", U, 0, true, false, 1, 1023, true},
    {"UDP, A local, 2000 to 2001", U, 0, true, false, 2000, 2001, true},
    {"UDP, A local, 49151 to 49152", U, 0, true, false, 49151, 49152, true},
    {"UDP, both local, 53 to 49152", U, 0, true, true, 53, 49152, false},
    {"UDP, both local, 2000 to 49152", U, 0, true, true, 2000, 49152, true},
    {"UDP, B local, 51820 to 36116", U, 0, false, true, 51820, 36116, true},
    {"UDP, B local, 1024 to 65535", U, 0, false, true, 1024, 65535, true},
    {"UDP, B local, 443 to 1024", U, 0, false, true, 443, 1024, false},
    /* 5. Neither local, both ports above 1023. */
    {"neither local, 1024 and 1024", T, TCP_ACK, false, false, 1024, 1024, true},
    {"neither local, 1024 and 65535", T, TCP_ACK, false, false, 1024, 65535, true},
    {"neither local, 1023 and 1024", T, TCP_ACK, false, false, 1023, 1024, false},
    {"neither local, 1024 and 1023", T, TCP_ACK, false, false, 1024, 1023, true},
    {"neither local, 80 and 443", T, TCP_ACK, false, false, 80, 443, false},
    {"neither local, 443 and 80", T, TCP_ACK, false, false, 443, 80, true},
    /* 6. A local. */
    {"A local, 49152 to 80", T, TCP_ACK, true, false, 49152, 80, true},
    {"A local, 49152 to 65535", T, TCP_ACK, true, false, 49152, 65535, true},
    {"A local, 49151 to 49152", T, TCP_ACK, true, false, 49151, 49152, false},
    {"A local, 49151 to 49151", T, TCP_ACK, true, false, 49151, 49151, true},
    {"A local, 49150 to 49151", T, TCP_ACK, true, false, 49150, 49151, false},
    {"A local, 49151 to 49150", T, TCP_ACK, true, false, 49151, 49150, true},
    {"A local, 80 to 49152", T, TCP_ACK, true, false, 80, 49152, false},
    {"A local, 80 to 49151", T, TCP_ACK, true, false, 80, 49151, false},
    {"A local, 80 to 1023", T, TCP_ACK, true, false, 80, 1023, true},
    {"A local, 80 to 1024", T, TCP_ACK, true, false, 80, 1024, false},
    {"A local, 1024 to 1023", T, TCP_ACK, true, false, 1024, 1023, true},
    {"A local, 1 to 1", T, TCP_ACK, true, false, 1, 1, true},
    {"A local, 1024 to 1024", T, TCP_ACK, true, false, 1024, 1024, true},
    {"A local, 2000 to 1999", T, TCP_ACK, true, false, 2000, 1999, true},
    {"A local, 2000 to 2001", T, TCP_ACK, true, false, 2000, 2001, false},
    {"both local, 49152 to 65535", T, TCP_ACK, true, true, 49152, 65535, true},
    {"both local, 53 to 49152", T, TCP_ACK, true, true, 53, 49152, false},
    {"both local, 53 to 1023", T, TCP_ACK, true, true, 53, 1023, true},
    {"both local, 53 to 1024", T, TCP_ACK, true, true, 53, 1024, false},
    /* 7. A not local: the higher port. */
    {"B local, 443 to 50000", T, TCP_ACK, false, true, 443, 50000, false},
    {"B local, 50000 to 443", T, TCP_ACK, false, true, 50000, 443, true},
    {"B local, 49152 to 49153", T, TCP_ACK, false, true, 49152, 49153, false},
    {"B local, 49152 to 49152", T, TCP_ACK, false, true, 49152, 49152, true},
    {"B local, 80 to 1023", T, TCP_ACK, false, true, 80, 1023, false},
    {"B local, 1023 to 1024", T, TCP_ACK, false, true, 1023, 1024, false},
    {"B local, 1024 to 1023", T, TCP_ACK, false, true, 1024, 1023, true},
    {"B local, 2000 to 3000", T, TCP_ACK, false, true, 2000, 3000, false},
    {"B local, 3000 to 3000", T, TCP_ACK, false, true, 3000, 3000, true},
};

/* A and B, in both orders of their addresses. */
static void check_source(const struct source_row *row, const char *a, const char *b)
{
    struct flowtable *table = new_table();
    struct packet packet = {.src = parsed(a),
                            .dst = parsed(b),
                            .sport = row->a,
                            .dport = row->b,
                            .proto = row->proto,
                            .tcp_flags = row->flags,
                            .bytes = 7};
    struct packet back = packet;
    struct flow flow;

    back.src = packet.dst;
    back.dst = packet.src;
    back.sport = row->b;
    back.dport = row->a;
    back.bytes = 9;
    add(table, &packet, row->a_local, row->b_local);
    add(table, &back, row->b_local, row->a_local);
    need(finish(table) == 1, "one flow");
    flowlist_get(window, 0, &flow);
    is_int(address_equal(&flow.src, &packet.src), row->a_is_source, "%s, %s to %s", row->title, a,
           b);
    ok(address_equal(&flow.dst, row->a_is_source ? &packet.dst : &packet.src), "the other side");
    is_int(flow.sport, row->a_is_source ? row->a : row->b, "source port");
    is_int(flow.dport, row->a_is_source ? row->b : row->a, "destination port");
    is_int(flow.first_from_src, row->a_is_source, "who sent the first packet");
    is_int(flow.src_bytes, row->a_is_source ? 7 : 9, "source bytes");
    is_int(flow.dst_bytes, row->a_is_source ? 9 : 7, "destination bytes");
    is_int(flow.proto, row->proto, "protocol");
    flowtable_destroy(&table);
}

static void test_source(void)
{
    for (size_t i = 0; i < sizeof source_rows / sizeof *source_rows; i++) {
        check_source(&source_rows[i], "192.0.2.1", "198.51.100.7");
        check_source(&source_rows[i], "198.51.100.7", "192.0.2.1");
        check_source(&source_rows[i], "2001:db8::1", "2001:db8:0:1::1");
        check_source(&source_rows[i], "2001:db8::2", "2001:db8::1");
    }
}

/* A packet from the one to the other; the first is local. */
static void check_sender(const char *title, struct packet packet, bool is_source)
{
    struct flowtable *table = new_table();
    struct flow flow;

    add(table, &packet, true, false);
    need(finish(table) == 1, "one flow");
    flowlist_get(window, 0, &flow);
    is_int(flow.first_from_src, is_source, "%s", title);
    flowtable_destroy(&table);
}

/* Groups never send, whatever the protocol and the ports; only the handshake comes before that. */
static void test_groups(void)
{
    static const struct {
        const char *a, *b;
        bool group;
    } pairs[] = {
        {"8.8.8.8", "224.0.0.0", true},       {"8.8.8.8", "239.255.255.255", true},
        {"8.8.8.8", "255.255.255.255", true}, {"8.8.8.8", "223.255.255.255", false},
        {"8.8.8.8", "240.0.0.0", false},      {"8.8.8.8", "255.255.255.254", false},
        {"255.0.0.1", "8.8.8.8", false},      {"2a00::1", "ff02::1:ff00:2", true},
        {"2a00::1", "ff0e::1:2", true},       {"2a00::1", "fe80::1", false},
        {"2a00::ff", "2a00::1", false},
    };
    static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP};

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (size_t j = 0; j < sizeof protos; j++) {
            struct packet there = tcp_packet(pairs[i].a, 53, pairs[i].b, 60000);
            struct packet back = tcp_packet(pairs[i].b, 60000, pairs[i].a, 53);
            bool group = pairs[i].group, icmp = protos[j] == IPPROTO_ICMP;

            there.proto = back.proto = protos[j];
            check_sender("to a group, from a low port", there, group || icmp);
            check_sender("from a group, from a high port", back, !group);
        }
}

/* Whoever asks is the source, local or not. */
static void test_questions(void)
{
    static const struct {
        const char *title;
        uint8_t proto, type;
        bool known, is_source;
    } rows[] = {
        {"echo", IPPROTO_ICMP, 8, true, true},
        {"echo reply", IPPROTO_ICMP, 0, true, false},
        {"timestamp", IPPROTO_ICMP, 13, true, true},
        {"timestamp reply", IPPROTO_ICMP, 14, true, false},
        {"unreachable", IPPROTO_ICMP, 3, true, true},
        {"what is ICMPv6's echo reply", IPPROTO_ICMP, 129, true, true},
        {"not captured", IPPROTO_ICMP, 0, false, true},
        {"echo of ICMPv6", IPPROTO_ICMPV6, 128, true, true},
        {"echo reply of ICMPv6", IPPROTO_ICMPV6, 129, true, false},
        {"what is ICMP's echo reply", IPPROTO_ICMPV6, 0, true, true},
        {"what is ICMP's timestamp reply", IPPROTO_ICMPV6, 14, true, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct packet packet = tcp_packet("10.0.0.1", 0, "8.8.8.8", 0);

        packet.proto = rows[i].proto;
        packet.icmp_type = rows[i].type;
        packet.icmp_known = rows[i].known;
        check_sender(rows[i].title, packet, rows[i].is_source);
    }
}

/* A second packet never changes the source, even a SYN. */
static void test_source_stays(void)
{
    struct flowtable *table = new_table();
    struct packet a = tcp_packet("10.0.0.1", 80, "8.8.8.8", 50000);
    struct packet b = tcp_packet("8.8.8.8", 50000, "10.0.0.1", 80);
    struct flow flow;

    a.tcp_flags = TCP_SYN;
    b.tcp_flags = TCP_SYN;
    add(table, &a, true, false);
    add(table, &b, false, true);
    is_int(finish(table), 1, "both directions are one flow");
    flowlist_get(window, 0, &flow);
    ok(address_equal(&flow.src, &a.src), "the first packet decided");
    flowtable_destroy(&table);
    ok(!table, "destroying clears the pointer");
    flowtable_destroy(&table);
}

/* What makes a different flow. */
static void test_keys(void)
{
    struct flowtable *table = new_table();
    struct packet packets[] = {
        tcp_packet("10.0.0.1", 1, "10.0.0.2", 2), tcp_packet("10.0.0.1", 2, "10.0.0.2", 1),
        tcp_packet("10.0.0.1", 1, "10.0.0.3", 2), tcp_packet("10.0.0.1", 1, "10.0.0.2", 3),
        tcp_packet("10.0.0.1", 1, "10.0.0.1", 2), tcp_packet("10.0.0.1", 1, "10.0.0.2", 2),
        tcp_packet("::1", 1, "::2", 2),           tcp_packet("::1", 2, "::2", 1),
        tcp_packet("0.0.0.0", 1, "0.0.0.0", 2),   tcp_packet("::", 1, "::", 2),
        tcp_packet("a00:1::", 1, "a00:2::", 2),   tcp_packet("10.0.0.1", 5, "10.0.0.1", 5),
        tcp_packet("::a00:1", 1, "::a00:2", 2),   tcp_packet("10.0.0.1", 258, "10.0.0.2", 1),
    };
    size_t n = sizeof packets / sizeof *packets;
    struct flow flow;

    packets[5].proto = IPPROTO_UDP;
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < n; i++)
            add(table, &packets[i], true, true);
    is_int(finish(table), n, "each differing tuple is a flow");
    for (size_t i = 0; i < n; i++) {
        flowlist_get(window, i, &flow);
        is_int(flow.src_packets + flow.dst_packets, 3, "packets of flow %zu", i);
        is_int(flow.src.family, packets[i].src.family, "family of flow %zu", i);
        ok((address_equal(&flow.src, &packets[i].src) &&
            address_equal(&flow.dst, &packets[i].dst)) ||
               (address_equal(&flow.src, &packets[i].dst) &&
                address_equal(&flow.dst, &packets[i].src)),
           "addresses of flow %zu", i);
    }
    flowtable_destroy(&table);
}

/* A host talking to itself: both directions have the same address, or everything is the same. */
static void test_self(void)
{
    struct flowtable *table = new_table();
    struct packet a = tcp_packet("10.0.0.1", 50000, "10.0.0.1", 80);
    struct packet b = tcp_packet("10.0.0.1", 80, "10.0.0.1", 50000);
    struct packet same = tcp_packet("10.0.0.1", 9, "10.0.0.1", 9);
    struct flow flow;

    a.tcp_flags = TCP_SYN;
    b.bytes = 33;
    add(table, &a, true, true);
    add(table, &b, true, true);
    add(table, &same, true, true);
    add(table, &same, true, true);
    is_int(finish(table), 2, "flows");
    flowlist_get(window, 0, &flow);
    is_int(flow.sport, 50000, "the source's port");
    is_int(flow.src_bytes, 10, "one direction");
    is_int(flow.dst_bytes, 33, "the other direction");
    flowlist_get(window, 1, &flow);
    is_int(flow.src_packets, 2, "equal ends have one direction");
    is_int(flow.dst_packets, 0, "and no other");
    flowtable_destroy(&table);
}

static void test_icmp(void)
{
    struct flowtable *table = new_table();
    struct packet packet = {.src = parsed("10.0.0.1"),
                            .dst = parsed("8.8.8.8"),
                            .proto = IPPROTO_ICMP,
                            .icmp_known = true,
                            .icmp_type = 8,
                            .icmp_code = 3};
    struct packet answer = {
        .src = parsed("8.8.8.8"), .dst = parsed("10.0.0.1"), .proto = IPPROTO_ICMP};
    struct flow flow;

    add(table, &packet, true, false);
    add(table, &answer, false, true);
    packet.icmp_type = 11;
    add(table, &packet, true, false);
    is_int(finish(table), 1, "ICMP of a pair of addresses is one flow");
    flowlist_get(window, 0, &flow);
    ok(flow.icmp_known && flow.icmp_type == 8 && flow.icmp_code == 3, "type and code of the first");
    is_int(flow.src_packets, 2, "packets of the source");
    is_int(flow.dst_packets, 1, "packets of the other side");
    flowtable_destroy(&table);

    table = new_table();
    add(table, &answer, false, true);
    add(table, &packet, true, false);
    is_int(finish(table), 1, "one flow");
    flowlist_get(window, 0, &flow);
    ok(!flow.icmp_known, "the first packet's type is not known");
    ok(!flow.first_from_src, "the first packet came from the other side");
    flowtable_destroy(&table);
}

static void test_times(void)
{
    static const struct {
        int64_t times[5], start, last;
    } cases[] = {
        {{1, 2, 3, 4, 5}, 1, 5},
        {{5, 4, 3, 2, 1}, 1, 5},
        {{3, 1, 5, 2, 4}, 1, 5},
        {{7, 7, 7, 7, 7}, 7, 7},
        {{0, 0, 0, 0, INT64_C(253402300799999999)}, 0, INT64_C(253402300799999999)},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct flowtable *table = new_table();
        struct packet packet = tcp_packet("10.0.0.1", 50000, "8.8.8.8", 443);
        struct flow flow;

        for (int j = 0; j < 5; j++) {
            packet.time = cases[i].times[j];
            add(table, &packet, true, false);
        }
        need(finish(table) == 1, "one flow");
        flowlist_get(window, 0, &flow);
        is_int(flow.start, cases[i].start, "start of row %zu", i);
        is_int(flow.last, cases[i].last, "last of row %zu", i);
        is_int(flow.src_packets, 5, "packets of row %zu", i);
        flowtable_destroy(&table);
    }
}

static void test_big_counts(void)
{
    struct flowtable *table = new_table();
    struct packet packet = tcp_packet("10.0.0.1", 50000, "8.8.8.8", 443);
    struct flow flow;

    packet.bytes = UINT32_MAX;
    for (int i = 0; i < 1000; i++)
        add(table, &packet, true, false);
    need(finish(table) == 1, "one flow");
    flowlist_get(window, 0, &flow);
    is_int(flow.src_bytes, 1000 * (int64_t)UINT32_MAX, "bytes beyond 32 bits");
    flowtable_destroy(&table);
}

/* By start; at equal starts by first packet. sport shows the input order. */
static void test_order(void)
{
    static const uint16_t sizes[] = {0, 1, 2, 3, 31, 32, 33, 100, 1000, 1023, 1025, 5000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct flowtable *table = new_table();
        struct flow flow, before = {0};
        bool right = true;

        for (uint16_t n = 0; n < sizes[i]; n++) {
            struct packet packet = tcp_packet("10.0.0.1", (uint16_t)(n + 1), "8.8.8.8", 443);

            packet.tcp_flags = TCP_SYN;
            packet.time = n * 7919 % 13;
            add(table, &packet, true, false);
        }
        is_int(finish(table), sizes[i], "%d flows", sizes[i]);
        for (size_t n = 0; n < sizes[i]; n++, before = flow) {
            flowlist_get(window, n, &flow);
            right = right && (n == 0 || before.start < flow.start ||
                              (before.start == flow.start && before.sport < flow.sport));
        }
        ok(right, "%d flows in order", sizes[i]);
        flowtable_destroy(&table);
    }
}

/* A packet that comes late but is earlier moves its flow forward. */
static void test_order_late(void)
{
    struct flowtable *table = new_table();
    struct packet a = tcp_packet("10.0.0.1", 50001, "8.8.8.8", 443);
    struct packet b = tcp_packet("10.0.0.1", 50002, "8.8.8.8", 443);
    struct flow flow;

    a.time = 100;
    b.time = 200;
    add(table, &a, true, false);
    add(table, &b, true, false);
    b.time = 50;
    add(table, &b, true, false);
    need(finish(table) == 2, "two flows");
    flowlist_get(window, 0, &flow);
    is_int(flow.sport, 50002, "the flow that begins earlier");
    is_int(flow.start, 50, "its start");
    flowlist_get(window, 1, &flow);
    is_int(flow.sport, 50001, "the other");
    flowtable_destroy(&table);
}

static void test_windows(void)
{
    struct flowtable *table = new_table();
    struct packet a = tcp_packet("10.0.0.1", 50001, "8.8.8.8", 443);
    struct packet b = tcp_packet("10.0.0.1", 50002, "8.8.8.8", 443);
    struct packet answer = tcp_packet("8.8.8.8", 443, "10.0.0.1", 50001);
    struct flow flow;

    a.tcp_flags = TCP_SYN;
    a.time = 10;
    add(table, &a, true, false);
    add(table, &b, true, false);
    is_int(finish(table), 2, "first window");
    is_int(finish(table), 0, "a window without packets");

    answer.time = 7;
    answer.tcp_flags = TCP_SYN; /* alone, it would make a new source */
    add(table, &answer, false, true);
    is_int(finish(table), 1, "a window with one of two flows");
    flowlist_get(window, 0, &flow);
    ok(address_equal(&flow.src, &a.src), "it keeps its source");
    is_int(flow.src_packets, 0, "packets of the source in this window");
    is_int(flow.src_bytes, 0, "bytes of the source");
    is_int(flow.dst_packets, 1, "packets of the other side");
    is_int(flow.dst_bytes, 10, "bytes of the other side");
    is_int(flow.start, 7, "start in this window");
    is_int(flow.last, 7, "last in this window");

    for (int i = 0; i < 100; i++)
        add(table, &b, true, false);
    add(table, &a, true, false);
    is_int(finish(table), 2, "both again");
    flowlist_get(window, 0, &flow);
    is_int(flow.sport, 50001, "sorted by start");
    flowlist_get(window, 1, &flow);
    is_int(flow.src_packets, 100, "counts of this window only");
    flowtable_destroy(&table);
}

/* A simple table, indexed by tuple: numbered hosts and ports make any tuple. */
enum { HOSTS = 1000, PORTS = 150, REFERENCE = 2 * HOSTS * PORTS, PACKETS = 600000 };

struct reference {
    uint64_t packets[2], bytes[2]; /* from the host, to the host */
    int64_t start, last;
    uint32_t order;
};

static uint64_t random_state = 88172645463325252u;

static uint32_t next_random(uint32_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16) % below;
}

static void host_address(uint32_t host, bool v6, struct address *address)
{
    uint8_t wire[16] = {0x20, 0x01, 0x0d, 0xb8};

    wire[v6 ? 14 : 2] = (uint8_t)(host >> 8);
    wire[v6 ? 15 : 3] = (uint8_t)host;
    address_set(address, v6 ? 6 : 4, wire);
}

/* Flow n belongs to host n / PORTS % HOSTS, port 50000 + n % PORTS; the upper half is IPv6. */
static void random_packet(struct reference *flows, uint32_t number, struct packet *packet)
{
    uint32_t n = next_random(REFERENCE);
    struct reference *flow = &flows[n];
    bool v6 = n >= REFERENCE / 2, back = next_random(2);
    uint16_t port = (uint16_t)(50000 + n % PORTS);

    memset(packet, 0, sizeof *packet);
    host_address(n / PORTS % HOSTS, v6, back ? &packet->dst : &packet->src);
    packet->proto = IPPROTO_UDP;
    packet->sport = back ? 53 : port;
    packet->dport = back ? port : 53;
    host_address(40000, v6, back ? &packet->src : &packet->dst);
    packet->time = next_random(100000);
    packet->bytes = next_random(1400);
    if (flow->packets[0] + flow->packets[1] == 0) {
        flow->start = flow->last = packet->time;
        flow->order = number;
    }
    flow->start = packet->time < flow->start ? packet->time : flow->start;
    flow->last = packet->time > flow->last ? packet->time : flow->last;
    flow->packets[back]++;
    flow->bytes[back] += packet->bytes;
}

/* Both sides are local, so the port above 49151 is the source, whoever began. */
static bool same_flow(const struct reference *flows, const struct flow *flow, uint32_t *order)
{
    bool v6 = flow->src.family == 6;
    uint32_t host = (uint32_t)flow->src.bytes[v6 ? 14 : 2] << 8 | flow->src.bytes[v6 ? 15 : 3];
    uint32_t n = (v6 ? REFERENCE / 2 : 0) + host * PORTS + (uint32_t)(flow->sport - 50000);
    const struct reference *want;
    struct address src, dst;

    if (flow->sport < 50000 || flow->sport >= 50000 + PORTS || host >= HOSTS)
        return false;
    want = &flows[n];
    host_address(host, v6, &src);
    host_address(40000, v6, &dst);
    *order = want->order;
    return address_equal(&src, &flow->src) && address_equal(&dst, &flow->dst) &&
           flow->dport == 53 && flow->src_packets == want->packets[0] &&
           flow->dst_packets == want->packets[1] && flow->src_bytes == want->bytes[0] &&
           flow->dst_bytes == want->bytes[1] && flow->start == want->start &&
           flow->last == want->last && flow->proto == IPPROTO_UDP;
}

static size_t count_active(const struct reference *flows)
{
    size_t count = 0;

    for (size_t i = 0; i < REFERENCE; i++)
        count += flows[i].packets[0] + flows[i].packets[1] > 0;
    return count;
}

/* Two windows of random packets over 300000 flows. */
static void test_random(void)
{
    struct flowtable *table = new_table();
    struct reference *flows = calloc(REFERENCE, sizeof *flows);

    need(flows, "no memory");
    for (int round = 0; round < 2; round++) {
        size_t count, wrong = 0, unsorted = 0;
        int64_t start = 0;
        uint32_t order = 0, last_order = 0;
        struct packet packet;
        struct flow flow;

        memset(flows, 0, REFERENCE * sizeof *flows);
        for (uint32_t i = 0; i < PACKETS; i++) {
            random_packet(flows, i, &packet);
            add(table, &packet, true, true);
        }
        count = finish(table);
        is_int(count, count_active(flows), "flows of random window %d", round);
        for (size_t i = 0; i < count; i++) {
            flowlist_get(window, i, &flow);
            wrong += !same_flow(flows, &flow, &order);
            unsorted +=
                i > 0 && (flow.start < start || (flow.start == start && order < last_order));
            start = flow.start;
            last_order = order;
        }
        is_int(wrong, 0, "wrong flows of random window %d", round);
        is_int(unsorted, 0, "flows out of order of random window %d", round);
    }
    free(flows);
    flowtable_destroy(&table);
}

/* label: NULL for none. */
static void add_connection(struct flowtable *table, const struct connection *connection,
                           const char *label)
{
    size_t length = label ? strlen(label) : 0;

    need(flowtable_add_connection(table, connection, label, length, true, false) == RESULT_OK,
         "flowtable_add_connection");
}

static struct connection udp_connection(bool v6)
{
    return (struct connection){.orig = parsed(v6 ? "fd00::1" : "10.0.0.1"),
                               .resp = parsed(v6 ? "2a00::8" : "8.8.8.8"),
                               .orig_port = 2000,
                               .resp_port = 53,
                               .proto = IPPROTO_UDP,
                               .start = 5000,
                               .last = 7000,
                               .orig_packets = 1,
                               .orig_bytes = 20,
                               .resp_packets = 3,
                               .resp_bytes = 400};
}

static void is_flow(size_t index, const char *want, const char *title)
{
    struct flow flow;
    char text[512], src[ADDRESS_TEXT], dst[ADDRESS_TEXT];

    flowlist_get(window, index, &flow);
    address_format(&flow.src, src);
    address_format(&flow.dst, dst);
    snprintf(text, sizeof text, "%s/%u %s/%u %llu/%llu %llu/%llu %lld %lld %s %s", src, flow.sport,
             dst, flow.dport, (unsigned long long)flow.src_packets,
             (unsigned long long)flow.src_bytes, (unsigned long long)flow.dst_packets,
             (unsigned long long)flow.dst_bytes, (long long)flow.start, (long long)flow.last,
             flow.first_from_src ? "src first" : "dst first",
             flow.logged_id ? flow.logged_id : "-");
    is_str(text, want, "%s", title);
}

/* Connections of one flow are added up, whichever side was the originator. */
static void test_connections(void)
{
    struct flowtable *table = new_table();
    struct connection connection = udp_connection(false), back = connection;
    struct packet packet = tcp_packet("10.0.0.1", 2000, "8.8.8.8", 53);

    back.orig = connection.resp;
    back.resp = connection.orig;
    back.orig_port = 53;
    back.resp_port = 2000;
    back.start = 1000;
    back.last = 6000;
    add_connection(table, &connection, NULL);
    add_connection(table, &back, "a label");
    packet.proto = IPPROTO_UDP;
    packet.time = 9000;
    add(table, &packet, true, false);
    is_int(finish(table), 1, "two connections and a packet are one flow");
    is_flow(0, "10.0.0.1/2000 8.8.8.8/53 5/430 4/420 1000 9000 dst first -", "what they add up to");
    add_connection(table, &connection, NULL);
    is_int(finish(table), 1, "the next window");
    is_flow(0, "10.0.0.1/2000 8.8.8.8/53 1/20 3/400 5000 7000 dst first -",
            "has the counts of its own");
    flowtable_destroy(&table);
}

/* The last window is sorted like the ones before, with less memory. */
static void test_last(void)
{
    struct flowtable *table = new_table();
    size_t count, unsorted = 0;
    struct flow flow;

    for (unsigned i = 0; i < 10000; i++) {
        struct connection connection = udp_connection(i % 2);

        connection.orig_port = (uint16_t)i;
        connection.start = (int64_t)(i * 7919 % 10000) << 20;
        connection.last = connection.start;
        add_connection(table, &connection, NULL);
    }
    flowlist_destroy(&window);
    is_int(flowtable_take(table, true, &window), RESULT_OK, "the last window");
    need(flowlist_sort(window) == RESULT_OK, "flowlist_sort");
    count = flowlist_count(window);
    is_int(count, 10000, "has all flows");
    for (size_t i = 0; i < count; i++) {
        flowlist_get(window, i, &flow);
        unsorted += flow.start != (int64_t)i << 20;
    }
    is_int(unsorted, 0, "flows out of order");
    flowtable_destroy(&table);
}

static void test_openers(void)
{
    static const char *const want[] = {
        [OPENER_UNKNOWN] = "10.0.0.1/2000 8.8.8.8/53 1/20 3/400 5000 7000 src first -",
        [OPENER_ORIG] = "10.0.0.1/2000 8.8.8.8/53 1/20 3/400 5000 7000 src first -",
        [OPENER_RESP] = "8.8.8.8/53 10.0.0.1/2000 3/400 1/20 5000 7000 dst first -",
    };

    for (size_t opener = OPENER_UNKNOWN; opener <= OPENER_RESP; opener++) {
        struct flowtable *table = new_table();
        struct connection connection = udp_connection(false);

        connection.proto = IPPROTO_TCP;
        connection.opener = (uint8_t)opener;
        add_connection(table, &connection, NULL);
        is_int(finish(table), 1, "opener %zu", opener);
        is_flow(0, want[opener], "is the source");
        flowtable_destroy(&table);
    }
}

/* Logs that have a record for each direction, in either order: which side is the source. */
static void test_halves(void)
{
    static const struct {
        const char *title;
        uint8_t proto;
        uint16_t in, out; /* ports of the local and the other side */
        bool in_syn, out_syn;
        int64_t out_start; /* the local side's half starts at 100 */
        bool from_in;      /* the local side is the source */
    } cases[] = {
        {"both show a SYN: the earlier", T, 50000, 443, true, true, 200, true},
        {"also against the ports", T, 443, 50000, true, true, 200, true},
        {"and if the other side is earlier", T, 50000, 443, true, true, 50, false},
        {"at the same time, ports", T, 50000, 443, true, true, 100, true},
        {"of a server", T, 443, 50000, true, true, 100, false},
        {"at the same time, one with a SYN", T, 443, 50000, true, false, 100, true},
        {"or the other one", T, 50000, 443, false, true, 100, false},
        {"no SYN, ports", T, 50000, 443, false, false, 200, true},
        {"no SYN, although the server is earlier", T, 50000, 443, false, false, 50, true},
        {"UDP, the earlier", U, 5000, 6000, false, false, 200, true},
        {"UDP, the other one is earlier", U, 5000, 6000, false, false, 50, false},
        {"UDP at the same time, the higher port", U, 5000, 6000, false, false, 100, false},
        {"UDP at the same time, what both ways agree on", U, 2000, 53, false, false, 100, true},
        {"UDP at the same time, equal ports, the local side", U, 123, 123, false, false, 100, true},
    };

    for (size_t i = 0; i < 2 * (sizeof cases / sizeof *cases); i++) {
        struct flowtable *table = new_table();
        struct connection in = {.orig = parsed("10.0.0.1"), .resp = parsed("8.8.8.8")}, out = in;
        struct connection *first = i % 2 ? &out : &in, *second = i % 2 ? &in : &out;
        const char *title = cases[i / 2].title;
        struct flow flow;

        in.orig_port = out.resp_port = cases[i / 2].in;
        in.resp_port = out.orig_port = cases[i / 2].out;
        in.proto = out.proto = cases[i / 2].proto;
        in.half = out.half = true;
        out.orig = in.resp;
        out.resp = in.orig;
        in.start = in.last = 100;
        out.start = out.last = cases[i / 2].out_start;
        in.orig_syn = cases[i / 2].in_syn;
        out.orig_syn = cases[i / 2].out_syn;
        in.orig_packets = 3;
        out.orig_packets = 4;
        out.sampling = 10;
        for (int again = 0; again < 2; again++) {
            need(flowtable_add_connection(table, first, NULL, 0, !(i % 2), i % 2) == RESULT_OK,
                 "flowtable_add_connection");
            need(flowtable_add_connection(table, second, NULL, 0, i % 2, !(i % 2)) == RESULT_OK,
                 "flowtable_add_connection");
        }
        is_int(finish(table), 1, "%s: one flow", title);
        flowlist_get(window, 0, &flow);
        is_int(flow.sport == cases[i / 2].in && flow.src.bytes[0] == 10, cases[i / 2].from_in,
               "%s: the source", title);
        is_int(flow.src_packets, cases[i / 2].from_in ? 6 : 8, "%s: its packets", title);
        is_int(flow.sampling, 10, "%s: sampled in part", title);
        need(flowtable_add_connection(table, &in, NULL, 0, true, false) == RESULT_OK, "in");
        finish(table);
        flowlist_get(window, 0, &flow);
        is_int(flow.sampling, 0, "%s: not in the next window", title);
        flowtable_destroy(&table);
    }
}

/* Zeek also logs connections without packets. */
static void test_empty_connections(void)
{
    struct flowtable *table = new_table();
    struct connection connection = udp_connection(false);

    connection.orig_packets = connection.resp_packets = 0;
    for (int i = 0; i < 100; i++)
        add_connection(table, &connection, NULL);
    is_int(finish(table), 1, "connections without packets are one flow, once");
    is_flow(0, "10.0.0.1/2000 8.8.8.8/53 0/2000 0/40000 5000 7000 src first -",
            "which counts what there is");
    flowtable_destroy(&table);
}

static void test_overflow(void)
{
    struct flowtable *table = new_table();
    struct connection connection = udp_connection(true);

    connection.orig_bytes = UINT64_MAX - 1;
    connection.resp_packets = UINT64_MAX;
    add_connection(table, &connection, NULL);
    add_connection(table, &connection, NULL);
    is_int(finish(table), 1, "counts beyond 64 bits");
    is_flow(0,
            "fd00::1/2000 2a00::8/53 2/18446744073709551615 18446744073709551615/800 5000 7000 src "
            "first -",
            "stay at their greatest");
    flowtable_destroy(&table);
}

/* A flow with ports keeps its first service, whatever its ICMP fields say. */
static void test_services(void)
{
    static const char *const services[] = {NULL, "ssl", "ssl,http", NULL};
    struct flowtable *table = new_table();
    struct connection connection = udp_connection(true);
    struct flow flow;
    size_t wrong = 0;

    connection.icmp_type = 8;
    connection.icmp_code = 1;
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        connection.service = services[i];
        connection.service_length = services[i] ? strlen(services[i]) : 0;
        connection.orig_port = 2000;
        add_connection(table, &connection, NULL);
        connection.orig_port = (uint16_t)(2001 + i);
        add_connection(table, &connection, NULL);
    }
    connection = udp_connection(false);
    connection.proto = IPPROTO_ICMP;
    connection.service = "dns";
    connection.service_length = 3;
    add_connection(table, &connection, NULL);
    is_int(finish_window(table, true), 6, "flows with services, and without");
    for (size_t i = 0; i < 6; i++) {
        const char *want = i == 0 ? "ssl" : i < 5 ? services[i - 1] : NULL;

        flowlist_get(window, i, &flow);
        wrong += !flow.service != !want ||
                 (want && (flow.service_length != strlen(want) ||
                           memcmp(flow.service, want, flow.service_length) != 0));
    }
    is_int(wrong, 0, "flows with another service");
    flowtable_destroy(&table);
}

/* With more services than can be distinguished, the first ones stay. */
static void test_many_services(void)
{
    enum { SERVICES = 65535 };
    struct flowtable *table = new_table();
    struct flow flow;
    size_t wrong = 0;

    for (unsigned i = 0; i < SERVICES + 100; i++) {
        struct connection connection = udp_connection(i >= SERVICES);
        char service[16];

        connection.service = service;
        connection.service_length = (size_t)snprintf(service, sizeof service, "s%u", i);
        connection.orig_port = (uint16_t)i;
        connection.start = i;
        add_connection(table, &connection, NULL);
    }
    is_int(finish_window(table, true), SERVICES + 100, "flows of very many services");
    for (unsigned i = 0; i < SERVICES + 100; i++) {
        char want[16];
        size_t length = (size_t)snprintf(want, sizeof want, "s%u", i);

        flowlist_get(window, i, &flow);
        if (i < SERVICES)
            wrong += !flow.service || flow.service_length != length ||
                     memcmp(flow.service, want, length) != 0;
        else
            wrong += flow.service != NULL;
    }
    is_int(wrong, 0, "flows with another service");
    flowtable_destroy(&table);
}

/* A flow keeps its first label; neighboring flows are unaffected. */
static void test_labels(void)
{
    enum { FLOWS = 1000 };
    static const char text[] = "0123456789012345678901234567890123456789012345678901234567890123"
                               "0123456789012345678901234567890123456789012345678901234567890123+";
    struct flowtable *table = new_table();
    size_t wrong = 0;

    need(sizeof text == FLOW_LOGGED_ID_MAX + 1, "the longest label");
    for (int round = 0; round < 2; round++)
        for (unsigned i = 0; i < FLOWS; i++) {
            struct connection connection = udp_connection(i % 2);
            const char *label = text + i % sizeof text;

            connection.orig_port = (uint16_t)(10000 + i);
            connection.start = i;
            add_connection(table, &connection, round > 0 ? "late" : *label ? label : NULL);
        }
    is_int(finish(table), FLOWS, "labelled flows");
    for (unsigned i = 0; i < FLOWS; i++) {
        const char *want = text + i % sizeof text;
        struct flow flow;

        flowlist_get(window, i, &flow);
        wrong += flow.sport != 10000 + i ||
                 strcmp(flow.logged_id ? flow.logged_id : "", want) != 0 || flow.src_packets != 2 ||
                 flow.dst_bytes != 800;
    }
    is_int(wrong, 0, "flows with another label, or other counts");
    flowtable_destroy(&table);
}

/* Packet number n, of a flow with that number; every third is IPv6. */
static struct packet numbered_packet(unsigned number, int64_t time)
{
    bool v6 = number % 3 == 0;
    struct packet packet = tcp_packet(v6 ? "fd00::1" : "10.0.0.1", (uint16_t)(10000 + number),
                                      v6 ? "2620:fe::9" : "9.9.9.9", 443);

    packet.tcp_flags = TCP_SYN;
    packet.time = time;
    return packet;
}

/* Counts wrong flows from an index on: by identity and by packets. */
/* Adds up the packets of a list and destroys it. */
static uint64_t count_packets(struct flowlist **list, size_t *flows)
{
    uint64_t sum = 0;
    struct flow flow;

    for (size_t i = 0; *list && i < flowlist_count(*list); i++) {
        flowlist_get(*list, i, &flow);
        sum += flow.src_packets + flow.dst_packets;
    }
    *flows += *list ? flowlist_count(*list) : 0;
    flowlist_destroy(list);
    return sum;
}

/*
 * A flood of single-packet flows: lasting flows stay, all packets are counted, memory is constant.
 */
static void test_evict(void)
{
    enum { MOST = 1000, BUSY = 100, FLOOD = 200000 };
    struct flowtable *table = NULL;
    size_t flows = 0, bytes = 0, over = 0;
    uint64_t packets = 0, sent = 0;
    struct flowlist *list;

    need(flowtable_init(&table, MOST, 0) == RESULT_OK, "flowtable_init");
    for (unsigned i = 0; i < FLOOD; i++) {
        struct packet packet = numbered_packet(i % 10000, i);

        packet.dst = parsed(i % 2 ? "8.8.8.8" : "2a00::8");
        packet.src = parsed(i % 2 ? "10.0.0.1" : "fd00::1");
        packet.dport = (uint16_t)(1000 + i / 10000);
        add(table, &packet, true, false);
        packet = numbered_packet(20000 + i % BUSY, i);
        add(table, &packet, true, false);
        sent += 2;
        over += flowtable_count(table) > MOST;
        if (flowtable_evicted(table) >= MOST) {
            list = flowtable_take_evicted(table);
            packets += count_packets(&list, &flows);
        }
        if (i == FLOOD / 10)
            bytes = flowtable_bytes(table);
    }
    is_int(over, 0, "times that there were more flows than the limit");
    ok(flowtable_bytes(table) < bytes * 3 / 2, "memory is flat: %zu bytes, then %zu", bytes,
       flowtable_bytes(table));
    need(flowtable_take(table, false, &list) == RESULT_OK, "flowtable_take");
    packets += count_packets(&list, &flows);
    is_int(packets, sent, "packets");
    is_int(flows, FLOOD + BUSY, "flows: those that go on are there once, and so is each other");
    flowtable_destroy(&table);
}

/*
 * A window is collected while packets of the next one come, from the same and other flows: each
 * window has its own counts. most: the table's limit on flows: 0, or fewer than come.
 */
static void test_pieces(size_t most)
{
    enum { FLOWS = 20000 };
    struct flowtable *table = NULL;
    struct flowlist *list = NULL;
    uint64_t first = 0, second = 0;
    size_t flows = 0, calls = 0;
    struct packet packet;

    need(flowtable_init(&table, most, 0) == RESULT_OK, "flowtable_init");
    for (unsigned i = 0; i < FLOWS; i++) {
        packet = numbered_packet(i, i);
        add(table, &packet, true, false);
        if (i % 2)
            add(table, &packet, true, false);
    }
    need(flowtable_end_window(table) == RESULT_OK, "flowtable_end_window");
    for (unsigned i = FLOWS; i-- > 0;) { /* the last ones exist before they are collected */
        packet = numbered_packet(i + FLOWS / 2, FLOWS + i);
        add(table, &packet, true, false);
        if (i % 16 == 0 && !list) {
            calls++;
            need(flowtable_collect(table, 3, &list) == RESULT_OK, "flowtable_collect");
        }
    }
    need(list, "all is collected");
    ok(calls > 100, "a window that is collected in %zu pieces", calls);
    first = count_packets(&list, &flows);
    need(flowtable_take(table, false, &list) == RESULT_OK, "flowtable_take");
    second = count_packets(&list, &flows);
    is_int(first, FLOWS / 2 * 3, "packets of the first window");
    is_int(second, FLOWS, "packets of the second one");
    is_int(flows, 2 * FLOWS, "flows of both");
    flowtable_destroy(&table);
    flowlist_destroy(&list);
}

/* Flows evicted in a window come with its other flows, in order, in the last window too. */
static void test_evict_order(void)
{
    for (int last = 0; last < 2; last++) {
        struct flowtable *table = NULL;
        size_t unsorted = 0;
        struct flow flow;

        need(flowtable_init(&table, 3, 0) == RESULT_OK, "flowtable_init");
        for (unsigned i = 0; i < 100; i++) {
            struct packet packet = numbered_packet(i, i);

            add(table, &packet, true, false);
        }
        flowlist_destroy(&window);
        need(flowtable_take(table, last, &window) == RESULT_OK, "flowtable_take");
        need(flowlist_sort(window) == RESULT_OK, "flowlist_sort");
        is_int(flowlist_count(window), 100, "flows, most of them evicted");
        for (size_t i = 0; i < flowlist_count(window); i++) {
            flowlist_get(window, i, &flow);
            unsorted += flow.start != (int64_t)i || flow.src_packets != 1;
        }
        is_int(unsorted, 0, "flows out of order");
        flowtable_destroy(&table);
    }
}

/* Flows not seen for long are forgotten; others keep their source. */
static void test_forget(void)
{
    struct flowtable *table = new_table();
    struct packet packet;
    struct flow flow;

    flowtable_forget(table, 0, 1);
    for (unsigned i = 0; i < 100; i++) {
        packet = numbered_packet(i, i);
        add(table, &packet, true, false);
    }
    flowtable_forget(table, 1000, 1);
    is_int(finish(table), 100, "active flows are not forgotten");
    flowtable_forget(table, 109, 50);
    is_int(flowtable_count(table), 41, "flows that were seen within some time");
    flowtable_forget(table, 59 - 50, 50);
    is_int(flowtable_count(table), 1, "a time far ahead is no better");
    for (unsigned i = 0; i < 100; i++) {
        packet = numbered_packet(i, 200 + i);
        packet.tcp_flags = TCP_SYN | TCP_ACK; /* which would turn a new flow round */
        add(table, &packet, true, false);
    }
    is_int(finish(table), 100, "all of them again");
    flowlist_get(window, 59, &flow);
    is_int(flow.src_packets, 1, "the one that was remembered goes on");
    flowlist_get(window, 58, &flow);
    is_int(flow.src_packets, 0, "the others are new");
    flowtable_destroy(&table);
}

static const char *said(size_t index)
{
    static char text[HOSTNAME_MAX + 1];
    struct flow flow;

    flowlist_get(window, index, &flow);
    if (!flow.name)
        return "";
    memcpy(text, flow.name, flow.name_length);
    text[flow.name_length] = '\0';
    return text;
}

static void test_names(void)
{
    struct flowtable *table = new_table();
    struct packet a = tcp_packet("10.0.0.1", 50000, "8.8.8.8", 443);
    struct packet b = tcp_packet("10.0.0.1", 50001, "8.8.8.8", 443);
    struct packet back = tcp_packet("8.8.8.8", 443, "10.0.0.1", 50001);

    ok(flowtable_lacks_name(table, &a), "a flow that is not known yet lacks a name");
    say(table, &a, "a.example");
    say(table, &a, "later.example");
    say(table, &back, "server.example");
    for (int i = 0; i < 100; i++) /* packets wait in a batch before they are counted */
        add(table, &b, true, false);
    ok(!flowtable_lacks_name(table, &a), "a flow with a name lacks none");
    ok(flowtable_lacks_name(table, &b), "one without does");
    ok(!flowtable_lacks_name(table, &back), "but not from the other side");
    is_int(finish(table), 2, "two flows");
    is_str(said(0), "a.example", "the first name that a flow says");
    is_str(said(1), "", "what the other side says");
    add(table, &a, true, false);
    is_int(finish(table), 1, "the next window");
    is_str(said(0), "a.example", "the name holds");
    ok(flowtable_lacks_name(table, &a), "until another one is said");
    say(table, &a, "new.example");
    is_int(finish(table), 1, "the window after that");
    is_str(said(0), "new.example", "as by the next one on the same ports");
    flowtable_destroy(&table);
}

/* A reused place does not have the earlier flow's name; texts do not pile up. */
static void test_evict_names(void)
{
    enum { MOST = 10, FLOWS = 300000 };
    struct flowtable *table = NULL;
    size_t named = 0;
    char name[64];

    need(flowtable_init(&table, MOST, 0) == RESULT_OK, "flowtable_init");
    for (unsigned i = 0; i < FLOWS; i++) {
        struct packet packet = numbered_packet(i % 50000, i);
        struct flowlist *list;

        packet.dport = (uint16_t)(1000 + i / 50000);
        snprintf(name, sizeof name, "a-name-that-takes-some-room-%u.example", i);
        if (i % 2)
            say(table, &packet, name);
        else
            add(table, &packet, true, false);
        if (flowtable_evicted(table) >= 1000) {
            list = flowtable_take_evicted(table);
            flowlist_destroy(&list);
        }
    }
    finish(table);
    for (size_t i = flowlist_count(window) - MOST; i < flowlist_count(window); i++) {
        snprintf(name, sizeof name, "a-name-that-takes-some-room-%zu.example",
                 FLOWS - flowlist_count(window) + i);
        named += (i + FLOWS - flowlist_count(window)) % 2 ? strcmp(said(i), name) == 0
                                                          : said(i)[0] == '\0';
    }
    is_int(named, MOST, "flows that have the name that they said, or none");
    ok(flowtable_bytes(table) < 8 << 20, "names of flows that are gone go: %zu bytes",
       flowtable_bytes(table));
    flowtable_destroy(&table);
}

/* Names stay within their limit; once flows are gone, there is space again. */
static void test_names_most(void)
{
    enum { MOST = 20000, FLOWS = 5 * MOST };
    struct flowtable *table = NULL;
    struct flowlist *list;
    size_t over = 0, named = 0, bytes;
    char name[64];

    need(flowtable_init(&table, MOST, 1 << 20) == RESULT_OK, "flowtable_init");
    bytes = flowtable_bytes(table);
    for (unsigned i = 0; i < FLOWS; i++) {
        struct packet packet = numbered_packet(i % 50000, i);

        packet.dport = (uint16_t)(1000 + i / 50000);
        snprintf(name, sizeof name, "a-name-that-takes-a-lot-of-room-for-a-name-%u.example", i);
        say(table, &packet, name);
        if (i == MOST - 1)
            ok(flowtable_unnamed(table) > 0, "past the limit names are not taken");
        if (flowtable_evicted(table) >= 1000) {
            list = flowtable_take_evicted(table);
            flowlist_destroy(&list);
        }
        over += flowtable_bytes(table) > bytes + MOST * 120 + (6 << 20);
    }
    is_int(over, 0, "times that it took more than it may");
    finish(table);
    for (size_t i = 0; i < flowlist_count(window); i++)
        named += said(i)[0] != '\0';
    ok(named > 1000, "names of new flows are taken again: %zu", named);
    flowtable_destroy(&table);
}

int main(void)
{
    test_source();
    test_groups();
    test_questions();
    test_source_stays();
    test_keys();
    test_self();
    test_icmp();
    test_times();
    test_big_counts();
    test_order();
    test_order_late();
    test_windows();
    test_random();
    test_connections();
    test_last();
    test_openers();
    test_halves();
    test_empty_connections();
    test_overflow();
    test_services();
    test_many_services();
    test_labels();
    test_evict();
    test_evict_order();
    test_pieces(0);
    test_pieces(5000);
    test_forget();
    test_names();
    test_evict_names();
    test_names_most();
    flowlist_destroy(&window);
    return done();
}
