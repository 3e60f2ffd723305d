/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/join.h"

#include "base/grow.h"
#include "base/intern.h"

#include <stdlib.h>
#include <string.h>

/* The headers without options, and the assumed options of a SYN: 20 bytes on Linux. */
enum { IPV4_HEADER = 20, IPV6_HEADER = 40, TCP_HEADER = 20, UDP_HEADER = 8, SYN_OPTIONS = 20 };

/* Ethernet: its header, and the minimum frame without its checksum. */
enum { ETHERNET_HEADER = 14, ETHERNET_LEAST = 60 };

/* Points with a number of their own; all others share the next one. */
#define POINTS_MOST 65534u

struct join {
    struct intern points;
    uint32_t last_point; /* of these, the latest that was looked up */
    uint16_t *homes;     /* by flow number */
    size_t home_count;
    struct sighting *sightings;
    size_t count, capacity;
    struct hash_seed seed;
    struct index index; /* of the sightings */
};

static uint64_t payload(uint64_t bytes, uint64_t packets, uint64_t header, uint64_t once)
{
    uint64_t headers;

    if (__builtin_mul_overflow(packets, header, &headers) ||
        __builtin_add_overflow(headers, once, &headers) || headers > bytes)
        return 0;
    return bytes - headers;
}

static bool is_padding(const struct connection *connection, uint64_t bytes, uint64_t packets)
{
    return connection->proto == IPPROTO_TCP && connection->bytes_from == BYTES_FROM_FRAME &&
           connection->frame_header == ETHERNET_HEADER && bytes % ETHERNET_LEAST == 0 &&
           bytes / ETHERNET_LEAST == packets;
}

void join_payload(struct connection *connection)
{
    uint64_t header = connection->orig.family == 4 ? IPV4_HEADER : IPV6_HEADER;
    uint64_t *bytes[] = {&connection->orig_bytes, &connection->resp_bytes};
    const uint64_t packets[] = {connection->orig_packets, connection->resp_packets};
    const bool syn[] = {connection->orig_syn, connection->resp_syn};

    if (connection->bytes_from == BYTES_EXACT)
        return;
    header += connection->proto == IPPROTO_TCP ? TCP_HEADER : UDP_HEADER;
    if (connection->bytes_from == BYTES_FROM_FRAME)
        header += connection->frame_header;
    for (int i = 0; i < 2; i++) {
        if (!has_ports(connection->proto) || is_padding(connection, *bytes[i], packets[i]))
            *bytes[i] = 0;
        else
            *bytes[i] = payload(*bytes[i], packets[i], header, syn[i] ? SYN_OPTIONS : 0);
    }
}

enum result join_init(struct join **join)
{
    struct join *new = calloc(1, sizeof *new);
    enum result result = new ? intern_init(&new->points) : RESULT_NO_MEMORY;

    if (result == RESULT_OK)
        result = index_init(&new->index);
    if (result == RESULT_OK)
        result = hash_seed_init(&new->seed);
    if (result != RESULT_OK)
        join_destroy(&new);
    else
        *join = new;
    return result;
}

void join_destroy(struct join **join)
{
    if (*join) {
        intern_destroy(&(*join)->points);
        index_destroy(&(*join)->index);
        free((*join)->homes);
        free((*join)->sightings);
        free(*join);
        *join = NULL;
    }
}

enum result join_number(struct join *join, const char *point, size_t length, uint16_t *number)
{
    uint32_t count = intern_count(&join->points);
    size_t last_length = 0;
    const char *last =
        count > 0 ? intern_text(&join->points, join->last_point, &last_length) : NULL;
    enum result result = RESULT_OK;
    bool is_known = last && last_length == length && memcmp(last, point, length) == 0;

    if (!is_known && count < POINTS_MOST) {
        result = intern_add(&join->points, point, length, &join->last_point);
        is_known = true;
    } else if (!is_known) {
        is_known = intern_find(&join->points, point, length, &join->last_point);
    }
    *number = (uint16_t)(is_known ? join->last_point + 1 : POINTS_MOST + 1);
    return result;
}

enum result join_settle(struct join *join, uint32_t flow, uint16_t point)
{
    size_t count = join->home_count;

    if (flow >= count) {
        uint16_t *grown;

        if (point == 0)
            return RESULT_OK;
        count = flow < 2048 ? 4096 : 2 * (size_t)flow;
        grown = realloc(join->homes, count * sizeof *grown);
        if (!grown)
            return RESULT_NO_MEMORY;
        memset(grown + join->home_count, 0, (count - join->home_count) * sizeof *grown);
        join->homes = grown;
        join->home_count = count;
    }
    join->homes[flow] = point;
    return RESULT_OK;
}

uint16_t join_home(const struct join *join, uint32_t flow)
{
    return flow < join->home_count ? join->homes[flow] : 0;
}

/* For the index: an index_same_fn and an index_hash_fn. */

static bool is_same(const void *owner, uint32_t number, const void *key)
{
    const struct join *join = owner;
    const struct sighting *sighting = &join->sightings[number - 1], *wanted = key;

    return sighting->place == wanted->place && sighting->point == wanted->point;
}

static uint32_t hash_of(const void *owner, uint32_t number)
{
    const struct join *join = owner;
    const struct sighting *sighting = &join->sightings[number - 1];

    return hash_pair(&join->seed, sighting->place, sighting->point);
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

static void add_up(struct sighting *to, const struct sighting *from)
{
    to->start = from->start < to->start ? from->start : to->start;
    to->last = from->last > to->last ? from->last : to->last;
    for (int side = 0; side < 2; side++) {
        to->packets[side] = sum(to->packets[side], from->packets[side]);
        to->bytes[side] = sum(to->bytes[side], from->bytes[side]);
    }
}

enum result join_add(struct join *join, const struct sighting *sighting)
{
    uint32_t hash = hash_pair(&join->seed, sighting->place, sighting->point);
    uint32_t *slot = index_find(&join->index, hash, is_same, join, sighting);
    struct sighting *grown;

    if (*slot != 0) {
        add_up(&join->sightings[*slot - 1], sighting);
        return RESULT_OK;
    }
    grown = grow(join->sightings, join->count, &join->capacity, sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    join->sightings = grown;
    join->sightings[join->count++] = *sighting;
    *slot = (uint32_t)join->count;
    return index_full(&join->index, *slot) ? index_grow(&join->index, *slot, hash_of, join)
                                           : RESULT_OK;
}

void join_merge(struct sighting *flow, const struct sighting *sighting)
{
    if (sighting->start > flow->last || sighting->last < flow->start) {
        add_up(flow, sighting);
        return;
    }
    flow->start = sighting->start < flow->start ? sighting->start : flow->start;
    flow->last = sighting->last > flow->last ? sighting->last : flow->last;
    for (int side = 0; side < 2; side++) {
        if (sighting->packets[side] <= flow->packets[side])
            continue;
        flow->packets[side] = sighting->packets[side];
        flow->bytes[side] = sighting->bytes[side];
    }
}

const struct sighting *join_sightings(const struct join *join, size_t *count)
{
    *count = join->count;
    return join->sightings;
}

void join_forget(struct join *join)
{
    join->count = 0;
    index_renew(&join->index, 0, hash_of, join);
}

size_t join_bytes(const struct join *join)
{
    return sizeof *join + intern_bytes(&join->points) + index_bytes(&join->index) +
           join->home_count * sizeof *join->homes + join->capacity * sizeof *join->sightings;
}
