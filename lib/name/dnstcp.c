/* SPDX-License-Identifier: Apache-2.0 */
#include "name/dnstcp.h"

#include "base/bytes.h"
#include "packet/stream.h"

#include <stdlib.h>

/* The longest message with its length. */
#define WINDOW 65537u

/*
 * After this many segments in a row that leave a gap open, the missing part counts as not captured.
 */
#define PATIENCE 64u

struct dnstcp {
    struct streams *streams;
    uint8_t waited[DNSTCP_STREAMS_MAX]; /* segments since the stream last advanced, by number */
};

/* Who receives the answers. */
struct listener {
    dns_answer_fn *answer;
    void *context;
};

enum result dnstcp_init(struct dnstcp **dnstcp)
{
    static const struct stream_limits limits = {DNSTCP_STREAMS_MAX, WINDOW, DNSTCP_BYTES_MAX};
    struct dnstcp *new = calloc(1, sizeof *new);
    enum result result = new ? streams_init(&new->streams, &limits) : RESULT_NO_MEMORY;

    if (result != RESULT_OK) {
        free(new);
        return result;
    }
    *dnstcp = new;
    return RESULT_OK;
}

void dnstcp_destroy(struct dnstcp **dnstcp)
{
    if (*dnstcp) {
        streams_destroy(&(*dnstcp)->streams);
        free(*dnstcp);
        *dnstcp = NULL;
    }
}

/* The bytes of whole messages at the start. */
static uint32_t whole_messages(const uint8_t *bytes, uint32_t length)
{
    uint32_t whole = 0;

    while (length - whole >= 2 && length - whole - 2 >= be16(bytes + whole))
        whole += 2u + be16(bytes + whole);
    return whole;
}

/* Reads whole messages. A damaged one affects only itself. */
static enum result read_messages(const uint8_t *bytes, uint32_t length,
                                 const struct listener *listener)
{
    enum result result = RESULT_OK;

    for (uint32_t at = 0; at < length && result == RESULT_OK; at += 2u + be16(bytes + at)) {
        result = dns_read(bytes + at + 2, be16(bytes + at), listener->answer, listener->context);
        if (result == RESULT_DAMAGED)
            result = RESULT_OK;
    }
    return result;
}

/* True if a response can begin like this: its length, its id, flags with QR and opcode 0. */
static bool begins(const uint8_t *bytes, uint32_t length)
{
    enum { HEADER = 12 };

    return (length < 2 || be16(bytes) >= HEADER) && (length < 5 || (bytes[4] & 0xf8) == 0x80);
}

static struct stream *begin(struct dnstcp *dnstcp, const struct packet *packet, uint32_t base)
{
    struct stream *stream = streams_begin(dnstcp->streams, packet, base);

    dnstcp->waited[streams_number(dnstcp->streams, stream)] = 0;
    return stream;
}

/*
 * Drops a stream that the segment cannot belong to: it is beyond the window, as after reuse of the
 * ports, or behind a gap that does not close. Also drops it if the segment is cut off, since
 * nothing can follow.
 */
static struct stream *check_place(struct dnstcp *dnstcp, struct stream *stream,
                                  const struct packet *packet)
{
    uint32_t offset = packet->tcp_sequence - stream->base;
    uint8_t *waited = &dnstcp->waited[streams_number(dnstcp->streams, stream)];
    bool is_past = offset > UINT32_MAX - WINDOW;

    if (offset <= stream_ready(stream))
        *waited = 0;
    else if (!is_past)
        ++*waited;
    if ((is_past || offset < WINDOW) && *waited < PATIENCE && packet->captured == packet->bytes)
        return stream;
    streams_forget(dnstcp->streams, stream);
    return NULL;
}

static bool leaves_gap(const struct dnstcp *dnstcp, const struct stream *stream)
{
    return dnstcp->waited[streams_number(dnstcp->streams, stream)] > 0;
}

/*
 * Adds the segment to its stream and reads completed messages. *go_on: a part of it was beyond the
 * window, which has moved.
 */
static enum result read_stream(struct dnstcp *dnstcp, struct stream *stream,
                               const struct packet *packet, const struct listener *listener,
                               bool *go_on)
{
    uint32_t offset = packet->tcp_sequence - stream->base, whole, seen = 0;
    enum result result;

    *go_on = false;
    if (offset >= WINDOW) { /* begins before what is wanted */
        seen = -offset;
        if (seen >= packet->captured)
            return RESULT_OK;
        offset = 0;
    }
    result = stream_put(dnstcp->streams, stream, offset, packet->payload + seen,
                        packet->captured - seen);
    if (result == RESULT_NO_MEMORY)
        return result;
    whole = whole_messages(stream_bytes(stream), stream_ready(stream));
    result = read_messages(stream_bytes(stream), whole, listener);
    stream_drop(dnstcp->streams, stream, whole);
    *go_on = whole > 0 && packet->captured - seen > WINDOW - offset;
    return result;
}

/* A SYN begins a stream, unless it repeats the SYN of the existing one. */
static void read_syn(struct dnstcp *dnstcp, struct stream *stream, const struct packet *packet)
{
    uint32_t base = packet->tcp_sequence + 1;

    if (stream && stream->base - base <= WINDOW)
        return;
    if (stream)
        streams_forget(dnstcp->streams, stream);
    begin(dnstcp, packet, base);
}

enum result dnstcp_read(struct dnstcp *dnstcp, const struct packet *packet, dns_answer_fn *answer,
                        void *context)
{
    struct listener listener = {answer, context};
    struct stream *stream = streams_find(dnstcp->streams, packet);
    uint32_t whole = whole_messages(packet->payload, packet->captured);
    bool is_whole = whole == packet->captured;
    bool go_on = true;
    enum result result = RESULT_OK;

    if (packet->tcp_flags & TCP_SYN) {
        read_syn(dnstcp, stream, packet);
        return RESULT_OK;
    }
    if (packet->captured == 0)
        return RESULT_OK;
    if (stream)
        stream = check_place(dnstcp, stream, packet);
    if (!stream && (is_whole || packet->captured < packet->bytes))
        return read_messages(packet->payload, whole, &listener);
    if (stream && is_whole && leaves_gap(dnstcp, stream))
        result = read_messages(packet->payload, whole, &listener);
    if (!stream && begins(packet->payload, packet->captured))
        stream = begin(dnstcp, packet, packet->tcp_sequence);
    while (stream && go_on && result == RESULT_OK)
        result = read_stream(dnstcp, stream, packet, &listener, &go_on);
    return result;
}
