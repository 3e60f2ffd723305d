/* SPDX-License-Identifier: Apache-2.0 */
#include "show/summary.h"

#include "base/clock.h"
#include "base/intern.h"
#include "know/domain.h"
#include "record/label.h"
#include "show/pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pairs of a key and a host: so many for each key that there may be. */
#define PAIRS_OF_KEY 4u

/* What the texts of so many keys may take, above what a few do. */
#define TEXT_OF_KEY 256u
#define TEXTS_LEAST (1024u * 1024)

/* Words for categories; what comes beyond them is "other". */
#define CATEGORIES_MOST 256u

/* Names of what is not a key. */
#define NAME_OTHERS (UINT32_MAX - 1)
#define NAME_TOTAL UINT32_MAX

/* How many flows of a key are of one category. */
struct share {
    uint64_t flows;
    uint32_t category;
};

#define SHARES_FEW 2u

struct summary_details {
    struct timeline timeline;
    struct share *shares; /* one of each category, the frequent ones near the front */
    uint32_t share_count, share_room;
    struct share few[SHARES_FEW]; /* where they are while there are no more of them */
    struct known *known;          /* NULL: nothing is */
};

/* What an entry is sorted by: the greatest value first. */
struct rank {
    uint64_t value, bytes; /* bytes decide between equal values */
    uint32_t entry;
};

struct summary {
    struct summary_options options;
    struct intern names; /* the texts of the keys */
    struct pool entries; /* of the same indexes */
    struct intern hosts; /* the other sides */
    struct pairs pairs;  /* of keys and hosts */
    struct intern words; /* categories */
    struct intern notes; /* what filters have added */
    struct summary_entry total, others;
    struct summary_folded folded;
    struct rank *order;
    uint32_t order_room;
};

/* Made and destroyed. */

static void details_destroy(struct summary_details **details)
{
    if (*details) {
        timeline_destroy(&(*details)->timeline);
        if ((*details)->shares != (*details)->few)
            free((*details)->shares);
        known_destroy(&(*details)->known);
        free(*details);
        *details = NULL;
    }
}

static struct summary_entry new_entry(uint32_t name)
{
    return (struct summary_entry){.first = -1, .last = -1, .name = name};
}

static struct summary_entry *entry_at(const struct summary *summary, uint32_t index)
{
    return pool_at(&summary->entries, sizeof(struct summary_entry), index);
}

static void release(struct summary *summary)
{
    for (uint32_t i = 0; i < summary->entries.count; i++)
        details_destroy(&entry_at(summary, i)->details);
    details_destroy(&summary->total.details);
    details_destroy(&summary->others.details);
    pool_destroy(&summary->entries);
    intern_destroy(&summary->names);
    intern_destroy(&summary->hosts);
    intern_destroy(&summary->words);
    intern_destroy(&summary->notes);
    pairs_destroy(&summary->pairs);
}

static enum result begin(struct summary *summary)
{
    uint32_t keys = summary->options.keys_most;
    uint32_t pairs = keys < UINT32_MAX / 2 / PAIRS_OF_KEY ? keys * PAIRS_OF_KEY : UINT32_MAX / 2;
    enum result result = intern_init(&summary->names);

    summary->total = new_entry(NAME_TOTAL);
    summary->others = new_entry(NAME_OTHERS);
    summary->folded = (struct summary_folded){0};
    if (result == RESULT_OK)
        result = intern_init(&summary->hosts);
    if (result == RESULT_OK)
        result = intern_init(&summary->words);
    if (result == RESULT_OK)
        result = intern_init(&summary->notes);
    return result == RESULT_OK ? pairs_init(&summary->pairs, pairs) : result;
}

enum result summary_init(struct summary **summary, const struct summary_options *options)
{
    struct summary *new = calloc(1, sizeof *new);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    new->options = *options;
    if (new->options.keys_most == 0)
        new->options.keys_most = SUMMARY_KEYS;
    if (new->options.bin_count == 0)
        new->options.bin_count = SUMMARY_BINS;
    result = begin(new);
    if (result != RESULT_OK)
        summary_destroy(&new);
    *summary = new;
    return result;
}

void summary_destroy(struct summary **summary)
{
    if (*summary) {
        release(*summary);
        free((*summary)->order);
        free(*summary);
        *summary = NULL;
    }
}

