/* SPDX-License-Identifier: Apache-2.0 */
#include "know/seenkey.h"

#include "base/bytes.h"

#include <nettle/sha2.h>
#include <string.h>

struct seen_key seen_key_read(const uint8_t bytes[SEEN_KEY_BYTES])
{
    return (struct seen_key){(int64_t)be64(bytes), (int64_t)be64(bytes + 8)};
}

struct seen_key seen_key_of(const char *kind, const char *bytes, size_t length)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx sha256;

    sha256_init(&sha256);
    sha256_update(&sha256, strlen(kind), (const uint8_t *)kind);
    sha256_update(&sha256, 1, (const uint8_t *)" ");
    sha256_update(&sha256, length, (const uint8_t *)bytes);
    sha256_digest(&sha256, SHA256_DIGEST_SIZE, digest);
    return seen_key_read(digest);
}

int64_t seen_id_of(const char *kind, const char *bytes, size_t length)
{
    return seen_key_of(kind, bytes, length).high;
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
