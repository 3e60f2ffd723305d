/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams lie in a ring, where a new one displaces the oldest, and are found through chains. Not an
 * index (index.h), from which single elements cannot be removed.
 */
#include "packet/stream.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT16_MAX

#define CAPACITY_FIRST 4096u

struct entry {
    struct stream stream;
    struct address src, dst;
    uint16_t sport, dport;
    uint8_t proto;
    bool used;
    uint16_t chain, next;
};

struct streams {
    struct hash_seed seed;
    struct stream_limits limits;
    size_t bytes;                   /* in all streams */
    uint16_t ports[UINT16_MAX + 1]; /* streams from each port: settles most packets */
    uint16_t oldest;
    uint32_t chain_count;
    uint16_t *chains;
    struct entry ring[];
};

enum result streams_init(struct streams **streams, const struct stream_limits *limits)
{
    struct streams *new = calloc(1, sizeof *new + limits->streams * sizeof *new->ring);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    new->limits = *limits;
    new->chain_count = limits->streams * 2u;
    new->chains = malloc(new->chain_count * sizeof *new->chains);
    result = new->chains ? hash_seed_init(&new->seed) : RESULT_NO_MEMORY;
    if (result != RESULT_OK) {
        streams_destroy(&new);
        return result;
    }
    memset(new->chains, 0xff, new->chain_count * sizeof *new->chains);
    *streams = new;
    return RESULT_OK;
}

void streams_destroy(struct streams **streams)
{
    if (*streams) {
        for (size_t i = 0; i < (*streams)->limits.streams; i++)
            free((*streams)->ring[i].stream.bytes);
        free((*streams)->chains);
        free(*streams);
        *streams = NULL;
    }
}

static uint16_t chain_of(const struct streams *streams, const struct packet *packet)
{
    const uint64_t *src = packet->src.words, *dst = packet->dst.words;
    uint64_t ports = (uint64_t)packet->sport << 32 | (uint64_t)packet->dport << 48;
    uint32_t hash = hash_pair(&streams->seed, src[0], dst[0]);

    if (packet->src.family == 6)
        hash = hash_pair(&streams->seed, src[1] ^ hash, dst[1]);
    return (uint16_t)(hash_pair(&streams->seed, ports, hash) % streams->chain_count);
}

static bool is_of(const struct entry *entry, const struct packet *packet)
{
    return entry->sport == packet->sport && entry->dport == packet->dport &&
           entry->proto == packet->proto && address_equal(&entry->src, &packet->src) &&
           address_equal(&entry->dst, &packet->dst);
}

struct stream *streams_find(const struct streams *streams, const struct packet *packet)
{
    uint16_t i = NONE;

    if (streams->ports[packet->sport] > 0)
        i = streams->chains[chain_of(streams, packet)];
    while (i != NONE && !is_of(&streams->ring[i], packet))
        i = streams->ring[i].next;
    return i == NONE ? NULL : (struct stream *)&streams->ring[i].stream;
}

size_t streams_number(const struct streams *streams, const struct stream *stream)
{
    return (size_t)((const struct entry *)(const void *)stream - streams->ring);
}

static void forget(struct streams *streams, uint16_t index)
{
    struct entry *entry = &streams->ring[index];
    uint16_t *link = &streams->chains[entry->chain];

    if (!entry->used)
        return;
    while (*link != index)
        link = &streams->ring[*link].next;
    *link = entry->next;
    streams->bytes -= entry->stream.capacity;
    streams->ports[entry->sport]--;
    free(entry->stream.bytes);
    *entry = (struct entry){.used = false};
}

void streams_forget(struct streams *streams, struct stream *stream)
{
    forget(streams, (uint16_t)streams_number(streams, stream));
}

struct stream *streams_begin(struct streams *streams, const struct packet *packet, uint32_t base)
{
    uint16_t index = streams->oldest, chain = chain_of(streams, packet);
    struct entry *entry = &streams->ring[index];

