/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sni module: handshakes in pieces, in any order, of many flows at once; QUIC packets made
 * here, with the keys that the module derives.
 */
#include "name/sni.h"

#include "../quic_client.h"
#include "../quic_vectors.h"
#include "../tap.h"

#include <netinet/in.h>

#define HELLO_HEAD                                                                                 \
    "160301 004b 01 000047 0303 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f " \
    "00 0002 1301 01 00 001c "
#define HELLO_A HELLO_HEAD "0000 000e 000c 00 0009 'a.example' 000a 0006 0004 001d 0017"

static struct sni *new_sni(void)
{
    struct sni *sni = NULL;

    need(sni_init(&sni) == RESULT_OK, "sni_init");
    return sni;
}

static struct packet make_packet(uint8_t proto, uint16_t sport)
{
    struct packet packet = {.sport = sport, .dport = 443, .proto = proto, .tcp_flags = TCP_ACK};

    need(address_parse("10.0.0.1", &packet.src), "src");
    need(address_parse("9.0.0.1", &packet.dst), "dst");
    return packet;
}

/* The result for a packet: a name, "" for none yet, or "-" for nothing of a handshake. */
static const char *give(struct sni *sni, struct packet *packet, const uint8_t *payload,
                        size_t length)
{
    static char name[HOSTNAME_MAX + 1];
    uint8_t *copy = exact_copy(payload, length);
    struct hello hello = {.cut = false};
    enum result result = RESULT_END;
    enum sni_part part;

    packet->payload = copy;
    packet->captured = (uint32_t)length;
    if (packet->bytes < length)
        packet->bytes = (uint32_t)length;
    part = sni_look(sni, packet);
    if (part != SNI_NOTHING)
        result = sni_read(sni, packet, &hello);
    exact_free(copy, length);
    need(result == RESULT_OK || result == RESULT_END, "sni_read");
    name[0] = '\0';
    if (result == RESULT_OK) {
        memcpy(name, hello.name.text, hello.name.length);
        name[hello.name.length] = '\0';
    }
    return part == SNI_NOTHING ? "-" : name;
}

static const char *segment(struct sni *sni, uint16_t sport, uint32_t sequence, const void *bytes,
                           size_t length)
{
    struct packet packet = make_packet(IPPROTO_TCP, sport);

    packet.tcp_sequence = sequence;
    return give(sni, &packet, bytes, length);
}

static void syn(struct sni *sni, uint16_t sport, uint32_t sequence)
{
    struct packet packet = make_packet(IPPROTO_TCP, sport);

    packet.tcp_flags = TCP_SYN;
    packet.tcp_sequence = sequence;
    is_str(give(sni, &packet, NULL, 0), "", "a SYN names nothing");
}

static void test_tcp(void)
{
    struct sni *sni = new_sni();
    uint8_t hello[256];
    size_t length = unhex(HELLO_A, hello, sizeof hello);
    struct packet cut = make_packet(IPPROTO_TCP, 5);

    is_str(segment(sni, 1, 7, hello, length), "a.example", "a hello in one segment, without SYN");
    is_str(segment(sni, 1, 7 + (uint32_t)length, "more", 4), "-", "what follows is nothing");

    is_str(segment(sni, 2, 7, hello, 30), "", "its first bytes");
    is_str(segment(sni, 2, 37, hello + 30, length - 30), "a.example", "and the rest");

    syn(sni, 3, 99);
    is_str(segment(sni, 3, 140, hello + 40, length - 40), "",
           "after a SYN the rest may come first");
    is_str(segment(sni, 3, 120, hello + 20, 20), "", "then the middle");
    is_str(segment(sni, 3, 100, hello, 20), "a.example", "and the beginning");

    syn(sni, 4, UINT32_MAX - 10);
    is_str(segment(sni, 4, UINT32_MAX - 9, hello, 30), "", "sequence numbers that wrap");
    is_str(segment(sni, 4, 20, hello + 30, length - 30), "a.example", "around");

    cut.bytes = (uint32_t)length;
    is_str(give(sni, &cut, hello, length - 10), "a.example", "a segment that was cut off");
    is_str(segment(sni, 5, (uint32_t)length, "\x16\x03\x01", 3), "", "is not waited for");

    syn(sni, 6, 9);
    is_str(segment(sni, 6, 10, "SSH-2.0-x\r\n", 11), "", "another protocol");
    is_str(segment(sni, 6, 21, hello, length), "a.example", "and what begins a hello later");

    syn(sni, 8, 9);
    is_str(segment(sni, 8, 10, hello, 20), "", "a hello begins");
    is_str(segment(sni, 8, 9, hello, 1), "", "a probe that keeps the connection alive");
    is_str(segment(sni, 8, 30, hello + 20, length - 20), "a.example", "and does it no harm");

    syn(sni, 7, 9);
    is_str(segment(sni, 7, 10, hello, 20), "", "a retransmission");
    is_str(segment(sni, 7, 10, hello, 30), "", "that is longer");
    is_str(segment(sni, 7, 30, hello + 20, length - 20), "a.example", "and one that overlaps");
    sni_destroy(&sni);
}

