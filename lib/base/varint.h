/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that take the fewer bytes the smaller they are: seven bits in each, the lowest first, and
 * the top bit where more follow (LEB128).
 */
#ifndef SECFLOW_VARINT_H
#define SECFLOW_VARINT_H

#include <stdint.h>

/* Bytes of the largest. */
#define VARINT_MOST 10u

/* Both return the place behind. */
static inline char *varint_put(char *p, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *p++ = (char)(number | 0x80);
    *p++ = (char)number;
    return p;
}

static inline const char *varint_take(const char *p, uint64_t *number)
{
    uint64_t byte = (unsigned char)*p++;

    *number = byte & 0x7f;
    for (unsigned shift = 7; byte >= 0x80; shift += 7) {
        byte = (unsigned char)*p++;
        *number |= (byte & 0x7f) << shift;
    }
    return p;
}

#endif
