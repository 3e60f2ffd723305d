/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/locality.h"

#include "base/bytes.h"
#include "base/number.h"

#include <stdlib.h>
#include <string.h>

struct prefix {
    uint64_t high, low;           /* the network, as host-order numbers; IPv4 in the top 32 bits */
    uint64_t high_mask, low_mask; /* one bits where an address must match */
    bool local;
};

/*
 * The answer for all addresses that begin with the same two bytes. It settles nearly all packets;
 * only SOME_LOCAL requires searching the prefixes.
 */
enum { NONE_LOCAL, ALL_LOCAL, SOME_LOCAL };

struct prefix_list {
    struct prefix *prefixes; /* longest of the registries' first */
    size_t count;
    uint8_t by_two_bytes[65536];
};

struct locality {
    struct prefix_list v4, v6;
};

struct registry_entry {
    const char *network;
    bool local;
};

/* Longer prefixes come before the blocks that contain them. */
static const struct registry_entry registry[] = {
    {"192.0.0.9/32", false},    /* Port Control Protocol anycast */
    {"192.0.0.10/32", false},   /* TURN anycast */
    {"192.88.99.2/32", true},   /* 6a44 relay anycast */
    {"192.0.0.0/24", true},     /* IETF protocol assignments */
    {"192.0.2.0/24", true},     /* TEST-NET-1 */
    {"198.51.100.0/24", true},  /* TEST-NET-2 */
    {"203.0.113.0/24", true},   /* TEST-NET-3 */
    {"169.254.0.0/16", true},   /* link local */
    {"192.168.0.0/16", true},   /* private use */
    {"198.18.0.0/15", true},    /* benchmarking */
    {"172.16.0.0/12", true},    /* private use */
    {"100.64.0.0/10", true},    /* shared address space */
    {"0.0.0.0/8", true},        /* this network */
    {"10.0.0.0/8", true},       /* private use */
    {"127.0.0.0/8", true},      /* loopback */
    {"224.0.0.0/4", true},      /* multicast */
    {"240.0.0.0/4", true},      /* reserved, limited broadcast */
    {"::/128", true},           /* unspecified */
    {"::1/128", true},          /* loopback */
    {"2001:1::1/128", false},   /* Port Control Protocol anycast */
    {"2001:1::2/128", false},   /* TURN anycast */
    {"2001:1::3/128", false},   /* DNS-SD service registration anycast */
    {"::ffff:0:0/96", true},    /* IPv4-mapped */
    {"100::/64", true},         /* discard only */
    {"100:0:0:1::/64", true},   /* dummy prefix */
    {"64:ff9b:1::/48", true},   /* IPv4-IPv6 translation, local use */
    {"2001:2::/48", true},      /* benchmarking */
    {"2001:4:112::/48", false}, /* AS112 */
    {"2001:3::/32", false},     /* AMT */
    {"2001:db8::/32", true},    /* documentation */
    {"2001:20::/28", false},    /* ORCHIDv2 */
    {"2001:30::/28", false},    /* drone remote identification */
    {"2001::/23", true},        /* IETF protocol assignments, Teredo among them */
    {"3fff::/20", true},        /* documentation */
    {"5f00::/16", true},        /* SRv6 segment identifiers */
    {"fe80::/10", true},        /* link local */
    {"fec0::/10", true}, /* site local: not listed, but RFC 3879 keeps it from the Internet */
    {"ff00::/8", true},  /* multicast */
    {"fc00::/7", true},  /* unique local */
};

static uint64_t mask_of(unsigned bits)
{
    if (bits == 0)
        return 0;
    return bits >= 64 ? UINT64_MAX : ~(UINT64_MAX >> bits);
}

/* Updates the answers for the two-byte prefixes that a new first entry covers. */
static void note_two_bytes(struct prefix_list *list, const struct prefix *prefix, unsigned bits)
{
    uint8_t *first = &list->by_two_bytes[prefix->high >> 48];
    uint8_t all = prefix->local ? ALL_LOCAL : NONE_LOCAL;

    if (bits <= 16)
        memset(first, all, (size_t)1 << (16 - bits));
    else if (*first != all)
        *first = SOME_LOCAL;
}

static enum result add_prefix(struct locality *locality, const char *network, bool local)
{
    const char *slash = strchr(network, '/');
    size_t length = slash ? (size_t)(slash - network) : strlen(network);
    struct address address;
    struct prefix_list *list;
    struct prefix *grown, prefix;
    unsigned long bits, bits_max;

    if (!address_read(network, length, &address))
        return RESULT_INVALID;
    bits = bits_max = address.family == 4 ? 32 : 128;
    if (slash) {
        char *end;

        if (!is_digit(slash[1]))
            return RESULT_INVALID;
        bits = strtoul(slash + 1, &end, 10);
        if (*end != '\0' || bits > bits_max)
            return RESULT_INVALID;
    }
    prefix.high_mask = mask_of((unsigned)bits);
    prefix.low_mask = bits > 64 ? mask_of((unsigned)bits - 64) : 0;
    prefix.high = be64(address.bytes) & prefix.high_mask;
    prefix.low = be64(address.bytes + 8) & prefix.low_mask;
    prefix.local = local;

    list = address.family == 4 ? &locality->v4 : &locality->v6;
    grown = realloc(list->prefixes, (list->count + 1) * sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    memmove(grown + 1, grown, list->count * sizeof *grown);
    grown[0] = prefix;
    list->prefixes = grown;
    list->count++;
    note_two_bytes(list, &prefix, (unsigned)bits);
    return RESULT_OK;
}

enum result locality_init(struct locality **locality)
{
    struct locality *new = calloc(1, sizeof *new);

    if (!new)
        return RESULT_NO_MEMORY;
    /* Each entry goes before earlier ones, so the longest are added last. */
    for (size_t i = sizeof registry / sizeof *registry; i-- > 0;) {
        enum result result = add_prefix(new, registry[i].network, registry[i].local);

        if (result != RESULT_OK) {
            locality_destroy(&new);
            return result;
        }
    }
    *locality = new;
    return RESULT_OK;
}

void locality_destroy(struct locality **locality)
{
    if (*locality) {
        free((*locality)->v4.prefixes);
        free((*locality)->v6.prefixes);
        free(*locality);
        *locality = NULL;
    }
}

enum result locality_add(struct locality *locality, const char *network)
{
    return add_prefix(locality, network, true);
}

bool locality_has(const struct locality *locality, const struct address *address)
{
    const struct prefix_list *list = address->family == 4 ? &locality->v4 : &locality->v6;
    uint8_t known = list->by_two_bytes[be16(address->bytes)];
    uint64_t high, low;

    if (known != SOME_LOCAL)
        return known == ALL_LOCAL;
    high = be64(address->bytes);
    low = be64(address->bytes + 8);
    for (size_t i = 0; i < list->count; i++) {
        const struct prefix *prefix = &list->prefixes[i];

        if ((high & prefix->high_mask) == prefix->high && (low & prefix->low_mask) == prefix->low)
            return prefix->local;
    }
    return false;
}
