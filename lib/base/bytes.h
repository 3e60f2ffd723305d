/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads integers from bytes, in either byte order. The caller has checked that the bytes exist.
 */
#ifndef SECFLOW_BYTES_H
#define SECFLOW_BYTES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/* The same for as many bytes as there are, up to 64. */
static inline uint64_t bytes_find(const uint8_t *p, size_t length, char byte)
{
    uint64_t found = 0;
    size_t at = 0;

#ifdef __SSE2__
    for (; at + 16 <= length; at += 16) {
        __m128i same = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)(p + at)),
                                      _mm_set1_epi8(byte));

        found |= (uint64_t)(unsigned)_mm_movemask_epi8(same) << at;
    }
#endif
    for (; at + 8 <= length; at += 8)
        found |= (uint64_t)bytes_where(le64(p + at), byte) << at;
    if (at < length)
        found |= (uint64_t)bytes_where(le_short(p + at, length - at), byte) << at;
    return length < 64 ? found & ((UINT64_C(1) << length) - 1) : found;
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
