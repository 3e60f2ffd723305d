/*
 * Handshakes that are not whole lie in a ring, where the latest takes the place of the oldest, and
 * are found through chains. Most handshakes come whole in their first segment and never get there;
 * but each SYN does, until its sender says something.
 */
#include "sni.h"

#include "hash.h"
#include "quic.h"

#include <stdlib.h>
#include <string.h>

#define CHAINS (2 * SNI_PENDING_MAX)
#define NONE UINT16_MAX

#define STREAM_FIRST 4096u

/* The first bytes of a stream, as far as they have come. */
struct stream {
    uint8_t *bytes; /* capacity of them, then a bit for each that has come */
    uint32_t capacity;
    uint32_t prefix; /* that many have come, without a gap */
};

struct pending {
    struct address src, dst;
    uint16_t sport, dport;
    uint8_t proto;
    bool used;
    uint8_t pieces;
    uint16_t chain, next;
    uint32_t base; /* TCP: the sequence number of the stream's first byte */
    struct quic_keys keys;
    struct stream stream;
};

struct sni {
    struct hash_seed seed;
    size_t bytes;                   /* in all streams */
    uint16_t ports[UINT16_MAX + 1]; /* how many are pending from each; servers' have none */
    uint16_t oldest;
    uint16_t chains[CHAINS];
    struct pending ring[SNI_PENDING_MAX];
};

enum result sni_init(struct sni **sni)
{
    struct sni *new = calloc(1, sizeof *new);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    memset(new->chains, 0xff, sizeof new->chains);
    result = hash_seed_init(&new->seed);
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
        for (size_t i = 0; i < SNI_PENDING_MAX; i++)
            free((*sni)->ring[i].stream.bytes);
        free(*sni);
        *sni = NULL;
    }
}

static uint16_t chain_of(const struct sni *sni, const struct packet *packet)
{
    const uint64_t *src = packet->src.words, *dst = packet->dst.words;
    uint64_t ports = (uint64_t)packet->sport << 32 | (uint64_t)packet->dport << 48;
    uint32_t hash = hash_pair(&sni->seed, src[0], dst[0]);

    if (packet->src.family == 6)
        hash = hash_pair(&sni->seed, src[1] ^ hash, dst[1]);
    return (uint16_t)(hash_pair(&sni->seed, ports, hash) % CHAINS);
}

static bool is_of(const struct pending *pending, const struct packet *packet)
{
    return pending->sport == packet->sport && pending->dport == packet->dport &&
           pending->proto == packet->proto && address_equal(&pending->src, &packet->src) &&
           address_equal(&pending->dst, &packet->dst);
}

/* The index in the ring, or NONE. */
static uint16_t find(const struct sni *sni, const struct packet *packet)
{
    uint16_t i = NONE;

    if (sni->ports[packet->sport] > 0)
        i = sni->chains[chain_of(sni, packet)];
    while (i != NONE && !is_of(&sni->ring[i], packet))
        i = sni->ring[i].next;
    return i;
}

static void forget(struct sni *sni, struct pending *pending)
{
    uint16_t index = (uint16_t)(pending - sni->ring), *link = &sni->chains[pending->chain];

    if (!pending->used)
        return;
    while (*link != index)
        link = &sni->ring[*link].next;
    *link = pending->next;
    sni->bytes -= pending->stream.capacity;
    sni->ports[pending->sport]--;
    free(pending->stream.bytes);
    *pending = (struct pending){.used = false};
}

static struct pending *begin(struct sni *sni, const struct packet *packet, uint32_t base)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.*): it is not NULL, find() has looked in it */
    struct pending *pending = &sni->ring[sni->oldest];
    uint16_t chain = chain_of(sni, packet);

    forget(sni, pending);
    *pending = (struct pending){
        .src = packet->src,
        .dst = packet->dst,
        .sport = packet->sport,
        .dport = packet->dport,
        .proto = packet->proto,
        .used = true,
        .chain = chain,
        .next = sni->chains[chain],
        .base = base,
    };
    sni->chains[chain] = sni->oldest;
    sni->oldest = (uint16_t)((sni->oldest + 1) % SNI_PENDING_MAX);
    sni->ports[packet->sport]++;
    return pending;
}

