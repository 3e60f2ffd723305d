/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The join module: what bytes of other layers are worth, and flows that several points observed, by
 * way of the flow table.
 */
#include "../tap.h"
#include "flow/flowtable.h"
#include "flow/join.h"

static struct address parsed(const char *text)
{
    struct address address;

    need(address_parse(text, &address), text);
    return address;
}

static struct connection connection_of(uint8_t proto, bool v6)
{
    return (struct connection){
        .orig = parsed(v6 ? "fd00::1" : "10.0.0.1"),
        .resp = parsed(v6 ? "2a00::8" : "8.8.8.8"),
        .orig_port = 50000,
        .resp_port = 443,
        .proto = proto,
        .start = 1000,
        .last = 2000,
    };
}

static void test_payload(void)
{
    static const struct {
        const char *title;
        uint8_t proto, from, header;
        bool v6, syn;
        uint64_t packets, bytes, want;
    } cases[] = {
        {"payload is payload", IPPROTO_TCP, BYTES_EXACT, 14, false, true, 3, 100, 100},
        {"TCP in frames", IPPROTO_TCP, BYTES_FROM_FRAME, 14, false, false, 19, 8614, 7588},
        {"with a SYN", IPPROTO_TCP, BYTES_FROM_FRAME, 14, false, true, 19, 8614, 7568},
        {"over IPv6", IPPROTO_TCP, BYTES_FROM_FRAME, 14, true, true, 19, 8994, 7568},
        {"behind a tag", IPPROTO_TCP, BYTES_FROM_FRAME, 18, false, true, 19, 8690, 7568},
        {"UDP in frames", IPPROTO_UDP, BYTES_FROM_FRAME, 14, false, false, 2, 184, 100},
        {"UDP in IP packets", IPPROTO_UDP, BYTES_FROM_IP, 14, false, false, 2, 156, 100},
        {"TCP in IP packets", IPPROTO_TCP, BYTES_FROM_IP, 0, false, true, 2, 200, 100},
        {"a SYN alone", IPPROTO_TCP, BYTES_FROM_FRAME, 14, false, true, 1, 74, 0},
        {"one with less options than most have", IPPROTO_TCP, BYTES_FROM_FRAME, 14, false, true, 1,
         62, 0},
        {"never less than nothing", IPPROTO_TCP, BYTES_FROM_FRAME, 14, false, false, 5, 269, 0},
        {"empty packets that were padded", IPPROTO_TCP, BYTES_FROM_FRAME, 14, false, false, 5, 300,
         0},
        {"which UDP is not", IPPROTO_UDP, BYTES_FROM_FRAME, 14, false, false, 5, 300, 90},
        {"nor IP packets", IPPROTO_TCP, BYTES_FROM_IP, 14, false, false, 5, 300, 100},
        {"nor on another link", IPPROTO_TCP, BYTES_FROM_FRAME, 16, false, false, 5, 300, 20},
        {"ICMP", IPPROTO_ICMP, BYTES_FROM_FRAME, 14, false, false, 5, 490, 0},
        {"no packets", IPPROTO_UDP, BYTES_FROM_FRAME, 14, false, false, 0, 10, 10},
        {"absurd packets", IPPROTO_TCP, BYTES_FROM_FRAME, 14, false, true, UINT64_MAX, 10, 0},
        {"absurd packets and bytes", IPPROTO_TCP, BYTES_FROM_FRAME, 14, false, true,
         UINT64_MAX / 54, UINT64_MAX, 31},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct connection connection = connection_of(cases[i].proto, cases[i].v6);

        connection.bytes_from = cases[i].from;
        connection.frame_header = cases[i].header;
        connection.orig_packets = connection.resp_packets = cases[i].packets;
        connection.orig_bytes = connection.resp_bytes = cases[i].bytes;
        connection.orig_syn = cases[i].syn;
        join_payload(&connection);
        is_int(connection.orig_bytes, cases[i].want, "%s", cases[i].title);
        connection.resp_syn = cases[i].syn;
        connection.orig_syn = false;
        connection.resp_bytes = cases[i].bytes;
        join_payload(&connection);
        is_int(connection.resp_bytes, cases[i].want, "%s: the other side", cases[i].title);
    }
}

/* A piece of one conversation: who sent the first packet, where it was seen, from when to when. */
struct piece {
    const char *point;
    int64_t start, last;
    uint64_t there, back; /* packets, each of ten bytes */
    bool turned;
    enum opener opener;
};

