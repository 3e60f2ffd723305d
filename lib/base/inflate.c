/* SPDX-License-Identifier: Apache-2.0 */
#include "base/inflate.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef HAVE_ISAL
#include <isa-l.h>
#else
#include <zlib.h>
#endif

/* The parts of a member, in their order. */
enum part { PART_FIXED, PART_EXTRA, PART_NAME, PART_COMMENT, PART_CHECK, PART_CONTENT, PART_END };

/* Flags of a header: those of the parts that it has, and those without a meaning. */
static const uint8_t part_flags[] = {
    [PART_EXTRA] = 4, [PART_NAME] = 8, [PART_COMMENT] = 16, [PART_CHECK] = 2};
#define FLAGS_RESERVED 0xe0u

static const char bad_header[] = "the header is wrong";

struct inflater {
    enum part part;
    size_t at;     /* bytes of the part that were read */
    uint8_t flags; /* of the header */
    size_t extra;  /* bytes of that part, without the two of its length */
    uint64_t last; /* the last eight bytes outside the content, little-endian */
    uint32_t header_crc, crc;
    uint32_t length; /* of the content, modulo 2^32 */
    const char *problem;
#ifdef HAVE_ISAL
    struct inflate_state state;
#else
    z_stream stream;
#endif
};

#ifdef HAVE_ISAL

/*
 * Where ISA-L finds damage it may also count bytes of the output that it has not written: two
 * matches of the greatest length and a few, 389 at most in trials. They are left out, and
 * with them up to 600 bytes that were good: the buffer still has its old content there.
 */
#define UNWRITTEN_MAX 600u

static bool start(struct inflater *inflater)
{
    isal_inflate_init(&inflater->state);
    return true;
}

static void stop(struct inflater *inflater)
{
    (void)inflater;
}

static void restart(struct inflater *inflater)
{
    isal_inflate_reset(&inflater->state);
}

static enum result inflate_content(struct inflater *inflater, struct inflating *piece)
{
    struct inflate_state *state = &inflater->state;
    size_t left, given;
    int status;

    state->next_in = (uint8_t *)piece->in;
    state->avail_in = (uint32_t)piece->in_left;
    state->next_out = piece->out;
    state->avail_out = (uint32_t)piece->out_left;
    status = isal_inflate(state);
    /* Its pointers do not always move, and after damage it may have stepped over the end. */
    left = state->avail_in < piece->in_left ? state->avail_in : piece->in_left;
    piece->in += piece->in_left - left;
    piece->in_left = left;
    given = piece->out_left - state->avail_out;
    if (status < 0)
        given -= given < UNWRITTEN_MAX ? given : UNWRITTEN_MAX;
    piece->out += given;
    piece->out_left -= given;
    if (status < 0)
        return RESULT_DAMAGED;
    return state->block_state == ISAL_BLOCK_FINISH ? RESULT_END : RESULT_OK;
}

/* Bytes that were taken with the content and come after it, the first one lowest. At most 8. */
static size_t taken_beyond(const struct inflater *inflater, uint64_t *bytes)
{
    int bits = inflater->state.read_in_length;

    *bytes = bits > 0 ? inflater->state.read_in >> bits % 8 : 0;
    return bits > 0 ? (size_t)bits / 8 : 0;
}

static uint32_t add_crc(uint32_t crc, const uint8_t *bytes, size_t length)
{
    return crc32_gzip_refl(crc, bytes, length);
}

void inflater_library(char text[LIBRARY_TEXT])
{
    snprintf(text, LIBRARY_TEXT, "libisal %d.%d.%d", ISAL_MAJOR_VERSION, ISAL_MINOR_VERSION,
             ISAL_PATCH_VERSION);
}

#else

static bool start(struct inflater *inflater)
{
    return inflateInit2(&inflater->stream, -MAX_WBITS) == Z_OK;
}

static void stop(struct inflater *inflater)
{
    inflateEnd(&inflater->stream);
}

static void restart(struct inflater *inflater)
{
    inflateReset(&inflater->stream);
}

static enum result inflate_content(struct inflater *inflater, struct inflating *piece)
{
    z_stream *stream = &inflater->stream;
    int status;

    stream->next_in = (Bytef *)piece->in;
    stream->avail_in = (uInt)piece->in_left;
    stream->next_out = piece->out;
    stream->avail_out = (uInt)piece->out_left;
    status = inflate(stream, Z_NO_FLUSH);
    *piece =
        (struct inflating){stream->next_in, stream->avail_in, stream->next_out, stream->avail_out};
    if (status == Z_MEM_ERROR)
        return RESULT_NO_MEMORY;
    if (status == Z_STREAM_END)
        return RESULT_END;
    return status == Z_OK || status == Z_BUF_ERROR ? RESULT_OK : RESULT_DAMAGED;
}

static size_t taken_beyond(const struct inflater *inflater, uint64_t *bytes)
{
    (void)inflater;
    *bytes = 0;
    return 0;
}

static uint32_t add_crc(uint32_t crc, const uint8_t *bytes, size_t length)
{
    return (uint32_t)crc32(crc, bytes, (uInt)length);
}

