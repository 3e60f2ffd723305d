/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quic module: packets and keys of RFC 9001 and RFC 9369, damaged packets, and frames.
 */
#include "name/quic.h"

#include "../quic_vectors.h"
#include "../tap.h"

static const struct {
    const char *title, *packet, *key, *iv, *header_key;
} vectors[] = {
    {"RFC 9001", rfc9001_packet, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c",
     "9f50449e04a0e810283a1e9933adedd2"},
    {"RFC 9369", rfc9369_packet, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f",
     "45b95e15235d6f45a6b19cbcb0294ba9"},
};

static bool equals(const uint8_t *bytes, const char *hex)
{
    uint8_t want[64];

    return memcmp(bytes, want, unhex(hex, want, sizeof want)) == 0;
}

static void test_vectors(void)
{
    for (size_t i = 0; i < 2; i++) {
        uint8_t bytes[1500], frames[QUIC_PACKET_MAX], crypto[256];
        size_t length = unhex(vectors[i].packet, bytes, sizeof bytes), left = length, size;
        const uint8_t *at = bytes;
        struct quic_packet packet;
        struct quic_keys keys;

        ok(quic_begins(bytes, length), "%s: an Initial packet", vectors[i].title);
        need(quic_split(&at, &left, &packet), "quic_split");
        is_int(left, 0, "%s: it is all of the datagram", vectors[i].title);
        quic_derive(&packet, &keys);
        ok(equals(keys.key, vectors[i].key), "%s: the key", vectors[i].title);
        ok(equals(keys.iv, vectors[i].iv), "%s: the IV", vectors[i].title);
        ok(equals(keys.header_key, vectors[i].header_key), "%s: the header's key",
           vectors[i].title);
        is_int(quic_open(&packet, &keys, frames), 1162, "%s: opened", vectors[i].title);
        size = unhex(rfc9001_crypto, crypto, sizeof crypto);
        ok(memcmp(frames, crypto, size) == 0, "%s: the frames", vectors[i].title);
        is_int(frames[1161], 0, "%s: the padding", vectors[i].title);
    }
}

/* A flipped bit anywhere invalidates the packet. */
static void test_damage(void)
{
    uint8_t bytes[1500], frames[QUIC_PACKET_MAX];
    size_t length = unhex(rfc9001_packet, bytes, sizeof bytes), opened = 0;
    struct quic_packet packet;
    struct quic_keys keys;

    for (size_t i = 0; i < length; i++) {
        uint8_t *copy;
        const uint8_t *at;
        size_t left = length;

        bytes[i] ^= 0x08;
        at = copy = exact_copy(bytes, length);
        if (quic_split(&at, &left, &packet)) {
            quic_derive(&packet, &keys);
            opened += quic_open(&packet, &keys, frames) > 0;
        }
        exact_free(copy, length);
        bytes[i] ^= 0x08;
    }
    is_int(opened, 0, "no damaged packet is opened");
    for (size_t cut = 0; cut < length; cut++) {
        uint8_t *copy = exact_copy(bytes, cut);
        const uint8_t *at = copy;
        size_t left = cut;

        if (quic_split(&at, &left, &packet))
            ok(false, "cut to %zu bytes it is none", cut);
        exact_free(copy, cut);
    }
}

static void test_split(void)
{
    static const struct {
        const char *title, *hex;
        bool is_packet;
    } cases[] = {
        {"no ids, no token", "c0 00000001 00 00 00 14 0000000000000000000000000000000000000000",
         true},
        {"too short to be sampled",
         "c0 00000001 00 00 00 13 00000000000000000000000000000000000000", false},
        {"an id of 21 bytes",
         "c0 00000001 15 000000000000000000000000000000000000000000 00 00 14"
         "0000000000000000000000000000000000000000",
         false},
        {"a token behind the end", "c0 00000001 00 00 bf000000 00", false},
        {"a length of 2^62 - 1", "c0 00000001 00 00 00 ffffffffffffffff 00", false},
        {"a Handshake packet", "e0 00000001 00 00 14 0000000000000000000000000000000000000000",
         false},
        {"a short header", "40 00000001 00 00 00 14 0000000000000000000000000000000000000000",
         false},
        {"version negotiation", "c0 00000000 00 00 00000001 00000000000000000000000000000000",
         false},
    };
    struct quic_packet packet;
    uint8_t bytes[128];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = unhex(cases[i].hex, bytes, sizeof bytes), left = length;
        uint8_t *copy = exact_copy(bytes, length);
        const uint8_t *at = copy;

        is_int(quic_split(&at, &left, &packet), cases[i].is_packet, "%s", cases[i].title);
        exact_free(copy, length);
    }
}

/* All CRYPTO frames, as "offset:bytes". */
static const char *crypto_of(const char *hex)
{
    static char text[256];
    uint8_t bytes[128], *copy;
    size_t length = unhex(hex, bytes, sizeof bytes), left = length, size, used = 0;
    const uint8_t *at, *data;
    uint64_t offset;

    at = copy = exact_copy(bytes, length);
    text[0] = '\0';
    while (quic_next_crypto(&at, &left, &offset, &data, &size))
        used += (size_t)snprintf(text + used, sizeof text - used, "%llu:%.*s ",
                                 (unsigned long long)offset, (int)size, (const char *)data);
    exact_free(copy, length);
    return text;
}

static void test_frames(void)
{
    is_str(crypto_of("00 06 00 03 'abc' 01 00 06 4003 02 'de'"), "0:abc 3:de ",
           "between padding and pings, with long integers");
    is_str(crypto_of("02 05 00 01 00 02 03 06 05 01 'f'"), "5:f ", "behind an ACK of two ranges");
    is_str(crypto_of("03 05 00 00 00 01 02 03 06 05 01 'f'"), "5:f ", "behind an ACK with ECN");
    is_str(crypto_of("06 00 01 'a' 02 05 00 3f 00"), "0:a ", "an ACK behind the end");
    is_str(crypto_of("06 00 01 'a' 02 05 00 ffffffffffffffff 00"), "0:a ", "an ACK without end");
    is_str(crypto_of("06 00 01 'a' 1c 00 06 01 01 'b'"), "0:a ", "another frame ends it");
    is_str(crypto_of("06 00 05 'a'"), "", "data behind the end");
    is_str(crypto_of("06 00"), "", "half a frame");
    is_str(crypto_of(""), "", "no frames");
}

int main(void)
{
    test_vectors();
    test_damage();
    test_split();
    test_frames();
    return done();
}