enum result summary_clear(struct summary *summary)
{
    release(summary);
    return begin(summary);
}

/* What is added to an entry. */

static void add(uint64_t *sum, uint64_t more)
{
    *sum = more < UINT64_MAX - *sum ? *sum + more : UINT64_MAX;
}

static uint64_t sum_of(uint64_t a, uint64_t b)
{
    add(&a, b);
    return a;
}

/* Makes room for one share more. */
static enum result grow_shares(struct summary_details *details)
{
    bool few = details->shares == details->few;
    uint32_t room = details->share_room * 2 + 1;
    struct share *grown = realloc(few ? NULL : details->shares, room * sizeof *grown);

    if (!grown)
        return RESULT_NO_MEMORY;
    if (few)
        memcpy(grown, details->few, sizeof details->few);
    details->shares = grown;
    details->share_room = room;
    return RESULT_OK;
}

/* A share that is found changes places with the one before it. */
static enum result add_share(struct summary_details *details, uint32_t category, uint64_t flows)
{
    struct share *shares = details->shares;

    for (uint32_t i = 0; i < details->share_count; i++)
        if (shares[i].category == category) {
            struct share share = shares[i];

            add(&share.flows, flows);
            shares[i] = shares[i > 0 ? i - 1 : 0];
            shares[i > 0 ? i - 1 : 0] = share;
            return RESULT_OK;
        }
    if (details->share_count == details->share_room && grow_shares(details) != RESULT_OK)
        return RESULT_NO_MEMORY;
    details->shares[details->share_count++] = (struct share){flows, category};
    return RESULT_OK;
}

/* What is known of an entry that has one flow at most goes where there is room for more. */
static enum result begin_details(struct summary *summary, struct summary_entry *entry)
{
    struct summary_details *details = calloc(1, sizeof *details);
    enum result result = RESULT_OK;

    if (!details)
        return RESULT_NO_MEMORY;
    details->shares = details->few;
    details->share_room = SHARES_FEW;
    entry->details = details;
    timeline_init(&details->timeline, summary->options.bin_count);
    if (entry->flows > 0)
        result = add_share(details, entry->category, entry->flows);
    if (result == RESULT_OK && entry->first >= 0)
        result = timeline_add(&details->timeline, entry->first);
    return result;
}

static enum result add_known(struct summary *summary, struct summary_details *details,
                             const struct record_known *known)
{
    enum result result = RESULT_OK;

    if (!details->known)
        result = known_init(&details->known);
    return result == RESULT_OK ? known_add(details->known, known, &summary->notes) : result;
}

/* A flow as it is added to several entries. */
struct flow {
    const struct record *record;
    int64_t start, end; /* negative: not known */
    uint32_t category;
    bool known; /* a filter knows something of it */
};

static void add_times(struct summary_entry *entry, int64_t first, int64_t last)
{
    if (first >= 0 && (entry->first < 0 || first < entry->first))
        entry->first = first;
    if (last > entry->last)
        entry->last = last;
}

static enum result add_details(struct summary *summary, struct summary_entry *entry,
                               const struct flow *flow)
{
    enum result result = RESULT_OK;

    if (!entry->details)
        result = begin_details(summary, entry);
    if (result == RESULT_OK)
        result = add_share(entry->details, flow->category, 1);
    if (result == RESULT_OK && flow->start >= 0)
        result = timeline_add(&entry->details->timeline, flow->start);
    if (result == RESULT_OK && flow->known)
        result = add_known(summary, entry->details, &flow->record->known);
    return result;
}

static enum result add_flow(struct summary *summary, struct summary_entry *entry,
                            const struct flow *flow)
{
    const struct record *record = flow->record;
    enum result result = RESULT_OK;

    if (entry->flows > 0 || flow->known)
        result = add_details(summary, entry, flow);
    else
        entry->category = flow->category;
    add(&entry->flows, 1);
    add(&entry->sent_packets, record->src_packets);
    add(&entry->sent_bytes, record->src_bytes);
    add(&entry->received_packets, record->dst_packets);
    add(&entry->received_bytes, record->dst_bytes);
    if (record->duration > entry->longest)
        entry->longest = record->duration;
    add_times(entry, flow->start, flow->end);
    return result;
}

