/* SPDX-License-Identifier: Apache-2.0 */
#include "name/dnsfragment.h"

#include "packet/stream.h"

#include <stdlib.h>

#define WINDOW 65536u /* longer than any datagram */

struct dnsfragment {
    struct streams *streams;          /* base: the datagram's id */
    uint32_t wanted[DNSFRAGMENT_MAX]; /* length of each, by stream number */
};

enum result dnsfragment_init(struct dnsfragment **dnsfragment)
{
    static const struct stream_limits limits = {DNSFRAGMENT_MAX, WINDOW, DNSFRAGMENT_BYTES_MAX};
    struct dnsfragment *new = calloc(1, sizeof *new);
    enum result result = new ? streams_init(&new->streams, &limits) : RESULT_NO_MEMORY;

    if (result != RESULT_OK) {
        free(new);
        return result;
    }
    *dnsfragment = new;
    return RESULT_OK;
}

void dnsfragment_destroy(struct dnsfragment **dnsfragment)
{
    if (*dnsfragment) {
        streams_destroy(&(*dnsfragment)->streams);
        free(*dnsfragment);
        *dnsfragment = NULL;
    }
}

/*
 * Begins the datagram of a first fragment, replacing an earlier one with the same addresses and
 * ports.
 */
static struct stream *begin(struct dnsfragment *dnsfragment, struct stream *before,
                            const struct packet *packet)
{
    struct stream *stream;

    if (before)
        streams_forget(dnsfragment->streams, before);
    stream = streams_begin(dnsfragment->streams, packet, packet->fragment.id);
    dnsfragment->wanted[streams_number(dnsfragment->streams, stream)] = packet->fragment.bytes;
    return stream;
}

enum result dnsfragment_read(struct dnsfragment *dnsfragment, const struct packet *packet,
                             dns_answer_fn *answer, void *context)
{
    struct stream *stream = streams_find(dnsfragment->streams, packet);
    uint32_t wanted;
    enum result result;

    if (packet->fragment.bytes > 0)
        stream = begin(dnsfragment, stream, packet);
    if (!stream || stream->base != packet->fragment.id)
        return RESULT_OK;
    result = stream_put(dnsfragment->streams, stream, packet->fragment.at, packet->payload,
                        packet->captured);
    if (result != RESULT_OK)
        return result == RESULT_END ? RESULT_OK : result;
    wanted = dnsfragment->wanted[streams_number(dnsfragment->streams, stream)];
    if (stream_ready(stream) < wanted)
        return RESULT_OK;
    result = dns_read(stream_bytes(stream), wanted, answer, context);
    streams_forget(dnsfragment->streams, stream);
    return result;
}
