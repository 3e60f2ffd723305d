/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capfile module, pcapng files (draft-ietf-opsawg-pcapng).
 */
#include "base/bytes.h"
#include "base/clock.h"
#include "base/grow.h"
#include "base/wide.h"
#include "packet/capread.h"

enum {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 2, /* obsolete */
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_NAMES = 4,
    BLOCK_STATISTICS = 5,
    BLOCK_ENHANCED_PACKET = 6,
    BLOCK_SECRETS = 10,
    BLOCK_CUSTOM = 0xbad,
    BLOCK_CUSTOM_NO_COPY = 0x40000bad,
    BLOCK_SECTION = 0x0a0d0d0a
};

enum { OPTION_END = 0, OPTION_TSRESOL = 9, OPTION_TSOFFSET = 14 };

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define BLOCK_MIN 12u
#define BLOCK_MAX (16u * 1024 * 1024)
#define INTERFACES_MAX 65536u

static uint16_t ng16(const struct capfile *capfile, const uint8_t *p)
{
    return capfile->pcapng.big_endian ? be16(p) : le16(p);
}

static uint32_t ng32(const struct capfile *capfile, const uint8_t *p)
{
    return capfile->pcapng.big_endian ? be32(p) : le32(p);
}

static bool is_section(const uint8_t *p)
{
    return be32(p) == BLOCK_SECTION &&
           (be32(p + 8) == BYTE_ORDER_MAGIC || le32(p + 8) == BYTE_ORDER_MAGIC);
}

bool pcapng_begin(struct capfile *capfile)
{
    return lookahead_need(&capfile->in, BLOCK_MIN) &&
           is_section(capfile->in.buffer + capfile->in.at);
}

/* True if a whole block begins here: a known type, and two lengths that agree. */
static bool block_begins(struct capfile *capfile)
{
    const uint8_t *p;
    uint32_t length;
    bool big_endian;

    if (!lookahead_need(&capfile->in, BLOCK_MIN))
        return false;
    p = capfile->in.buffer + capfile->in.at;
    big_endian = is_section(p) ? be32(p + 8) == BYTE_ORDER_MAGIC : capfile->pcapng.big_endian;
    switch (big_endian ? be32(p) : le32(p)) {
    case BLOCK_SECTION:
    case BLOCK_INTERFACE:
    case BLOCK_PACKET:
    case BLOCK_SIMPLE_PACKET:
    case BLOCK_NAMES:
    case BLOCK_STATISTICS:
    case BLOCK_ENHANCED_PACKET:
    case BLOCK_SECRETS:
    case BLOCK_CUSTOM:
    case BLOCK_CUSTOM_NO_COPY:
        break;
    default:
        return false;
    }
    length = big_endian ? be32(p + 4) : le32(p + 4);
    if (length < BLOCK_MIN || length % 4 != 0 || length > LOOKAHEAD_BYTES / 2 ||
        !lookahead_need(&capfile->in, length))
        return false;
    p = capfile->in.buffer + capfile->in.at + length - 4;
    return (big_endian ? be32(p) : le32(p)) == length;
}

static enum result block_damaged(struct capfile *capfile, const char *what)
{
    return capfile_damaged(capfile, "block at byte %llu, after packet %llu: %s",
                           (unsigned long long)lookahead_offset(&capfile->in),
                           (unsigned long long)capfile->frames, what);
}

/* Damage of unknown extent: the lengths of blocks cannot be trusted. */
static enum result lost_way(struct capfile *capfile, const char *what)
{
    block_damaged(capfile, what);
    return capfile_resume(capfile, block_begins);
}

/* Damage within one block, which is skipped. */
static enum result bad_block(struct capfile *capfile, uint32_t length, const char *what)
{
    block_damaged(capfile, what);
    capfile->in.at += length;
    return RESULT_DAMAGED;
}

static enum result read_section(struct capfile *capfile, const uint8_t *block, uint32_t length)
{
    capfile->pcapng.count = 0;
    if (length < 28)
        return bad_block(capfile, length, "the section header is too short");
    if (ng16(capfile, block + 12) != 1)
        return bad_block(capfile, length, "the section is of an unknown major version");
    capfile->in.at += length;
    return RESULT_OK;
}

