/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reassembles byte streams from packets in any order.
 *
 * Everything is bounded: a new stream displaces the oldest, and limits apply to the bytes kept of
 * each stream and in all. Another eighth of that records which bytes have come.
 */
#ifndef SECFLOW_STREAM_H
#define SECFLOW_STREAM_H

#include "packet/packet.h"

struct stream_limits {
    uint16_t streams;
    uint32_t window; /* bytes kept of one stream, from its first on; at least 4096; twice that is
                        stored */
    size_t bytes;    /* in all; at least four windows */
};

/* What has come of a stream. Read it through the functions below. */
struct stream {
    uint8_t *bytes; /* capacity bytes, then a bit for each that has come; NULL: none */
    uint32_t capacity;
    uint32_t start; /* index of the stream's first byte */
    uint32_t end;   /* all bytes before it have come */
    uint32_t top;   /* no byte from it on has come */
    uint32_t base;  /* for the caller, such as the sequence number of the first byte */
};

struct streams;

/* RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result streams_init(struct streams **streams, const struct stream_limits *limits);
void streams_destroy(struct streams **streams);

/* The stream in the packet's direction; NULL: none. */
struct stream *streams_find(const struct streams *streams, const struct packet *packet);

/* Begins a stream that does not exist yet. base belongs to its first byte. */
struct stream *streams_begin(struct streams *streams, const struct packet *packet, uint32_t base);

/* The number of a stream, below the limit; it is reused after the stream is gone. */
size_t streams_number(const struct streams *streams, const struct stream *stream);

void streams_forget(struct streams *streams, struct stream *stream);

/*
 * Stores bytes at an offset from the stream's first byte; may forget other streams. RESULT_END:
 * none, or all are beyond the window, whose end cuts off the rest. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result stream_put(struct streams *streams, struct stream *stream, uint64_t offset,
                                  const uint8_t *data, size_t length);

/* Drops the first n bytes, which have come; the stream and its base then begin after them. */
void stream_drop(struct streams *streams, struct stream *stream, uint32_t n);

/* The first bytes, and how many have come without a gap. Valid until the next call. */
static inline const uint8_t *stream_bytes(const struct stream *stream)
{
    return stream->bytes ? stream->bytes + stream->start : NULL;
}

static inline uint32_t stream_ready(const struct stream *stream)
{
    return stream->end - stream->start;
}

#endif
