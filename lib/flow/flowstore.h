/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the flowtable module share: how flows are stored.
 *
 * They lie one after the other in chunks that never move, and are named by their place, counted in
 * units of eight bytes. A list of places holds those active in the window, in the order of their
 * first packets. In the flow table a hash table of (hash, place) finds them, and places that became
 * free are used again.
 */
#ifndef SECFLOW_FLOWSTORE_H
#define SECFLOW_FLOWSTORE_H

#include "base/hash.h"
#include "base/intern.h"
#include "flow/flownames.h"
#include "flow/flowtable.h"

#define BATCH 32u

#define UNIT 8u
#ifndef CHUNK_BYTES            /* fuzzing takes less */
#define CHUNK_BYTES (2u << 20) /* a huge page where the kernel has them */
#endif
#define CHUNK_UNITS (CHUNK_BYTES / UNIT)

/*
 * Side 0 has the lower address, of equal addresses the lower port; which of two is the lower may
 * differ between machines. Addresses are words in host order of their wire bytes: IPv4 has one,
 * side 0 in its lower half, IPv6 two a side.
 */
struct stored_flow {
    uint16_t port[2];
    uint8_t proto : 6;  /* 0: the place is free */
    uint8_t active : 2; /* a bit of each of two windows: the open one and the one before it */
    uint8_t flags;
    union {
        struct {
            uint8_t icmp_type, icmp_code;
        };
        uint16_t service; /* of a flow with ports: in the list's services, from 1; 0: none */
    };
    int64_t start, last; /* start, of a free place: the next one, 0: none */
    uint64_t packets[2], bytes[2];
    uint64_t address[];
};

_Static_assert(sizeof(struct stored_flow) == 56, "an IPv4 flow fills a cache line of 64 bytes");

/* What an IPv4 flow and an IPv6 flow take, without a logged id. */
#define FLOW_UNITS_MIN ((uint32_t)(sizeof(struct stored_flow) / UNIT + 1))
#define FLOW_UNITS_MAX ((uint32_t)(sizeof(struct stored_flow) / UNIT + 4))

/* The bits of stored_flow.flags. */
enum {
    FLOW_IPV6 = 1,
    FLOW_ICMP_KNOWN = 2,
    FLOW_FIRST_FROM_1 = 4,
    FLOW_SOURCE_IS_1 = 8,
    FLOW_LOGGED = 16, /* a text stands behind the addresses, ended by NUL */
    FLOW_NAMED = 32,  /* by itself, in this window */
    FLOW_RECENT = 64  /* had more than one packet since the hand was there: see eviction */
};

struct slot {
    uint32_t hash;
    uint32_t place; /* 0: free */
};

/* A packet or connection that waits to be counted, and what it would make of a new flow. */
struct waiting {
    uint64_t address[4];
    int64_t time;
    uint32_t hash, bytes;
    uint16_t port[2];
    uint8_t proto, flags;
    uint8_t icmp_type, icmp_code;
    uint8_t tcp_flags;
    bool src_local, dst_local;
    bool metered;               /* it is a connection: its counts stand beside it in the batch */
    bool named;                 /* what it says stands there, too */
    struct stored_flow *likely; /* the flow that has its hash, NULL when there was none */
};

/* The counts of a connection: of its sender, and of the other side. */
struct metered {
    int64_t last;
    uint64_t packets[2], bytes[2];
    uint64_t uid;             /* a hash of it; 0: none */
    uint16_t service;         /* as a flow has it */
    uint8_t logged_id_length; /* 0: none */
    char logged_id[FLOW_LOGGED_ID_MAX];
};

struct flowlist {
    uint8_t **chunks;
    size_t chunk_count;
    size_t bytes;        /* of the chunks */
    uint32_t next_place; /* for a flow */
    uint32_t end;        /* of the last chunk */

    uint32_t *active;
    size_t active_count, active_capacity;
    size_t stale;  /* how many of these are not active any more, or stand there twice */
    bool in_order; /* so far the active flows are sorted by start */

    struct flownames *names; /* NULL: no flow has one */
    struct intern *services; /* that flows can have; NULL: none has one */
};

struct flowtable {
    struct hash_seed seed;
    struct slot *slots;
    uint32_t slot_count; /* a power of two */
    uint32_t flow_count;
    size_t most; /* flows; 0: no limit */

    struct flowlist flows;
    uint8_t open;             /* the bit of the open window, 1 or 2 */
    struct flowlist *evicted; /* active ones of this window; NULL: none */

    struct flowlist *ended; /* of the window before it, as far as they are copied; NULL: all are */
    uint32_t *ended_places; /* of its flows, of which those from ended_at on are to be copied yet */
    size_t ended_count, ended_at;

    uint32_t hand;           /* the place where eviction goes on */
    uint32_t free_places[2]; /* the first of those that are free: of IPv4 flows, of IPv6 flows */
    size_t names_kept;       /* bytes of names when they were tidied up last */
    size_t names_left;       /* times since then that a flow may have left a name behind */
    size_t names_most;       /* bytes; 0: no limit */
    uint64_t unnamed;        /* names that were not taken */

    struct waiting batch[BATCH];
    struct metered metered[BATCH];
    struct hello hellos[BATCH];
    unsigned batch_count;
};

static inline struct stored_flow *flow_at(const struct flowlist *list, uint32_t place)
{
    uint8_t *chunk = list->chunks[place / CHUNK_UNITS];

    return (struct stored_flow *)(void *)(chunk + (size_t)(place % CHUNK_UNITS) * UNIT);
}

static inline size_t address_words(uint8_t flags)
{
    return flags & FLOW_IPV6 ? 4 : 1;
}

/* The number of a flow for its name. */
static inline uint32_t flow_number(uint32_t place)
{
    return place / FLOW_UNITS_MIN;
}

/* How many units a flow takes. */
uint32_t flow_units(const struct stored_flow *flow);

/*
 * Appends a copy of another list's flow, with its name and its service. more: how many are going to
 * follow. RESULT_NO_MEMORY, or RESULT_SYSTEM.
 */
MUST_CHECK enum result flowlist_add(struct flowlist *list, const struct flowlist *from,
                                    uint32_t place, size_t more);

/* The number of a service, which is 0 where there are too many. Results as above. */
MUST_CHECK enum result flowlist_number_service(struct flowlist *flows, const char *service,
                                               size_t length, uint16_t *number);

/*
 * Makes room for units at next_place in a chunk, a new one of so many bytes where it must be, at
 * most CHUNK_BYTES. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result flowlist_reserve(struct flowlist *list, uint32_t units, size_t bytes);

/* Makes room for one more active flow. RESULT_NO_MEMORY. */
MUST_CHECK enum result flowlist_reserve_active(struct flowlist *list);

/* Frees what the list holds, not the list. */
void flowlist_clear(struct flowlist *list);

/* Memory that is used at random places: huge pages, where they are to be had, save the TLB. */
void *large_pages(size_t bytes);

#endif
