/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a large table each packet costs two cache misses, one in the hash table and one at the flow.
 * So packets wait in a small batch: while one is looked up, the memory of the next is being
 * fetched.
 *
 * The hash table is not an index (index.h): its slots have the hash beside the place, so that other
 * flows cost no miss; and single flows are removed from it.
 */
#include "flow/flowstore.h"

#include <stdlib.h>

#define TABLE_SLOTS_MIN 4096u

/* Flows of the ended window that are copied with each batch. */
#define COLLECT_AT_ONCE ((size_t)2 * BATCH)

/* Fewer bytes of names are not worth tidying up. */
#define NAMES_MIN ((size_t)1 << 20)

/* Not 0, which means none; on a cache line boundary. */
#define FIRST_PLACE 8u

static struct slot *new_slots(uint32_t count)
{
    size_t bytes = count * sizeof(struct slot);
    struct slot *slots = large_pages(bytes);

    if (slots)
        memset(slots, 0, bytes);
    return slots;
}

enum result flowtable_init(struct flowtable **table, size_t most, size_t names_most)
{
    struct flowtable *new = calloc(1, sizeof *new);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    new->most = most;
    new->names_most = names_most;
    new->open = 1;
    new->slot_count = TABLE_SLOTS_MIN;
    new->slots = new_slots(new->slot_count);
    result = new->slots ? hash_seed_init(&new->seed) : RESULT_NO_MEMORY;
    if (result != RESULT_OK) {
        flowtable_destroy(&new);
        return result;
    }
    *table = new;
    return RESULT_OK;
}

void flowtable_destroy(struct flowtable **table)
{
    if (*table) {
        flowlist_clear(&(*table)->flows);
        flowlist_destroy(&(*table)->evicted);
        flowlist_destroy(&(*table)->ended);
        join_destroy(&(*table)->join);
        free((*table)->ended_places);
        free((*table)->slots);
        free(*table);
        *table = NULL;
    }
}

/*
 * True if the address of that side is a multicast group's or the broadcast address, which never
 * send.
 */
static bool is_group(const struct waiting *first, unsigned side)
{
    uint64_t word = first->address[first->flags & FLOW_IPV6 ? side * 2 : 0];
    uint32_t ipv4 = (uint32_t)(side == 0 ? word : word >> 32);
    uint8_t byte;

    if (first->flags & FLOW_IPV6) {
        memcpy(&byte, &word, sizeof byte);
        return byte == 0xff;
    }
    memcpy(&byte, &ipv4, sizeof byte);
    return byte >> 4 == 0xe || ipv4 == UINT32_MAX;
}

/*
 * Echo and timestamp messages show who asked (RFC 792, RFC 4443); for others, the local side
 * counts.
 */
static bool icmp_sender_is_source(const struct waiting *first)
{
    enum { ECHO_REPLY = 0, ECHO = 8, TIMESTAMP = 13, TIMESTAMP_REPLY = 14 };
    enum { ECHO_6 = 128, ECHO_REPLY_6 = 129, OTHER = 256 };
    bool is_6 = first->proto == IPPROTO_ICMPV6;
    unsigned type = first->flags & FLOW_ICMP_KNOWN ? first->icmp_type : OTHER;

    if (is_6 ? type == ECHO_6 : type == ECHO || type == TIMESTAMP)
        return true;
    if (is_6 ? type == ECHO_REPLY_6 : type == ECHO_REPLY || type == TIMESTAMP_REPLY)
        return false;
    return first->src_local || !first->dst_local;
}

/* The same for TCP whose handshake was not seen; a and b are the ports of sender and receiver. */
static bool tcp_sender_is_source(const struct waiting *first, uint16_t a, uint16_t b)
{
    enum { EPHEMERAL = 49152, PRIVILEGED = 1024 };

    if (!first->src_local && !first->dst_local && a >= PRIVILEGED && b >= PRIVILEGED)
        return true;
    if (first->src_local) {
        if (a >= EPHEMERAL)
            return true;
        if (b >= EPHEMERAL)
            return false;
        if (b < PRIVILEGED)
            return true;
    }
    return a >= b;
}

/* True if the sender of a flow's first packet opened it: secflow(7), "Who is the source". */
static bool sender_is_source(const struct waiting *first)
{
    enum { PRIVILEGED = 1024 };
    unsigned side = first->flags & FLOW_FIRST_FROM_1 ? 1 : 0;
    uint16_t a = first->port[side], b = first->port[1 - side];

    if ((first->proto == IPPROTO_TCP || first->metered) && (first->tcp_flags & TCP_SYN))
        return !(first->tcp_flags & TCP_ACK);
    if (is_group(first, side) != is_group(first, 1 - side))
        return is_group(first, 1 - side);
    switch (first->proto) {
    case IPPROTO_TCP:
        return tcp_sender_is_source(first, a, b);
    case IPPROTO_UDP:
        return a >= PRIVILEGED || b < PRIVILEGED;
    default:
        return icmp_sender_is_source(first);
    }
}

/*
 * The same if the two halves of a conversation begin at the same time, so that neither is known to
 * be the first: what both ways to look at it agree on, else ports, else the local side.
 */
