/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What exporters said: templates, rates of sampling, when they started; and data that wait for
 * their template. All of it comes from strangers and is bounded together.
 */
#include "base/grow.h"
#include "log/ipfixread.h"

#include <stdlib.h>
#include <string.h>

/* Flows whose running counters are remembered: the greatest power of two in a quarter of `most`. */
struct ipfix_total {
    uint64_t key, used; /* used: 0 if free */
    uint64_t counts[4];
};

/* A flow is in one of so many places. */
enum { TOTAL_WAYS = 4, TOTALS_LEAST = 16 };

static struct ipfix_key make_key(const struct ipfix_exporter *exporter, enum ipfix_kind kind,
                                 uint64_t number)
{
    struct ipfix_key key;

    memcpy(key.words, exporter->address, sizeof exporter->address);
    key.words[2] = (uint64_t)exporter->domain << 32 | (uint64_t)exporter->port << 16 |
                   (uint64_t)exporter->family << 8 | exporter->version;
    key.words[3] = kind;
    key.words[4] = number;
    return key;
}

/* For the index: an index_same_fn and an index_hash_fn. */

static bool is_same(const void *owner, uint32_t number, const void *key)
{
    const struct ipfix_memory *memory = owner;

    return memcmp(&memory->entries[number - 1]->key, key, sizeof(struct ipfix_key)) == 0;
}

static uint32_t hash_of(const void *owner, uint32_t number)
{
    const struct ipfix_memory *memory = owner;

    return hash_bytes(&memory->seed, &memory->entries[number - 1]->key, sizeof(struct ipfix_key));
}

enum result ipfix_memory_init(struct ipfix_memory **memory, size_t most)
{
    struct ipfix_memory *new = calloc(1, sizeof *new);
    enum result result = new ? index_init(&new->index) : RESULT_NO_MEMORY;

    if (result == RESULT_OK)
        result = hash_seed_init(&new->seed);
    if (result == RESULT_OK)
        result = ipfix_version_5(&new->version_5);
    if (result != RESULT_OK) {
        ipfix_memory_destroy(&new);
        return result;
    }
    new->most = most;
    *memory = new;
    return RESULT_OK;
}

static size_t waiting_bytes(const struct ipfix_waiting *waiting)
{
    return sizeof *waiting + waiting->length;
}

/* Takes the first that waits for an entry out of its list and out of the list of all. */
static struct ipfix_waiting *take_first(struct ipfix_memory *memory, struct ipfix_entry *entry)
{
    struct ipfix_waiting *first = entry->first;

    entry->first = first->later;
    if (!entry->first)
        entry->last = NULL;
    *(first->previous ? &first->previous->next : &memory->oldest) = first->next;
    *(first->next ? &first->next->previous : &memory->newest) = first->previous;
    first->later = first->previous = first->next = NULL;
    return first;
}

void ipfix_done(struct ipfix_memory *memory, struct ipfix_waiting **waiting)
{
    if (*waiting) {
        memory->bytes -= waiting_bytes(*waiting);
        free(*waiting);
        *waiting = NULL;
    }
}

/* Drops the data that have waited for the longest time. */
static void drop_oldest(struct ipfix_memory *memory)
{
    struct ipfix_waiting *oldest = take_first(memory, memory->oldest->entry);

    ipfix_done(memory, &oldest);
    memory->forgotten++;
}

static void set_template(struct ipfix_memory *memory, struct ipfix_entry *entry,
                         struct ipfix_template *template)
{
    size_t bytes = template ? sizeof *template + template->count * sizeof *template->steps : 0;

    free(entry->template);
    entry->template = template;
    memory->bytes = memory->bytes - entry->bytes + bytes;
    entry->bytes = bytes;
}

static void free_entry(struct ipfix_memory *memory, struct ipfix_entry *entry)
{
    set_template(memory, entry, NULL);
    memory->bytes -= sizeof *entry;
    free(entry);
}

void ipfix_memory_destroy(struct ipfix_memory **memory)
{
    struct ipfix_memory *old = *memory;
    struct ipfix_waiting *waiting;

    if (!old)
        return;
    while (old->oldest)
        drop_oldest(old);
    while ((waiting = ipfix_take_ready(old)))
        ipfix_done(old, &waiting);
    for (size_t i = 0; i < old->count; i++)
        free_entry(old, old->entries[i]);
    free(old->entries);
    index_destroy(&old->index);
    free(old->version_5);
    free(old->totals);
    free(old);
    *memory = NULL;
}

/* Forgets entries not used since then. */
static void forget_before(struct ipfix_memory *memory, uint64_t time)
{
    size_t kept = 0;

    for (size_t i = 0; i < memory->count; i++) {
        if (memory->entries[i]->used < time)
            free_entry(memory, memory->entries[i]);
        else
            memory->entries[kept++] = memory->entries[i];
    }
    memory->count = kept;
    index_renew(&memory->index, (uint32_t)kept, hash_of, memory);
}

void ipfix_make_room(struct ipfix_memory *memory)
{
    if (memory->bytes <= memory->most)
        return;
    while (memory->oldest && memory->bytes > memory->most)
        drop_oldest(memory);
    if (memory->bytes <= memory->most)
        return;
    while (memory->count > 1 && memory->bytes > memory->most / 4 * 3) {
        uint64_t oldest = memory->clock;

        for (size_t i = 0; i < memory->count; i++)
            if (memory->entries[i]->used < oldest)
                oldest = memory->entries[i]->used;
        if (oldest == memory->clock)
            return;
        forget_before(memory, oldest + (memory->clock - oldest) / 2 + 1);
    }
}