static void test_first_port_again(void)
{
    struct sni *sni = new_sni();
    uint8_t hello[256];
    size_t length = unhex(HELLO_A, hello, sizeof hello);

    syn(sni, 1, 9);
    is_str(segment(sni, 1, 30, "far", 3), "", "a piece of a conversation");
    syn(sni, 1, 5000);
    is_str(segment(sni, 1, 5001, hello, length), "a.example", "the next one of the same ports");
    sni_destroy(&sni);
}

/* An endless request as long as what is kept. */
static void test_stream_bound(void)
{
    struct sni *sni = new_sni();
    char line[1000];
    uint32_t sequence = 1;

    memset(line, 'a', sizeof line);
    memcpy(line, "GET /", 5);
    while (sequence < SNI_STREAM_MAX) {
        is_str(segment(sni, 1, sequence, line, sizeof line), "", "a line without end");
        sequence += (uint32_t)sizeof line;
        memset(line, 'a', 5);
    }
    is_str(segment(sni, 1, sequence, " HTTP/1.1\r\nHost: a.example\r\n", 28), "-",
           "is let go at the bound");
    sni_destroy(&sni);
}

/* A hello in so many tiny segments that it is dropped. */
static void test_pieces_bound(void)
{
    struct sni *sni = new_sni();
    uint8_t hello[256];
    size_t length = unhex(HELLO_A, hello, sizeof hello), named = 0;

    for (size_t i = 0; i < length; i++)
        named += *segment(sni, 1, (uint32_t)i, hello + i, 1) == 'a';
    is_int(named, 0, "a hello in segments of a byte");
    for (size_t i = 0; i < length; i += 2)
        named += *segment(sni, 2, (uint32_t)i, hello + i, 2) == 'a';
    ok(named > 0, "and in segments of two");
    sni_destroy(&sni);
}

/* Of many flows that begin, the newest are remembered. */
static void test_pending_bound(void)
{
    struct sni *sni = new_sni();
    uint8_t hello[256];
    size_t length = unhex(HELLO_A, hello, sizeof hello), named = 0, most = 3 * SNI_PENDING_MAX;

    for (size_t i = 0; i < most; i++)
        (void)segment(sni, (uint16_t)i, 7, hello, 30);
    for (size_t i = most; i-- > 0;)
        named += *segment(sni, (uint16_t)i, 37, hello + 30, length - 30) == 'a';
    is_int(named, SNI_PENDING_MAX, "hellos that are remembered");
    sni_destroy(&sni);
}

/* Many long beginnings displace others. */
static void test_bytes_bound(void)
{
    struct sni *sni = new_sni();
    static char request[SNI_STREAM_MAX / 2 + 1];
    size_t most = 2 * SNI_BYTES_MAX / SNI_STREAM_MAX, named = 0;

    memset(request, 'a', sizeof request);
    memcpy(request, "GET /", 5);
    for (size_t i = 0; i < most; i++)
        (void)segment(sni, (uint16_t)i, 7, request, sizeof request);
    for (size_t i = most; i-- > 0;)
        named += *segment(sni, (uint16_t)i, 7 + sizeof request,
                          " HTTP/1.1\r\nHost: a.example\r\n\r\n", 30) == 'a';
    is_int(named, SNI_BYTES_MAX / SNI_STREAM_MAX, "requests that are remembered");
    sni_destroy(&sni);
}