/* Texts of a record. */

static struct record_text text_of(const char *string)
{
    return (struct record_text){string, strlen(string)};
}

#define TEXT_ROOM (ADDRESS_TEXT + 16)

/* The destination without its port. */
static struct record_text put_host(const struct record *record, char room[TEXT_ROOM])
{
    if (record->name.bytes)
        return record->name;
    if (record->dst.family == 0)
        return record->destination;
    return (struct record_text){room, address_format(&record->dst, room)};
}

static struct record_text put_domain(const struct record *record, char room[TEXT_ROOM])
{
    struct record_text host = put_host(record, room);
    size_t length;

    if (record->known.domain.bytes)
        return record->known.domain;
    if (!record->name.bytes)
        return host;
    length = domain_length(host.bytes, host.length);
    return (struct record_text){host.bytes + host.length - length, length};
}

static const char *proto_name(const struct record *record)
{
    switch (record->proto) {
    case IPPROTO_TCP:
        return "tcp";
    case IPPROTO_UDP:
        return "udp";
    case IPPROTO_ICMP:
        return "icmp";
    case IPPROTO_ICMPV6:
        return "icmp6";
    default:
        return record_has_ports(record) ? "" : "icmp";
    }
}

static struct record_text put_port(const struct record *record, char room[TEXT_ROOM])
{
    const char *proto = proto_name(record);

    if (!record_has_ports(record))
        return text_of(proto);
    snprintf(room, TEXT_ROOM, "%u%s%s", record->dport, *proto ? "/" : "", proto);
    return text_of(room);
}

static struct record_text category_text(const struct record *record)
{
    return record->known.category.bytes ? record->known.category : text_of(label_category(record));
}

static struct record_text key_text(const struct summary *summary, const struct record *record,
                                   char room[TEXT_ROOM])
{
    switch (summary->options.key) {
    case SUMMARY_SOURCE:
        return record->source;
    case SUMMARY_CATEGORY:
        return category_text(record);
    case SUMMARY_DOMAIN:
        return put_domain(record, room);
    case SUMMARY_PORT:
        return put_port(record, room);
    case SUMMARY_SENSOR:
        return record->sensor.bytes ? record->sensor : text_of("-");
    default:
        return record->destination;
    }
}

static enum result find_category(struct summary *summary, const struct record *record,
                                 uint32_t *category)
{
    struct record_text text = category_text(record);

    if (intern_count(&summary->words) + 1 >= CATEGORIES_MOST &&
        !intern_find(&summary->words, text.bytes, text.length, category))
        text = text_of("other");
    text.length = text_cut(text.bytes, text.length, SUMMARY_NAME_MOST);
    return intern_add(&summary->words, text.bytes, text.length, category);
}

/* Hosts. */

/* Whether texts take more than those of the keys may. */
static bool is_long(const struct summary *summary, const struct intern *intern)
{
    return intern_bytes(intern) > (uint64_t)summary->options.keys_most * TEXT_OF_KEY + TEXTS_LEAST;
}

static bool is_full(const struct summary *summary, const struct intern *intern)
{
    return intern_count(intern) >= summary->options.keys_most || is_long(summary, intern);
}

/* The index of the record's other side. RESULT_INVALID: it is new, and there is no room. */
static enum result find_host(struct summary *summary, const struct record *record, uint32_t *host)
{
    struct record_text text =
        summary->options.key == SUMMARY_SOURCE ? record->destination : record->source;

    text.length = text_cut(text.bytes, text.length, SUMMARY_NAME_MOST);
    if (!is_full(summary, &summary->hosts))
        return intern_add(&summary->hosts, text.bytes, text.length, host);
    return intern_find(&summary->hosts, text.bytes, text.length, host) ? RESULT_OK : RESULT_INVALID;
}

/* Counts a host, where it is new. */
static enum result add_pair(struct summary *summary, struct summary_entry *entry, uint32_t host)
{
    enum result result = pairs_add(&summary->pairs, entry->name, host);

    if (result == RESULT_OK)
        entry->hosts++;
    else if (result == RESULT_INVALID)
        entry->hosts_more = true;
    return result == RESULT_NO_MEMORY ? result : RESULT_OK;
}

