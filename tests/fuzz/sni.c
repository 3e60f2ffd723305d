/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of a few flows, each as its kind (one byte), the offset of its first byte in its stream
 * and its length (two bytes each), and its bytes. Those of UDP may be frames, which are then
 * sealed.
 */
#include "name/sni.h"

#include "../quic_client.h"
#include "fuzz.h"

enum { FLOW = 3, SYN = 4, ACK = 8, UDP = 16, SEALED = 32, CUT = 64, IPV6 = 128 };

static void read_packet(struct sni *sni, struct packet *packet, const uint8_t *bytes, size_t size)
{
    struct hello hello;
    enum result result;

    packet->bytes += (uint32_t)size;
    packet->captured = (uint32_t)size;
    packet->payload = bytes;
    if (sni_look(sni, packet) == SNI_NOTHING)
        return;
    result = sni_read(sni, packet, &hello);
    must(result == RESULT_END ||
         (result == RESULT_OK && hello.name.length > 0 && hello.name.length <= HOSTNAME_MAX &&
          fuzz_is_word(hello.name.text, hello.name.length)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz fuzz = {data, size};
    static const uint8_t id[QUIC_ID] = "fuzzing";
    struct quic_keys keys;
    struct sni *sni;

    quic_client_keys(id, &keys);
    must(sni_init(&sni) == RESULT_OK);
    while (fuzz.left > 0) {
        unsigned kind = fuzz_number(&fuzz, 1), place = fuzz_number(&fuzz, 2);
        size_t length = fuzz_number(&fuzz, 2);
        uint8_t *bytes = fuzz_bytes(&fuzz, &length), sealed[QUIC_PACKET_MAX];
        struct packet packet = {
            .src = {.bytes = {10, 0, 0, 1}, .family = kind & IPV6 ? 6 : 4},
            .dst = {.bytes = {10, 0, 0, 2}, .family = kind & IPV6 ? 6 : 4},
            .sport = (uint16_t)(50000 + (kind & FLOW)),
            .dport = 443,
            .proto = kind & UDP ? IPPROTO_UDP : IPPROTO_TCP,
            .tcp_flags = (uint8_t)((kind & SYN ? TCP_SYN : 0) | (kind & ACK ? TCP_ACK : 0)),
            .tcp_sequence = UINT32_MAX - 1000 + place, /* it wraps */
            .bytes = kind & CUT ? 1 : 0,
        };

        if (kind & UDP && kind & SEALED && length >= 4 && length <= 8192)
            read_packet(sni, &packet, sealed, quic_client_packet(sealed, id, &keys, bytes, length));
        else
            read_packet(sni, &packet, bytes, length);
        free(bytes);
    }
    sni_destroy(&sni);
    return 0;
}
