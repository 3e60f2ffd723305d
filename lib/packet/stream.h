/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams of bytes that come in packets of any order: what begins in one packet and ends in another
 * is put together.
 *
 * A set of them is bounded: the latest stream takes the place of the oldest, and of each stream,
 * and in all, only so many bytes are kept, beside an eighth of it for which bytes these are.
 */
#ifndef SECFLOW_STREAM_H
#define SECFLOW_STREAM_H

#include "packet/packet.h"

struct stream_limits {
    uint16_t streams;
    uint32_t window; /* bytes of one stream from its first one on, at least 4096; twice is stored */
    size_t bytes;    /* at least four windows */
};

/* What has come of a stream; to be read through the functions below. */
struct stream {
    uint8_t *bytes; /* capacity of them, then a bit for each that has come; NULL: none has */
    uint32_t capacity;
    uint32_t start; /* the place of the stream's first byte */
    uint32_t end;   /* before it all have come */
    uint32_t top;   /* behind it none has */
    uint32_t base;  /* the caller's, such as the sequence number of the first byte */
};

struct streams;

/* RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result streams_init(struct streams **streams, const struct stream_limits *limits);
void streams_destroy(struct streams **streams);

/* The stream in the direction of the packet; NULL: there is none. */
struct stream *streams_find(const struct streams *streams, const struct packet *packet);

/* Begins one, which was not there. The base goes with the first byte. */
struct stream *streams_begin(struct streams *streams, const struct packet *packet, uint32_t base);

/* The number of a stream, below the limit; what had it before is gone. */
size_t streams_number(const struct streams *streams, const struct stream *stream);

void streams_forget(struct streams *streams, struct stream *stream);

/*
 * Takes bytes that begin at an offset from the first one. Others may be forgotten for them.
 * RESULT_END: there are none, or they lie beyond the window, whose end cuts them off.
 * RESULT_NO_MEMORY.
 */
MUST_CHECK enum result stream_put(struct streams *streams, struct stream *stream, uint64_t offset,
                                  const uint8_t *data, size_t length);

/* Lets go of the first n bytes, which have come: the stream begins behind them, its base as well.
 */
void stream_drop(struct streams *streams, struct stream *stream, uint32_t n);

/* The first bytes, of which so many have come without a gap. They stand until the next call. */
static inline const uint8_t *stream_bytes(const struct stream *stream)
{
    return stream->bytes ? stream->bytes + stream->start : NULL;
}

static inline uint32_t stream_ready(const struct stream *stream)
{
    return stream->end - stream->start;
}

#endif