/* A datagram with one packet of the id, with the keys that another id gives. */
static const char *initial(struct sni *sni, uint16_t sport, const char *id, const char *key_id,
                           const char *head, const uint8_t *data, size_t length)
{
    struct packet packet = make_packet(IPPROTO_UDP, sport);
    uint8_t bytes[QUIC_ID], frames[512], datagram[1500];
    size_t used = unhex(head, frames, sizeof frames);
    struct quic_keys keys;

    unhex(key_id, bytes, sizeof bytes);
    quic_client_keys(bytes, &keys);
    unhex(id, bytes, sizeof bytes);
    memcpy(frames + used, data, length);
    return give(sni, &packet, datagram,
                quic_client_packet(datagram, bytes, &keys, frames, used + length));
}

#define ID "0102030405060708"
#define OTHER "1112131415161718"

static void test_quic(void)
{
    struct sni *sni = new_sni();
    uint8_t bytes[1500], crypto[256];
    size_t length = unhex(rfc9001_packet, bytes, sizeof bytes);
    struct packet packet = make_packet(IPPROTO_UDP, 1);

    is_str(give(sni, &packet, bytes, length), "example.com", "the packet of RFC 9001");
    packet = make_packet(IPPROTO_UDP, 2);
    length = unhex(rfc9369_packet, bytes, sizeof bytes);
    is_str(give(sni, &packet, bytes, length), "example.com", "the packet of RFC 9369");
    packet = make_packet(IPPROTO_UDP, 3);
    bytes[100] ^= 1;
    is_str(give(sni, &packet, bytes, length), "", "a damaged one");

    unhex(rfc9001_crypto, crypto, sizeof crypto);
    is_str(initial(sni, 4, ID, ID, "06 40c8 29", crypto + 4 + 200, 41), "",
           "the end of a hello comes first");
    is_str(initial(sni, 4, ID, ID, "06 00 40c8", crypto + 4, 200), "example.com",
           "then its beginning");

    is_str(initial(sni, 5, ID, ID, "06 00 28", crypto + 4, 40), "", "a hello begins");
    is_str(initial(sni, 5, OTHER, ID, "06 28 40c9", crypto + 44, 201), "example.com",
           "and goes on with the id that the server chose");

    is_str(initial(sni, 6, ID, ID, "06 00 28", crypto + 4, 40), "", "before a Retry");
    is_str(initial(sni, 6, OTHER, OTHER, "06 00 40f1", crypto + 4, 241), "example.com",
           "after it, with other keys");

    is_str(initial(sni, 9, ID, ID, "06 00 00 00 00 00 00", crypto, 0), "", "no data");
    is_str(initial(sni, 7, ID, ID, "06 80010000 04", crypto, 4), "", "data far behind");
    is_str(initial(sni, 8, ID, OTHER, "06 00 40f1", crypto + 4, 241), "", "keys of another id");
    sni_destroy(&sni);
}

/* Two packets in one datagram. */
static void test_coalesced(void)
{
    struct sni *sni = new_sni();
    struct packet packet = make_packet(IPPROTO_UDP, 1);
    uint8_t id[QUIC_ID], crypto[256], frames[512], datagram[1500];
    struct quic_keys keys;
    size_t used, length;

    unhex(ID, id, sizeof id);
    quic_client_keys(id, &keys);
    unhex(rfc9001_crypto, crypto, sizeof crypto);
    used = unhex("06 00 40c8", frames, sizeof frames);
    memcpy(frames + used, crypto + 4, 200);
    length = quic_client_packet(datagram, id, &keys, frames, used + 200);
    used = unhex("06 40c8 29", frames, sizeof frames);
    memcpy(frames + used, crypto + 204, 41);
    length += quic_client_packet(datagram + length, id, &keys, frames, used + 41);
    is_str(give(sni, &packet, datagram, length), "example.com", "two packets in a datagram");
    sni_destroy(&sni);
}

int main(void)
{
    test_tcp();
    test_first_port_again();
    test_stream_bound();
    test_pieces_bound();
    test_pending_bound();
    test_bytes_bound();
    test_quic();
    test_coalesced();
    return done();
}
