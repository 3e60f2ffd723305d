/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of flows: how they are stored and read in order.
 */
#include "base/grow.h"
#include "flow/flowstore.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

void *large_pages(size_t bytes)
{
    void *pages;

    if (bytes < CHUNK_BYTES)
        return malloc(bytes);
    bytes = (bytes + CHUNK_BYTES - 1) / CHUNK_BYTES * CHUNK_BYTES;
    pages = aligned_alloc(CHUNK_BYTES, bytes);
#ifdef MADV_HUGEPAGE /* of Linux */
    if (pages)
        (void)madvise(pages, bytes, MADV_HUGEPAGE);
#endif
    return pages;
}

void flowlist_clear(struct flowlist *list)
{
    for (size_t i = 0; i < list->chunk_count; i++)
        free(list->chunks[i]);
    free(list->chunks);
    free(list->active);
    free(list->bytes_from);
    free(list->sampling);
    flownames_destroy(&list->names);
    if (list->services)
        intern_destroy(list->services);
    free(list->services);
}

void flowlist_destroy(struct flowlist **list)
{
    int saved = errno;

    if (*list) {
        flowlist_clear(*list);
        free(*list);
        *list = NULL;
    }
    errno = saved;
}

size_t flowlist_count(const struct flowlist *list)
{
    return list->active_count;
}

size_t flowlist_bytes(const struct flowlist *list)
{
    return sizeof *list + list->bytes + list->active_capacity * sizeof *list->active +
           list->bytes_from_count + list->sampling_count * sizeof *list->sampling +
           (list->names ? flownames_bytes(list->names) : 0) +
           (list->services ? intern_bytes(list->services) : 0);
}

/* Marks the rest of a chunk as free, for walks from flow to flow. */
static void leave_rest(struct flowlist *list)
{
    const struct stored_flow none = {.proto = 0};

    for (; list->next_place + FLOW_UNITS_MIN <= list->end; list->next_place += FLOW_UNITS_MIN)
        memcpy(flow_at(list, list->next_place), &none, sizeof none);
}

enum result flowlist_reserve(struct flowlist *list, uint32_t units, size_t bytes)
{
    uint8_t **grown, *chunk;

    if (list->next_place + units <= list->end)
        return RESULT_OK;
    if (list->chunk_count >= UINT32_MAX / CHUNK_UNITS)
        return RESULT_NO_MEMORY;
    grown = realloc(list->chunks, (list->chunk_count + 1) * sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    list->chunks = grown;
    chunk = large_pages(bytes);
    if (!chunk)
        return RESULT_NO_MEMORY;
    leave_rest(list);
    list->next_place = (uint32_t)list->chunk_count * CHUNK_UNITS;
    list->end = list->next_place + (uint32_t)(bytes / UNIT);
    list->bytes += bytes;
    grown[list->chunk_count++] = chunk;
    return RESULT_OK;
}

enum result flowlist_reserve_active(struct flowlist *list)
{
    uint32_t *grown = grow(list->active, list->active_count, &list->active_capacity, sizeof *grown);

    if (!grown)
        return RESULT_NO_MEMORY;
    list->active = grown;
    return RESULT_OK;
}

uint32_t flow_units(const struct stored_flow *flow)
{
    size_t words = address_words(flow->flags);
    size_t logged =
        flow->flags & FLOW_LOGGED ? strlen((const char *)&flow->address[words]) / UNIT + 1 : 0;

    return (uint32_t)(sizeof *flow / UNIT + words + logged);
}

/* A chunk is no larger than the flows to come may need. */
static size_t chunk_bytes(uint32_t units, size_t more)
{
    return more >= CHUNK_UNITS / FLOW_UNITS_MAX ? CHUNK_BYTES
                                                : (units + more * FLOW_UNITS_MAX) * UNIT;
}

enum result flowlist_number_service(struct flowlist *flows, const char *service, size_t length,
                                    uint16_t *number)
{
    enum result result = RESULT_OK;
    uint32_t index;

    *number = 0;
    if (!flows->services) {
        flows->services = calloc(1, sizeof *flows->services);
        result = flows->services ? intern_init(flows->services) : RESULT_NO_MEMORY;
    }
    if (result != RESULT_OK || intern_count(flows->services) >= UINT16_MAX)
        return result;
    result = intern_add(flows->services, service, length, &index);
    if (result == RESULT_OK)
        *number = (uint16_t)(index + 1);
    return result;
}

/* A copied flow has its service in its own list. */
static enum result copy_service(struct flowlist *list, struct stored_flow *copy,
                                const struct flowlist *from)
{
    const char *service;
    size_t length;

    if (!from->services || !has_ports(copy->proto) || copy->service == 0)
        return RESULT_OK;
    service = intern_text(from->services, copy->service - 1u, &length);
    return flowlist_number_service(list, service, length, &copy->service);
}

static enum bytes_from bytes_from_of(const struct flowlist *flows, uint32_t place)
{
    size_t number = flow_number(place);