static bool half_is_source(const struct waiting *half)
{
    unsigned side = half->flags & FLOW_FIRST_FROM_1 ? 1 : 0;
    struct waiting turned = *half;
    bool answer = sender_is_source(half);

    turned.flags ^= FLOW_FIRST_FROM_1;
    turned.src_local = half->dst_local;
    turned.dst_local = half->src_local;
    if (half->tcp_flags != 0 || answer == !sender_is_source(&turned))
        return answer;
    if (half->port[side] != half->port[1 - side])
        return half->port[side] > half->port[1 - side];
    return half->src_local || !half->dst_local;
}

static uint32_t ipv4_word(const struct address *address)
{
    uint32_t word;

    memcpy(&word, address->bytes, sizeof word);
    return word;
}

/* low and high are the sides: the address above the port. */
static inline uint32_t ipv4_hash(const struct flowtable *table, uint64_t low, uint64_t high,
                                 uint8_t proto)
{
    return hash_pair(&table->seed, low | (uint64_t)proto << 48, high);
}

static inline uint32_t ipv6_hash(const struct flowtable *table, const uint64_t address[4],
                                 const uint16_t port[2], uint8_t proto)
{
    uint64_t rest = (uint64_t)port[0] << 24 | (uint64_t)port[1] << 8 | proto;

    rest |= (uint64_t)hash_pair(&table->seed, address[2], address[3]) << 40;
    return hash_pair(&table->seed, hash_pair(&table->seed, address[0], address[1]), rest);
}

/*
 * The key of an IPv4 packet; the flags say who sent it. Which side is lower is random, so no branch
 * should depend on it.
 */
static void make_ipv4_key(const struct flowtable *table, const struct packet *packet,
                          struct waiting *waiting)
{
    uint64_t src = (uint64_t)ipv4_word(&packet->src) << 16 | packet->sport;
    uint64_t dst = (uint64_t)ipv4_word(&packet->dst) << 16 | packet->dport;
    uint64_t low = src < dst ? src : dst, high = src < dst ? dst : src;

    waiting->flags = (uint8_t)((src > dst) * FLOW_FIRST_FROM_1);
    waiting->port[0] = (uint16_t)low;
    waiting->port[1] = (uint16_t)high;
    waiting->address[0] = low >> 16 | high >> 16 << 32;
    waiting->hash = ipv4_hash(table, low, high, packet->proto);
}

static bool ipv6_sender_is_lower(const struct packet *packet)
{
    const uint64_t *src = packet->src.words, *dst = packet->dst.words;

    if (src[0] != dst[0])
        return src[0] < dst[0];
    if (src[1] != dst[1])
        return src[1] < dst[1];
    return packet->sport <= packet->dport;
}

static void make_ipv6_key(const struct flowtable *table, const struct packet *packet,
                          struct waiting *waiting)
{
    bool lower = ipv6_sender_is_lower(packet);
    const struct address *low = lower ? &packet->src : &packet->dst;
    const struct address *high = lower ? &packet->dst : &packet->src;

    waiting->flags = lower ? FLOW_IPV6 : FLOW_IPV6 | FLOW_FIRST_FROM_1;
    waiting->port[0] = lower ? packet->sport : packet->dport;
    waiting->port[1] = lower ? packet->dport : packet->sport;
    memcpy(waiting->address, low->words, 16);
    memcpy(waiting->address + 2, high->words, 16);
    waiting->hash = ipv6_hash(table, waiting->address, waiting->port, packet->proto);
}

static void make_waiting(const struct flowtable *table, const struct packet *packet, bool src_local,
                         bool dst_local, struct waiting *waiting)
{
    if (packet->src.family == 4)
        make_ipv4_key(table, packet, waiting);
    else
        make_ipv6_key(table, packet, waiting);
    if (packet->icmp_known)
        waiting->flags |= FLOW_ICMP_KNOWN;
    waiting->proto = packet->proto;
    waiting->time = packet->time;
    waiting->bytes = packet->bytes;
    waiting->icmp_type = packet->icmp_type;
    waiting->icmp_code = packet->icmp_code;
    waiting->tcp_flags = packet->tcp_flags;
    waiting->src_local = src_local;
    waiting->dst_local = dst_local;
    waiting->metered = waiting->half = waiting->named = false;
}

static bool is_flow_of(const struct stored_flow *flow, const struct waiting *waiting)
{
    if (flow->address[0] != waiting->address[0] || flow->port[0] != waiting->port[0] ||
        flow->port[1] != waiting->port[1] || flow->proto != waiting->proto ||
        (flow->flags & FLOW_IPV6) != (waiting->flags & FLOW_IPV6))
        return false;
    return !(flow->flags & FLOW_IPV6) ||
           (flow->address[1] == waiting->address[1] && flow->address[2] == waiting->address[2] &&
            flow->address[3] == waiting->address[3]);
}

/* The slot of the packet's flow, or the free slot where it belongs. */
static struct slot *find_slot(const struct flowtable *table, const struct waiting *waiting)
{
    uint32_t mask = table->slot_count - 1;

    for (uint32_t i = waiting->hash & mask;; i = (i + 1) & mask) {
        struct slot *slot = &table->slots[i];

        if (slot->place == 0 || (slot->hash == waiting->hash &&
                                 is_flow_of(flow_at(&table->flows, slot->place), waiting)))
            return slot;
    }
}

