/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QUIC client packets for the tests and the traffic generator: Initial packets of version 1,
 * protected as in RFC 9001 section 5.
 */
#ifndef SECFLOW_QUIC_CLIENT_H
#define SECFLOW_QUIC_CLIENT_H

#include "name/quic.h"

#include <nettle/gcm.h>
#include <string.h>

enum { QUIC_ID = 8, QUIC_TAG = 16 };

/* The keys of a connection that began with the id. */
static inline void quic_client_keys(const uint8_t id[QUIC_ID], struct quic_keys *keys)
{
    struct quic_packet packet = {.destination = id, .destination_length = QUIC_ID};

    quic_derive(&packet, keys);
}

/*
 * Writes the packet of number 0 to the id, from 4 to 16000 bytes of frames. Returns its length:
 * 35 more.
 */
static inline size_t quic_client_packet(uint8_t *out, const uint8_t id[QUIC_ID],
                                        const struct quic_keys *keys, const uint8_t *frames,
                                        size_t length)
{
    static const uint8_t first[] = {0xc0, 0, 0, 0, 1, QUIC_ID}; /* a number of one byte */
    enum { NUMBER_AT = sizeof first + QUIC_ID + 4, SAMPLE_AT = NUMBER_AT + 4 };
    size_t rest = 1 + length + QUIC_TAG;
    struct gcm_aes128_ctx gcm;
    struct aes128_ctx aes;
    uint8_t mask[16], *payload = out + NUMBER_AT + 1;

    memcpy(out, first, sizeof first);
    memcpy(out + sizeof first, id, QUIC_ID);
    memset(out + sizeof first + QUIC_ID, 0, 2); /* no id of its own, no token */
    out[NUMBER_AT - 2] = (uint8_t)(0x40 | rest >> 8);
    out[NUMBER_AT - 1] = (uint8_t)rest;
    out[NUMBER_AT] = 0;
    gcm_aes128_set_key(&gcm, keys->key);
    gcm_aes128_set_iv(&gcm, sizeof keys->iv, keys->iv);
    gcm_aes128_update(&gcm, NUMBER_AT + 1, out);
    gcm_aes128_encrypt(&gcm, length, payload, frames);
    gcm_aes128_digest(&gcm, QUIC_TAG, payload + length);
    aes128_set_encrypt_key(&aes, keys->header_key);
    aes128_encrypt(&aes, sizeof mask, mask, out + SAMPLE_AT);
    out[0] ^= mask[0] & 0x0f;
    out[NUMBER_AT] ^= mask[1];
    return NUMBER_AT + rest;
}

#endif