static enum result add_host(struct summary *summary, struct summary_entry *entry,
                            const struct record *record)
{
    uint32_t host;
    enum result result = find_host(summary, record, &host);

    summary->total.hosts = intern_count(&summary->hosts);
    if (result == RESULT_OK)
        return add_pair(summary, entry, host);
    if (result == RESULT_INVALID)
        entry->hosts_more = summary->total.hosts_more = true;
    return result == RESULT_INVALID ? RESULT_OK : result;
}

/* Sorting. */

static uint64_t known_count(const struct summary_entry *entry)
{
    const struct summary_known *known = summary_known(entry);

    return known ? known->count_least : 0;
}

/* The greatest one comes first. */
static uint64_t rank_value(const struct summary_entry *entry, enum summary_column column)
{
    uint64_t count;

    switch (column) {
    case SUMMARY_SENT:
        return entry->sent_bytes;
    case SUMMARY_RECEIVED:
        return entry->received_bytes;
    case SUMMARY_FLOWS:
        return entry->flows;
    case SUMMARY_HOSTS:
        return entry->hosts;
    case SUMMARY_PACKETS:
        return sum_of(entry->sent_packets, entry->received_packets);
    case SUMMARY_LONGEST:
        return (uint64_t)entry->longest;
    case SUMMARY_FIRST:
        return entry->first < 0 ? 0 : UINT64_MAX - (uint64_t)entry->first;
    case SUMMARY_LAST:
        return (uint64_t)(entry->last + 1);
    case SUMMARY_COUNT:
        count = known_count(entry);
        return count == 0 ? 0 : UINT64_MAX - count;
    default:
        return sum_of(entry->sent_bytes, entry->received_bytes);
    }
}

static int compare_names(const struct summary *summary, uint32_t left, uint32_t right)
{
    size_t left_length, right_length;
    const char *a = intern_text(&summary->names, left, &left_length);
    const char *b = intern_text(&summary->names, right, &right_length);
    int order = memcmp(a, b, left_length < right_length ? left_length : right_length);

    return order != 0 ? order : (left_length > right_length) - (left_length < right_length);
}

static int compare_ranks(const void *left, const void *right, void *context)
{
    const struct rank *a = left, *b = right;

    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return compare_names(context, a->entry, b->entry);
}

static struct rank rank_of(const struct summary *summary, uint32_t index,
                           enum summary_column column)
{
    const struct summary_entry *entry = entry_at(summary, index);

    if (column == SUMMARY_NAME)
        return (struct rank){.entry = index};
    return (struct rank){rank_value(entry, column), rank_value(entry, SUMMARY_BYTES), index};
}

enum result summary_sort(struct summary *summary, enum summary_column column)
{
    uint32_t count = summary->entries.count;
    struct rank *order = summary->order;

    if (summary->order_room < count) {
        order = realloc(order, count * sizeof *order);
        if (!order)
            return RESULT_NO_MEMORY;
        summary->order = order;
        summary->order_room = count;
    }
    for (uint32_t i = 0; i < count; i++)
        order[i] = rank_of(summary, i, column);
    if (count > 0)
        qsort_r(order, count, sizeof *order, compare_ranks, summary);
    return RESULT_OK;
}

/* Folding. */

/* All that is known of an entry, but its hosts and what filters have added, goes to the others. */
static enum result fold_details(struct summary *summary, const struct summary_entry *entry)
{
    struct summary_details *details;
    enum result result = RESULT_OK;

    if (!summary->others.details)
        result = begin_details(summary, &summary->others);
    if (result != RESULT_OK)
        return result;
    details = summary->others.details;
    if (!entry->details) {
        result = add_share(details, entry->category, entry->flows);
        return result == RESULT_OK && entry->first >= 0
                   ? timeline_add(&details->timeline, entry->first)
                   : result;
    }
    for (uint32_t i = 0; i < entry->details->share_count && result == RESULT_OK; i++)
        result =
            add_share(details, entry->details->shares[i].category, entry->details->shares[i].flows);
    return result == RESULT_OK ? timeline_merge(&details->timeline, &entry->details->timeline)
                               : result;
}

static enum result fold_entry(struct summary *summary, struct summary_entry *entry)
{
    struct summary_entry *others = &summary->others;
    enum result result = fold_details(summary, entry);

