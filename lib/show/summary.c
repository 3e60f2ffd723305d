/* SPDX-License-Identifier: Apache-2.0 */
#include "show/summaryparts.h"

#include <stdlib.h>

/* Made and destroyed. */

static void release(struct summary *summary)
{
    for (uint32_t i = 0; i < summary->entries.count; i++)
        summary_destroy_details(&entry_at(summary, i)->details);
    summary_destroy_details(&summary->total.details);
    summary_destroy_details(&summary->others.details);
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
    summary->waiting = 0;
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
    if (result != RESULT_OK) {
        summary_destroy(&new);
    } else if (options->beside) {
        new->next = options->beside->next;
        options->beside->next = new;
    }
    *summary = new;
    return result;
}

void summary_destroy(struct summary **summary)
{
    if (*summary) {
        release(*summary);
        free((*summary)->order);
        free((*summary)->places);
        free(*summary);
        *summary = NULL;
    }
}

enum result summary_clear(struct summary *summary)
{
    release(summary);
    return begin(summary);
}

/* Sorting. */

static uint64_t known_count(const struct summary_entry *entry)
{
    const struct summary_known *known = summary_known(entry);

    return known ? known->count_least : 0;
}

int64_t summary_since(const struct summary *summary, const struct summary_entry *entry)
{
    const struct summary_known *known = summary_known(entry);
    enum summary_key key = summary->options.key;

    if (!known)
        return -1;
    if (key == SUMMARY_DOMAIN && known->domain_first_seen >= 0)
        return known->domain_first_seen;
    return key == SUMMARY_DOMAIN || key == SUMMARY_DESTINATION ? known->destination_first_seen
                                                               : known->first_seen;
}

/* The greatest one comes first. */
static uint64_t rank_value(const struct summary *summary, const struct summary_entry *entry,
                           enum summary_column column)
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
    case SUMMARY_NEW:
        return (uint64_t)(summary_since(summary, entry) + 1);
    default:
        return sum_of(entry->sent_bytes, entry->received_bytes);
    }
}

static int compare_ranks(const void *left, const void *right, void *context)
{
    const struct rank *a = left, *b = right;
    const struct summary *summary = context;

    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return record_text_compare(text_at(&summary->names, a->entry),
                               text_at(&summary->names, b->entry));
}

static struct rank rank_of(const struct summary *summary, uint32_t index,
                           enum summary_column column)
{
    const struct summary_entry *entry = entry_at(summary, index);

    if (column == SUMMARY_NAME)
        return (struct rank){.entry = index};
    return (struct rank){rank_value(summary, entry, column),
                         rank_value(summary, entry, SUMMARY_BYTES), index};
}

/*
 * Moves the first ones to the front, in any order: quickselect, whose pivots nobody can foresee, so
 * that nobody can make it slow.
 */
static void select_first(struct summary *summary, uint32_t first)
{
    struct rank *order = summary->order;
    int64_t low = 0, high = (int64_t)summary->entries.count - 1;

    while (low < high) {
        uint32_t random = hash_pair(&summary->names.seed, (uint64_t)low, (uint64_t)high);
        struct rank pivot = order[low + random % (high - low + 1)];
        int64_t i = low, j = high;

        while (i <= j) {
            struct rank rank = order[i];

            if (compare_ranks(&rank, &pivot, summary) < 0) {
                i++;
            } else if (compare_ranks(&order[j], &pivot, summary) > 0) {
                j--;
            } else {
                order[i++] = order[j];
                order[j--] = rank;
            }
        }
        if (first <= j)
            high = j;
        else if (first > i)
            low = i;
        else
            return;
    }
}

enum result summary_order(struct summary *summary, enum summary_column column, uint32_t first)
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
    if (first > 0 && first < count) {
        select_first(summary, first);
        count = first;
    }
    if (count > 0)
        qsort_r(order, count, sizeof *order, compare_ranks, summary);
    return RESULT_OK;
}

enum result summary_sort(struct summary *summary, enum summary_column column, uint32_t first)
{
    struct summary *other = summary->options.beside;
    enum result result = other ? summary_add_waiting(other) : RESULT_OK;

    if (result == RESULT_OK)
        result = summary_add_waiting(summary);
    return result == RESULT_OK ? summary_order(summary, column, first) : result;
}

enum result summary_turn(struct summary *summary)
{
    struct summary *other = summary->options.beside;
    enum result result = summary_add_waiting(other);
    uint32_t *counts;

    if (result == RESULT_OK)
        result = summary_add_waiting(summary);
    if (result != RESULT_OK)
        return result;
    counts = calloc((size_t)intern_count(&other->hosts) + 1, sizeof *counts);
    if (!counts)
        return RESULT_NO_MEMORY;
    pairs_count(&other->pairs, counts);
    for (uint32_t i = 0; i < summary->entries.count; i++) {
        struct summary_entry *entry = entry_at(summary, i);
        uint32_t host;
        size_t length;
        const char *text = intern_text(&summary->names, entry->name, &length);

        if (intern_find(&other->hosts, text, length, &host))
            entry->hosts = counts[host];
        entry->hosts_more = other->folded.keys > 0 || other->total.hosts_more;
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

struct record_text summary_name(const struct summary *summary, const struct summary_entry *entry)
{
    return entry->name < summary->entries.count ? text_at(&summary->names, entry->name)
                                                : (struct record_text){NULL, 0};
}

struct record_text summary_category(const struct summary *summary,
                                    const struct summary_entry *entry, uint64_t *flows)
{
    const struct summary_details *details = entry->details;
    const struct intern *words = words_of(summary);
    struct record_text most = {"", 0};

    *flows = 0;
    if (!details && entry->flows > 0) {
        *flows = entry->flows;
        return text_at(words, entry->category);
    }
    for (uint32_t i = 0; details && i < share_count(details); i++) {
        struct share share = share_at(details, i);

        if (share.flows > 0 && share.flows >= *flows) {
            struct record_text text = text_at(words, share.category);

            if (share.flows > *flows || record_text_compare(text, most) < 0)
                most = text;
            *flows = share.flows;
        }
    }
    return most;
}

const struct summary_known *summary_known(const struct summary_entry *entry)
{
    return entry->details && entry->details->known ? findings_told(entry->details->known) : NULL;
}

enum result summary_put_tags(const struct summary_entry *entry, struct text *text)
{
    return summary_known(entry) ? findings_put_tags(entry->details->known, text) : RESULT_OK;
}

enum result summary_put_lists(const struct summary_entry *entry, struct text *text)
{
    return summary_known(entry) ? findings_put_lists(entry->details->known, text) : RESULT_OK;
}

void summary_when(const struct summary_entry *entry, int64_t start, int64_t end, size_t parts,
                  uint64_t *counts)
{
    if (entry->details)
        timeline_spread(&entry->details->timeline, start, end, parts, counts);
    else if (entry->first >= 0)
        counts[timeline_part(start, end, parts, entry->first)]++;
}
