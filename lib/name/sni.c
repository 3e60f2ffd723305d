/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Most handshakes come whole in their first segment and need no stream; but each SYN begins one,
 * until its sender sends data.
 */
#include "name/sni.h"

#include "name/clienthello.h"
#include "name/httprequest.h"
#include "name/quic.h"
#include "packet/stream.h"

#include <stdlib.h>

/* What is known of a handshake besides its bytes. */
struct pending {
    unsigned pieces;
    struct quic_keys keys;
};

struct sni {
    struct streams *streams;
    struct pending pending[SNI_PENDING_MAX]; /* by stream number */
};

enum result sni_init(struct sni **sni)
{
    static const struct stream_limits limits = {SNI_PENDING_MAX, SNI_STREAM_MAX, SNI_BYTES_MAX};
    struct sni *new = calloc(1, sizeof *new);
    enum result result = new ? streams_init(&new->streams, &limits) : RESULT_NO_MEMORY;

    if (result != RESULT_OK) {
        free(new);
        return result;
    }
    *sni = new;
    return RESULT_OK;
}

void sni_destroy(struct sni **sni)
{
    if (*sni) {
        streams_destroy(&(*sni)->streams);
        free(*sni);
        *sni = NULL;
    }
}

static struct pending *pending_of(struct sni *sni, const struct stream *stream)
{
    return &sni->pending[streams_number(sni->streams, stream)];
}

static struct stream *begin(struct sni *sni, const struct packet *packet, uint32_t base)
{
    struct stream *stream = streams_begin(sni->streams, packet, base);

    pending_of(sni, stream)->pieces = 0;
    return stream;
}

/*
 * Decides whether to go on: a handshake is forgotten unless more of it can tell more. Each piece
 * causes another reading, so there must not be many.
 */
static enum result judge(struct sni *sni, struct stream *stream, enum hello_verdict verdict,
                         const struct hello *hello)
{
    if (stream && (verdict != HELLO_CUT || stream_ready(stream) == SNI_STREAM_MAX ||
                   ++pending_of(sni, stream)->pieces == SNI_PIECES_MAX))
        streams_forget(sni->streams, stream);
    return verdict != HELLO_NONE && hello->name.length > 0 ? RESULT_OK : RESULT_END;
}

/* Reads the first bytes of a TCP stream of unknown protocol. */
static enum hello_verdict read_first(const uint8_t *bytes, size_t length, struct hello *hello)
{
    return clienthello_begins(bytes, length) ? clienthello_read(bytes, length, hello)
                                             : httprequest_read(bytes, length, hello);
}

static enum result read_more_tcp(struct sni *sni, struct stream *stream, uint32_t offset,
                                 const struct packet *packet, struct hello *hello)
{
    uint32_t before = stream_ready(stream);
    enum result result;

    if (offset > INT32_MAX) /* before its beginning, like keep-alive segments */
        return RESULT_END;
    result = stream_put(sni->streams, stream, offset, packet->payload, packet->captured);
    if (result != RESULT_OK) {
        streams_forget(sni->streams, stream);
        return result;
    }
    if (stream_ready(stream) == before)
        return RESULT_END;
    return judge(sni, stream, read_first(stream_bytes(stream), stream_ready(stream), hello), hello);
}

static enum result read_tcp(struct sni *sni, const struct packet *packet, struct hello *hello)
{
    struct stream *stream = streams_find(sni->streams, packet);
    uint32_t sequence = packet->tcp_sequence, offset;
    enum hello_verdict verdict;

    if (packet->tcp_flags & TCP_SYN) {
        sequence++;
        if (!stream || stream->base != sequence) {
            if (stream)
                streams_forget(sni->streams, stream);
            stream = begin(sni, packet, sequence);
        }
    }
    if (packet->captured == 0)
        return RESULT_END;
    offset = stream ? sequence - stream->base : 0;
    if (offset != 0 || (stream && stream->bytes))
        return read_more_tcp(sni, stream, offset, packet, hello);
    verdict = read_first(packet->payload, packet->captured, hello);
    if (verdict != HELLO_CUT || packet->captured < packet->bytes)
        return judge(sni, stream, verdict == HELLO_CUT ? HELLO_WHOLE : verdict, hello);
    if (!stream)
        stream = begin(sni, packet, sequence);
    return read_more_tcp(sni, stream, 0, packet, hello);
}

/*
 * Opens a packet with the keys of the connection if it has begun, otherwise with those derived from
 * the packet's own connection id, which change after a Retry (RFC 9001 section 5.2).
 */
static size_t open_initial(const struct quic_keys *known, const struct quic_packet *initial,
                           struct quic_keys *keys, uint8_t frames[QUIC_PACKET_MAX])
{
    size_t size;

    if (known) {
        *keys = *known;
        size = quic_open(initial, keys, frames);
        if (size > 0)
            return size;
    }
    quic_derive(initial, keys);
    return quic_open(initial, keys, frames);
}

static enum result put_crypto(struct sni *sni, struct stream *stream, const uint8_t *frames,
                              size_t left)
{
    const uint8_t *data;
    uint64_t offset;
    size_t length;
    enum result result = RESULT_OK;

    while (result == RESULT_OK && quic_next_crypto(&frames, &left, &offset, &data, &length)) {
        result = stream_put(sni->streams, stream, offset, data, length);
        if (result == RESULT_END)
            result = RESULT_OK;
    }
    return result;
}

static enum result read_quic(struct sni *sni, const struct packet *packet, struct hello *hello)
{
    struct stream *stream = streams_find(sni->streams, packet);
    const uint8_t *datagram = packet->payload;
    size_t left = packet->captured, size;
    uint8_t frames[QUIC_PACKET_MAX];
    struct quic_packet initial;
    struct quic_keys keys;
    enum result result = RESULT_OK;

    while (result == RESULT_OK && quic_split(&datagram, &left, &initial)) {
        size =
            open_initial(stream ? &pending_of(sni, stream)->keys : NULL, &initial, &keys, frames);
        if (size == 0)
            break;
        if (!stream)
            stream = begin(sni, packet, 0);
        pending_of(sni, stream)->keys = keys;
        result = put_crypto(sni, stream, frames, size);
    }
    if (result != RESULT_OK || !stream)
        return result == RESULT_OK ? RESULT_END : result;
    return judge(sni, stream,
                 clienthello_read_message(stream_bytes(stream), stream_ready(stream), hello),
                 hello);
}

static bool is_first(const uint8_t *bytes, size_t length)
{
    return clienthello_begins(bytes, length) || httprequest_begins(bytes, length);
}

enum sni_part sni_look(const struct sni *sni, const struct packet *packet)
{
    if (packet->proto == IPPROTO_TCP) {
        if ((packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
            return SNI_GOES_ON;
        if (packet->captured == 0)
            return SNI_NOTHING;
        if (streams_find(sni->streams, packet))
            return SNI_GOES_ON;
        return is_first(packet->payload, packet->captured) ? SNI_BEGINS : SNI_NOTHING;
    }
    if (packet->proto != IPPROTO_UDP || !quic_begins(packet->payload, packet->captured))
        return SNI_NOTHING;
    return streams_find(sni->streams, packet) ? SNI_GOES_ON : SNI_BEGINS;
}

enum result sni_read(struct sni *sni, const struct packet *packet, struct hello *hello)
{
    return packet->proto == IPPROTO_TCP ? read_tcp(sni, packet, hello)
                                        : read_quic(sni, packet, hello);
}