static void read_interface_options(const struct capfile *capfile, const uint8_t *p,
                                   const uint8_t *end, struct pcapng_interface *interface)
{
    while (end - p >= 4) {
        uint16_t code = ng16(capfile, p);
        size_t length = ng16(capfile, p + 2), left;

        p += 4;
        left = (size_t)(end - p);
        if (code == OPTION_END || length > left)
            return;
        if (code == OPTION_TSRESOL && length == 1)
            interface->resolution = p[0];
        if (code == OPTION_TSOFFSET && length == 8) {
            uint64_t low = ng32(capfile, p), high = ng32(capfile, p + 4);
            int64_t seconds = capfile->pcapng.big_endian ? (int64_t)(low << 32 | high)
                                                         : (int64_t)(high << 32 | low);

            if (__builtin_mul_overflow(seconds, INT64_C(1000000), &interface->offset))
                interface->offset = INT64_MIN; /* puts the times of its packets out of range */
        }
        length = (length + 3) & ~(size_t)3;
        p += length < left ? length : left;
    }
}

static enum result read_interface(struct capfile *capfile, const uint8_t *block, uint32_t length)
{
    struct pcapng_state *pcapng = &capfile->pcapng;
    struct pcapng_interface interface = {.resolution = 6}, *grown;

    if (length < 20)
        return bad_block(capfile, length, "the interface description is too short");
    if (pcapng->count == INTERFACES_MAX)
        return bad_block(capfile, length, "there are too many interfaces");
    interface.linktype = ng16(capfile, block + 8);
    interface.snaplen = ng32(capfile, block + 12);
    read_interface_options(capfile, block + 16, block + length - 4, &interface);
    grown = grow(pcapng->interfaces, pcapng->count, &pcapng->capacity, sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    pcapng->interfaces = grown;
    pcapng->interfaces[pcapng->count++] = interface;
    capfile->in.at += length;
    return RESULT_OK;
}

/* Converts a count of 10^-n or 2^-n seconds to microseconds; -1: out of range. */
static int64_t to_microseconds(uint64_t count, uint8_t resolution, int64_t offset)
{
    unsigned n = resolution & 0x7f;
    uint64_t factor = 1;
    struct wide time;
    int64_t microseconds;

    if (resolution & 0x80) {
        time = wide_shift_right(wide_multiply(count, 1000000), n);
    } else {
        for (; n > 6 && count > 0; n--)
            count /= 10;
        for (; n < 6; n++)
            factor *= 10;
        time = wide_multiply(count, factor);
    }
    if (time.high > 0 || time.low >= (uint64_t)TIME_END * 2)
        return -1;
    if (__builtin_add_overflow((int64_t)time.low, offset, &microseconds))
        return -1;
    return microseconds;
}

static enum result take_packet(struct capfile *capfile, uint32_t length, struct frame *frame)
{
    if (frame->length < frame->captured)
        frame->length = frame->captured;
    capfile->frames++;
    capfile->in.at += length;
    return RESULT_OK;
}

static enum result read_simple_packet(struct capfile *capfile, const uint8_t *block,
                                      uint32_t length, struct frame *frame)
{
    const struct pcapng_interface *interface = capfile->pcapng.interfaces;

    if (length < 16)
        return bad_block(capfile, length, "the packet block is too short");
    if (capfile->pcapng.count == 0)
        return bad_block(capfile, length, "the packet is of an interface that is not described");
    frame->length = ng32(capfile, block + 8);
    frame->captured = frame->length;
    if (interface->snaplen > 0 && frame->captured > interface->snaplen)
        frame->captured = interface->snaplen;
    if (frame->captured > length - 16)
        frame->captured = length - 16;
    frame->data = block + 12;
    frame->linktype = interface->linktype;
    frame->time = capfile->pcapng.last_time;
    return take_packet(capfile, length, frame);
}

static enum result read_packet(struct capfile *capfile, const uint8_t *block, uint32_t length,
                               uint32_t interface_id, struct frame *frame)
{
    const struct pcapng_interface *interface;
    uint64_t time;

    if (interface_id >= capfile->pcapng.count)
        return bad_block(capfile, length, "the packet is of an interface that is not described");
    interface = &capfile->pcapng.interfaces[interface_id];
    time = (uint64_t)ng32(capfile, block + 12) << 32 | ng32(capfile, block + 16);
    frame->captured = ng32(capfile, block + 20);
    frame->length = ng32(capfile, block + 24);
    if (frame->captured > length - 32)
        return bad_block(capfile, length, "the packet's captured length exceeds its block");
    frame->data = block + 28;
    frame->linktype = interface->linktype;
    frame->time = to_microseconds(time, interface->resolution, interface->offset);
    if (frame->time >= 0)
        capfile->pcapng.last_time = frame->time;
    return take_packet(capfile, length, frame);
}

/* RESULT_OK: a packet, which frames then counts, or another block. */
static enum result read_block(struct capfile *capfile, uint32_t type, uint32_t length,
                              struct frame *frame)
{
    const uint8_t *block = capfile->in.buffer + capfile->in.at;

