/*
 * The flowtable room, reading out: the flows of a window in their order, or the idle half of them.
 */
#include "flowstore.h"

#include <stdlib.h>

/* What is sorted: the start of each active flow, from the first of them on, and its place. */
struct order {
    uint64_t *starts;
    uint32_t *places;
};

#define RADIX_BITS 11

/* Sorts by some bits of the starts, and leaves those that are equal in their order. */
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
static uint64_t read_starts(const struct flowtable *table, uint64_t *starts)
{
    int64_t first = INT64_MAX;
    uint64_t greatest = 0;

    for (size_t i = 0; i < table->active_count; i++) {
        int64_t start = flow_at(table, table->active[i])->start;

        first = start < first ? start : first;
        starts[i] = (uint64_t)start;
    }
    for (size_t i = 0; i < table->active_count; i++) {
        starts[i] -= (uint64_t)first;
        greatest = starts[i] > greatest ? starts[i] : greatest;
    }
    return greatest;
}

static enum result sort_active(struct flowtable *table)
{
    size_t count = table->active_count;
    uint64_t *starts = malloc(2 * count * sizeof *starts), greatest;
    uint32_t *places = malloc(table->active_capacity * sizeof *places);
    struct order from, to;

    if (!starts || !places) {
        free(starts);
        free(places);
        return RESULT_NO_MEMORY;
    }
    from = (struct order){starts, table->active};
    to = (struct order){starts + count, places};
    greatest = read_starts(table, starts);
    for (int shift = 0; shift < 64 && greatest >> shift != 0; shift += RADIX_BITS) {
        struct order swap = from;

        radix_pass(&from, &to, count, shift);
        from = to;
        to = swap;
    }
    table->active = from.places;
    free(to.places);
    free(starts);
    return RESULT_OK;
}

enum result flowtable_finish(struct flowtable *table, bool last, size_t *count)
{
    enum result result = flowtable_settle(table);

    *count = table->active_count;
    if (result != RESULT_OK || table->in_order || *count == 0)
        return result;
    if (last) {
        free(table->slots);
        table->slots = NULL;
    }
    return sort_active(table);
}

static void get_address(const struct stored_flow *stored, unsigned side, struct address *address)
{
    uint32_t word = (uint32_t)(stored->address[0] >> 32 * side);

    if (stored->flags & FLOW_IPV6)
        address_set(address, 6, (const uint8_t *)(stored->address + 2 * side));
    else
        address_set(address, 4, (const uint8_t *)&word);
}

void flowtable_get(const struct flowtable *table, size_t index, struct flow *flow)
{
    const struct stored_flow *stored = flow_at(table, table->active[index]);
    unsigned src = stored->flags & FLOW_SOURCE_IS_1 ? 1 : 0, dst = 1 - src;

    if (index + 8 < table->active_count)
        __builtin_prefetch(flow_at(table, table->active[index + 8]));
    get_address(stored, src, &flow->src);
    get_address(stored, dst, &flow->dst);
    flow->sport = stored->port[src];
    flow->dport = stored->port[dst];
    flow->proto = stored->proto;
    flow->icmp_type = stored->icmp_type;
    flow->icmp_code = stored->icmp_code;
    flow->icmp_known = stored->flags & FLOW_ICMP_KNOWN;
    flow->first_from_src = (stored->flags & FLOW_FIRST_FROM_1 ? 1u : 0u) == src;
    flow->label = NULL;
    if (stored->flags & FLOW_LABELLED)
        flow->label = (const char *)&stored->address[address_words(stored->flags)];
    flow->name = NULL;
    if (table->names && !flownames_get(table->names, flow_number(table->active[index]), &flow->name,
                                       &flow->name_length))
        flow->name = NULL;
    flow->src_packets = stored->packets[src];
    flow->src_bytes = stored->bytes[src];
    flow->dst_packets = stored->packets[dst];
    flow->dst_bytes = stored->bytes[dst];
    flow->start = stored->start;
    flow->last = stored->last;
}

void flowtable_next_window(struct flowtable *table)
{
    for (size_t i = 0; i < table->active_count; i++) {
        struct stored_flow *flow = flow_at(table, table->active[i]);

        memset(flow->packets, 0, sizeof flow->packets);
        memset(flow->bytes, 0, sizeof flow->bytes);
        flow->flags &= (uint8_t) ~(FLOW_ACTIVE | FLOW_NAMED);
    }
    table->active_count = 0;
}

uint32_t flowtable_count(const struct flowtable *table)
{
    return table->flow_count;
}

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

/* The median of when the active flows had their last packets. RESULT_NO_MEMORY. */
static enum result find_median(const struct flowtable *table, int64_t *median)
{
    size_t count = table->active_count;
    int64_t *times = malloc(count * sizeof *times);

    if (!times)
        return RESULT_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        times[i] = flow_at(table, table->active[i])->last;
    qsort(times, count, sizeof *times, compare_times);
    *median = times[count / 2];
    free(times);
    return RESULT_OK;
}

enum result flowtable_divide(struct flowtable *table, size_t *count)
{
    enum result result = flowtable_finish(table, false, count);
    uint32_t *late;
    size_t lates = 0;
    int64_t median;

    if (result != RESULT_OK || *count == 0)
        return result;
    result = find_median(table, &median);
    late = result == RESULT_OK ? malloc(*count * sizeof *late) : NULL;
    if (!late)
        return RESULT_NO_MEMORY;
    table->in_order = false;
    *count = 0;
    for (size_t i = 0; i < table->active_count; i++) {
        if (flow_at(table, table->active[i])->last > median)
            late[lates++] = table->active[i];
        else
            table->active[(*count)++] = table->active[i];
    }
    memcpy(table->active + *count, late, lates * sizeof *late);
    free(late);
    return RESULT_OK;
}
