/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Initial packets that begin a QUIC connection, versions 1 and 2 (RFC 9000, 9001, 9369). Their
 * keys derive from a public salt and a connection id in the packets, so anyone who sees them can
 * read them.
 *
 * Part of the sni module. Needs nettle for AES-GCM and HKDF.
 */
#ifndef SECFLOW_QUIC_H
#define SECFLOW_QUIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The keys of packets that a client sends. */
struct quic_keys {
    uint8_t key[16], iv[12], header_key[16];
};

/* An Initial packet within a datagram, pointing to its bytes. */
struct quic_packet {
    const uint8_t *bytes;
    size_t number_at; /* offset of its protected packet number */
    size_t length;
    const uint8_t *destination; /* connection id */
    uint8_t destination_length;
    bool version2;
};

/* Longer packets are not opened; this fits jumbo frames. */
#define QUIC_PACKET_MAX 9216u

/* True if a datagram begins like an Initial packet; cheap. */
bool quic_begins(const uint8_t *datagram, size_t length);

/* Splits the next Initial packet off a datagram. False: there is none, or it is cut off. */
bool quic_split(const uint8_t **datagram, size_t *length, struct quic_packet *packet);

/* Derives the client's keys from its first packet. */
void quic_derive(const struct quic_packet *packet, struct quic_keys *keys);

/*
 * Decrypts and authenticates a packet. Returns the bytes of its frames; 0 if the keys do not fit.
 */
size_t quic_open(const struct quic_packet *packet, const struct quic_keys *keys,
                 uint8_t frames[QUIC_PACKET_MAX]);

/*
 * Moves to the next CRYPTO frame: length bytes at data, with their offset in the handshake stream.
 * False: there is none, or the frames do not parse.
 */
bool quic_next_crypto(const uint8_t **frames, size_t *left, uint64_t *offset, const uint8_t **data,
                      size_t *length);

#endif
