/* SPDX-License-Identifier: Apache-2.0 */
#include "know/known.h"

#include "base/grow.h"
#include "base/hash.h"
#include "know/domain.h"
#include "know/networks.h"

#include <stdlib.h>
#include <string.h>

/* Keys lie in blocks, each as its length in two bytes, its kind, and its bytes. */
#define KEY_BLOCK (1u << 20)
#define KEY_HEAD 3u

/*
 * The table does without index.h: most names that are asked for are not there, and a slot that has
 * the whole hash says so without a look at the fact and its key.
 */
struct slot {
    uint32_t hash, fact;
};

#define SLOTS_MIN 1024u

/*
 * Facts wait until there are several, so that the memory of their slots is fetched for all of them
 * at once.
 */
#define BATCH 32u

struct waiting {
    struct known_key key;
    struct fact fact;
    uint32_t hash;
};

struct list_name {
    uint32_t text; /* in names */
    bool forgotten;
};

struct known {
    struct hash_seed seed;
    struct slot *slots;
    uint32_t slot_count, used;
    struct waiting batch[BATCH];
    uint32_t waiting;  /* in the batch */
    struct pool facts; /* the first, 0, is nobody's */
    char **blocks;     /* of keys */
    size_t block_count, block_capacity;
    uint32_t end; /* of keys */
    struct networks networks;
    struct intern notes, names;
    struct list_name *lists;
    size_t list_count, list_capacity;
    uint32_t keys[KNOWN_KINDS];
    uint64_t dropped;
    bool has_below, has_all;
};

void known_key_address(struct known_key *key, const struct address *address)
{
    key->kind = KNOWN_ADDRESS;
    key->length = address->family == 4 ? 5 : 17;
    key->bytes[0] = (char)address->family;
    memcpy(key->bytes + 1, address->bytes, key->length - 1u);
}

static void add_port(struct known_key *key, uint16_t port)
{
    key->bytes[key->length++] = (char)(port >> 8);
    key->bytes[key->length++] = (char)(port & 0xff);
}

void known_key_address_port(struct known_key *key, const struct address *address, uint16_t port)
{
    known_key_address(key, address);
    key->kind = KNOWN_ADDRESS_PORT;
    add_port(key, port);
}

void known_key_port(struct known_key *key, uint16_t port)
{
    key->kind = KNOWN_PORT;
    key->length = 0;
    add_port(key, port);
}

void known_key_network(struct known_key *key, const struct address *address, uint8_t prefix)
{
    known_key_address(key, address);
    key->kind = KNOWN_NETWORK;
    key->bytes[key->length++] = (char)prefix;
}

bool known_key_behavior(struct known_key *key, const char *category, size_t length,
                        const struct known_key *to)
{
    size_t more = to ? to->length + 1u : 0;

    if (length + 1 + more > KNOWN_KEY_MOST)
        return false;
    key->kind = KNOWN_BEHAVIOR;
    memcpy(key->bytes, category, length);
    key->bytes[length++] = ' ';
    if (to) {
        key->bytes[length++] = (char)to->kind;
        memcpy(key->bytes + length, to->bytes, to->length);
        length += to->length;
    }
    key->length = (uint16_t)length;
    return true;
}

enum result known_init(struct known **known)
{
    struct known *new = calloc(1, sizeof *new);
    enum result result;

    *known = new;
    if (!new)
        return RESULT_NO_MEMORY;
    new->slots = calloc(SLOTS_MIN, sizeof *new->slots);
    new->slot_count = SLOTS_MIN;
    result = new->slots ? hash_seed_init(&new->seed) : RESULT_NO_MEMORY;
    if (result == RESULT_OK)
        result = intern_init(&new->notes);
    if (result == RESULT_OK)
        result = intern_init(&new->names);
    if (result == RESULT_OK)
        result = pool_reserve(&new->facts, sizeof(struct fact));
    if (result == RESULT_OK)
        new->facts.count = 1;
    else
        known_destroy(known);
    return result;
}

