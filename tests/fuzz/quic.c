/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QUIC: the bytes as a datagram, as the frames of a packet, and as frames that are sealed and
 * opened again.
 */
#include "name/quic.h"

#include "../quic_client.h"
#include "fuzz.h"

static void read_datagram(const uint8_t *datagram, size_t left)
{
    const uint8_t *end = datagram + left;
    uint8_t frames[QUIC_PACKET_MAX];
    struct quic_packet packet;
    struct quic_keys keys;

    while (quic_split(&datagram, &left, &packet)) {
        must(packet.bytes + packet.length == datagram && datagram + left == end);
        quic_derive(&packet, &keys);
        must(quic_open(&packet, &keys, frames) < packet.length);
    }
}

static void read_frames(const uint8_t *frames, size_t left)
{
    const uint8_t *end = frames + left, *data;
    uint64_t offset;
    size_t length;

    while (quic_next_crypto(&frames, &left, &offset, &data, &length))
        must(data + length == frames && frames + left == end);
}

static void open_sealed(const uint8_t *frames, size_t size)
{
    static const uint8_t id[QUIC_ID] = "fuzzing";
    uint8_t sealed[QUIC_PACKET_MAX], opened[QUIC_PACKET_MAX];
    const uint8_t *at = sealed;
    struct quic_packet packet;
    struct quic_keys keys;
    size_t left;

    quic_client_keys(id, &keys);
    left = quic_client_packet(sealed, id, &keys, frames, size);
    must(quic_split(&at, &left, &packet) && left == 0);
    quic_derive(&packet, &keys);
    must(quic_open(&packet, &keys, opened) == size && memcmp(opened, frames, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_datagram(data, size);
    read_frames(data, size);
    if (size >= 4 && size <= 8192)
        open_sealed(data, size);
    return 0;
}
