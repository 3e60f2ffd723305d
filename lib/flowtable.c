/*
 * In a large table each packet costs two cache misses, one in the hash table and one at the flow.
 * So packets wait in a small batch: while one is looked up the memory of the next is on its way.
 */
#include "flowstore.h"

#include "grow.h"

#include <stdlib.h>
#include <sys/mman.h>

#define SLOTS_MIN 4096u

/* Memory that is used at random places: huge pages, where they are to be had, save the TLB. */
static void *large_pages(size_t bytes)
{
    void *pages = aligned_alloc(CHUNK_BYTES, bytes);

    if (pages)
        (void)madvise(pages, bytes, MADV_HUGEPAGE);
    return pages;
}

static struct slot *new_slots(uint32_t count)
{
    size_t bytes = count * sizeof(struct slot);
    struct slot *slots;

    if (bytes < CHUNK_BYTES)
        return calloc(count, sizeof *slots);
    slots = large_pages(bytes);
    if (slots)
        memset(slots, 0, bytes);
    return slots;
}

enum result flowtable_init(struct flowtable **table)
{
    struct flowtable *new = calloc(1, sizeof *new);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    new->slot_count = SLOTS_MIN;
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
        for (size_t i = 0; i < (*table)->chunk_count; i++)
            free((*table)->chunks[i]);
        free((*table)->chunks);
        free((*table)->slots);
        free((*table)->active);
        flownames_destroy(&(*table)->names);
        free(*table);
        *table = NULL;
    }
}

/* Whether the side that sent a flow's first packet opened it: secflow(7), "Who is the source". */
static bool sender_is_source(const struct waiting *first)
{
    enum { EPHEMERAL = 49152, PRIVILEGED = 1024 };
    unsigned side = first->flags & FLOW_FIRST_FROM_1 ? 1 : 0;
    uint16_t a = first->port[side], b = first->port[1 - side];

    if (first->proto == IPPROTO_TCP && (first->tcp_flags & TCP_SYN))
        return !(first->tcp_flags & TCP_ACK);
    if (first->proto == IPPROTO_ICMP || first->proto == IPPROTO_ICMPV6)
        return first->src_local || !first->dst_local;
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
 * The key of an IPv4 packet; the flags say who sent it. Which side is the lower is a coin toss that
 * no branch should depend on.
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
    waiting->metered = waiting->named = false;
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

        if (slot->place == 0 ||
            (slot->hash == waiting->hash && is_flow_of(flow_at(table, slot->place), waiting)))
            return slot;
    }
}

/* Looks for the flow by hash alone, and starts it on its way from memory. */
static void prefetch_flow(const struct flowtable *table, struct waiting *waiting)
{
    uint32_t mask = table->slot_count - 1;

    waiting->likely = NULL;
    for (uint32_t i = waiting->hash & mask; table->slots[i].place != 0; i = (i + 1) & mask) {
        if (table->slots[i].hash == waiting->hash) {
            waiting->likely = flow_at(table, table->slots[i].place);
            __builtin_prefetch(waiting->likely, 1);
            return;
        }
    }
}

/* Makes room for a flow of that many units, which must not straddle two chunks. */
static enum result reserve_place(struct flowtable *table, uint32_t units)
{
    uint8_t **grown;

    if (table->next_place % CHUNK_UNITS + units > CHUNK_UNITS)
        table->next_place += CHUNK_UNITS - table->next_place % CHUNK_UNITS;
    if (table->next_place / CHUNK_UNITS < table->chunk_count)
        return RESULT_OK;
    if (table->chunk_count >= UINT32_MAX / CHUNK_UNITS)
        return RESULT_NO_MEMORY;
    grown = realloc(table->chunks, (table->chunk_count + 1) * sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    table->chunks = grown;
    grown[table->chunk_count] = large_pages(CHUNK_BYTES);
    if (!grown[table->chunk_count])
        return RESULT_NO_MEMORY;
    if (table->chunk_count++ == 0)
        table->next_place = CHUNK_UNITS / 256; /* not 0, which means none; a whole cache line */
    return RESULT_OK;
}

static enum result reserve_active(struct flowtable *table)
{
    uint32_t *grown =
        grow(table->active, table->active_count, &table->active_capacity, sizeof *grown);