void known_destroy(struct known **known)
{
    struct known *old = *known;

    if (!old)
        return;
    for (size_t i = 0; i < old->block_count; i++)
        free(old->blocks[i]);
    free(old->blocks);
    free(old->slots);
    free(old->lists);
    pool_destroy(&old->facts);
    networks_destroy(&old->networks);
    intern_destroy(&old->notes);
    intern_destroy(&old->names);
    free(old);
    *known = NULL;
}

static struct fact *fact_at(const struct known *known, uint32_t number)
{
    return pool_at(&known->facts, sizeof(struct fact), number);
}

static const char *key_at(const struct known *known, uint32_t key)
{
    return known->blocks[key / KEY_BLOCK] + key % KEY_BLOCK;
}

static size_t key_length(const char *key)
{
    return (size_t)((unsigned char)key[0] | (unsigned char)key[1] << 8);
}

static enum known_kind key_kind(const char *key)
{
    return (enum known_kind)key[2];
}

enum result known_begin(struct known *known, const char *name, size_t length, uint16_t *list)
{
    struct list_name *grown;

    if (known->list_count == KNOWN_LISTS)
        return RESULT_INVALID;
    grown = grow(known->lists, known->list_count, &known->list_capacity, sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    known->lists = grown;
    *list = (uint16_t)known->list_count++;
    grown[*list].forgotten = false;
    return known_rename(known, name, length);
}

enum result known_rename(struct known *known, const char *name, size_t length)
{
    struct note note = {.source = {name, length}};
    struct text packed = {0};
    enum result result = note_pack(&note, &packed);

    if (result == RESULT_OK)
        result = intern_add(&known->names, packed.bytes, packed.length,
                            &known->lists[known->list_count - 1].text);
    text_destroy(&packed);
    return result;
}

size_t known_lists(const struct known *known)
{
    return known->list_count;
}

void known_forget(struct known *known, uint16_t list)
{
    known->lists[list].forgotten = true;
}

bool known_forgotten(const struct known *known, uint16_t list)
{
    return known->lists[list].forgotten;
}

const char *known_list(const struct known *known, uint16_t list, size_t *length)
{
    struct note name;
    size_t packed;

    note_unpack(intern_text(&known->names, known->lists[list].text, &packed), &name);
    *length = name.source.length;
    return name.source.bytes;
}

static uint32_t hash_key(const struct known *known, enum known_kind kind, const char *bytes,
                         size_t length)
{
    return hash_bytes(&known->seed, bytes, length) + (uint32_t)kind * UINT32_C(0x9e3779b1);
}

/* The slot of a key, or the free one for it. */
static struct slot *find_slot(const struct known *known, uint32_t hash, enum known_kind kind,
                              const char *bytes, size_t length)
{
    for (uint32_t at = hash;; at++) {
        struct slot *slot = &known->slots[at & (known->slot_count - 1)];

        if (slot->fact == 0)
            return slot;
        if (slot->hash == hash) {
            const char *key = key_at(known, fact_at(known, slot->fact)->key);

            if (key_length(key) == length && key_kind(key) == kind &&
                memcmp(key + KEY_HEAD, bytes, length) == 0)
                return slot;
        }
    }
}

static enum result grow_slots(struct known *known)
{
    uint32_t count = known->slot_count * 2;
    struct slot *grown = count > 0 ? calloc(count, sizeof *grown) : NULL;

    if (!grown)
        return RESULT_NO_MEMORY;
    for (uint32_t i = 0; i < known->slot_count; i++) {
        uint32_t at = known->slots[i].hash;

        if (known->slots[i].fact == 0)
            continue;
        while (grown[at & (count - 1)].fact != 0)
            at++;
        grown[at & (count - 1)] = known->slots[i];
    }
    free(known->slots);
    known->slots = grown;
    known->slot_count = count;
    return RESULT_OK;
}

/* Keeps a key. RESULT_NO_MEMORY, also where 32 bits do not count the bytes of all keys. */
static enum result keep_key(struct known *known, const struct known_key *key, uint32_t *kept)
{
    size_t size = KEY_HEAD + key->length;
    uint32_t left = (uint32_t)known->block_count * KEY_BLOCK - known->end;
    char *at;