    forget(streams, index);
    *entry = (struct entry){
        .stream.base = base,
        .src = packet->src,
        .dst = packet->dst,
        .sport = packet->sport,
        .dport = packet->dport,
        .proto = packet->proto,
        .used = true,
        .chain = chain,
        .next = streams->chains[chain],
    };
    streams->chains[chain] = index;
    streams->oldest = (uint16_t)((index + 1) % streams->limits.streams);
    streams->ports[packet->sport]++;
    return &entry->stream;
}

/* Moves the kept bytes to the front, by a multiple of 8 bytes so that the bits stay aligned. */
static void compact(struct stream *stream)
{
    uint32_t shift = stream->start & ~7u, kept = stream->top - shift;
    uint8_t *come = stream->bytes + stream->capacity;

    memmove(stream->bytes, stream->bytes + shift, kept);
    memmove(come, come + shift / 8, (kept + 7) / 8);
    memset(come + (kept + 7) / 8, 0, stream->capacity / 8 - (kept + 7) / 8);
    stream->start -= shift;
    stream->end -= shift;
    stream->top -= shift;
}

/* Makes space up to a place, at the expense of the oldest streams. */
static enum result extend(struct streams *streams, struct stream *stream, uint32_t place)
{
    uint32_t capacity = CAPACITY_FIRST, most = (streams->limits.window * 2 + 7) & ~7u;
    uint8_t *grown;

    while (capacity < place)
        capacity *= 2;
    if (capacity > most)
        capacity = most;
    for (uint16_t i = streams->oldest; streams->bytes + capacity > streams->limits.bytes;
         i = (uint16_t)((i + 1) % streams->limits.streams))
        if (&streams->ring[i].stream != stream)
            forget(streams, i);
    grown = malloc(capacity + capacity / 8);
    if (!grown)
        return RESULT_NO_MEMORY;
    memset(grown + capacity, 0, capacity / 8);
    if (stream->bytes) {
        memcpy(grown, stream->bytes, stream->capacity);
        memcpy(grown + capacity, stream->bytes + stream->capacity, stream->capacity / 8);
    }
    free(stream->bytes);
    streams->bytes += capacity - stream->capacity;
    stream->bytes = grown;
    stream->capacity = capacity;
    return RESULT_OK;
}

/*
 * Ensures space for that many bytes of the window. Kept bytes move only when half of the space lies
 * before them, so each byte moves only once.
 */
static enum result reserve(struct streams *streams, struct stream *stream, uint32_t wanted)
{
    if (stream->start + wanted <= stream->capacity)
        return RESULT_OK;
    if (stream->start >= 8 && stream->start >= stream->capacity / 2)
        compact(stream);
    if (stream->start + wanted <= stream->capacity)
        return RESULT_OK;
    return extend(streams, stream, stream->start + wanted);
}

enum result stream_put(struct streams *streams, struct stream *stream, uint64_t offset,
                       const uint8_t *data, size_t length)
{
    uint32_t window = streams->limits.window, place;
    uint8_t *come;
    enum result result;

    if (length == 0 || offset >= window)
        return RESULT_END;
    if (length > window - offset)
        length = (size_t)(window - offset);
    result = reserve(streams, stream, (uint32_t)(offset + length));
    if (result != RESULT_OK)
        return result;
    place = stream->start + (uint32_t)offset;
    memcpy(stream->bytes + place, data, length);
    come = stream->bytes + stream->capacity;
    for (uint32_t i = place; i < place + length; i++)
        come[i / 8] |= (uint8_t)(1u << i % 8);
    if (stream->top < place + length)
        stream->top = place + (uint32_t)length;
    while (stream->end < stream->top && come[stream->end / 8] & 1u << stream->end % 8)
        stream->end++;
    return RESULT_OK;
}

void stream_drop(struct streams *streams, struct stream *stream, uint32_t n)
{
    stream->base += n;
    stream->start += n;
    if (stream->start < stream->top)
        return;
    streams->bytes -= stream->capacity;
    free(stream->bytes);
    stream->bytes = NULL;
    stream->capacity = stream->start = stream->end = stream->top = 0;
}