static void add(struct flowtable *table, const struct piece *piece)
{
    struct connection connection = connection_of(IPPROTO_TCP, false);

    if (piece->turned) {
        connection.orig = parsed("8.8.8.8");
        connection.resp = parsed("10.0.0.1");
        connection.orig_port = 443;
        connection.resp_port = 50000;
    }
    connection.start = piece->start;
    connection.last = piece->last;
    connection.orig_packets = piece->there;
    connection.orig_bytes = 10 * piece->there;
    connection.resp_packets = piece->back;
    connection.resp_bytes = 10 * piece->back;
    connection.opener = (uint8_t)piece->opener;
    connection.bytes_from = piece->point ? BYTES_FROM_IP : BYTES_EXACT;
    connection.point = piece->point;
    connection.point_length = piece->point ? strlen(piece->point) : 0;
    need(flowtable_add_connection(table, &connection, NULL, 0, true, false) == RESULT_OK, "add");
}

/* What the pieces of a window are as a flow. */
static void is_joined(struct flowtable *table, bool last, const struct piece *pieces, size_t count,
                      const char *want, const char *title)
{
    struct flowlist *list;
    struct flow flow;
    char text[256], src[ADDRESS_TEXT];

    for (size_t i = 0; i < count; i++)
        add(table, &pieces[i]);
    need(flowtable_take(table, last, &list) == RESULT_OK, "take");
    need(flowlist_sort(list) == RESULT_OK, "sort");
    need(flowlist_count(list) == 1, "one flow");
    flowlist_get(list, 0, &flow);
    address_format(&flow.src, src);
    snprintf(text, sizeof text, "%s %llu/%llu %llu/%llu %lld-%lld%s", src,
             (unsigned long long)flow.src_packets, (unsigned long long)flow.src_bytes,
             (unsigned long long)flow.dst_packets, (unsigned long long)flow.dst_bytes,
             (long long)flow.start, (long long)flow.last,
             flow.bytes_from == BYTES_FROM_IP ? " ip" : "");
    is_str(text, want, "%s", title);
    flowlist_destroy(&list);
}

#define IS_JOINED(want, title, ...)                                                                \
    do {                                                                                           \
        const struct piece pieces[] = {__VA_ARGS__};                                               \
        struct flowtable *table;                                                                   \
                                                                                                   \
        need(flowtable_init(&table, 0, 0) == RESULT_OK, "table");                                  \
        is_joined(table, true, pieces, sizeof pieces / sizeof *pieces, want, title);               \
        flowtable_destroy(&table);                                                                 \
    } while (0)

static void test_pieces(void)
{
    IS_JOINED("10.0.0.1 3/30 4/40 1-9", "pieces add up", {NULL, 1, 5, 1, 2, false, 0},
              {NULL, 6, 9, 2, 2, false, 0});
    IS_JOINED("10.0.0.1 3/30 4/40 1-9", "also those of each side", {NULL, 1, 5, 3, 0, false, 0},
              {NULL, 2, 9, 4, 0, true, 0});
    IS_JOINED("8.8.8.8 4/40 3/30 1-9", "the earliest tells the source, whatever the order",
              {NULL, 2, 5, 3, 0, false, OPENER_ORIG}, {NULL, 1, 9, 4, 0, true, OPENER_ORIG});
    IS_JOINED("10.0.0.1 3/30 4/40 1-9", "of equal ones the first",
              {NULL, 1, 5, 3, 0, false, OPENER_ORIG}, {NULL, 1, 9, 4, 0, true, OPENER_ORIG});
    IS_JOINED("10.0.0.1 18446744073709551615/18446744073709551615 2/20 1-9", "counts stay",
              {NULL, 1, 5, UINT64_MAX - 1, 2, false, 0},
              {NULL, 1, 9, UINT64_MAX / 10 + 5, 0, false, 0});
}

static void test_points(void)
{
    IS_JOINED("10.0.0.1 5/50 6/60 1-9 ip", "two points saw the same: it counts once",
              {"a", 1, 9, 5, 6, false, 0}, {"b", 1, 9, 5, 6, false, 0});
    IS_JOINED("10.0.0.1 5/50 6/60 1-9 ip", "each side is of who saw most of it",
              {"a", 2, 9, 5, 2, false, 0}, {"b", 1, 8, 3, 6, false, 0});
    IS_JOINED("10.0.0.1 5/50 6/60 1-9 ip", "a side each", {"a", 1, 9, 5, 0, false, 0},
              {"b", 2, 8, 6, 0, true, 0});
    IS_JOINED("10.0.0.1 8/80 7/70 1-9 ip", "what they saw at other times adds up",
              {"a", 1, 4, 5, 2, false, 0}, {"b", 5, 9, 3, 5, false, 0});
    IS_JOINED("10.0.0.1 8/80 7/70 1-9 ip", "in whatever order", {"a", 5, 9, 5, 2, false, 0},
              {"b", 1, 4, 3, 5, false, 0});
    IS_JOINED("10.0.0.1 6/60 6/60 1-9 ip", "the pieces of each add up first",
              {"a", 1, 4, 2, 2, false, 0}, {"b", 1, 4, 2, 3, false, 0}, {"a", 5, 9, 3, 2, false, 0},
              {"b", 5, 9, 4, 3, false, 0});
    IS_JOINED("10.0.0.1 5/50 9/90 1-9 ip", "three points", {"a", 1, 9, 5, 1, false, 0},
              {"b", 1, 9, 4, 2, false, 0}, {"c", 1, 9, 1, 9, false, 0});
    IS_JOINED("10.0.0.1 5/50 6/60 1-9 ip", "no point is one, too", {NULL, 1, 9, 5, 2, false, 0},
              {"b", 1, 9, 4, 6, false, 0});
    IS_JOINED("8.8.8.8 4/40 5/50 1-9 ip", "the earliest tells the source, wherever it was seen",
              {"a", 2, 9, 5, 2, false, OPENER_ORIG}, {"b", 1, 9, 4, 2, true, OPENER_ORIG});
}