    if (size > left) {
        char **grown =
            grow(known->blocks, known->block_count, &known->block_capacity, sizeof *grown);
        char *block =
            grown && known->block_count < UINT32_MAX / KEY_BLOCK ? malloc(KEY_BLOCK) : NULL;

        known->blocks = grown ? grown : known->blocks;
        if (!block)
            return RESULT_NO_MEMORY;
        known->end = (uint32_t)known->block_count * KEY_BLOCK;
        grown[known->block_count++] = block;
    }
    at = known->blocks[known->end / KEY_BLOCK] + known->end % KEY_BLOCK;
    at[0] = (char)(key->length & 0xff);
    at[1] = (char)(key->length >> 8);
    at[2] = (char)key->kind;
    memcpy(at + KEY_HEAD, key->bytes, key->length);
    *kept = known->end;
    known->end += (uint32_t)size;
    return RESULT_OK;
}

/* Appends a fact to those of a key, unless it is there already or there are too many. */
static bool append(struct known *known, uint32_t first, uint32_t number)
{
    const struct fact *fact = fact_at(known, number);
    struct fact *last = fact_at(known, first);
    unsigned count = 1;

    for (;; last = fact_at(known, last->next), count++) {
        if (last->list == fact->list && last->value == fact->value &&
            last->ranked == fact->ranked && last->scope == fact->scope)
            return false;
        if (last->next == 0)
            break;
    }
    if (count >= KNOWN_FACTS) {
        known->dropped++;
        return false;
    }
    last->next = number;
    return true;
}

static enum result add_key(struct known *known, const struct known_key *key, uint32_t hash,
                           uint32_t number, bool *added)
{
    struct slot *slot = find_slot(known, hash, key->kind, key->bytes, key->length);
    struct fact *fact = fact_at(known, number);
    enum result result;

    if (slot->fact != 0) {
        fact->key = fact_at(known, slot->fact)->key;
        *added = append(known, slot->fact, number);
        return RESULT_OK;
    }
    result = keep_key(known, key, &fact->key);
    if (result != RESULT_OK)
        return result;
    *slot = (struct slot){hash, number};
    *added = true;
    known->keys[key->kind]++;
    if (++known->used >= known->slot_count / 4 * 3)
        return grow_slots(known);
    return RESULT_OK;
}

/* Networks are found by their order, not by the table. */
static enum result add_network(struct known *known, const struct known_key *key, uint32_t number)
{
    struct address address;
    enum result result = keep_key(known, key, &fact_at(known, number)->key);

    address_set(&address, (uint8_t)key->bytes[0], (const uint8_t *)key->bytes + 1);
    known->keys[KNOWN_NETWORK]++;
    return result == RESULT_OK ? networks_add(&known->networks, &address,
                                              (uint8_t)key->bytes[key->length - 1], number)
                               : result;
}

static enum result take_fact(struct known *known, const struct waiting *waiting)
{
    const struct known_key *key = &waiting->key;
    uint32_t number = known->facts.count;
    bool added = true;
    enum result result = pool_reserve(&known->facts, sizeof waiting->fact);

    if (result != RESULT_OK)
        return result;
    *fact_at(known, number) = waiting->fact;
    result = key->kind == KNOWN_NETWORK ? add_network(known, key, number)
                                        : add_key(known, key, waiting->hash, number, &added);
    if (added)
        known->facts.count++;
    return result;
}

static enum result add_waiting(struct known *known)
{
    enum result result = RESULT_OK;

    for (uint32_t i = 0; i < known->waiting && result == RESULT_OK; i++)
        result = take_fact(known, &known->batch[i]);
    known->waiting = 0;
    return result;
}

static enum result add_fact(struct known *known, const struct known_key *key, struct fact fact)
{
    struct waiting *waiting = &known->batch[known->waiting++];

