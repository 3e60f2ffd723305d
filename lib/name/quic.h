/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Initial packets that begin a QUIC connection, versions 1 and 2 (RFC 9000, 9001, 9369). Their
 * keys derive from a public salt and a connection id that they carry: anyone who sees them can read
 * them.
 *
 * Part of the sni module. Needs nettle for AES-GCM and HKDF.
 */
#ifndef SECFLOW_QUIC_H
#define SECFLOW_QUIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What protects the packets that a client sends. */
struct quic_keys {
    uint8_t key[16], iv[12], header_key[16];
};

/* An Initial packet in a datagram, whose bytes it points to. */
struct quic_packet {
    const uint8_t *bytes;
    size_t number_at; /* where its protected packet number begins */
    size_t length;
    const uint8_t *destination; /* connection id */
    uint8_t destination_length;
    bool version2;
};

/* Packets that are longer are not opened; jumbo frames hold them. */
#define QUIC_PACKET_MAX 9216u

/* Whether a datagram begins as an Initial packet; cheap. */
bool quic_begins(const uint8_t *datagram, size_t length);

/* Splits the next Initial packet off a datagram. False: there is none, or it is cut. */
bool quic_split(const uint8_t **datagram, size_t *length, struct quic_packet *packet);

/* The keys of the client whose first packet this is. */
void quic_derive(const struct quic_packet *packet, struct quic_keys *keys);

/* Decrypts and authenticates. Returns the bytes of its frames, 0 where the keys do not fit. */
size_t quic_open(const struct quic_packet *packet, const struct quic_keys *keys,
                 uint8_t frames[QUIC_PACKET_MAX]);

/*
 * Moves to the next CRYPTO frame: length bytes at data, for that offset in the handshake's stream.
 * False: there is none, or the frames do not parse.
 */
bool quic_next_crypto(const uint8_t **frames, size_t *left, uint64_t *offset, const uint8_t **data,
                      size_t *length);

#endif