/* Each window has its own points; a flow keeps its source. */
static void test_windows(void)
{
    const struct piece first[] = {{"a", 10, 11, 1, 1, false, OPENER_ORIG},
                                  {"b", 10, 11, 2, 2, false, OPENER_ORIG}};
    const struct piece second[] = {{"b", 21, 22, 7, 7, false, OPENER_UNKNOWN},
                                   {"b", 20, 22, 1, 1, true, OPENER_ORIG},
                                   {"a", 20, 22, 3, 9, false, OPENER_UNKNOWN}};
    const struct piece third[] = {{NULL, 30, 31, 1, 1, false, OPENER_UNKNOWN}};
    struct flowtable *table;

    need(flowtable_init(&table, 0, 0) == RESULT_OK, "table");
    is_joined(table, false, first, 2, "10.0.0.1 2/20 2/20 10-11 ip", "a window");
    is_joined(table, false, second, 3, "10.0.0.1 8/80 9/90 20-22 ip", "the next");
    is_joined(table, true, third, 1, "10.0.0.1 1/10 1/10 30-31", "exact bytes are exact again");
    flowtable_destroy(&table);
}

/* Where flows must make way, what was seen elsewhere goes with them. */
static void test_eviction(void)
{
    struct flowtable *table;
    struct flowlist *list;
    struct flow flow;
    uint64_t packets = 0;

    need(flowtable_init(&table, 2, 0) == RESULT_OK, "table");
    for (unsigned i = 0; i < 1000; i++) {
        struct connection connection = connection_of(IPPROTO_UDP, i % 2);

        connection.orig_port = (uint16_t)i;
        connection.orig_packets = 2;
        connection.point = "a";
        connection.point_length = 1;
        need(flowtable_add_connection(table, &connection, NULL, 0, true, false) == RESULT_OK, "a");
        connection.orig_packets = 3;
        connection.point = "b";
        need(flowtable_add_connection(table, &connection, NULL, 0, true, false) == RESULT_OK, "b");
    }
    need(flowtable_take(table, true, &list) == RESULT_OK, "take");
    is_int(flowlist_count(list), 1000, "all flows are told");
    for (size_t i = 0; i < flowlist_count(list); i++) {
        flowlist_get(list, i, &flow);
        packets += flow.src_packets;
    }
    is_int(packets, 3000, "with what the other point saw");
    flowlist_destroy(&list);
    flowtable_destroy(&table);
}

/* Memory by flows, however many connections there are, and however many points. */
static void test_memory(void)
{
    char point[32];
    size_t bytes = 0;
    struct flowtable *table;

    need(flowtable_init(&table, 0, 0) == RESULT_OK, "table");
    for (unsigned i = 0; i < 200000; i++) {
        struct piece piece = {point, i, i + 1, 1, 1, i % 2, OPENER_UNKNOWN};

        snprintf(point, sizeof point, "%u", i % 100);
        add(table, &piece);
        if (i == 1000)
            bytes = flowtable_bytes(table);
    }
    is_int(flowtable_bytes(table), bytes, "as much for a hundred times as many");
    flowtable_destroy(&table);
}

/* Strangers can invent points, so only the first ones have a number, and memory, of their own. */
static void test_invented_points(void)
{
    enum { OWN = 65534 };
    struct join *join;
    char point[16];
    size_t bytes = 0, right = 0;
    uint16_t number;

    need(join_init(&join) == RESULT_OK, "join_init");
    for (unsigned i = 0; i < 5 * OWN; i++) {
        unsigned which = i < 3 * OWN ? i : i - 3 * OWN; /* then those again */

        snprintf(point, sizeof point, "%u", which);
        need(join_number(join, point, strlen(point), &number) == RESULT_OK, "join_number");
        right += number == (which < OWN ? which : OWN) + 1;
        if (i == OWN)
            bytes = join_bytes(join);
    }
    is_int(right, 5 * OWN, "numbers of more points than have their own");
    is_int(join_bytes(join), bytes, "the others take no memory");
    join_destroy(&join);
}

int main(void)
{
    test_payload();
    test_pieces();
    test_points();
    test_windows();
    test_eviction();
    test_memory();
    test_invented_points();
    return done();
}
