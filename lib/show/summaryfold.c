/* SPDX-License-Identifier: Apache-2.0 */
#include "show/summaryparts.h"

#include <stdlib.h>
#include <string.h>

/* All that is known of an entry, but its hosts and what filters have added, goes to the others. */
static enum result fold_details(struct summary *summary, const struct summary_entry *entry)
{
    struct summary_details *details;
    enum result result = RESULT_OK;

    if (!summary->others.details)
        result = summary_begin_details(summary, &summary->others);
    if (result != RESULT_OK)
        return result;
    details = summary->others.details;
    if (!entry->details) {
        result = summary_add_share(details, entry->category, entry->flows);
        return result == RESULT_OK && entry->first >= 0
                   ? timeline_add(&details->timeline, entry->first)
                   : result;
    }
    for (uint32_t i = 0; i < share_count(entry->details) && result == RESULT_OK; i++) {
        struct share share = share_at(entry->details, i);

        if (share.flows > 0)
            result = summary_add_share(details, share.category, share.flows);
    }
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
    summary_destroy_details(&entry->details);
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

enum result summary_fold(struct summary *summary)
{
    uint32_t count = summary->entries.count, *places = calloc(count, sizeof *places);
    enum result result =
        places ? summary_order(summary, summary->options.column, 0) : RESULT_NO_MEMORY;

    if (result == RESULT_OK)
        result = fold_entries(summary, (count + 1) / 2, places);
    if (result == RESULT_OK)
        result = move_up(summary, places);
    if (summary->places_room > 0)
        memset(summary->places, 0, summary->places_room * sizeof *summary->places);
    free(places);
    return result;
}