/* Makes room for so many bytes of one stream, at the cost of the oldest ones. */
static enum result reserve(struct sni *sni, struct pending *pending, uint32_t wanted)
{
    struct stream *stream = &pending->stream;
    uint32_t capacity = wanted > STREAM_FIRST ? SNI_STREAM_MAX : STREAM_FIRST;
    uint8_t *grown;

    if (wanted <= stream->capacity)
        return RESULT_OK;
    for (uint16_t i = sni->oldest; sni->bytes + capacity > SNI_BYTES_MAX;
         i = (uint16_t)((i + 1) % SNI_PENDING_MAX))
        if (&sni->ring[i] != pending)
            forget(sni, &sni->ring[i]);
    grown = calloc(1, capacity + capacity / 8);
    if (!grown)
        return RESULT_NO_MEMORY;
    if (stream->bytes) {
        memcpy(grown, stream->bytes, stream->capacity);
        memcpy(grown + capacity, stream->bytes + stream->capacity, stream->capacity / 8);
    }
    free(stream->bytes);
    sni->bytes += capacity - stream->capacity;
    stream->bytes = grown;
    stream->capacity = capacity;
    return RESULT_OK;
}

/* RESULT_END: there are no bytes, or they lie beyond what is kept. */
static enum result put(struct sni *sni, struct pending *pending, uint64_t offset,
                       const uint8_t *data, size_t length)
{
    struct stream *stream = &pending->stream;
    uint8_t *come;
    enum result result;

    if (length == 0 || offset >= SNI_STREAM_MAX)
        return RESULT_END;
    if (length > SNI_STREAM_MAX - offset)
        length = (size_t)(SNI_STREAM_MAX - offset);
    result = reserve(sni, pending, (uint32_t)(offset + length));
    if (result != RESULT_OK)
        return result;
    memcpy(stream->bytes + offset, data, length);
    come = stream->bytes + stream->capacity;
    for (size_t i = (size_t)offset; i < offset + length; i++)
        come[i / 8] |= (uint8_t)(1u << i % 8);
    while (stream->prefix < stream->capacity && come[stream->prefix / 8] & 1u << stream->prefix % 8)
        stream->prefix++;
    return RESULT_OK;
}

/*
 * What is known of a handshake: it is forgotten unless more of it can tell more. Each piece has it
 * read anew, so there must not be many.
 */
static enum result judge(struct sni *sni, struct pending *pending, enum hello_verdict verdict,
                         const struct hello *hello)
{
    if (pending && (verdict != HELLO_CUT || pending->stream.prefix == SNI_STREAM_MAX ||
                    ++pending->pieces == SNI_PIECES_MAX))
        forget(sni, pending);
    return verdict != HELLO_NONE && hello->length > 0 ? RESULT_OK : RESULT_END;
}

static enum result read_more_tcp(struct sni *sni, struct pending *pending, uint32_t offset,
                                 const struct packet *packet, struct hello *hello)
{
    uint32_t before = pending->stream.prefix;
    enum result result;

    if (offset > INT32_MAX) /* before its beginning, as what keeps connections alive is */
        return RESULT_END;
    result = put(sni, pending, offset, packet->payload, packet->captured);
    if (result != RESULT_OK) {
        forget(sni, pending);
        return result;
    }
    if (pending->stream.prefix == before)
        return RESULT_END;
    return judge(sni, pending, hello_read(pending->stream.bytes, pending->stream.prefix, hello),
                 hello);
}

static enum result read_tcp(struct sni *sni, const struct packet *packet, struct hello *hello)
{
    uint16_t found = find(sni, packet);
    struct pending *pending = found == NONE ? NULL : &sni->ring[found];
    uint32_t sequence = packet->tcp_sequence, offset;
    enum hello_verdict verdict;

