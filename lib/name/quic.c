/* SPDX-License-Identifier: Apache-2.0 */
#include "name/quic.h"

#include "base/bytes.h"
#include "packet/protocols.h"

#include <nettle/gcm.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <string.h>

/* The first byte of an Initial packet: a long header with that type. */
enum { TYPE_BITS = 0xf0 };

enum { ID_MAX = 20, TAG = 16, SAMPLE_OFFSET = 4, SAMPLE = 16 };

bool quic_begins(const uint8_t *datagram, size_t length)
{
    if (length < 7)
        return false;
#define INITIAL(version, type)                                                                     \
    case version:                                                                                  \
        return (datagram[0] & TYPE_BITS) == type;
    switch (be32(datagram + 1)) {
        QUIC_VERSIONS(INITIAL)
    default:
        return false;
    }
#undef INITIAL
}

/* A variable-length integer (RFC 9000 section 16). */
static bool take_integer(const uint8_t **at, size_t *left, uint64_t *value)
{
    size_t size = *left > 0 ? (size_t)1 << (**at >> 6) : 1;

    if (*left < size)
        return false;
    *value = **at & 0x3f;
    for (size_t i = 1; i < size; i++)
        *value = *value << 8 | (*at)[i];
    *at += size;
    *left -= size;
    return true;
}

static bool skip(const uint8_t **at, size_t *left, uint64_t length)
{
    if (*left < length)
        return false;
    *at += length;
    *left -= (size_t)length;
    return true;
}

static bool take_id(const uint8_t **at, size_t *left, const uint8_t **id, uint8_t *length)
{
    if (*left == 0 || **at > ID_MAX)
        return false;
    *length = **at;
    *id = *at + 1;
    return skip(at, left, 1u + *length);
}

bool quic_split(const uint8_t **datagram, size_t *length, struct quic_packet *packet)
{
    const uint8_t *at = *datagram, *source;
    size_t left = *length;
    uint64_t token, rest;
    uint8_t source_length;

    if (!quic_begins(at, left))
        return false;
    packet->bytes = at;
    packet->version2 = be32(at + 1) == QUIC_VERSION_2;
    if (!skip(&at, &left, 5) ||
        !take_id(&at, &left, &packet->destination, &packet->destination_length) ||
        !take_id(&at, &left, &source, &source_length) || !take_integer(&at, &left, &token) ||
        !skip(&at, &left, token) || !take_integer(&at, &left, &rest) || rest > left ||
        rest < SAMPLE_OFFSET + SAMPLE)
        return false;
    packet->number_at = (size_t)(at - packet->bytes);
    packet->length = packet->number_at + (size_t)rest;
    *datagram += packet->length;
    *length -= packet->length;
    return packet->length <= QUIC_PACKET_MAX;
}

/* HKDF-Expand-Label of TLS 1.3, without context (RFC 8446 section 7.1). */
static void expand(struct hmac_sha256_ctx *secret, const char *label, size_t size, uint8_t *out)
{
    static const char prefix[] = "tls13 ";
    uint8_t info[4 + sizeof prefix + 16];
    size_t length = strlen(label), used = 3;

    info[0] = 0;
    info[1] = (uint8_t)size;
    info[2] = (uint8_t)(sizeof prefix - 1 + length);
    memcpy(info + used, prefix, sizeof prefix - 1);
    used += sizeof prefix - 1;
    memcpy(info + used, label, length);
    used += length;
    info[used++] = 0;
    hkdf_expand(secret, (nettle_hash_update_func *)hmac_sha256_update,
                (nettle_hash_digest_func *)hmac_sha256_digest, SHA256_DIGEST_SIZE, used, info, size,
                out);
}