    waiting->hash = hash_key(known, key->kind, key->bytes, key->length);
    __builtin_prefetch(&known->slots[waiting->hash & (known->slot_count - 1)], 1);
    waiting->key.kind = key->kind;
    waiting->key.length = key->length;
    memcpy(waiting->key.bytes, key->bytes, key->length);
    waiting->fact = fact;
    waiting->fact.list = (uint16_t)(known->list_count - 1);
    known->has_below = known->has_below || fact.scope == KNOWN_BELOW;
    known->has_all = known->has_all || fact.scope == KNOWN_ALL;
    return known->waiting == BATCH ? add_waiting(known) : RESULT_OK;
}

enum result known_add(struct known *known, const struct known_key *key, enum known_scope scope,
                      const struct text *packed)
{
    struct fact fact = {.scope = scope & 3u};
    enum result result = intern_add(&known->notes, packed->bytes, packed->length, &fact.value);

    return result == RESULT_OK ? add_fact(known, key, fact) : result;
}

enum result known_add_rank(struct known *known, const struct known_key *key, uint32_t rank)
{
    return add_fact(known, key, (struct fact){.scope = KNOWN_BELOW, .ranked = 1, .value = rank});
}

/* Begins a list of the same name. */
static enum result copy_list(struct known *known, const struct known *from, uint16_t list)
{
    size_t length;
    const char *name = intern_text(&from->names, from->lists[list].text, &length);
    uint16_t number;
    enum result result = known_begin(known, "", 0, &number);

    return result == RESULT_OK ? intern_add(&known->names, name, length, &known->lists[number].text)
                               : result;
}

enum result known_copy(struct known *known, const struct known *from, uint16_t list)
{
    enum result result = copy_list(known, from, list);

    for (uint32_t i = 1; i < from->facts.count && result == RESULT_OK; i++) {
        struct fact fact = *fact_at(from, i);
        const char *bytes = key_at(from, fact.key);
        struct known_key key = {.kind = key_kind(bytes), .length = (uint16_t)key_length(bytes)};

        if (fact.list != list)
            continue;
        memcpy(key.bytes, bytes + KEY_HEAD, key.length);
        if (!fact.ranked) {
            size_t length;
            const char *note = intern_text(&from->notes, fact.value, &length);

            result = intern_add(&known->notes, note, length, &fact.value);
        }
        fact.next = 0;
        fact.suffix = 0;
        if (result == RESULT_OK)
            result = add_fact(known, &key, fact);
    }
    return result;
}

static void join(void *context, uint32_t first, uint32_t other)
{
    struct known *known = context;

    known->keys[KNOWN_NETWORK]--;
    append(known, first, other);
}

enum result known_ready(struct known *known)
{
    enum result result = add_waiting(known);

    networks_sort(&known->networks, join, known);
    return result;
}

uint32_t known_keys(const struct known *known, enum known_kind kind)
{
    return known->keys[kind];
}

uint64_t known_facts(const struct known *known)
{
    return known->facts.count - 1u;
}

uint64_t known_dropped(const struct known *known)
{
    return known->dropped;
}

bool known_has_below(const struct known *known)
{
    return known->has_below;
}

bool known_has_all(const struct known *known)
{
    return known->has_all;
}

void known_fetch(const struct known *known, enum known_kind kind, const char *bytes, size_t length)
{
    uint32_t hash = hash_key(known, kind, bytes, length);

    __builtin_prefetch(&known->slots[hash & (known->slot_count - 1)]);
}

uint32_t known_find(const struct known *known, enum known_kind kind, const char *bytes,
                    size_t length)
{
    if (known->keys[kind] == 0)
        return 0;
    return find_slot(known, hash_key(known, kind, bytes, length), kind, bytes, length)->fact;
}

const struct fact *known_fact(const struct known *known, uint32_t number)
{
    return fact_at(known, number);
}

bool known_is_suffix(struct known *known, uint32_t number)
{
    struct fact *fact = fact_at(known, number);
    const char *key = key_at(known, fact->key);

    if (fact->suffix == 0)
        fact->suffix = domain_is_suffix(key + KEY_HEAD, key_length(key)) ? 2 : 1;
    return fact->suffix == 2;
}

uint32_t known_network(const struct known *known, const struct address *address)
{
    return networks_find(&known->networks, address);
}

uint32_t known_wider(const struct known *known, uint32_t network)
{
    return known->networks.list[network].wider;
}

uint32_t known_network_fact(const struct known *known, uint32_t network)
{
    return known->networks.list[network].number;
}

const char *known_note(const struct known *known, const struct fact *fact)
{
    size_t length;

    return intern_text(&known->notes, fact->value, &length);
}
