/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS over TCP: messages split, repeated, out of order and lost, in segments that end where their
 * memory does.
 */
#include "../tap.h"
#include "name/dnstcp.h"

#include <netinet/in.h>

#define ROOM 70000

/* Messages, each after its length: A, B and C name 1.1.1.1 to 3.3.3.3 a, b and c. */
#define MESSAGE(name, address)                                                                     \
    "0023 1234 8180 0001 0001 0000 0000 01 " name                                                  \
    " 00 0001 0001 c00c 0001 0001 00000e10 0004 " address " "
#define A MESSAGE("'a'", "01010101")
#define B MESSAGE("'b'", "02020202")
#define C MESSAGE("'c'", "03030303")
#define EACH 37u /* bytes of one */

/* The names reported, by first letter, in order. */
struct told {
    char names[DNSTCP_STREAMS_MAX + 2];
    size_t count, stop_at;
};

static enum result tell(void *context, const struct address *address, const char *name,
                        size_t length)
{
    struct told *told = context;

    need(length > 0 && address->family == 4, "a name");
    told->names[told->count++] = name[0];
    told->names[told->count] = '\0';
    return told->count == told->stop_at ? RESULT_SYSTEM : RESULT_OK;
}

struct connection {
    struct dnstcp *dnstcp;
    struct told told;
    uint8_t bytes[ROOM]; /* sent by the server */
    size_t length;
    uint16_t port; /* the client's */
    uint32_t first;
};

static void begin(struct connection *connection, const char *wire)
{
    memset(&connection->told, 0, sizeof connection->told);
    connection->length = unhex(wire, connection->bytes, sizeof connection->bytes);
    connection->port = 40000;
    connection->first = UINT32_MAX - 50; /* it wraps */
    connection->dnstcp = NULL;
    need(dnstcp_init(&connection->dnstcp) == RESULT_OK, "dnstcp_init");
}

static enum result give(struct connection *connection, uint8_t flags, uint32_t sequence,
                        const uint8_t *bytes, size_t length, size_t sent)
{
    uint8_t *copy = exact_copy(bytes, length);
    struct packet packet = {.src = {.bytes = {10, 0, 0, 1}, .family = 4},
                            .dst = {.bytes = {10, 0, 0, 2}, .family = 4},
                            .sport = 53,
                            .dport = connection->port,
                            .proto = IPPROTO_TCP,
                            .tcp_flags = flags,
                            .tcp_sequence = sequence,
                            .bytes = (uint32_t)sent,
                            .payload = copy,
                            .captured = (uint32_t)length};
    enum result result = dnstcp_read(connection->dnstcp, &packet, tell, &connection->told);

    exact_free(copy, length);
    return result;
}

static void syn(struct connection *connection)
{
    is_int(give(connection, TCP_SYN | TCP_ACK, connection->first - 1, NULL, 0, 0), RESULT_OK,
           "SYN");
}

/* The bytes from one offset to another. */
static void segment(struct connection *connection, size_t from, size_t to)
{
    need(from <= to && to <= connection->length, "a segment");
    need(give(connection, TCP_ACK, connection->first + (uint32_t)from, connection->bytes + from,
              to - from, to - from) == RESULT_OK,
         "dnstcp_read");
}

static void end(struct connection *connection, const char *want, const char *title)
{
    is_str(connection->told.names, want, "%s", title);
    dnstcp_destroy(&connection->dnstcp);
    ok(!connection->dnstcp, "destroying clears the pointer");
}

/* Three messages in segments of each size, with the SYN and without. */
static void test_sizes(void)
{
    static struct connection connection;

    for (size_t size = 1; size <= 3 * EACH; size++)
        for (int with_syn = 0; with_syn < 2; with_syn++) {
            begin(&connection, A B C);
            if (with_syn)
                syn(&connection);
            for (size_t at = 0; at < connection.length; at += size)
                segment(&connection, at,
                        at + size < connection.length ? at + size : connection.length);
            end(&connection, "abc", with_syn ? "in segments, after a SYN" : "in segments");
        }
}

