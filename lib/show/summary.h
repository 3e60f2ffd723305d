/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream of Secflows, summed up by a key: how many flows, of how many hosts, how much, how long
 * and when. What it takes goes by the keys, not by the records, and is bounded: past so many keys
 * the smaller half is folded into one entry of its own, the others.
 *
 * Sums stop at the greatest 64-bit number.
 */
#ifndef SECFLOW_SUMMARY_H
#define SECFLOW_SUMMARY_H

#include "record/record.h"
#include "show/findings.h"
#include "show/timeline.h"

enum summary_key {
    SUMMARY_DESTINATION, /* dst as it stands in the line: name:port */
    SUMMARY_SOURCE,      /* the host in src */
    SUMMARY_CATEGORY,
    SUMMARY_DOMAIN, /* under which the destination's name was registered; or its address */
    SUMMARY_PORT,   /* "443/tcp"; "icmp" */
    SUMMARY_SENSOR, /* "-" where there is none */
    SUMMARY_EVENT   /* likewise */
};

/* What entries can be sorted by: the largest first, but where it says otherwise. */
enum summary_column {
    SUMMARY_BYTES, /* sent and received */
    SUMMARY_SENT,
    SUMMARY_RECEIVED,
    SUMMARY_FLOWS,
    SUMMARY_HOSTS,
    SUMMARY_PACKETS, /* sent and received */
    SUMMARY_LONGEST,
    SUMMARY_FIRST, /* the earliest first */
    SUMMARY_LAST,  /* the latest first */
    SUMMARY_NAME,  /* of the key, in the order of its bytes */
    SUMMARY_COUNT, /* of samples: the smallest first, those of which it is not known last */
    SUMMARY_NEW    /* summary_since: the latest first, those of which it is not known last */
};

struct summary_details; /* the room's own */

struct summary_entry {
    uint64_t flows;
    uint64_t sent_packets, sent_bytes;         /* by the sources */
    uint64_t received_packets, received_bytes; /* from the destinations */
    int64_t longest;                           /* of a flow: microseconds */
    int64_t first, last;             /* packet, microseconds since 1970; negative: not known */
    uint32_t hosts;                  /* distinct: sources, or the destinations of a source */
    bool hosts_more;                 /* there may be more of them, for which there was no room */
    uint32_t name, category;         /* the room's own */
    struct summary_details *details; /* NULL: of one flow of which no filter knows anything */
};

struct summary_options {
    enum summary_key key;
    enum summary_column column; /* those that are last by it are folded */
    uint32_t keys_most;         /* 0: SUMMARY_KEYS */
    uint32_t bin_count;         /* of an entry's timeline; 0: SUMMARY_BINS */
    struct summary *beside;     /* see summary_init; NULL: by itself */
};

#define SUMMARY_KEYS 1000000u
#define SUMMARY_BINS 64u

/* What is kept of a key's text, in bytes. */
#define SUMMARY_NAME_MOST 1024u

struct summary;

/*
 * One beside another sums up the records that are added to the other, by another key. It counts no
 * hosts (summary_turn), has no total, and must not be used any more once the other was destroyed or
 * cleared. RESULT_NO_MEMORY; RESULT_SYSTEM: no random numbers.
 */
MUST_CHECK enum result summary_init(struct summary **summary,
                                    const struct summary_options *options);
void summary_destroy(struct summary **summary);

/* Forgets all records. RESULT_NO_MEMORY. */
MUST_CHECK enum result summary_clear(struct summary *summary);

/*
 * Adds a record that was read, also by record_read_rest. RESULT_NO_MEMORY. Entries, their texts and
 * what is known of them stay valid until the next one is added.
 */
MUST_CHECK enum result summary_add(struct summary *summary, const struct record *record);

/*
 * Sorts the entries; those that are equal by the column, by bytes, and then by name. So many first
 * ones come in order, and then the rest in any; 0: all. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result summary_sort(struct summary *summary, enum summary_column column,
                                    uint32_t first);

/*
 * Fills in the hosts of one beside another, whose keys are the hosts that the other counts: the
 * sources of destinations, say. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result summary_turn(struct summary *summary);

/* Entries, but the others, in the order of summary_sort, which must have been called. */
uint32_t summary_count(const struct summary *summary);
const struct summary_entry *summary_at(const struct summary *summary, uint32_t index);

/* All of them together, and the others together; NULL: none was folded. */
const struct summary_entry *summary_total(const struct summary *summary);
const struct summary_entry *summary_others(const struct summary *summary);

/*
 * What was folded: how many keys, one more each time that it happened to one, and how much may be
 * missing of an entry at most, as it may have been folded itself before it came again.
 */
struct summary_folded {
    uint64_t keys, flows, bytes;
};
struct summary_folded summary_folded(const struct summary *summary);

/* The text of its key. Of the total and of the others: empty. */
struct record_text summary_name(const struct summary *summary, const struct summary_entry *entry);

/* Its most frequent category, of several the first in the alphabet, and how many flows have it. */
struct record_text summary_category(const struct summary *summary,
                                    const struct summary_entry *entry, uint64_t *flows);

/*
 * When any sample first had the domain or the destination that an entry stands for, or else one of
 * the behaviors in it, as flowseen(1) has added it; microseconds since 1970, negative: not known.
 */
int64_t summary_since(const struct summary *summary, const struct summary_entry *entry);

/* What filters know of it; NULL: nothing. */
const struct summary_known *summary_known(const struct summary_entry *entry);

/*
 * Adds its tags as a JSON array, each once, in the order of their bytes; lists likewise. Nothing is
 * added where there are none. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result summary_put_tags(const struct summary_entry *entry, struct text *text);
MUST_CHECK enum result summary_put_lists(const struct summary_entry *entry, struct text *text);

/*
 * Adds to counts how many of its flows began when, as timeline_spread does. Flows of which that is
 * not known are not counted.
 */
void summary_when(const struct summary_entry *entry, int64_t start, int64_t end, size_t parts,
                  uint64_t *counts);

#endif