/* RFC 9001 section 5.2, RFC 9369 section 3.3. */
void quic_derive(const struct quic_packet *packet, struct quic_keys *keys)
{
    static const uint8_t salts[2][20] = {
        {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
         0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
        {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
         0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
    };
    struct hmac_sha256_ctx hmac;
    uint8_t secret[SHA256_DIGEST_SIZE];
    bool v2 = packet->version2;

    hmac_sha256_set_key(&hmac, sizeof salts[v2], salts[v2]);
    hkdf_extract(&hmac, (nettle_hash_update_func *)hmac_sha256_update,
                 (nettle_hash_digest_func *)hmac_sha256_digest, sizeof secret,
                 packet->destination_length, packet->destination, secret);
    hmac_sha256_set_key(&hmac, sizeof secret, secret);
    expand(&hmac, "client in", sizeof secret, secret);
    hmac_sha256_set_key(&hmac, sizeof secret, secret);
    expand(&hmac, v2 ? "quicv2 key" : "quic key", sizeof keys->key, keys->key);
    expand(&hmac, v2 ? "quicv2 iv" : "quic iv", sizeof keys->iv, keys->iv);
    expand(&hmac, v2 ? "quicv2 hp" : "quic hp", sizeof keys->header_key, keys->header_key);
}

/* Removes header protection (RFC 9001 section 5.4). Returns the packet number's length. */
static size_t unprotect(uint8_t *bytes, size_t number_at, const uint8_t key[16])
{
    struct aes128_ctx aes;
    uint8_t mask[SAMPLE];
    size_t length;

    aes128_set_encrypt_key(&aes, key);
    aes128_encrypt(&aes, sizeof mask, mask, bytes + number_at + SAMPLE_OFFSET);
    bytes[0] ^= mask[0] & 0x0f;
    length = (bytes[0] & 3u) + 1;
    for (size_t i = 0; i < length; i++)
        bytes[number_at + i] ^= mask[1 + i];
    return length;
}

/* Packet numbers of Initial packets are small: the truncated one is complete. */
size_t quic_open(const struct quic_packet *packet, const struct quic_keys *keys,
                 uint8_t frames[QUIC_PACKET_MAX])
{
    uint8_t bytes[QUIC_PACKET_MAX], nonce[sizeof keys->iv], tag[TAG];
    struct gcm_aes128_ctx gcm;
    size_t header, number, size;

    memcpy(bytes, packet->bytes, packet->length);
    number = unprotect(bytes, packet->number_at, keys->header_key);
    header = packet->number_at + number;
    size = packet->length - header - TAG;
    memcpy(nonce, keys->iv, sizeof nonce);
    for (size_t i = 0; i < number; i++)
        nonce[sizeof nonce - number + i] ^= bytes[packet->number_at + i];
    gcm_aes128_set_key(&gcm, keys->key);
    gcm_aes128_set_iv(&gcm, sizeof nonce, nonce);
    gcm_aes128_update(&gcm, header, bytes);
    gcm_aes128_decrypt(&gcm, size, frames, bytes + header);
    gcm_aes128_digest(&gcm, sizeof tag, tag);
    return memcmp(tag, bytes + header + size, sizeof tag) == 0 ? size : 0;
}

/* Type 2 or 3 (RFC 9000 section 19.3): acknowledged ranges, and in type 3 three ECN counts. */
static bool skip_ack(const uint8_t **at, size_t *left, uint64_t type)
{
    uint64_t ignored, ranges = 0, numbers;

    for (unsigned i = 0; i < 4; i++)
        if (!take_integer(at, left, i == 2 ? &ranges : &ignored))
            return false;
    if (ranges > *left)
        return false;
    numbers = 2 * ranges + (type == 3 ? 3 : 0);
    while (numbers > 0 && take_integer(at, left, &ignored))
        numbers--;
    return numbers == 0;
}

bool quic_next_crypto(const uint8_t **frames, size_t *left, uint64_t *offset, const uint8_t **data,
                      size_t *length)
{
    enum { PADDING = 0, PING = 1, ACK = 2, ACK_ECN = 3, CRYPTO = 6 };
    uint64_t type, size;

    while (take_integer(frames, left, &type)) {
        switch (type) {
        case PADDING: /* usually long */
            while (*left > 0 && **frames == PADDING)
                (void)skip(frames, left, 1);
            break;
        case PING:
            break;
        case ACK:
        case ACK_ECN:
            if (!skip_ack(frames, left, type))
                return false;
            break;
        case CRYPTO:
            if (!take_integer(frames, left, offset) || !take_integer(frames, left, &size))
                return false;
            *data = *frames;
            *length = (size_t)size;
            return skip(frames, left, size);
        default:
            return false;
        }
    }
    return false;
}