    return number < flows->bytes_from_count ? (enum bytes_from)flows->bytes_from[number]
                                            : BYTES_EXACT;
}

void flowlist_exact(struct flowlist *flows, uint32_t place)
{
    if (flow_number(place) < flows->bytes_from_count)
        flows->bytes_from[flow_number(place)] = BYTES_EXACT;
    if (flow_number(place) < flows->sampling_count)
        flows->sampling[flow_number(place)] = 0;
}

/* Makes space for the element of a flow in an array by numbers; new elements are 0. */
static enum result reserve_number(void **array, size_t *count, size_t size, size_t number)
{
    size_t wanted = number < 2048 ? 4096 : 2 * number;
    char *grown;

    if (number < *count)
        return RESULT_OK;
    grown = realloc(*array, wanted * size);
    if (!grown)
        return RESULT_NO_MEMORY;
    memset(grown + *count * size, 0, (wanted - *count) * size);
    *array = grown;
    *count = wanted;
    return RESULT_OK;
}

enum result flowlist_estimated(struct flowlist *flows, uint32_t place, enum bytes_from from)
{
    void *array = flows->bytes_from;
    enum result result;

    if (bytes_from_of(flows, place) >= from)
        return RESULT_OK;
    result = reserve_number(&array, &flows->bytes_from_count, sizeof *flows->bytes_from,
                            flow_number(place));
    flows->bytes_from = array;
    if (result == RESULT_OK)
        flows->bytes_from[flow_number(place)] = (uint8_t)from;
    return result;
}

static uint32_t sampling_of(const struct flowlist *flows, uint32_t place)
{
    return flow_number(place) < flows->sampling_count ? flows->sampling[flow_number(place)] : 0;
}

enum result flowlist_sampled(struct flowlist *flows, uint32_t place, uint32_t sampling)
{
    void *array = flows->sampling;
    enum result result;

    if (sampling_of(flows, place) >= sampling)
        return RESULT_OK;
    result =
        reserve_number(&array, &flows->sampling_count, sizeof *flows->sampling, flow_number(place));
    flows->sampling = array;
    if (result == RESULT_OK)
        flows->sampling[flow_number(place)] = sampling;
    return result;
}

enum result flowlist_add(struct flowlist *list, const struct flowlist *from, uint32_t place,
                         size_t more)
{
    const struct stored_flow *flow = flow_at(from, place);
    uint32_t units = flow_units(flow);
    enum result result = flowlist_reserve(list, units, chunk_bytes(units, more));

    if (result == RESULT_OK)
        result = flowlist_reserve_active(list);
    if (result == RESULT_OK && from->names && !list->names)
        result = flownames_init(&list->names);
    if (result == RESULT_OK && from->names)
        result = flownames_move(list->names, flow_number(list->next_place), from->names,
                                flow_number(place));
    if (result != RESULT_OK)
        return result;
    memcpy(flow_at(list, list->next_place), flow, (size_t)units * UNIT);
    result = copy_service(list, flow_at(list, list->next_place), from);
    if (result == RESULT_OK)
        result = flowlist_estimated(list, list->next_place, bytes_from_of(from, place));
    if (result == RESULT_OK)
        result = flowlist_sampled(list, list->next_place, sampling_of(from, place));
    if (result != RESULT_OK)
        return result;
    if (list->active_count > 0 &&
        flow->start < flow_at(list, list->active[list->active_count - 1])->start)
        list->in_order = false;
    list->active[list->active_count++] = list->next_place;
    list->next_place += units;
    return RESULT_OK;
}

/* What is sorted: each active flow's start, relative to the first, and its place. */
struct order {
    uint64_t *starts;
    uint32_t *places;
};

#define RADIX_BITS 11

/* A stable sort by some bits of the starts. */
static void radix_pass(const struct order *from, const struct order *to, size_t count, int shift)
{
    enum { BUCKETS = 1 << RADIX_BITS };
    size_t ends[BUCKETS] = {0}, end = 0;

    for (size_t i = 0; i < count; i++)
        ends[from->starts[i] >> shift & (BUCKETS - 1)]++;
    for (size_t i = 0; i < BUCKETS; i++) {
        size_t begin = end;

        end += ends[i];
        ends[i] = begin;
    }
    for (size_t i = 0; i < count; i++) {
        size_t at = ends[from->starts[i] >> shift & (BUCKETS - 1)]++;

        to->starts[at] = from->starts[i];
        to->places[at] = from->places[i];
    }
}

/* Fills in the starts; returns the greatest. */
static uint64_t read_starts(const struct flowlist *list, uint64_t *starts)
{
    int64_t first = INT64_MAX;
    uint64_t greatest = 0;

    for (size_t i = 0; i < list->active_count; i++) {
        int64_t start = flow_at(list, list->active[i])->start;

        first = start < first ? start : first;
        starts[i] = (uint64_t)start;
    }
    for (size_t i = 0; i < list->active_count; i++) {
        starts[i] -= (uint64_t)first;
        greatest = starts[i] > greatest ? starts[i] : greatest;
    }
    return greatest;
}

enum result flowlist_sort(struct flowlist *list)
{
    size_t count = list->active_count;
    uint64_t *starts, greatest;
    uint32_t *places;
    struct order from, to;