/* Looks for the flow by hash alone and prefetches it. */
static void prefetch_flow(const struct flowtable *table, struct waiting *waiting)
{
    uint32_t mask = table->slot_count - 1;

    waiting->likely = NULL;
    for (uint32_t i = waiting->hash & mask; table->slots[i].place != 0; i = (i + 1) & mask) {
        if (table->slots[i].hash == waiting->hash) {
            waiting->place = table->slots[i].place;
            waiting->likely = flow_at(&table->flows, waiting->place);
            __builtin_prefetch(waiting->likely, 1);
            return;
        }
    }
}

/* Inserts a slot where it belongs; a free one exists. */
static void insert_slot(struct slot *slots, uint32_t count, struct slot slot)
{
    uint32_t at = slot.hash & (count - 1);

    while (slots[at].place != 0)
        at = (at + 1) & (count - 1);
    slots[at] = slot;
}

/* Doubles the hash table if a batch of new flows would make it three quarters full. */
static enum result reserve_slots(struct flowtable *table)
{
    uint32_t count = table->slot_count * 2;
    struct slot *slots;

    if (table->flow_count + BATCH <= table->slot_count / 4 * 3)
        return RESULT_OK;
    slots = count ? new_slots(count) : NULL;
    if (!slots)
        return RESULT_NO_MEMORY;
    for (uint32_t i = 0; i < table->slot_count; i++)
        if (table->slots[i].place != 0)
            insert_slot(slots, count, table->slots[i]);
    free(table->slots);
    table->slots = slots;
    table->slot_count = count;
    return RESULT_OK;
}

/* The units that a logged id takes, including its NUL. */
static uint32_t logged_id_units(const struct metered *metered)
{
    return metered && metered->logged_id_length > 0 ? metered->logged_id_length / UNIT + 1 : 0;
}

/* Writes a logged id, if there is one, into the space after the flow's addresses. */
static void write_logged_id(struct stored_flow *flow, size_t words, const struct metered *metered)
{
    uint32_t logged = logged_id_units(metered);

    if (logged == 0)
        return;
    flow->address[words + logged - 1] = 0;
    memcpy(&flow->address[words], metered->logged_id, metered->logged_id_length);
}

/* The list of free places for IPv4 or IPv6 flows; those of flows with a logged id are not kept. */
static uint32_t *free_places(struct flowtable *table, uint8_t flags)
{
    return &table->free_places[flags & FLOW_IPV6 ? 1 : 0];
}

/* A place for a flow of that many units: a free one, or else a new one. */
static enum result find_place(struct flowtable *table, uint8_t flags, uint32_t units,
                              uint32_t *place)
{
    struct flowlist *flows = &table->flows;
    uint32_t *first = free_places(table, flags);
    enum result result;

    if (*first != 0 && units == flow_units(flow_at(flows, *first))) {
        *place = *first;
        *first = (uint32_t)flow_at(flows, *place)->start;
        return RESULT_OK;
    }
    result = flowlist_reserve(flows, units, CHUNK_BYTES);
    if (result != RESULT_OK)
        return result;
    if (flows->next_place == 0)
        flows->next_place = FIRST_PLACE;
    *place = flows->next_place;
    flows->next_place += units;
    return RESULT_OK;
}

/* What the first packet of a flow, or the earliest connection, says about it. */
static void begin_flow(struct stored_flow *flow, const struct waiting *first)
{
    const uint8_t told = FLOW_FIRST_FROM_1 | FLOW_ICMP_KNOWN | FLOW_SYN;
    bool sent_by_1 = first->flags & FLOW_FIRST_FROM_1;

    flow->flags = (uint8_t)((flow->flags & ~(told | FLOW_SOURCE_IS_1)) | (first->flags & told));
    if (sent_by_1 == sender_is_source(first))
        flow->flags |= FLOW_SOURCE_IS_1;
    if (!has_ports(first->proto)) {
        flow->icmp_type = first->icmp_type;
        flow->icmp_code = first->icmp_code;
    }
}

/* metered: NULL for a packet. */
static enum result add_flow(struct flowtable *table, const struct waiting *waiting,
                            const struct metered *metered, struct slot *slot)
{
    size_t words = address_words(waiting->flags);
    uint32_t logged = logged_id_units(metered);
    uint32_t units = (uint32_t)(sizeof(struct stored_flow) / UNIT + words) + logged, place;
    struct stored_flow *flow;
    enum result result = find_place(table, waiting->flags, units, &place);

    if (result != RESULT_OK)
        return result;
    *slot = (struct slot){waiting->hash, place};
    table->flow_count++;

    flow = flow_at(&table->flows, place);
    memset(flow, 0, sizeof *flow);
    memcpy(flow->address, waiting->address, words * sizeof *flow->address);
    flow->port[0] = waiting->port[0];
    flow->port[1] = waiting->port[1];
    flow->proto = waiting->proto & 63u;
    flow->flags = (waiting->flags & FLOW_IPV6) | FLOW_NEW;
    begin_flow(flow, waiting);
    if (metered && logged > 0) {
        flow->flags |= FLOW_LOGGED;
        write_logged_id(flow, words, metered);
    }
    return RESULT_OK;
}

