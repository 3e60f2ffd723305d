/* SPDX-License-Identifier: Apache-2.0 */
#include "know/seenkey.h"

#include <nettle/sha2.h>
#include <string.h>

static void hash(const char *kind, const char *bytes, size_t length, uint8_t digest[32])
{
    struct sha256_ctx sha256;

    sha256_init(&sha256);
    sha256_update(&sha256, strlen(kind), (const uint8_t *)kind);
    sha256_update(&sha256, 1, (const uint8_t *)" ");
    sha256_update(&sha256, length, (const uint8_t *)bytes);
    sha256_digest(&sha256, SHA256_DIGEST_SIZE, digest);
}

struct seen_key seen_key_of(const char *kind, const char *bytes, size_t length)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct seen_key key;

    hash(kind, bytes, length, digest);
    memcpy(key.bytes, digest, sizeof key.bytes);
    return key;
}

/* Without branches: which digits are letters, nobody can foretell. */
bool seen_hex_read(const char *digits, uint8_t *bytes, size_t length)
{
    static const char all[] = "0123456789abcdef";
    unsigned wrong = 0;

    for (size_t i = 0; i < length; i++) {
        unsigned high = (unsigned char)digits[2 * i], low = (unsigned char)digits[2 * i + 1];
        unsigned x = (high + high / 64 * 9) % 16, y = (low + low / 64 * 9) % 16;

        wrong |= ((high | high / 64 * 32) ^ (unsigned)all[x]) |
                 ((low | low / 64 * 32) ^ (unsigned)all[y]);
        bytes[i] = (uint8_t)(x << 4 | y);
    }
    return wrong == 0;
}

int64_t seen_id_of(const char *kind, const char *bytes, size_t length)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    uint64_t id = 0;

    hash(kind, bytes, length, digest);
    for (size_t i = 0; i < sizeof id; i++)
        id = id << 8 | digest[i];
    return (int64_t)id;
}