void inflater_library(char text[LIBRARY_TEXT])
{
    snprintf(text, LIBRARY_TEXT, "zlib %s", zlibVersion());
}

#endif

enum result inflater_init(struct inflater **inflater)
{
    struct inflater *new = calloc(1, sizeof *new);

    *inflater = NULL;
    if (!new || !start(new)) {
        free(new);
        return RESULT_NO_MEMORY;
    }
    *inflater = new;
    return RESULT_OK;
}

void inflater_destroy(struct inflater **inflater)
{
    if (*inflater)
        stop(*inflater);
    free(*inflater);
    *inflater = NULL;
}

void inflater_begin(struct inflater *inflater)
{
    restart(inflater);
    inflater->part = PART_FIXED;
    inflater->at = 0;
    inflater->header_crc = inflater->crc = inflater->length = 0;
}

static void next_part(struct inflater *inflater)
{
    do {
        inflater->part++;
    } while (inflater->part < PART_CONTENT && !(inflater->flags & part_flags[inflater->part]));
    inflater->at = 0;
}

static enum result wrong(struct inflater *inflater, const char *problem)
{
    inflater->problem = problem;
    return RESULT_DAMAGED;
}

/* Takes the fixed part of the header. */
static enum result take_fixed(struct inflater *inflater, size_t at, uint8_t byte)
{
    static const uint8_t magic[] = {0x1f, 0x8b, 8}; /* 8: deflate, the only method */

    if (at == sizeof magic)
        inflater->flags = byte;
    if (at < sizeof magic ? byte != magic[at] : (inflater->flags & FLAGS_RESERVED) != 0)
        return wrong(inflater, bad_header);
    return at == 9 ? RESULT_END : RESULT_OK;
}

/* Takes the next byte of a part that is not compressed. RESULT_END: the part ends here. */
static enum result take_byte(struct inflater *inflater, uint8_t byte)
{
    size_t at = inflater->at++;
    uint64_t last = inflater->last >> 8 | (uint64_t)byte << 56;

    inflater->last = last;
    switch (inflater->part) {
    case PART_FIXED:
        return take_fixed(inflater, at, byte);
    case PART_EXTRA:
        if (at == 1)
            inflater->extra = (size_t)(last >> 48);
        return at > 0 && at == 1 + inflater->extra ? RESULT_END : RESULT_OK;
    case PART_CHECK:
        if (at == 1 && last >> 48 != (inflater->header_crc & 0xffff))
            return wrong(inflater, bad_header);
        return at == 1 ? RESULT_END : RESULT_OK;
    case PART_END:
        if (at == 7 && last != ((uint64_t)inflater->length << 32 | inflater->crc))
            return wrong(inflater, "the content does not match its checksum");
        return at == 7 ? RESULT_END : RESULT_OK;
    default: /* text up to a zero */
        return byte == 0 ? RESULT_END : RESULT_OK;
    }
}

/* Takes what is not compressed, to the end of the part. */
static enum result take_part(struct inflater *inflater, struct inflating *piece)
{
    enum result result = RESULT_OK;

    while (result == RESULT_OK && piece->in_left > 0) {
        result = take_byte(inflater, *piece->in);
        if (inflater->part < PART_CHECK)
            inflater->header_crc = add_crc(inflater->header_crc, piece->in, 1);
        piece->in++;
        piece->in_left--;
    }
    return result;
}

/* RESULT_OK: the content is next, or there is no more input. */
static enum result take_header(struct inflater *inflater, struct inflating *piece)
{
    enum result result = RESULT_END;

    while (inflater->part < PART_CONTENT && result == RESULT_END) {
        result = take_part(inflater, piece);
        if (result == RESULT_END)
            next_part(inflater);
    }
    return result == RESULT_END ? RESULT_OK : result;
}

/* RESULT_END: what follows is next, and some of it may have been taken. */
static enum result take_content(struct inflater *inflater, struct inflating *piece)
{
    const uint8_t *out = piece->out;
    enum result result = inflate_content(inflater, piece), next = RESULT_OK;
    size_t length = (size_t)(piece->out - out);
    uint64_t bytes;

    inflater->crc = add_crc(inflater->crc, out, length);
    inflater->length += (uint32_t)length;
    if (result == RESULT_DAMAGED)
        return wrong(inflater, "a block is wrong");
    if (result != RESULT_END)
        return result;
    next_part(inflater);
    for (size_t left = taken_beyond(inflater, &bytes); left > 0 && next == RESULT_OK; left--) {
        next = take_byte(inflater, (uint8_t)bytes);
        bytes >>= 8;
    }
    return next;
}

enum result inflater_inflate(struct inflater *inflater, struct inflating *piece)
{
    enum result result = RESULT_OK;

    if (inflater->part < PART_CONTENT)
        result = take_header(inflater, piece);
    if (result == RESULT_OK && inflater->part == PART_CONTENT)
        result = take_content(inflater, piece);
    if (result == RESULT_OK && inflater->part == PART_END)
        result = take_part(inflater, piece);
    return result;
}

const char *inflater_problem(const struct inflater *inflater)
{
    return inflater->problem;
}