    if (list->in_order || count == 0)
        return RESULT_OK;
    starts = large_pages(2 * count * sizeof *starts); /* a pass writes to places far apart */
    places = large_pages(list->active_capacity * sizeof *places);
    if (!starts || !places) {
        free(starts);
        free(places);
        return RESULT_NO_MEMORY;
    }
    from = (struct order){starts, list->active};
    to = (struct order){starts + count, places};
    greatest = read_starts(list, starts);
    for (int shift = 0; shift < 64 && greatest >> shift != 0; shift += RADIX_BITS) {
        struct order swap = from;

        radix_pass(&from, &to, count, shift);
        from = to;
        to = swap;
    }
    list->in_order = true;
    list->active = from.places;
    free(to.places);
    free(starts);
    return RESULT_OK;
}

static void get_address(const struct stored_flow *stored, unsigned side, struct address *address)
{
    uint32_t word = (uint32_t)(stored->address[0] >> 32 * side);

    if (stored->flags & FLOW_IPV6)
        address_set(address, 6, (const uint8_t *)(stored->address + 2 * side));
    else
        address_set(address, 4, (const uint8_t *)&word);
}

void flowlist_get(const struct flowlist *list, size_t index, struct flow *flow)
{
    const struct stored_flow *stored = flow_at(list, list->active[index]);
    unsigned src = stored->flags & FLOW_SOURCE_IS_1 ? 1 : 0, dst = 1 - src;
    const char *name;

    if (index + 8 < list->active_count)
        __builtin_prefetch(flow_at(list, list->active[index + 8]));
    get_address(stored, src, &flow->src);
    get_address(stored, dst, &flow->dst);
    flow->sport = stored->port[src];
    flow->dport = stored->port[dst];
    flow->proto = stored->proto;
    flow->icmp_type = stored->icmp_type;
    flow->icmp_code = stored->icmp_code;
    flow->icmp_known = stored->flags & FLOW_ICMP_KNOWN;
    flow->first_from_src = (stored->flags & FLOW_FIRST_FROM_1 ? 1u : 0u) == src;
    flow->logged_id = NULL;
    if (stored->flags & FLOW_LOGGED)
        flow->logged_id = (const char *)&stored->address[address_words(stored->flags)];
    flow->service = NULL;
    if (list->services && has_ports(stored->proto) && stored->service > 0)
        flow->service = intern_text(list->services, stored->service - 1u, &flow->service_length);
    flow->name = NULL;
    if (list->names &&
        flownames_get(list->names, flow_number(list->active[index]), &name, &flow->name_length))
        flow->name = name;
    flow->src_packets = stored->packets[src];
    flow->src_bytes = stored->bytes[src];
    flow->dst_packets = stored->packets[dst];
    flow->dst_bytes = stored->bytes[dst];
    flow->bytes_from = bytes_from_of(list, list->active[index]);
    flow->sampling = sampling_of(list, list->active[index]);
    flow->start = stored->start;
    flow->last = stored->last;
}