/* Three segments in all orders, cut at each place of the first and the last message. */
static void test_orders(void)
{
    enum { GIVEN = 4 };
    static const uint8_t orders[][GIVEN] = {{0, 2, 1, 1}, {1, 0, 2, 2}, {1, 2, 0, 0},
                                            {2, 0, 1, 2}, {2, 1, 0, 1}, {0, 0, 1, 2}};
    static struct connection connection;

    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        for (size_t cut = 1; cut < EACH; cut++) {
            size_t ends[] = {0, cut, 2 * EACH + cut, 3 * EACH};

            begin(&connection, A B C);
            syn(&connection);
            for (size_t j = 0; j < GIVEN; j++)
                segment(&connection, ends[orders[i][j]], ends[orders[i][j] + 1]);
            end(&connection, "abc", "any order");
        }
}

static void test_oddities(void)
{
    static struct connection connection;

    begin(&connection, A B C);
    syn(&connection);
    segment(&connection, 0, 20);
    syn(&connection);
    segment(&connection, 20, EACH);
    end(&connection, "a", "the SYN once more changes nothing");

    begin(&connection, A B C);
    syn(&connection);
    segment(&connection, 0, EACH + 5);
    segment(&connection, EACH - 1, EACH);
    segment(&connection, EACH - 9, 2 * EACH);
    end(&connection, "ab", "keep-alive, and a retransmission with more");

    begin(&connection, A "0005 ffffffffff" B);
    syn(&connection);
    segment(&connection, 0, 10);
    segment(&connection, 10, connection.length);
    end(&connection, "ab", "a damaged message costs itself only");

    begin(&connection, A B);
    syn(&connection);
    segment(&connection, 0, 20);
    connection.port++;
    segment(&connection, 20, EACH);
    connection.port--;
    segment(&connection, 20, connection.length);
    end(&connection, "ab", "another connection is another stream");

    begin(&connection, A B C);
    syn(&connection);
    segment(&connection, 0, 20);
    connection.first += 1000000;
    syn(&connection);
    segment(&connection, 0, 30);
    segment(&connection, 30, connection.length);
    end(&connection, "abc", "the ports are used again");

    begin(&connection, "0100 0000 0000" A);
    segment(&connection, 0, 6);
    segment(&connection, 6, 16);
    segment(&connection, 16, connection.length);
    end(&connection, "a", "what cannot begin a message, without SYN");

    begin(&connection, A B);
    connection.told.stop_at = 1;
    is_int(give(&connection, TCP_ACK, 7, connection.bytes, connection.length, connection.length),
           RESULT_SYSTEM, "what the answer returns");
    end(&connection, "a", "ends the reading");
}

/* A segment was not captured: whole messages are still read, and split ones after a while. */
static void test_loss(void)
{
    static struct connection connection;

    begin(&connection, A B C A B C);
    syn(&connection);
    segment(&connection, 0, EACH);
    segment(&connection, 2 * EACH, 3 * EACH);
    end(&connection, "ac", "whole messages behind a gap");

    begin(&connection, A B C A B C);
    syn(&connection);
    segment(&connection, 0, EACH + 1);
    for (int i = 0; i < 64; i++)
        segment(&connection, 2 * EACH, 2 * EACH + 10);
    segment(&connection, 2 * EACH + 10, 3 * EACH + 10);
    segment(&connection, 3 * EACH + 10, connection.length);
    end(&connection, "acabc", "split messages behind a gap that does not close");

    begin(&connection, A B);
    syn(&connection);
    segment(&connection, 0, 20);
    connection.first += 1 << 20;
    segment(&connection, EACH, EACH + 9);
    segment(&connection, EACH + 9, 2 * EACH);
    end(&connection, "b", "far beyond");

    begin(&connection, A B C);
    syn(&connection);
    segment(&connection, 0, 10);
    is_int(give(&connection, TCP_ACK, connection.first + 10, connection.bytes + 10, EACH + 10,
                2 * EACH - 10),
           RESULT_OK, "a segment that is cut off");
    segment(&connection, 2 * EACH, 2 * EACH + 10);
    segment(&connection, 2 * EACH + 10, 3 * EACH);
    end(&connection, "c", "what follows a cut begins anew");
}

