/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the end of what is plain in a JSON string: ASCII other than quotes, backslashes and control
 * characters.
 */
#ifndef SECFLOW_PLAIN_H
#define SECFLOW_PLAIN_H

#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/*
 * plain_others tells which of PLAIN_STRIDE bytes are not plain: PLAIN_MARK bits for each, of which
 * any one set is such a byte; the first byte has the lowest bits.
 */
#ifdef __SSE2__

#define PLAIN_STRIDE 32
#define PLAIN_MARK 1

static inline unsigned plain_others_of_16(const char *p)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)p);
    __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    __m128i rest = _mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')); /* signed: above ASCII, too */

    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, backslashes), rest));
}

static inline uint64_t plain_others(const char *p)
{
    return plain_others_of_16(p + 16) << 16 | plain_others_of_16(p);
}

#else

#define PLAIN_STRIDE 8
#define PLAIN_MARK 8

static inline uint64_t plain_others(const char *p)
{
    uint64_t word = le64((const uint8_t *)p);
    uint64_t from_space = (word & BYTES_EACH * 0x7f) + BYTES_EACH * (0x80u - ' ');

    return bytes_equal(word, '"') | bytes_equal(word, '\\') |
           ((~from_space | word) & BYTES_EACH * 0x80);
}

#endif

/* Skips plain bytes where a stride of the text ends at its end, or where little is left of it. */
static inline const char *plain_skip_end(const char *begin, const char *p, const char *end)
{
    size_t left = (size_t)(end - p);

    if (end - begin >= PLAIN_STRIDE) {
        uint64_t others =
            left > 0 ? plain_others(end - PLAIN_STRIDE) >> (PLAIN_STRIDE - left) * PLAIN_MARK : 0;

        return others ? p + __builtin_ctzll(others) / PLAIN_MARK : end;
    }
    while (p < end && (unsigned char)*p >= ' ' && (unsigned char)*p < 0x80 && *p != '"' &&
           *p != '\\')
        p++;
    return p;
}

static inline const char *plain_skip(const char *begin, const char *p, const char *end)
{
    for (; end - p >= PLAIN_STRIDE; p += PLAIN_STRIDE) {
        uint64_t others = plain_others(p);

        if (others)
            return p + __builtin_ctzll(others) / PLAIN_MARK;
    }
    return plain_skip_end(begin, p, end);
}

#endif