static bool is_active(const struct flowtable *table, const struct stored_flow *flow)
{
    return flow->active & table->open;
}

static void set_active(const struct flowtable *table, struct stored_flow *flow)
{
    flow->active = (flow->active | table->open) & 3u;
}

static void clear_active(struct stored_flow *flow, uint8_t window)
{
    flow->active = (flow->active & ~(unsigned)window) & 3u;
}

/* The bit of the window before the open one. */
static uint8_t other_window(const struct flowtable *table)
{
    return table->open ^ 3u;
}

/* Removes from the list of active flows those that are no longer active or listed twice. */
static void compact_active(struct flowtable *table)
{
    struct flowlist *flows = &table->flows;
    size_t kept = 0;

    for (size_t i = 0; i < flows->active_count; i++) {
        struct stored_flow *flow = flow_at(flows, flows->active[i]);

        if (is_active(table, flow))
            flows->active[kept++] = flows->active[i];
        clear_active(flow, table->open); /* so that it is not counted again */
    }
    for (size_t i = 0; i < kept; i++)
        set_active(table, flow_at(flows, flows->active[i]));
    flows->active_count = kept;
    flows->stale = 0;
}

/* Copies a flow of the ended window, unless already copied. */
static enum result collect_flow(struct flowtable *table, uint32_t place)
{
    struct stored_flow *flow = flow_at(&table->flows, place);
    enum result result;

    if (!(flow->active & other_window(table)))
        return RESULT_OK;
    result = flowlist_add(table->ended, &table->flows, place, table->ended_count - table->ended_at);
    memset(flow->packets, 0, sizeof flow->packets);
    memset(flow->bytes, 0, sizeof flow->bytes);
    if (has_ports(flow->proto))
        flow->service = 0;
    clear_active(flow, other_window(table));
    flow->flags &= (uint8_t) ~(FLOW_NAMED | FLOW_NEW);
    return result;
}

/* Copies up to `most` more of them. */
static enum result collect_flows(struct flowtable *table, size_t most)
{
    enum { AHEAD = 8 };
    enum result result = RESULT_OK;

    for (; table->ended_at < table->ended_count && most > 0 && result == RESULT_OK; most--) {
        if (table->ended_at + AHEAD < table->ended_count)
            __builtin_prefetch(flow_at(&table->flows, table->ended_places[table->ended_at + AHEAD]),
                               1);
        result = collect_flow(table, table->ended_places[table->ended_at++]);
    }
    return result;
}

/* Adds the flow at place to those of this window. */
static enum result activate(struct flowtable *table, uint32_t place, int64_t time)
{
    struct flowlist *flows = &table->flows;
    struct stored_flow *flow = flow_at(flows, place);
    enum result result = collect_flow(table, place);

    if (flows->stale > flows->active_count / 2)
        compact_active(table);
    if (result == RESULT_OK)
        result = flowlist_reserve_active(flows);
    if (result != RESULT_OK)
        return result;
    if (flows->active_count == 0)
        flows->in_order = true;
    else if (time < flow_at(flows, flows->active[flows->active_count - 1])->start)
        flows->in_order = false;
    flows->active[flows->active_count++] = place;
    set_active(table, flow);
    flow->start = flow->last = time;
    return RESULT_OK;
}

/* The hash of the key that finds it. */
static uint32_t flow_hash(const struct flowtable *table, const struct stored_flow *flow)
{
    uint64_t low = flow->address[0] << 32 >> 16 | flow->port[0];
    uint64_t high = flow->address[0] >> 32 << 16 | flow->port[1];

    return flow->flags & FLOW_IPV6 ? ipv6_hash(table, flow->address, flow->port, flow->proto)
                                   : ipv4_hash(table, low, high, flow->proto);
}

/* Removes a flow from the hash table; those after it that it had displaced move up. */
static void remove_slot(struct flowtable *table, uint32_t hash, uint32_t place)
{
    uint32_t mask = table->slot_count - 1, at = hash & mask;

    while (table->slots[at].place != place)
        at = (at + 1) & mask;
    for (uint32_t i = (at + 1) & mask; table->slots[i].place != 0; i = (i + 1) & mask) {
        uint32_t home = table->slots[i].hash & mask;

        if (((i - home) & mask) >= ((i - at) & mask)) {
            table->slots[at] = table->slots[i];
            at = i;
        }
    }
    table->slots[at].place = 0;
}

/* Forgets a flow and frees its place, unless a logged id makes that a size that is not kept. */
static void forget_flow(struct flowtable *table, uint32_t place)
{
    struct stored_flow *flow = flow_at(&table->flows, place);
    uint32_t *first;

    remove_slot(table, flow_hash(table, flow), place);
    if (table->flows.names) {
        flownames_clear(table->flows.names, flow_number(place));
        table->names_left++;
    }
    if (is_active(table, flow)) {
        table->flows.stale++;
        table->flows.in_order = false;
    }
    table->flow_count--;
    flow->proto = flow->active = 0;
    flow->flags &= FLOW_IPV6 | FLOW_LOGGED;
    if (flow->flags & FLOW_LOGGED)
        return;
    first = free_places(table, flow->flags);
    flow->start = *first;
    *first = place;
}