/* A message of 65535 bytes with small ones around it, the last of them in its last segment. */
static void test_long(void)
{
    static const size_t sizes[] = {1, 7, 1460, 9000, ROOM};
    static struct connection connection;
    static uint8_t big[2 + 65535];

    unhex("ffff 1234 8180 0001 0002 0000 0000 01 'x' 00 0001 0001 "
          "c00c 0001 0001 00000e10 0004 07070707 00 0010 0001 00000e10 ffd1",
          big, sizeof big);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        begin(&connection, A B);
        memmove(connection.bytes + EACH + sizeof big, connection.bytes + EACH, EACH);
        memcpy(connection.bytes + EACH, big, sizeof big);
        connection.length += sizeof big;
        syn(&connection);
        for (size_t at = 0; at < connection.length; at += sizes[i])
            segment(&connection, at,
                    at + sizes[i] < connection.length ? at + sizes[i] : connection.length);
        end(&connection, "axb", "a message of 65535 bytes");
    }
}

/*
 * A connection of many megabytes, each segment with the end of one message and the beginning of the
 * next; every tenth pair of segments is swapped.
 */
static void test_transfer(void)
{
    static struct connection connection;
    static uint8_t segment_bytes[EACH];
    size_t count = 0, most = 100000;

    begin(&connection, A);
    syn(&connection);
    memcpy(segment_bytes, connection.bytes + 20, EACH - 20);
    memcpy(segment_bytes + EACH - 20, connection.bytes, 20);
    segment(&connection, 0, 20);
    for (size_t i = 0; i < most; i++) {
        size_t at = i % 10 == 0 ? i + 1 : i % 10 == 1 ? i - 1 : i;

        need(give(&connection, TCP_ACK, connection.first + 20 + (uint32_t)(at * EACH),
                  segment_bytes, EACH, EACH) == RESULT_OK,
             "dnstcp_read");
        count += connection.told.count;
        connection.told.count = 0;
    }
    is_int(count, most, "messages of a long connection");
    dnstcp_destroy(&connection.dnstcp);
}

/*
 * Of connections that begin a message, the newest are remembered, within limits of number and
 * bytes.
 */
static void test_bounds(void)
{
    static struct connection connection;
    static uint8_t begins[65535];

    begin(&connection, A);
    for (unsigned i = 0; i < 3 * DNSTCP_STREAMS_MAX; i++) {
        connection.port = (uint16_t)i;
        segment(&connection, 0, 20);
    }
    for (unsigned i = 3 * DNSTCP_STREAMS_MAX; i-- > 0;) {
        connection.port = (uint16_t)i;
        segment(&connection, 20, EACH);
        need(connection.told.count <= DNSTCP_STREAMS_MAX, "not more");
    }
    is_int(connection.told.count, DNSTCP_STREAMS_MAX, "connections that are remembered");
    dnstcp_destroy(&connection.dnstcp);

    begin(&connection, A);
    unhex("ffff 1234 8180", begins, sizeof begins);
    segment(&connection, 0, 20);
    for (unsigned i = 1; i < DNSTCP_STREAMS_MAX; i++) {
        connection.port = (uint16_t)i;
        need(give(&connection, TCP_ACK, 1, begins, sizeof begins, sizeof begins) == RESULT_OK,
             "dnstcp_read");
    }
    connection.port = 40000;
    segment(&connection, 20, EACH);
    end(&connection, "", "a first one that many long ones displaced");
}

int main(void)
{
    test_sizes();
    test_orders();
    test_oddities();
    test_loss();
    test_long();
    test_transfer();
    test_bounds();
    return done();
}