    add(&others->flows, entry->flows);
    add(&others->sent_packets, entry->sent_packets);
    add(&others->sent_bytes, entry->sent_bytes);
    add(&others->received_packets, entry->received_packets);
    add(&others->received_bytes, entry->received_bytes);
    if (entry->longest > others->longest)
        others->longest = entry->longest;
    add_times(others, entry->first, entry->last);
    others->hosts_more = others->hosts_more || entry->hosts_more;
    details_destroy(&entry->details);
    return result;
}

/*
 * Folds those from some place in the order on, and notes how much one of them has at most, and
 * that they have no place any more.
 */
static enum result fold_entries(struct summary *summary, uint32_t from, uint32_t *places)
{
    uint64_t flows = 0, bytes = 0;
    enum result result = RESULT_OK;

    for (uint32_t i = from; i < summary->entries.count && result == RESULT_OK; i++) {
        struct summary_entry *entry = entry_at(summary, summary->order[i].entry);
        uint64_t both = sum_of(entry->sent_bytes, entry->received_bytes);

        flows = entry->flows > flows ? entry->flows : flows;
        bytes = both > bytes ? both : bytes;
        places[summary->order[i].entry] = NAME_OTHERS;
        result = fold_entry(summary, entry);
    }
    add(&summary->folded.keys, summary->entries.count - from);
    add(&summary->folded.flows, flows);
    add(&summary->folded.bytes, bytes);
    return result;
}

/* A pairs_renumber_fn. */
static uint32_t place_of(const void *context, uint32_t name)
{
    const uint32_t *places = context;

    return name == NAME_OTHERS ? name : places[name];
}

/* Those that stay move up, and so do their names; the hosts of what is folded are the others'. */
static enum result move_up(struct summary *summary, uint32_t *places)
{
    uint32_t kept = 0, count = summary->entries.count;
    enum result result;

    for (uint32_t i = 0; i < count; i++)
        if (places[i] != NAME_OTHERS) {
            places[i] = kept;
            *entry_at(summary, kept) = *entry_at(summary, i);
            entry_at(summary, kept)->name = kept;
            kept++;
        }
    pool_trim(&summary->entries, kept);
    result = pairs_renumber(&summary->pairs, place_of, places);
    summary->others.hosts = pairs_of(&summary->pairs, NAME_OTHERS);
    for (uint32_t i = 0; i < count; i++)
        places[i] = places[i] != NAME_OTHERS;
    intern_keep(&summary->names, places);
    return result;
}

static enum result fold(struct summary *summary)
{
    uint32_t count = summary->entries.count, *places = calloc(count, sizeof *places);
    enum result result = places ? summary_sort(summary, summary->options.column) : RESULT_NO_MEMORY;

    if (result == RESULT_OK)
        result = fold_entries(summary, (count + 1) / 2, places);
    if (result == RESULT_OK)
        result = move_up(summary, places);
    free(places);
    return result;
}

/* Whether there are more keys, or longer ones, than there may be. */
static bool is_overfull(const struct summary *summary)
{
    return summary->entries.count > summary->options.keys_most ||
           (summary->entries.count > 1 && is_long(summary, &summary->names));
}

/* Records added. */

static enum result find_entry(struct summary *summary, const struct record *record,
                              struct summary_entry **entry)
{
    char room[TEXT_ROOM];
    struct record_text key = key_text(summary, record, room);
    uint32_t name;
    enum result result;

    key.length = text_cut(key.bytes, key.length, SUMMARY_NAME_MOST);
    result = pool_reserve(&summary->entries, sizeof **entry);
    if (result == RESULT_OK)
        result = intern_add(&summary->names, key.bytes, key.length, &name);
    if (result != RESULT_OK)
        return result;
    *entry = entry_at(summary, name);
    if (name == summary->entries.count) {
        **entry = new_entry(name);
        summary->entries.count++;
    }
    return RESULT_OK;
}

/* When it began and ended; a time that no calendar has is not known. */
static void set_times(struct flow *flow)
{
    flow->start = record_start(flow->record);
    flow->end = flow->start < 0 ? -1 : flow->start + flow->record->duration;
    if (flow->end >= TIME_END)
        flow->start = flow->end = -1;
}