/* The place after a flow, or after a free place; 0: that was the last. */
static uint32_t next_place(const struct flowlist *flows, uint32_t place)
{
    uint32_t next = place + flow_units(flow_at(flows, place));

    if (next % CHUNK_UNITS + FLOW_UNITS_MIN > CHUNK_UNITS)
        next += CHUNK_UNITS - next % CHUNK_UNITS;
    return next < flows->next_place ? next : 0;
}

/* Adds the sightings by other points to the counts of their flows. */
static void join_points(struct flowtable *table)
{
    size_t count = 0;
    const struct sighting *sightings = table->join ? join_sightings(table->join, &count) : NULL;

    for (size_t i = 0; i < count; i++) {
        struct stored_flow *flow = flow_at(&table->flows, sightings[i].place);
        struct sighting home = {
            .start = flow->start,
            .last = flow->last,
            .packets = {flow->packets[0], flow->packets[1]},
            .bytes = {flow->bytes[0], flow->bytes[1]},
        };

        join_merge(&home, &sightings[i]);
        table->flows.in_order &= home.start == flow->start;
        flow->start = home.start;
        flow->last = home.last;
        memcpy(flow->packets, home.packets, sizeof flow->packets);
        memcpy(flow->bytes, home.bytes, sizeof flow->bytes);
    }
    if (count > 0)
        join_forget(table->join);
}

/*
 * Eviction with a clock hand: it goes round over the flows and takes the first that had no second
 * packet since it last passed. So a flood of single-packet flows displaces others like them, and
 * costs lasting flows nothing. Flows active in the window go to the list of the evicted.
 */
static enum result evict_one(struct flowtable *table)
{
    struct flowlist *flows = &table->flows;

    for (;;) {
        uint32_t place = table->hand != 0 ? table->hand : FIRST_PLACE;
        struct stored_flow *flow = flow_at(flows, place);
        enum result result = RESULT_OK;

        table->hand = next_place(flows, place);
        if (flow->proto == 0 || (flow->flags & FLOW_RECENT)) {
            flow->flags &= (uint8_t)~FLOW_RECENT;
            continue;
        }
        join_points(table);
        if (is_active(table, flow) && !table->evicted) {
            table->evicted = calloc(1, sizeof *table->evicted);
            result = table->evicted ? RESULT_OK : RESULT_NO_MEMORY;
        }
        if (result == RESULT_OK)
            result = collect_flow(table, place);
        if (is_active(table, flow) && result == RESULT_OK)
            result = flowlist_add(table->evicted, flows, place, SIZE_MAX);
        if (result == RESULT_OK)
            forget_flow(table, place);
        return result;
    }
}

/* Gives an inactive flow the logged id of a connection, in its place if it fits there. */
static enum result renew_logged_id(struct flowtable *table, unsigned index, struct slot *slot)
{
    const struct metered *metered = &table->metered[index];
    struct stored_flow *flow = flow_at(&table->flows, slot->place);
    uint32_t words = (uint32_t)address_words(flow->flags), logged = logged_id_units(metered);
    uint8_t source = flow->flags & FLOW_SOURCE_IS_1;
    enum result result = collect_flow(table, slot->place);

    if (result != RESULT_OK)
        return result;
    if (flow_units(flow) == sizeof *flow / UNIT + words + logged) {
        write_logged_id(flow, words, metered);
        return RESULT_OK;
    }
    forget_flow(table, slot->place);
    slot = find_slot(table, &table->batch[index]);
    result = add_flow(table, &table->batch[index], metered, slot);
    if (result == RESULT_OK) {
        flow = flow_at(&table->flows, slot->place);
        flow->flags = (uint8_t)((flow->flags & ~(FLOW_SOURCE_IS_1 | FLOW_NEW)) | source);
    }
    return result;
}

/* Finds the flow for an entry of the batch, adding it if new, and makes sure that it is active. */
static enum result find_flow(struct flowtable *table, unsigned index, struct stored_flow **flow)
{
    struct waiting *waiting = &table->batch[index];
    struct slot *slot = find_slot(table, waiting);
    enum result result = RESULT_OK;

    if (slot->place == 0 && table->most > 0 && table->flow_count >= table->most) {
        result = evict_one(table);
        slot = find_slot(table, waiting); /* the slot may have moved */
    }
    if (slot->place == 0 && result == RESULT_OK)
        result = add_flow(table, waiting, waiting->metered ? &table->metered[index] : NULL, slot);
    else if (result == RESULT_OK && waiting->metered &&
             !is_active(table, flow_at(&table->flows, slot->place))) {
        result = renew_logged_id(table, index, slot);
        slot = find_slot(table, waiting);
    }
    if (result != RESULT_OK)
        return result;
    waiting->place = slot->place;
    *flow = flow_at(&table->flows, slot->place);
    if (is_active(table, *flow))
        return RESULT_OK;
    if (waiting->metered)
        flowlist_exact(&table->flows, slot->place);
    if (waiting->metered && table->join)
        result = join_settle(table->join, flow_number(slot->place), table->metered[index].point);
    return result == RESULT_OK ? activate(table, slot->place, waiting->time) : result;
}

