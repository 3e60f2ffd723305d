/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/fragment.h"

#include "base/hash.h"

#include <stdlib.h>

/*
 * Sets of ways: a new entry displaces only the oldest of its set. Not an index (index.h), which
 * grows with its content.
 */
#define SETS 1024u
#define WAYS 4u

struct fragment {
    struct address src, dst;
    uint32_t ident;
    uint8_t
        ip_proto; /* part of the key for IPv4; 0 for IPv6, where later fragments may have another */
    uint8_t proto; /* 0: the place is free */
    uint8_t icmp_type, icmp_code;
    bool icmp_known;
    uint16_t sport, dport;
    int64_t time;
};

struct fragment_table {
    struct hash_seed seed;
    uint8_t oldest[SETS];
    struct fragment fragments[SETS][WAYS];
};

enum result fragment_table_init(struct fragment_table **table)
{
    struct fragment_table *new = calloc(1, sizeof *new);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    result = hash_seed_init(&new->seed);
    if (result != RESULT_OK) {
        free(new);
        return result;
    }
    *table = new;
    return RESULT_OK;
}

void fragment_table_destroy(struct fragment_table **table)
{
    free(*table);
    *table = NULL;
}

static void make_key(const struct ip_header *ip, struct fragment *key)
{
    memset(key, 0, sizeof *key);
    address_set(&key->src, ip->family, ip->src);
    address_set(&key->dst, ip->family, ip->dst);
    key->ident = ip->ident;
    key->ip_proto = ip->first_proto;
}

static unsigned set_of(const struct fragment_table *table, const struct fragment *key)
{
    uint32_t hash = hash_bytes(&table->seed, key->src.bytes, 16);

    hash = hash_pair(&table->seed, hash, hash_bytes(&table->seed, key->dst.bytes, 16));
    return hash_pair(&table->seed, hash, (uint64_t)key->ident << 8 | key->ip_proto) % SETS;
}

static const struct fragment *find(const struct fragment_table *table, unsigned set,
                                   const struct fragment *key)
{
    for (unsigned way = 0; way < WAYS; way++) {
        const struct fragment *fragment = &table->fragments[set][way];

        if (fragment->proto != 0 && fragment->ident == key->ident &&
            fragment->ip_proto == key->ip_proto && address_equal(&fragment->src, &key->src) &&
            address_equal(&fragment->dst, &key->dst))
            return fragment;
    }
    return NULL;
}

void fragment_table_add(struct fragment_table *table, const struct ip_header *ip,
                        const struct packet *packet)
{
    struct fragment key;
    const struct fragment *known;
    unsigned set, way;

    make_key(ip, &key);
    key.proto = packet->proto;
    key.icmp_type = packet->icmp_type;
    key.icmp_code = packet->icmp_code;
    key.icmp_known = packet->icmp_known;
    key.sport = packet->sport;
    key.dport = packet->dport;
    key.time = packet->time;
    set = set_of(table, &key);
    known = find(table, set, &key);
    if (known)
        way = (unsigned)(known - table->fragments[set]);
    else
        way = table->oldest[set]++ % WAYS;
    table->fragments[set][way] = key;
}

bool fragment_table_find(const struct fragment_table *table, const struct ip_header *ip,
                         struct packet *packet)
{
    struct fragment key;
    const struct fragment *fragment;

    make_key(ip, &key);
    fragment = find(table, set_of(table, &key), &key);
    if (!fragment || packet->time - fragment->time > FRAGMENT_TIME ||
        fragment->time - packet->time > FRAGMENT_TIME)
        return false;
    packet->proto = fragment->proto;
    packet->icmp_type = fragment->icmp_type;
    packet->icmp_code = fragment->icmp_code;
    packet->icmp_known = fragment->icmp_known;
    packet->sport = fragment->sport;
    packet->dport = fragment->dport;
    return true;
}