struct ipfix_entry *ipfix_recall(struct ipfix_memory *memory, const struct ipfix_exporter *exporter,
                                 enum ipfix_kind kind, uint64_t number)
{
    struct ipfix_key key = make_key(exporter, kind, number);
    uint32_t at = *index_find(&memory->index, hash_bytes(&memory->seed, &key, sizeof key), is_same,
                              memory, &key);

    if (at == 0)
        return NULL;
    memory->entries[at - 1]->used = ++memory->clock;
    return memory->entries[at - 1];
}

/* The same, or a new one. */
static enum result find_entry(struct ipfix_memory *memory, const struct ipfix_exporter *exporter,
                              enum ipfix_kind kind, uint64_t number, struct ipfix_entry **entry)
{
    struct ipfix_entry **grown;
    uint32_t *slot;

    *entry = ipfix_recall(memory, exporter, kind, number);
    if (*entry)
        return RESULT_OK;
    grown = grow(memory->entries, memory->count, &memory->capacity, sizeof(struct ipfix_entry *));
    if (!grown)
        return RESULT_NO_MEMORY;
    memory->entries = grown;
    *entry = calloc(1, sizeof **entry);
    if (!*entry)
        return RESULT_NO_MEMORY;
    (*entry)->key = make_key(exporter, kind, number);
    (*entry)->used = ++memory->clock;
    memory->bytes += sizeof **entry;
    slot = index_find(&memory->index,
                      hash_bytes(&memory->seed, &(*entry)->key, sizeof(struct ipfix_key)), is_same,
                      memory, &(*entry)->key);
    memory->entries[memory->count++] = *entry;
    *slot = (uint32_t)memory->count;
    return index_full(&memory->index, *slot) ? index_grow(&memory->index, *slot, hash_of, memory)
                                             : RESULT_OK;
}

enum result ipfix_remember(struct ipfix_memory *memory, const struct ipfix_exporter *exporter,
                           enum ipfix_kind kind, uint64_t number, uint64_t value)
{
    struct ipfix_entry *entry;
    enum result result = find_entry(memory, exporter, kind, number, &entry);

    if (result == RESULT_OK)
        entry->value = value;
    return result;
}

enum result ipfix_define(struct ipfix_memory *memory, const struct ipfix_exporter *exporter,
                         uint16_t number, struct ipfix_template *template)
{
    struct ipfix_entry *entry;
    enum result result = find_entry(memory, exporter, IPFIX_TEMPLATE, number, &entry);

    if (result != RESULT_OK) {
        free(template);
        return result;
    }
    set_template(memory, entry, template);
    while (template && entry->first) {
        struct ipfix_waiting *waiting = take_first(memory, entry);

        *(memory->ready_last ? &memory->ready_last->next : &memory->ready_first) = waiting;
        memory->ready_last = waiting;
    }
    return RESULT_OK;
}

enum result ipfix_wait(struct ipfix_memory *memory, const struct ipfix_head *head, uint16_t number,
                       const uint8_t *bytes, size_t length)
{
    struct ipfix_entry *entry;
    enum result result = find_entry(memory, &head->exporter, IPFIX_TEMPLATE, number, &entry);
    struct ipfix_waiting *waiting = result == RESULT_OK ? malloc(sizeof *waiting + length) : NULL;

    if (!waiting)
        return RESULT_NO_MEMORY;
    *waiting = (struct ipfix_waiting){.entry = entry,
                                      .number = number,
                                      .head = *head,
                                      .length = length,
                                      .previous = memory->newest};
    memcpy(waiting->bytes, bytes, length);
    memory->bytes += waiting_bytes(waiting);
    *(entry->last ? &entry->last->later : &entry->first) = waiting;
    entry->last = waiting;
    *(memory->newest ? &memory->newest->next : &memory->oldest) = waiting;
    memory->newest = waiting;
    return RESULT_OK;
}

struct ipfix_waiting *ipfix_take_ready(struct ipfix_memory *memory)
{
    struct ipfix_waiting *first = memory->ready_first;

    if (first) {
        memory->ready_first = first->next;
        if (!first->next)
            memory->ready_last = NULL;
        first->next = NULL;
    }
    return first;
}

static size_t total_count(const struct ipfix_memory *memory)
{
    size_t count = TOTALS_LEAST;

    while (count * 2 * sizeof(struct ipfix_total) <= memory->most / 4)
        count *= 2;
    return count;
}

/* Where a flow is, or the place of the one there that was not used for the longest time. */
static struct ipfix_total *find_total(struct ipfix_memory *memory, uint64_t key)
{
    size_t sets = total_count(memory) / TOTAL_WAYS;
    struct ipfix_total *ways = &memory->totals[key % sets * TOTAL_WAYS], *oldest = ways;

    for (unsigned i = 0; i < TOTAL_WAYS; i++) {
        if (ways[i].used > 0 && ways[i].key == key)
            return &ways[i];
        if (ways[i].used < oldest->used)
            oldest = &ways[i];
    }
    *oldest = (struct ipfix_total){.key = key};
    return oldest;
}

enum result ipfix_since_last(struct ipfix_memory *memory, const void *key, size_t length,
                             uint64_t counts[4])
{
    const struct hash_seed other = {memory->seed.b, memory->seed.a};
    struct ipfix_total *total;

    if (!memory->totals)
        memory->totals = calloc(total_count(memory), sizeof *memory->totals);
    if (!memory->totals)
        return RESULT_NO_MEMORY;
    total = find_total(memory, (uint64_t)hash_bytes(&memory->seed, key, length) << 32 |
                                   hash_bytes(&other, key, length));
    total->used = ++memory->clock;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t now = counts[i];

        counts[i] = now >= total->counts[i] ? now - total->counts[i] : now;
        total->counts[i] = now;
    }
    return RESULT_OK;
}