    if (!grown)
        return RESULT_NO_MEMORY;
    table->active = grown;
    return RESULT_OK;
}

/* Enters a slot where it belongs; there is a free one. */
static void insert_slot(struct slot *slots, uint32_t count, struct slot slot)
{
    uint32_t at = slot.hash & (count - 1);

    while (slots[at].place != 0)
        at = (at + 1) & (count - 1);
    slots[at] = slot;
}

/* Doubles the hash table once it would be three quarters full with a batch of new flows. */
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

/* Units that a label takes, with its NUL. */
static uint32_t label_units(const struct metered *metered)
{
    return metered && metered->label_length > 0 ? metered->label_length / UNIT + 1 : 0;
}

/* metered: NULL for a packet. */
static enum result add_flow(struct flowtable *table, const struct waiting *waiting,
                            const struct metered *metered, struct slot *slot)
{
    size_t words = address_words(waiting->flags);
    uint32_t label = label_units(metered);
    uint32_t units = (uint32_t)(sizeof(struct stored_flow) / UNIT + words) + label;
    bool sent_by_1 = waiting->flags & FLOW_FIRST_FROM_1;
    struct stored_flow *flow;
    enum result result = reserve_place(table, units);

    if (result != RESULT_OK)
        return result;
    slot->hash = waiting->hash;
    slot->place = table->next_place;
    table->next_place += units;
    table->flow_count++;

    flow = flow_at(table, slot->place);
    memset(flow, 0, sizeof *flow);
    memcpy(flow->address, waiting->address, words * sizeof *flow->address);
    flow->port[0] = waiting->port[0];
    flow->port[1] = waiting->port[1];
    flow->proto = waiting->proto;
    flow->flags = waiting->flags;
    if (sent_by_1 == sender_is_source(waiting))
        flow->flags |= FLOW_SOURCE_IS_1;
    flow->icmp_type = waiting->icmp_type;
    flow->icmp_code = waiting->icmp_code;
    if (metered && label > 0) {
        flow->flags |= FLOW_LABELLED;
        flow->address[words + label - 1] = 0;
        memcpy(&flow->address[words], metered->label, metered->label_length);
    }
    return RESULT_OK;
}

static bool is_active(const struct stored_flow *flow)
{
    return flow->flags & FLOW_ACTIVE;
}

/* Enters the flow among those of this window; place: where it is. */
static enum result activate(struct flowtable *table, uint32_t place, int64_t time)
{
    struct stored_flow *flow = flow_at(table, place);
    enum result result = reserve_active(table);

    if (result != RESULT_OK)
        return result;
    if (table->active_count == 0)
        table->in_order = true;
    else if (time < flow_at(table, table->active[table->active_count - 1])->start)
        table->in_order = false;
    table->active[table->active_count++] = place;
    flow->flags |= FLOW_ACTIVE;
    flow->start = flow->last = time;
    return RESULT_OK;
}

/* Finds the flow of one in the batch, adds it where it is new, and sees that it is active. */
static enum result find_flow(struct flowtable *table, unsigned index, struct stored_flow **flow)
{
    const struct waiting *waiting = &table->batch[index];
    struct slot *slot = find_slot(table, waiting);
    enum result result = RESULT_OK;

    if (slot->place == 0)
        result = add_flow(table, waiting, waiting->metered ? &table->metered[index] : NULL, slot);
    if (result != RESULT_OK)
        return result;
    *flow = flow_at(table, slot->place);
    if (!is_active(*flow))
        return activate(table, slot->place, waiting->time);
    return RESULT_OK;
}

static uint64_t add_counts(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

static void count_metered(struct stored_flow *flow, const struct metered *metered, unsigned side)
{
    if (metered->last > flow->last)
        flow->last = metered->last;
    for (unsigned i = 0; i < 2; i++, side = 1 - side) {
        flow->packets[side] = add_counts(flow->packets[side], metered->packets[i]);
        flow->bytes[side] = add_counts(flow->bytes[side], metered->bytes[i]);
    }
}

static enum result reserve_names(struct flowtable *table)
{
    return table->names ? RESULT_OK : flownames_init(&table->names);
}

/* Whether who sent the first packet of what waits is the source of its flow. */
static bool is_from_source(const struct stored_flow *flow, const struct waiting *waiting)
{
    return !(waiting->flags & FLOW_FIRST_FROM_1) == !(flow->flags & FLOW_SOURCE_IS_1);
}

/* Names the flow of one in the batch by what it says; or by its uid, when another log tells. */
static enum result name_flow(struct flowtable *table, unsigned index, struct stored_flow *flow)
{
    const struct waiting *waiting = &table->batch[index];
    enum result result;
    uint32_t number;

    if (!is_from_source(flow, waiting))
        return RESULT_OK;
    result = reserve_names(table);
    if (result != RESULT_OK)
        return result;
    number = flow_number(find_slot(table, waiting)->place);
    if (!waiting->named)
        return flownames_join(table->names, table->metered[index].uid, number);
    result = flownames_add(table->names, number, &table->hellos[index], waiting->time,
                           !(flow->flags & FLOW_NAMED));
    flow->flags |= FLOW_NAMED;
    return result;
}

static enum result count_one(struct flowtable *table, unsigned index)
{
    const struct waiting *waiting = &table->batch[index];
    struct stored_flow *flow = waiting->likely;
    unsigned side = waiting->flags & FLOW_FIRST_FROM_1 ? 1 : 0;

    if (!flow || !is_active(flow) || !is_flow_of(flow, waiting)) {
        enum result result = find_flow(table, index, &flow);

        if (result != RESULT_OK)
            return result;
    }
    if (waiting->time > flow->last)
        flow->last = waiting->time;
    if (waiting->time < flow->start) {
        flow->start = waiting->time;
        table->in_order = false;
    }
    if (waiting->metered) {
        count_metered(flow, &table->metered[index], side);
        return table->metered[index].uid ? name_flow(table, index, flow) : RESULT_OK;
    }
    flow->packets[side]++;
    flow->bytes[side] += waiting->bytes;
    return waiting->named ? name_flow(table, index, flow) : RESULT_OK;
}

enum result flowtable_settle(struct flowtable *table)
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
    return result;
}

/* Takes the one that make_waiting put at the end of the batch. */
static enum result enqueue(struct flowtable *table)
{
    const struct waiting *waiting = &table->batch[table->batch_count++];