static uint64_t add_counts(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

/* Adds what a connection counted to its flow. */
static void add_metered(struct stored_flow *flow, const struct sighting *seen)
{
    flow->start = seen->start < flow->start ? seen->start : flow->start;
    flow->last = seen->last > flow->last ? seen->last : flow->last;
    for (unsigned side = 0; side < 2; side++) {
        flow->packets[side] = add_counts(flow->packets[side], seen->packets[side]);
        flow->bytes[side] = add_counts(flow->bytes[side], seen->bytes[side]);
    }
}

static void set_source(struct stored_flow *flow, bool side_1)
{
    flow->flags =
        (uint8_t)(side_1 ? flow->flags | FLOW_SOURCE_IS_1 : flow->flags & ~FLOW_SOURCE_IS_1);
}

/* True if one connection tells the source and the first, of the same time, does not. */
static bool tells_more(const struct stored_flow *flow, const struct waiting *waiting)
{
    return has_ports(flow->proto) && waiting->time == flow->start && flow->flags & FLOW_EITHER &&
           !(waiting->flags & FLOW_EITHER);
}

/*
 * Decides again which side is the source of a new flow, as another connection of it says: one that
 * is earlier, or tells more; or the other half. If both halves show a SYN, the earlier one's sender
 * opened the flow; of two that begin at the same time, the one with a SYN.
 */
static void decide_again(struct stored_flow *flow, const struct waiting *waiting)
{
    bool from_1 = waiting->flags & FLOW_FIRST_FROM_1,
         first_from_1 = flow->flags & FLOW_FIRST_FROM_1;
    bool syn = waiting->flags & FLOW_SYN, first_syn = flow->flags & FLOW_SYN;
    bool other_half = waiting->half && from_1 != first_from_1 && has_ports(flow->proto);

    if (waiting->time < flow->start || tells_more(flow, waiting)) {
        begin_flow(flow, waiting);
        if (other_half && syn && first_syn)
            set_source(flow, from_1);
    } else if (other_half && waiting->time > flow->start) {
        if (syn && first_syn)
            set_source(flow, first_from_1);
    } else if (other_half) {
        set_source(flow, syn != first_syn ? (syn ? from_1 : first_from_1)
                                          : from_1 == half_is_source(waiting));
    }
}

/* Counts a connection as part of its flow or, away from the flow's home, as a sighting. */
static enum result count_metered(struct flowtable *table, unsigned index, struct stored_flow *flow)
{
    const struct waiting *waiting = &table->batch[index];
    const struct metered *metered = &table->metered[index];
    const unsigned side = waiting->flags & FLOW_FIRST_FROM_1 ? 1 : 0;
    const struct sighting seen = {
        .place = waiting->place,
        .point = metered->point,
        .start = waiting->time,
        .last = metered->last,
        .packets = {metered->packets[side], metered->packets[1 - side]},
        .bytes = {metered->bytes[side], metered->bytes[1 - side]},
    };
    enum result result =
        flowlist_estimated(&table->flows, seen.place, (enum bytes_from)metered->bytes_from);

    if (result == RESULT_OK)
        result = flowlist_sampled(&table->flows, seen.place, metered->sampling);
    if (flow->flags & FLOW_NEW)
        decide_again(flow, waiting);
    table->flows.in_order &= seen.start >= flow->start;
    if (has_ports(flow->proto) && flow->service == 0)
        flow->service = metered->service;
    if (!table->join || join_home(table->join, flow_number(seen.place)) == seen.point)
        add_metered(flow, &seen);
    else if (result == RESULT_OK)
        result = join_add(table->join, &seen);
    return result;
}

/* Evicted flows leave the texts of their names behind: moves the others to new names. */
static enum result tidy_names(struct flowtable *table)
{
    struct flowlist *flows = &table->flows;
    struct flownames *tidy = NULL;
    enum result result = flownames_init(&tidy);

    for (uint32_t place = FIRST_PLACE; place != 0 && result == RESULT_OK;
         place = next_place(flows, place))
        if (flow_at(flows, place)->proto != 0)
            result = flownames_move(tidy, flow_number(place), flows->names, flow_number(place));
    if (result == RESULT_OK) {
        flownames_destroy(&flows->names);
        flows->names = tidy;
        table->names_kept = flownames_texts(tidy);
        table->names_left = 0;
    } else {
        flownames_destroy(&tidy);
    }
    return result;
}

/* True if it is worth looking for texts that no flow uses any more. */
static bool are_untidy(const struct flowtable *table)
{
    size_t most = 2 * table->names_kept + NAMES_MIN;

    if (table->names_most > 0 && table->names_most < most)
        most = table->names_most;
    return table->names_left > table->flow_count / 4 && flownames_texts(table->flows.names) > most;
}

/* RESULT_END: there is no space for another name. */
static enum result reserve_names(struct flowtable *table)
{
    enum result result;

    if (!table->flows.names)
        return flownames_init(&table->flows.names);
    result = are_untidy(table) ? tidy_names(table) : RESULT_OK;
    if (result == RESULT_OK && table->names_most > 0 &&
        flownames_texts(table->flows.names) > table->names_most)
        return RESULT_END;
    return result;
}

/* True if the waiting packet was sent by its flow's source. */
static bool is_from_source(const struct stored_flow *flow, const struct waiting *waiting)
{
    return !(waiting->flags & FLOW_FIRST_FROM_1) == !(flow->flags & FLOW_SOURCE_IS_1);
}

/* Names the flow of a batch entry from its handshake, or by its uid from another log. */
static enum result name_flow(struct flowtable *table, unsigned index, struct stored_flow *flow)
{
    const struct waiting *waiting = &table->batch[index];
    enum result result;
    uint32_t number;

    if (!is_from_source(flow, waiting))
        return RESULT_OK;
    result = reserve_names(table);
    if (result == RESULT_END) {
        table->unnamed++;
        return RESULT_OK;
    }
    if (result != RESULT_OK)
        return result;
    number = flow_number(waiting->place);
    if (!waiting->named)
        return flownames_join(table->flows.names, table->metered[index].uid, number);
    result = flownames_add(table->flows.names, number, &table->hellos[index],
                           !(flow->flags & FLOW_NAMED));
    flow->flags |= FLOW_NAMED;
    table->names_left++; /* if it had another name */
    return result;
}

static enum result count_one(struct flowtable *table, unsigned index)
{
    const struct waiting *waiting = &table->batch[index];
    struct stored_flow *flow = waiting->likely;
    unsigned side = waiting->flags & FLOW_FIRST_FROM_1 ? 1 : 0;

    if (!flow || !is_active(table, flow) || !is_flow_of(flow, waiting)) {
        enum result result = find_flow(table, index, &flow);

        if (result != RESULT_OK)
            return result;
    }
    if (waiting->metered) {
        enum result result = count_metered(table, index, flow);

        return result == RESULT_OK && table->metered[index].uid ? name_flow(table, index, flow)
                                                                : result;
    }
    if (waiting->time > flow->last)
        flow->last = waiting->time;
    if (waiting->time < flow->start) {
        flow->start = waiting->time;
        table->flows.in_order = false;
    }
    if ((flow->packets[0] | flow->packets[1]) != 0)
        flow->flags |= FLOW_RECENT;
    flow->packets[side]++;
    flow->bytes[side] += waiting->bytes;
    return waiting->named ? name_flow(table, index, flow) : RESULT_OK;
}

static enum result settle(struct flowtable *table)
{
    unsigned count = table->batch_count;
    enum result result;

    table->batch_count = 0;
    result = reserve_slots(table);
    if (result != RESULT_OK)
        return result;
    for (unsigned i = 0; i < count; i++)
        prefetch_flow(table, &table->batch[i]);
    for (unsigned i = 0; i < count && result == RESULT_OK; i++)
        result = count_one(table, i);
    return result == RESULT_OK ? collect_flows(table, COLLECT_AT_ONCE) : result;
}

/* Adds the entry that make_waiting put at the end of the batch. */
static enum result enqueue(struct flowtable *table)
{
    const struct waiting *waiting = &table->batch[table->batch_count++];

    __builtin_prefetch(&table->slots[waiting->hash & (table->slot_count - 1)]);
    return table->batch_count == BATCH ? settle(table) : RESULT_OK;
}

enum result flowtable_add(struct flowtable *table, const struct packet *packet, bool src_local,
                          bool dst_local, const struct hello *hello)
{
    struct waiting *waiting = &table->batch[table->batch_count];

    make_waiting(table, packet, src_local, dst_local, waiting);
    if (hello) {
        waiting->named = true;
        table->hellos[table->batch_count] = *hello;
    }
    return enqueue(table);
}

/* Never 0. */
static uint64_t uid_hash(const struct flowtable *table, const char *uid, size_t length)
{
    const struct hash_seed other = {table->seed.b, table->seed.a};

    return ((uint64_t)hash_bytes(&table->seed, uid, length) << 32 |
            hash_bytes(&other, uid, length)) |
           1;
}

enum result flowtable_add_connection(struct flowtable *table, const struct connection *connection,
                                     const char *logged_id, size_t logged_id_length,
                                     bool orig_local, bool resp_local)
{
    static const uint8_t tcp_flags[] = {
        [OPENER_UNKNOWN] = 0, [OPENER_ORIG] = TCP_SYN, [OPENER_RESP] = TCP_SYN | TCP_ACK};
    struct packet first = {
        .time = connection->start,
        .src = connection->orig,
        .dst = connection->resp,
        .sport = connection->orig_port,
        .dport = connection->resp_port,
        .proto = connection->proto,
        .tcp_flags = tcp_flags[connection->opener],
        .icmp_type = connection->icmp_type,
        .icmp_code = connection->icmp_code,
        .icmp_known = connection->icmp_known,
    };
    struct waiting *waiting = &table->batch[table->batch_count];
    struct metered *metered = &table->metered[table->batch_count];
    enum result result = RESULT_OK;

    make_waiting(table, &first, orig_local, resp_local, waiting);
    waiting->metered = true;
    waiting->half = connection->half;
    if (connection->half && connection->orig_syn)
        waiting->flags |= FLOW_SYN;
    if (connection->either && has_ports(connection->proto))
        waiting->flags |= FLOW_EITHER;
    metered->last = connection->last;
    metered->uid = connection->uid ? uid_hash(table, connection->uid, connection->uid_length) : 0;
    metered->packets[0] = connection->orig_packets;
    metered->packets[1] = connection->resp_packets;
    metered->bytes[0] = connection->orig_bytes;
    metered->bytes[1] = connection->resp_bytes;
    metered->logged_id_length = logged_id ? (uint8_t)logged_id_length : 0;
    if (logged_id)
        memcpy(metered->logged_id, logged_id, logged_id_length);
    metered->bytes_from = connection->bytes_from;
    metered->sampling = connection->sampling;
    metered->point = 0;
    if (connection->point && !table->join)
        result = join_init(&table->join);
    if (connection->point && result == RESULT_OK)
        result =
            join_number(table->join, connection->point, connection->point_length, &metered->point);
    metered->service = 0;
    if (connection->service && result == RESULT_OK)
        result = flowlist_number_service(&table->flows, connection->service,
                                         connection->service_length, &metered->service);
    return result == RESULT_OK ? enqueue(table) : result;
}

bool flowtable_lacks_name(const struct flowtable *table, const struct packet *packet)
{
    const struct stored_flow *flow;
    struct waiting waiting;
    uint32_t place;

    make_waiting(table, packet, false, false, &waiting);
    place = find_slot(table, &waiting)->place;
    if (place == 0)
        return true;
    flow = flow_at(&table->flows, place);
    return is_from_source(flow, &waiting) &&
           !(is_active(table, flow) && (flow->flags & FLOW_NAMED));
}

enum result flowtable_name_connection(struct flowtable *table, const char *uid, size_t uid_length,
                                      const struct hostname *said)
{
    enum result result = settle(table); /* those came before it */

    if (result == RESULT_OK)
        result = reserve_names(table); /* names of logs have no limit */
    return result == RESULT_OK
               ? flownames_tell(table->flows.names, uid_hash(table, uid, uid_length), said)
               : result;
}

/* The active flows become a list as they are; after that, the table may only be destroyed. */
static void give_flows(struct flowtable *table, struct flowlist *list)
{
    *list = table->flows;
    table->flows = (struct flowlist){.chunks = NULL};
    free(table->slots);
    table->slots = NULL;
}

enum result flowtable_end_window(struct flowtable *table)
{
    struct flowlist *flows = &table->flows;
    enum result result = settle(table);

    if (result != RESULT_OK)
        return result;
    join_points(table);
    table->ended = table->evicted ? table->evicted : calloc(1, sizeof *table->ended);
    table->evicted = NULL;
    if (!table->ended)
        return RESULT_NO_MEMORY;
    if (table->ended->active_count == 0)
        table->ended->in_order = true;
    table->open = other_window(table);
    table->ended_places = flows->active;
    table->ended_count = flows->active_count;
    table->ended_at = 0;
    flows->active = NULL;
    flows->active_count = flows->active_capacity = flows->stale = 0;
    return RESULT_OK;
}

enum result flowtable_collect(struct flowtable *table, size_t most, struct flowlist **list)
{
    enum result result = collect_flows(table, most);

    *list = NULL;
    if (result != RESULT_OK || table->ended_at < table->ended_count)
        return result;
    free(table->ended_places);
    table->ended_places = NULL;
    table->ended_at = table->ended_count = 0;
    *list = table->ended;
    table->ended = NULL;
    return RESULT_OK;
}

enum result flowtable_take(struct flowtable *table, bool last, struct flowlist **list)
{
    enum result result = last ? settle(table) : RESULT_OK;

    *list = NULL;
    if (result == RESULT_OK && last)
        join_points(table);
    if (result == RESULT_OK && (!last || table->evicted || table->flows.stale > 0)) {
        result = flowtable_end_window(table);
        return result == RESULT_OK ? flowtable_collect(table, SIZE_MAX, list) : result;
    }
    if (result == RESULT_OK)
        *list = calloc(1, sizeof **list);
    if (!*list)
        return result == RESULT_OK ? RESULT_NO_MEMORY : result;
    give_flows(table, *list);
    return RESULT_OK;
}

size_t flowtable_evicted(const struct flowtable *table)
{
    return table->evicted ? table->evicted->active_count : 0;
}

struct flowlist *flowtable_take_evicted(struct flowtable *table)
{
    struct flowlist *list = table->evicted;

    table->evicted = NULL;
    return list;
}

void flowtable_forget(struct flowtable *table, int64_t now, int64_t memory)
{
    uint32_t place = table->flow_count > 0 ? FIRST_PLACE : 0;

    while (place != 0) {
        struct stored_flow *flow = flow_at(&table->flows, place);
        uint32_t next = next_place(&table->flows, place);

        if (flow->proto != 0 && flow->active == 0 && llabs(now - flow->last) > memory)
            forget_flow(table, place);
        place = next;
    }
}

uint64_t flowtable_unnamed(const struct flowtable *table)
{
    return table->unnamed;
}

uint32_t flowtable_count(const struct flowtable *table)
{
    return table->flow_count;
}

size_t flowtable_bytes(const struct flowtable *table)
{
    return sizeof *table + flowlist_bytes(&table->flows) +
           table->slot_count * sizeof *table->slots +
           table->ended_count * sizeof *table->ended_places +
           (table->join ? join_bytes(table->join) : 0) +
           (table->evicted ? flowlist_bytes(table->evicted) : 0) +
           (table->ended ? flowlist_bytes(table->ended) : 0);
}
