/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the parts of a summary, internally.
 */
#ifndef SECFLOW_SUMMARYPARTS_H
#define SECFLOW_SUMMARYPARTS_H

#include "base/intern.h"
#include "know/domain.h"
#include "show/pairs.h"
#include "show/summary.h"

/* Pairs of a key and a host: so many for each key that there may be. */
#define PAIRS_OF_KEY 4u

/* What the texts of so many keys may take, above what a few do. */
#define TEXT_OF_KEY 256u
#define TEXTS_LEAST (1024u * 1024)

/* Words for categories, of which flowlabel has 29; what comes beyond them is "other". */
#define CATEGORIES_MOST 64u

/* Names of what is not a key. */
#define NAME_OTHERS (UINT32_MAX - 1)
#define NAME_TOTAL UINT32_MAX

/* How many flows of a key are of one category. */
struct share {
    uint64_t flows;
    uint32_t category;
};

#define SHARES_FEW 2u
#define SHARES_MORE 8u /* room for so many is added */

struct summary_details {
    struct timeline timeline;
    struct share few[SHARES_FEW]; /* the first ones have flows */
    uint64_t *shares;             /* all flows, by category; NULL: there are only those few */
    uint32_t share_room;
    struct findings *known; /* NULL: nothing is */
};

/* The shares of an entry, some of which may have no flows. */
static inline uint32_t share_count(const struct summary_details *details)
{
    return details->shares ? details->share_room : SHARES_FEW;
}

static inline struct share share_at(const struct summary_details *details, uint32_t index)
{
    return details->shares ? (struct share){details->shares[index], index} : details->few[index];
}

/* What an entry is sorted by: the greatest value first. */
struct rank {
    uint64_t value, bytes; /* bytes decide between equal values */
    uint32_t entry;
};

/* What a summary takes from a record. */
struct flow {
    struct record_text key, host; /* host: the other side */
    uint32_t key_hash, host_hash; /* in names and hosts */
    uint32_t category;            /* in words */
    uint64_t sent_packets, sent_bytes, received_packets, received_bytes;
    int64_t start, end, duration;     /* negative: not known */
    const struct record_known *known; /* NULL: no filter knows anything of it */
};

/*
 * Most of the time that a flow takes is waiting for memory, of which each key and each host has its
 * own. So flows wait until there are several, and memory is fetched for all of them at once.
 */
#define BATCH 32u
#define WAITING_TEXTS 128u

struct waiting {
    struct flow flow;
    char texts[WAITING_TEXTS]; /* its key, then its host */
};

struct summary {
    struct summary_options options;
    struct intern names; /* the texts of the keys */
    struct pool entries; /* of the same indexes */
    struct intern hosts; /* the other sides */
    struct pairs pairs;  /* of keys and hosts */
    struct intern words; /* categories; those beside it have none of their own */
    struct intern notes; /* what filters have added */
    struct summary_entry total, others;
    struct summary_folded folded;
    struct rank *order;
    uint32_t order_room;
    struct domains domains;
    struct waiting batch[BATCH];
    uint32_t waiting; /* in the batch */
    uint32_t last;    /* the entry that was found last */

    struct summary *next; /* of those beside the same one; of that one: the first */
    /*
     * Beside another that has numbers for the keys of this one, since it counts them as hosts or as
     * categories: the entry of each number, plus 1; 0: it has none yet.
     */
    uint32_t *places;
    size_t places_room;
};

/* Where the categories of a summary are. */
static inline const struct intern *words_of(const struct summary *summary)
{
    return summary->options.beside ? &summary->options.beside->words : &summary->words;
}

static inline struct summary_entry *entry_at(const struct summary *summary, uint32_t index)
{
    return pool_at(&summary->entries, sizeof(struct summary_entry), index);
}

static inline struct record_text text_at(const struct intern *intern, uint32_t index)
{
    struct record_text text;

    text.bytes = intern_text(intern, index, &text.length);
    return text;
}

/* The keys of one are what the other counts as hosts. */
static inline bool is_turned(const struct summary *summary, const struct summary *other)
{
    enum summary_key key = summary->options.key, turned = other->options.key;

    return turned == SUMMARY_SOURCE ? key == SUMMARY_DESTINATION : key == SUMMARY_SOURCE;
}

static inline struct summary_entry new_entry(uint32_t name)
{
    return (struct summary_entry){.first = -1, .last = -1, .name = name};
}

/* Sums stop at the greatest number. */
static inline void add(uint64_t *sum, uint64_t more)
{
    *sum = more < UINT64_MAX - *sum ? *sum + more : UINT64_MAX;
}

static inline uint64_t sum_of(uint64_t a, uint64_t b)
{
    add(&a, b);
    return a;
}

static inline void add_times(struct summary_entry *entry, int64_t first, int64_t last)
{
    if (first >= 0 && (entry->first < 0 || first < entry->first))
        entry->first = first;
    if (last > entry->last)
        entry->last = last;
}

/* Whether texts take more than those of the keys may. */
static inline bool is_long(const struct summary *summary, const struct intern *intern)
{
    return intern_bytes(intern) > (uint64_t)summary->options.keys_most * TEXT_OF_KEY + TEXTS_LEAST;
}

/* What is known of an entry that has one flow at most goes where there is room for more. */
MUST_CHECK enum result summary_begin_details(struct summary *summary, struct summary_entry *entry);
void summary_destroy_details(struct summary_details **details);

/* Adds flows of a category. */
MUST_CHECK enum result summary_add_share(struct summary_details *details, uint32_t category,
                                         uint64_t flows);

/* Adds the flows that wait. */
MUST_CHECK enum result summary_add_waiting(struct summary *summary);

/* Puts the first entries in order, or all, as summary_sort does. */
MUST_CHECK enum result summary_order(struct summary *summary, enum summary_column column,
                                     uint32_t first);

/* Folds the smaller half of the keys. */
MUST_CHECK enum result summary_fold(struct summary *summary);

#endif
