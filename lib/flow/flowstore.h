/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files of the flowtable module: how flows are stored.
 *
 * Flows lie one after another in chunks that never move. A flow is named by its place, counted in
 * units of eight bytes. A list of places holds the flows active in the window, in the order of
 * their first packets. A flow table also has a hash table of (hash, place) to find flows, and
 * reuses freed places.
 */
#ifndef SECFLOW_FLOWSTORE_H
#define SECFLOW_FLOWSTORE_H

#include "base/hash.h"
#include "base/intern.h"
#include "flow/flownames.h"
#include "flow/flowtable.h"
#include "flow/join.h"

#define BATCH 32u

#define UNIT 8u
#ifndef CHUNK_BYTES            /* fuzzing uses less */
#define CHUNK_BYTES (2u << 20) /* a huge page, if the kernel has them */
#endif
#define CHUNK_UNITS (CHUNK_BYTES / UNIT)

/*
 * Side 0 has the lower address or, at equal addresses, the lower port; which one is lower may
 * differ between machines. Addresses are words in host order, read from the wire bytes: one for
 * IPv4, with side 0 in its lower half; two per side for IPv6.
 */
struct stored_flow {
    uint16_t port[2];
    uint8_t proto : 6;  /* 0: the place is free */
    uint8_t active : 2; /* a bit for each of two windows: the open one and the one before */
    uint8_t flags;
    union {
        struct {
            uint8_t icmp_type, icmp_code;
        };
        uint16_t
            service; /* of a flow with ports: its number in the list's services, from 1; 0: none */
    };
    int64_t start, last; /* start of a free place: the next free place; 0: none */
    uint64_t packets[2], bytes[2];
    uint64_t address[];
};

_Static_assert(sizeof(struct stored_flow) == 56, "an IPv4 flow fills a cache line of 64 bytes");

/* Units of an IPv4 and an IPv6 flow, without a logged id. */
#define FLOW_UNITS_MIN ((uint32_t)(sizeof(struct stored_flow) / UNIT + 1))
#define FLOW_UNITS_MAX ((uint32_t)(sizeof(struct stored_flow) / UNIT + 4))

/* The bits of stored_flow.flags. */
enum {
    FLOW_IPV6 = 1,
    FLOW_ICMP_KNOWN = 2,
    FLOW_EITHER = 2, /* of connections with ports: the first may be of either side */
    FLOW_FIRST_FROM_1 = 4,
    FLOW_SOURCE_IS_1 = 8,
    FLOW_LOGGED = 16, /* a NUL-terminated text follows the addresses */
    FLOW_NAMED = 32,  /* by a handshake, in this window */
    FLOW_RECENT = 64, /* more than one packet since the clock hand passed: see eviction */
    FLOW_SYN = 64,    /* of connections, which do not use that: the first is a half with a SYN */
    FLOW_NEW = 128    /* began in this window: an earlier piece of it may decide the source */
};

struct slot {
    uint32_t hash;
    uint32_t place; /* 0: free */
};

/* A packet or connection waiting to be counted, and what it would make a new flow look like. */
struct waiting {
    uint64_t address[4];
    int64_t time;
    uint32_t hash, bytes;
    uint16_t port[2];
    uint8_t proto, flags;
    uint8_t icmp_type, icmp_code;
    uint8_t tcp_flags;
    bool src_local, dst_local;
    bool metered;               /* a connection, whose counts are beside it in the batch */
    bool half;                  /* a connection that is one half */
    bool named;                 /* has a name, which is there too */
    struct stored_flow *likely; /* the flow that has its hash; NULL: there was none */
    uint32_t place;             /* of that flow; once it is counted, of its own */
};

/* The counts of a connection: index 0 its sender, index 1 the other side. */
struct metered {
    int64_t last;
    uint64_t packets[2], bytes[2];
    uint64_t uid;     /* a hash of it; 0: none */
    uint16_t service; /* as in a flow */
    uint16_t point;   /* of observation (join.h) */
    uint32_t sampling;
    uint8_t bytes_from;       /* enum bytes_from */
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
    size_t stale;  /* how many of these are no longer active, or are listed twice */
    bool in_order; /* so far, the active flows are sorted by start */

    struct flownames *names; /* NULL: no flow has a name */
    struct intern *services; /* of the flows; NULL: no flow has one */

    uint8_t
        *bytes_from; /* enum bytes_from, by the number of the flow; those past the end are exact */
    size_t bytes_from_count;

    uint32_t *sampling; /* the same for sampling; those past the end have none */
    size_t sampling_count;
};

struct flowtable {
    struct hash_seed seed;
    struct slot *slots;
    uint32_t slot_count; /* a power of two */
    uint32_t flow_count;
    size_t most; /* flows; 0: no limit */

    struct flowlist flows;
    uint8_t open;             /* the bit of the open window, 1 or 2 */
    struct flowlist *evicted; /* flows active in this window; NULL: none */

    struct flowlist *ended; /* of the previous window, as far as copied; NULL: all copied */
    uint32_t *ended_places; /* of its flows; those from ended_at on are still to be copied */
    size_t ended_count, ended_at;

    uint32_t hand;           /* the place where eviction continues */
    uint32_t free_places[2]; /* the first free place for IPv4 and for IPv6 flows */
    size_t names_kept;       /* bytes of names at the last cleanup */
    size_t names_left;       /* times since then that a flow may have left a name behind */
    size_t names_most;       /* bytes; 0: no limit */
    uint64_t unnamed;        /* names that were not stored */
    struct join *join;       /* sightings by other points; NULL: connections have no points */

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

/* The units that a flow takes. */
uint32_t flow_units(const struct stored_flow *flow);

/*
 * Appends a copy of another list's flow, with its name and service. more: how many will follow.
 * RESULT_NO_MEMORY, or RESULT_SYSTEM.
 */
MUST_CHECK enum result flowlist_add(struct flowlist *list, const struct flowlist *from,
                                    uint32_t place, size_t more);

/* The number of a service; 0 if there are too many. Results as above. */
MUST_CHECK enum result flowlist_number_service(struct flowlist *flows, const char *service,
                                               size_t length, uint16_t *number);

/*
 * Marks the counts of the flow at a place as exact; its bytes as estimated at least in part; or its
 * packets as sampled: of several rates the highest stays. RESULT_NO_MEMORY.
 */
void flowlist_exact(struct flowlist *flows, uint32_t place);
MUST_CHECK enum result flowlist_estimated(struct flowlist *flows, uint32_t place,
                                          enum bytes_from from);
MUST_CHECK enum result flowlist_sampled(struct flowlist *flows, uint32_t place, uint32_t sampling);

/*
 * Makes space for units at next_place within one chunk; a new chunk, if needed, has that many
 * bytes, at most CHUNK_BYTES. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result flowlist_reserve(struct flowlist *list, uint32_t units, size_t bytes);

/* Makes space for one more active flow. RESULT_NO_MEMORY. */
MUST_CHECK enum result flowlist_reserve_active(struct flowlist *list);

/* Frees what the list holds, not the list. */
void flowlist_clear(struct flowlist *list);

/* Allocates memory for random access: CHUNK_BYTES or more in whole huge pages, if available, which
 * save TLB misses. */
void *large_pages(size_t bytes);

#endif