enum result summary_add(struct summary *summary, const struct record *record)
{
    struct flow flow = {.record = record, .known = known_is_there(&record->known)};
    struct summary_entry *entry;
    enum result result = find_category(summary, record, &flow.category);

    set_times(&flow);
    if (result == RESULT_OK)
        result = find_entry(summary, record, &entry);
    if (result == RESULT_OK)
        result = add_flow(summary, entry, &flow);
    if (result == RESULT_OK && !summary->options.bare)
        result = add_flow(summary, &summary->total, &flow);
    if (result == RESULT_OK && !summary->options.bare)
        result = add_host(summary, entry, record);
    return result == RESULT_OK && is_overfull(summary) ? fold(summary) : result;
}

enum result summary_turn(const struct summary *summary, struct summary *bare)
{
    uint32_t *counts = calloc((size_t)intern_count(&summary->hosts) + 1, sizeof *counts);

    if (!counts)
        return RESULT_NO_MEMORY;
    pairs_count(&summary->pairs, counts);
    for (uint32_t i = 0; i < bare->entries.count; i++) {
        struct summary_entry *entry = entry_at(bare, i);
        uint32_t host;
        size_t length;
        const char *text = intern_text(&bare->names, entry->name, &length);

        if (intern_find(&summary->hosts, text, length, &host))
            entry->hosts = counts[host];
        entry->hosts_more = summary->folded.keys > 0 || summary->total.hosts_more;
    }
    free(counts);
    return RESULT_OK;
}

/* What there is. */

uint32_t summary_count(const struct summary *summary)
{
    return summary->entries.count;
}

const struct summary_entry *summary_at(const struct summary *summary, uint32_t index)
{
    return entry_at(summary, summary->order[index].entry);
}

const struct summary_entry *summary_total(const struct summary *summary)
{
    return &summary->total;
}

const struct summary_entry *summary_others(const struct summary *summary)
{
    return summary->folded.keys > 0 ? &summary->others : NULL;
}

struct summary_folded summary_folded(const struct summary *summary)
{
    return summary->folded;
}

static struct record_text text_at(const struct intern *intern, uint32_t index)
{
    struct record_text text;

    text.bytes = intern_text(intern, index, &text.length);
    return text;
}

struct record_text summary_name(const struct summary *summary, const struct summary_entry *entry)
{
    return entry->name < summary->entries.count ? text_at(&summary->names, entry->name)
                                                : (struct record_text){NULL, 0};
}

/* Whether a text comes before another one in the order of bytes. */
static bool is_before(struct record_text a, struct record_text b)
{
    int order = memcmp(a.bytes, b.bytes, a.length < b.length ? a.length : b.length);

    return order != 0 ? order < 0 : a.length < b.length;
}

struct record_text summary_category(const struct summary *summary,
                                    const struct summary_entry *entry, uint64_t *flows)
{
    const struct summary_details *details = entry->details;
    struct record_text most = {"", 0};

    *flows = 0;
    if (!details && entry->flows > 0) {
        *flows = entry->flows;
        return text_at(&summary->words, entry->category);
    }
    for (uint32_t i = 0; details && i < details->share_count; i++) {
        const struct share *share = &details->shares[i];
        struct record_text text = text_at(&summary->words, share->category);

        if (share->flows > *flows || (share->flows == *flows && is_before(text, most))) {
            *flows = share->flows;
            most = text;
        }
    }
    return most;
}

const struct summary_known *summary_known(const struct summary_entry *entry)
{
    return entry->details && entry->details->known ? known_told(entry->details->known) : NULL;
}

enum result summary_put_tags(const struct summary_entry *entry, struct text *text)
{
    return summary_known(entry) ? known_put_tags(entry->details->known, text) : RESULT_OK;
}

enum result summary_put_lists(const struct summary_entry *entry, struct text *text)
{
    return summary_known(entry) ? known_put_lists(entry->details->known, text) : RESULT_OK;
}

void summary_when(const struct summary_entry *entry, int64_t start, int64_t end, size_t parts,
                  uint64_t *counts)
{
    if (entry->details)
        timeline_spread(&entry->details->timeline, start, end, parts, counts);
    else if (entry->first >= 0)
        counts[timeline_part(start, end, parts, entry->first)]++;
}