    __builtin_prefetch(&table->slots[waiting->hash & (table->slot_count - 1)]);
    return table->batch_count == BATCH ? flowtable_settle(table) : RESULT_OK;
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
                                     const char *label, size_t label_length, bool orig_local,
                                     bool resp_local)
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

    make_waiting(table, &first, orig_local, resp_local, waiting);
    waiting->metered = true;
    metered->last = connection->last;
    metered->uid = connection->uid ? uid_hash(table, connection->uid, connection->uid_length) : 0;
    metered->packets[0] = connection->orig_packets;
    metered->packets[1] = connection->resp_packets;
    metered->bytes[0] = connection->orig_bytes;
    metered->bytes[1] = connection->resp_bytes;
    metered->label_length = label ? (uint8_t)label_length : 0;
    if (label)
        memcpy(metered->label, label, label_length);
    return enqueue(table);
}

bool flowtable_lacks_name(const struct flowtable *table, const struct packet *packet)
{
    struct waiting waiting;
    uint32_t place;

    make_waiting(table, packet, false, false, &waiting);
    place = find_slot(table, &waiting)->place;
    if (place == 0)
        return true;
    return is_from_source(flow_at(table, place), &waiting) &&
           !(flow_at(table, place)->flags & FLOW_NAMED);
}

enum result flowtable_name_connection(struct flowtable *table, const char *uid, size_t uid_length,
                                      const struct hello *hello)
{
    enum result result = flowtable_settle(table); /* which come before it */

    if (result == RESULT_OK)
        result = reserve_names(table);
    return result == RESULT_OK
               ? flownames_tell(table->names, uid_hash(table, uid, uid_length), hello)
               : result;
}

static uint32_t flow_units(const struct stored_flow *flow)
{
    size_t words = address_words(flow->flags);
    size_t label =
        flow->flags & FLOW_LABELLED ? strlen((const char *)&flow->address[words]) / UNIT + 1 : 0;

    return (uint32_t)(sizeof *flow / UNIT + words + label);
}

/* Of the key that it was found by. */
static uint32_t flow_hash(const struct flowtable *table, const struct stored_flow *flow)
{
    uint64_t low = flow->address[0] << 32 >> 16 | flow->port[0];
    uint64_t high = flow->address[0] >> 32 << 16 | flow->port[1];

    return flow->flags & FLOW_IPV6 ? ipv6_hash(table, flow->address, flow->port, flow->proto)
                                   : ipv4_hash(table, low, high, flow->proto);
}

/* Copies the flow at that place to a table of the same seed. */
static enum result copy_flow(const struct flowtable *from, struct flowtable *to, uint32_t place)
{
    const struct stored_flow *flow = flow_at(from, place);
    uint32_t units = flow_units(flow);
    enum result result = reserve_place(to, units);

    if (result == RESULT_OK && from->names)
        result =
            flownames_move(to->names, flow_number(to->next_place), from->names, flow_number(place));
    if (result != RESULT_OK)
        return result;
    memcpy(flow_at(to, to->next_place), flow, (size_t)units * UNIT);
    insert_slot(to->slots, to->slot_count, (struct slot){flow_hash(to, flow), to->next_place});
    to->active[to->active_count++] = to->next_place;
    to->next_place += units;
    to->flow_count++;
    return RESULT_OK;
}

enum result flowtable_keep(struct flowtable *table, size_t first)
{
    enum result result = flowtable_settle(table);
    struct flowtable *fresh = result == RESULT_OK ? calloc(1, sizeof *fresh) : NULL;
    size_t kept = table->active_count - first;

    if (!fresh)
        return result == RESULT_OK ? RESULT_NO_MEMORY : result;
    fresh->seed = table->seed;
    fresh->in_order = table->in_order;
    fresh->slot_count = SLOTS_MIN;
    while (kept + BATCH > fresh->slot_count / 4 * 3)
        fresh->slot_count *= 2;
    fresh->slots = new_slots(fresh->slot_count);
    fresh->active_capacity = kept + 1;
    fresh->active = malloc(fresh->active_capacity * sizeof *fresh->active);
    result = fresh->slots && fresh->active ? RESULT_OK : RESULT_NO_MEMORY;
    if (result == RESULT_OK && table->names)
        result = reserve_names(fresh);
    for (size_t i = first; i < table->active_count && result == RESULT_OK; i++)
        result = copy_flow(table, fresh, table->active[i]);
    if (result == RESULT_OK) {
        struct flowtable old = *table;

        *table = *fresh;
        *fresh = old;
    }
    flowtable_destroy(&fresh);
    return result;
}
