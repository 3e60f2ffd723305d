/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads integers from bytes, in either byte order. The caller has checked that the bytes exist.
 */
#ifndef SECFLOW_BYTES_H
#define SECFLOW_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint16_t le16(const uint8_t *p)
{
    return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint64_t le64(const uint8_t *p)
{
    return (uint64_t)le32(p + 4) << 32 | le32(p);
}

/* Up to eight bytes, without a loop; those that are missing are 0. */
static inline uint64_t le_short(const uint8_t *p, size_t length)
{
    if (length >= 4)
        return (uint64_t)le32(p + length - 4) << (length - 4) * 8 | le32(p);
    if (length == 0)
        return 0;
    return (uint64_t)p[length - 1] << (length - 1) * 8 | (uint64_t)p[length / 2] << length / 2 * 8 |
           p[0];
}

/* Times a byte: a word of eight of them. */
#define BYTES_EACH UINT64_C(0x0101010101010101)

/* Each of the bytes of a word that is the given one has its top bit set; all other bits are 0. */
static inline uint64_t bytes_equal(uint64_t word, char byte)
{
    const uint64_t rest = BYTES_EACH * 0x7f;
    uint64_t differ = word ^ BYTES_EACH * (uint8_t)byte;

    return ~(((differ & rest) + rest) | differ | rest);
}

/* A bit for each of the eight that is the given one: the lowest for the first. */
static inline unsigned bytes_where(uint64_t word, char byte)
{
    return (unsigned)((bytes_equal(word, byte) >> 7) * UINT64_C(0x0102040810204080) >> 56);
}

/* Sets the top bit of the first of eight bytes that is above 9, and maybe of later ones. */
static inline uint64_t bytes_above_9(uint64_t word)
{
    return (word | (word + BYTES_EACH * (0x80 - 10))) & BYTES_EACH * 0x80;
}

static inline uint64_t be64(const uint8_t *p)
{
    return (uint64_t)be32(p) << 32 | be32(p + 4);
}

#endif
