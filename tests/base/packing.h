/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to read, plain and packed.
 */
#ifndef SECFLOW_TESTS_PACKING_H
#define SECFLOW_TESTS_PACKING_H

#include "../tap.h"

#include <zlib.h>
#include <zstd.h>

struct bytes {
    uint8_t *data;
    size_t length, capacity;
};

static inline void reserve(struct bytes *bytes, size_t more)
{
    if (bytes->data && bytes->length + more <= bytes->capacity)
        return;
    bytes->capacity = 2 * (bytes->length + more) + 64;
    bytes->data = realloc(bytes->data, bytes->capacity);
    need(bytes->data, "no memory");
}

static inline void append(struct bytes *bytes, const void *data, size_t length)
{
    reserve(bytes, length);
    if (length > 0)
        memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
}

static inline void append_zeros(struct bytes *bytes, size_t length)
{
    reserve(bytes, length);
    memset(bytes->data + bytes->length, 0, length);
    bytes->length += length;
}

static inline void append_gzip(struct bytes *bytes, const void *data, size_t length)
{
    z_stream gzip = {0};
    size_t room = length + length / 100 + 1000;
    uint8_t *packed = malloc(room);

    need(packed && deflateInit2(&gzip, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK,
         "deflate");
    gzip.next_in = exact_copy(data, length);
    gzip.avail_in = (uInt)length;
    gzip.next_out = packed;
    gzip.avail_out = (uInt)room;
    need(deflate(&gzip, Z_FINISH) == Z_STREAM_END, "deflate");
    exact_free(gzip.next_in - length, length);
    append(bytes, packed, room - gzip.avail_out);
    deflateEnd(&gzip);
    free(packed);
}

static inline void append_zstd(struct bytes *bytes, const void *data, size_t length)
{
    size_t room = ZSTD_compressBound(length), got;
    uint8_t *packed = malloc(room);
    ZSTD_CCtx *context = ZSTD_createCCtx();

    need(packed && context, "no memory");
    need(!ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)), "zstd");
    got = ZSTD_compress2(context, packed, room, data, length);
    need(!ZSTD_isError(got), "zstd");
    append(bytes, packed, got);
    ZSTD_freeCCtx(context);
    free(packed);
}

/* Text that compresses a little, not a lot. */
static inline void fill(struct bytes *bytes, size_t length)
{
    uint32_t x = 12345;

    append_zeros(bytes, length);
    for (size_t i = 0; i < length; i++) {
        x = x * 1103515245 + 12345;
        bytes->data[i] = (uint8_t)('a' + (x >> 16) % 20);
    }
}

#endif