    if (packet->tcp_flags & TCP_SYN) {
        sequence++;
        if (!pending || pending->base != sequence) {
            if (pending)
                forget(sni, pending);
            pending = begin(sni, packet, sequence);
        }
    }
    if (packet->captured == 0)
        return RESULT_END;
    offset = pending ? sequence - pending->base : 0;
    if (offset != 0 || (pending && pending->stream.bytes))
        return read_more_tcp(sni, pending, offset, packet, hello);
    verdict = hello_read(packet->payload, packet->captured, hello);
    if (verdict != HELLO_CUT || packet->captured < packet->bytes)
        return judge(sni, pending, verdict == HELLO_CUT ? HELLO_WHOLE : verdict, hello);
    if (!pending)
        pending = begin(sni, packet, sequence);
    return read_more_tcp(sni, pending, 0, packet, hello);
}

/*
 * Opens a packet with the keys of the connection, where it has begun, else with those that the
 * packet's own connection id gives; after a Retry these are others (RFC 9001 section 5.2).
 */
static size_t open_initial(const struct pending *pending, const struct quic_packet *initial,
                           struct quic_keys *keys, uint8_t frames[QUIC_PACKET_MAX])
{
    size_t size;

    if (pending) {
        *keys = pending->keys;
        size = quic_open(initial, keys, frames);
        if (size > 0)
            return size;
    }
    quic_derive(initial, keys);
    return quic_open(initial, keys, frames);
}

static enum result put_crypto(struct sni *sni, struct pending *pending, const uint8_t *frames,
                              size_t left)
{
    const uint8_t *data;
    uint64_t offset;
    size_t length;
    enum result result = RESULT_OK;

    while (result == RESULT_OK && quic_next_crypto(&frames, &left, &offset, &data, &length)) {
        result = put(sni, pending, offset, data, length);
        if (result == RESULT_END)
            result = RESULT_OK;
    }
    return result;
}

static enum result read_quic(struct sni *sni, const struct packet *packet, struct hello *hello)
{
    uint16_t found = find(sni, packet);
    struct pending *pending = found == NONE ? NULL : &sni->ring[found];
    const uint8_t *datagram = packet->payload;
    size_t left = packet->captured, size;
    uint8_t frames[QUIC_PACKET_MAX];
    struct quic_packet initial;
    struct quic_keys keys;
    enum result result = RESULT_OK;

    while (result == RESULT_OK && quic_split(&datagram, &left, &initial)) {
        size = open_initial(pending, &initial, &keys, frames);
        if (size == 0)
            break;
        if (!pending)
            pending = begin(sni, packet, 0);
        pending->keys = keys;
        result = put_crypto(sni, pending, frames, size);
    }
    if (result != RESULT_OK || !pending)
        return result == RESULT_OK ? RESULT_END : result;
    return judge(sni, pending,
                 hello_read_message(pending->stream.bytes, pending->stream.prefix, hello), hello);
}

enum sni_part sni_look(const struct sni *sni, const struct packet *packet)
{
    if (packet->proto == IPPROTO_TCP) {
        if ((packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
            return SNI_GOES_ON;
        if (packet->captured == 0)
            return SNI_NOTHING;
        if (find(sni, packet) != NONE)
            return SNI_GOES_ON;
        return hello_begins(packet->payload, packet->captured) ? SNI_BEGINS : SNI_NOTHING;
    }
    if (packet->proto != IPPROTO_UDP || !quic_begins(packet->payload, packet->captured))
        return SNI_NOTHING;
    return find(sni, packet) != NONE ? SNI_GOES_ON : SNI_BEGINS;
}

enum result sni_read(struct sni *sni, const struct packet *packet, struct hello *hello)
{
    return packet->proto == IPPROTO_TCP ? read_tcp(sni, packet, hello)
                                        : read_quic(sni, packet, hello);
}