    switch (type) {
    case BLOCK_SECTION:
        return read_section(capfile, block, length);
    case BLOCK_INTERFACE:
        return read_interface(capfile, block, length);
    case BLOCK_SIMPLE_PACKET:
        return read_simple_packet(capfile, block, length, frame);
    case BLOCK_PACKET:
    case BLOCK_ENHANCED_PACKET:
        if (length < 32)
            return bad_block(capfile, length, "the packet block is too short");
        return read_packet(
            capfile, block, length,
            type == BLOCK_PACKET ? ng16(capfile, block + 8) : ng32(capfile, block + 8), frame);
    default:
        capfile->in.at += length;
        return RESULT_OK;
    }
}

/* Skips a block too long for the buffer; no block that matters is that long. */
static enum result skip_long_block(struct capfile *capfile, uint32_t type, uint32_t length)
{
    uint32_t rest = length - 4;

    if (type == BLOCK_SECTION || type == BLOCK_INTERFACE || type == BLOCK_PACKET ||
        type == BLOCK_SIMPLE_PACKET || type == BLOCK_ENHANCED_PACKET)
        return lost_way(capfile, "its length is absurd");
    while (rest > 0 && lookahead_need(&capfile->in, 1)) {
        size_t left = capfile->in.end - capfile->in.at;
        uint32_t step = left < rest ? (uint32_t)left : rest;

        capfile->in.at += step;
        rest -= step;
    }
    if (rest > 0 || !lookahead_need(&capfile->in, 4)) {
        capfile->in.at = capfile->in.end;
        if (capfile->in.result != RESULT_END)
            return capfile_ended(capfile);
        return capfile_damaged(capfile, "after packet %llu: the file ends in a block",
                               (unsigned long long)capfile->frames);
    }
    if (ng32(capfile, capfile->in.buffer + capfile->in.at) != length)
        return lost_way(capfile, "the lengths of the block before it differ");
    capfile->in.at += 4;
    return RESULT_OK;
}

/* Reads one block. */
static enum result next_block(struct capfile *capfile, struct frame *frame)
{
    const uint8_t *p;
    uint32_t type, length;

    if (!lookahead_need(&capfile->in, BLOCK_MIN)) {
        if (capfile->in.end == capfile->in.at || capfile->in.result != RESULT_END)
            return capfile_ended(capfile);
        return lost_way(capfile, "the file ends in its header");
    }
    p = capfile->in.buffer + capfile->in.at;
    if (is_section(p))
        capfile->pcapng.big_endian = be32(p + 8) == BYTE_ORDER_MAGIC;
    type = ng32(capfile, p);
    length = ng32(capfile, p + 4);
    if (length < BLOCK_MIN || length % 4 != 0 || length > BLOCK_MAX)
        return lost_way(capfile, "its length is absurd");
    if (length > LOOKAHEAD_BYTES)
        return skip_long_block(capfile, type, length);
    if (!lookahead_need(&capfile->in, length)) {
        if (capfile->in.result != RESULT_END)
            return capfile_ended(capfile);
        return lost_way(capfile, "it is cut off, the file ends in it");
    }
    p = capfile->in.buffer + capfile->in.at;
    if (ng32(capfile, p + length - 4) != length)
        return lost_way(capfile, "its two lengths differ");
    return read_block(capfile, type, length, frame);
}

enum result pcapng_next(struct capfile *capfile, struct frame *frame)
{
    uint64_t before = capfile->frames;
    enum result result;

    do {
        result = next_block(capfile, frame);
    } while (result == RESULT_OK && capfile->frames == before);
    return result;
}
