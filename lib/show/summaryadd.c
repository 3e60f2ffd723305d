/* SPDX-License-Identifier: Apache-2.0 */
#include "show/summaryparts.h"

#include "base/clock.h"
#include "record/label.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is added to an entry. */

void summary_destroy_details(struct summary_details **details)
{
    if (*details) {
        timeline_destroy(&(*details)->timeline);
        free((*details)->shares);
        findings_destroy(&(*details)->known);
        free(*details);
        *details = NULL;
    }
}

/* Makes room for the share of a category. */
static enum result grow_shares(struct summary_details *details, uint32_t category)
{
    uint32_t room;
    uint64_t *grown;

    for (unsigned i = 0; i < SHARES_FEW; i++)
        if (details->few[i].category > category)
            category = details->few[i].category;
    room = category + SHARES_MORE;
    grown = realloc(details->shares, room * sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    memset(grown + details->share_room, 0, (room - details->share_room) * sizeof *grown);
    for (unsigned i = 0; i < SHARES_FEW && !details->shares; i++)
        grown[details->few[i].category] = details->few[i].flows;
    details->shares = grown;
    details->share_room = room;
    return RESULT_OK;
}

static struct share *find_few(struct summary_details *details, uint32_t category)
{
    for (unsigned i = 0; i < SHARES_FEW; i++)
        if (details->few[i].flows == 0 || details->few[i].category == category)
            return &details->few[i];
    return NULL;
}

enum result summary_add_share(struct summary_details *details, uint32_t category, uint64_t flows)
{
    struct share *few = details->shares ? NULL : find_few(details, category);

    if (few) {
        few->category = category;
        add(&few->flows, flows);
        return RESULT_OK;
    }
    if ((!details->shares || category >= details->share_room) &&
        grow_shares(details, category) != RESULT_OK)
        return RESULT_NO_MEMORY;
    add(&details->shares[category], flows);
    return RESULT_OK;
}

enum result summary_begin_details(struct summary *summary, struct summary_entry *entry)
{
    struct summary_details *details = calloc(1, sizeof *details);
    enum result result = RESULT_OK;

    if (!details)
        return RESULT_NO_MEMORY;
    entry->details = details;
    timeline_init(&details->timeline, summary->options.bin_count);
    if (entry->flows > 0)
        result = summary_add_share(details, entry->category, entry->flows);
    if (result == RESULT_OK && entry->first >= 0)
        result = timeline_add(&details->timeline, entry->first);
    return result;
}

static enum result add_known(struct summary *summary, struct summary_details *details,
                             const struct record_known *known)
{
    enum result result = RESULT_OK;

    if (!details->known)
        result = findings_init(&details->known);
    return result == RESULT_OK ? findings_add(details->known, known, &summary->notes) : result;
}

static enum result add_details(struct summary *summary, struct summary_entry *entry,
                               const struct flow *flow)
{
    enum result result = RESULT_OK;

    if (!entry->details)
        result = summary_begin_details(summary, entry);
    if (result == RESULT_OK)
        result = summary_add_share(entry->details, flow->category, 1);
    if (result == RESULT_OK && flow->start >= 0)
        result = timeline_add(&entry->details->timeline, flow->start);
    if (result == RESULT_OK && flow->known)
        result = add_known(summary, entry->details, flow->known);
    return result;
}

static enum result add_flow(struct summary *summary, struct summary_entry *entry,
                            const struct flow *flow)
{
    enum result result = RESULT_OK;

    if (entry->flows > 0 || flow->known)
        result = add_details(summary, entry, flow);
    else
        entry->category = flow->category;
    add(&entry->flows, 1);
    add(&entry->sent_packets, flow->sent_packets);
    add(&entry->sent_bytes, flow->sent_bytes);
    add(&entry->received_packets, flow->received_packets);
    add(&entry->received_bytes, flow->received_bytes);
    if (flow->duration > entry->longest)
        entry->longest = flow->duration;
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

static struct record_text put_domain(struct summary *summary, const struct record *record,
                                     char room[TEXT_ROOM])
{
    struct record_text host = put_host(record, room);
    size_t length;

    if (record->known->domain.bytes)
        return record->known->domain;
    if (!record->name.bytes)
        return host;
    length = domains_find(&summary->domains, host.bytes, host.length);
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

static struct record_text key_text(struct summary *summary, const struct record *record,
                                   char room[TEXT_ROOM])
{
    switch (summary->options.key) {
    case SUMMARY_SOURCE:
        return record->source;
    case SUMMARY_CATEGORY:
        return label_text(record);
    case SUMMARY_DOMAIN:
        return put_domain(summary, record, room);
    case SUMMARY_PORT:
        return put_port(record, room);
    case SUMMARY_SENSOR:
        return record->sensor.bytes ? record->sensor : text_of("-");
    case SUMMARY_EVENT:
        return record->known->event.bytes ? record->known->event : text_of("-");
    default:
        return record->destination;
    }
}

static enum result find_category(struct summary *summary, const struct record *record,
                                 uint32_t *category)
{
    struct record_text text = label_text(record);

    if (intern_count(&summary->words) + 1 >= CATEGORIES_MOST &&
        !intern_find(&summary->words, text.bytes, text.length, category))
        text = text_of("other");
    text.length = text_cut(text.bytes, text.length, SUMMARY_NAME_MOST);
    return intern_add(&summary->words, text.bytes, text.length, category);
}

/* Hosts. */

#define NO_HOST UINT32_MAX

static bool is_full(const struct summary *summary, const struct intern *intern)
{
    return intern_count(intern) >= summary->options.keys_most || is_long(summary, intern);
}

/* The index of a flow's other side. RESULT_INVALID: it is new, and there is no room. */
static enum result find_host(struct summary *summary, const struct flow *flow, uint32_t *host)
{
    const struct record_text *text = &flow->host;

    if (!is_full(summary, &summary->hosts))
        return intern_add_hashed(&summary->hosts, text->bytes, text->length, flow->host_hash, host);
    return intern_find(&summary->hosts, text->bytes, text->length, host) ? RESULT_OK
                                                                         : RESULT_INVALID;
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

/* host: its index; NO_HOST: there was no room for it. */
static enum result add_host(struct summary *summary, struct summary_entry *entry,
                            const struct flow *flow, uint32_t *host)
{
    enum result result = find_host(summary, flow, host);

    summary->total.hosts = intern_count(&summary->hosts);
    if (result == RESULT_OK)
        return add_pair(summary, entry, *host);
    *host = NO_HOST;
    if (result == RESULT_INVALID)
        entry->hosts_more = summary->total.hosts_more = true;
    return result == RESULT_INVALID ? RESULT_OK : result;
}

/* Flows. */

static enum result find_entry(struct summary *summary, struct record_text key, uint32_t hash,
                              struct summary_entry **entry)
{
    uint32_t name;
    enum result result = pool_reserve(&summary->entries, sizeof **entry);

    if (result == RESULT_OK)
        result = intern_add_hashed(&summary->names, key.bytes, key.length, hash, &name);
    if (result != RESULT_OK)
        return result;
    *entry = entry_at(summary, name);
    summary->last = name;
    if (name == summary->entries.count) {
        **entry = new_entry(name);
        summary->entries.count++;
    }
    return RESULT_OK;
}

/* Whether a key is that of the last flow that was added: many keys are those of long runs. */
static bool is_last(const struct summary *summary, struct record_text key)
{
    struct record_text last;

    if (summary->last >= summary->entries.count)
        return false;
    last = text_at(&summary->names, summary->last);
    return last.length == key.length && memcmp(last.bytes, key.bytes, key.length) == 0;
}

/* Makes room for the entry of a number. */
static enum result reserve_place(struct summary *summary, uint32_t number)
{
    size_t room = (size_t)number * 2 + 64;
    uint32_t *grown;

    if (number < summary->places_room)
        return RESULT_OK;
    grown = realloc(summary->places, room * sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    memset(grown + summary->places_room, 0, (room - summary->places_room) * sizeof *grown);
    summary->places = grown;
    summary->places_room = room;
    return RESULT_OK;
}

static enum result find_place(struct summary *summary, struct record_text key, uint32_t number,
                              struct summary_entry **entry)
{
    enum result result = reserve_place(summary, number);

    if (result != RESULT_OK)
        return result;
    if (summary->places[number] > 0) {
        *entry = entry_at(summary, summary->places[number] - 1);
        return RESULT_OK;
    }
    result = find_entry(summary, key, intern_hash(&summary->names, key.bytes, key.length), entry);
    if (result == RESULT_OK)
        summary->places[number] = (*entry)->name + 1;
    return result;
}

/* Whether there are more keys, or longer ones, than there may be. */
static bool is_overfull(const struct summary *summary)
{
    return summary->entries.count > summary->options.keys_most ||
           (summary->entries.count > 1 && is_long(summary, &summary->names));
}

static enum result fold_overfull(struct summary *summary)
{
    return is_overfull(summary) ? summary_fold(summary) : RESULT_OK;
}

/* Adds a flow to the entry of a key for which the other summary has a number. */
static enum result take_by_number(struct summary *summary, const struct flow *flow,
                                  struct record_text key, uint32_t number)
{
    struct summary_entry *entry;
    enum result result =
        number == NO_HOST
            ? find_entry(summary, key, intern_hash(&summary->names, key.bytes, key.length), &entry)
            : find_place(summary, key, number, &entry);

    if (result == RESULT_OK)
        result = add_flow(summary, entry, flow);
    return result == RESULT_OK ? fold_overfull(summary) : result;
}

/* The flow's other side, as a host and as a key of a summary beside this one. */
static enum result take_host(struct summary *summary, struct summary_entry *entry,
                             const struct flow *flow)
{
    uint32_t host;
    enum result result = add_host(summary, entry, flow, &host);

    for (struct summary *s = summary->next; s && result == RESULT_OK; s = s->next)
        if (is_turned(s, summary))
            result = take_by_number(s, flow, flow->host, host);
    return result;
}

static enum result take_flow(struct summary *summary, const struct flow *flow)
{
    struct summary_entry *entry;
    enum result result = find_entry(summary, flow->key, flow->key_hash, &entry);

    if (result == RESULT_OK)
        result = add_flow(summary, entry, flow);
    if (result == RESULT_OK && !summary->options.beside)
        result = take_host(summary, entry, flow);
    return result == RESULT_OK ? fold_overfull(summary) : result;
}

/* The entry of a key takes two lines of the cache, and its details two. */
static void fetch_two(const void *lines)
{
    __builtin_prefetch(lines, 1);
    __builtin_prefetch((const char *)lines + 64, 1);
}

/* Entries whose memory is being fetched. */
struct fetching {
    struct {
        const struct summary_entry *entry;
        const struct flow *flow;
    } entries[2 * BATCH];
    uint32_t count;
};

static void fetch_entry(struct fetching *fetching, const struct summary *summary, uint32_t index,
                        const struct flow *flow)
{
    const struct summary_entry *entry = entry_at(summary, index);

    fetch_two(entry);
    fetching->entries[fetching->count].entry = entry;
    fetching->entries[fetching->count++].flow = flow;
}

/* The first one that is beside it and has its hosts as keys. */
static const struct summary *turned_of(const struct summary *summary)
{
    const struct summary *turned = summary->options.beside ? NULL : summary->next;

    while (turned && !is_turned(turned, summary))
        turned = turned->next;
    return turned;
}

static void fetch_entries(struct fetching *fetching, const struct summary *summary)
{
    const struct summary *turned = turned_of(summary);
    uint32_t new = summary->entries.count;

    for (uint32_t i = 0; i < summary->waiting; i++) {
        const struct flow *flow = &summary->batch[i].flow;
        uint32_t name = intern_fetch_text(&summary->names, flow->key_hash);
        uint32_t host = intern_fetch_text(&summary->hosts, flow->host_hash);

        if (name < summary->entries.count)
            fetch_entry(fetching, summary, name, flow);
        else
            name = new ++;
        pairs_fetch(&summary->pairs, name, host);
        if (turned && host < turned->places_room && turned->places[host] > 0)
            fetch_entry(fetching, turned, turned->places[host] - 1, flow);
    }
}

static void fetch_details(const struct summary_details *details, const struct flow *flow)
{
    if (flow->category < details->share_room)
        __builtin_prefetch(&details->shares[flow->category], 1);
    timeline_fetch(&details->timeline, flow->start);
}

/* Fetches the memory that the waiting flows will need, as far as hashes tell. */
static void fetch(const struct summary *summary)
{
    const struct waiting *batch = summary->batch;
    struct fetching fetching = {.count = 0};

    for (uint32_t i = 0; i < summary->waiting; i++) {
        intern_fetch_slot(&summary->names, batch[i].flow.key_hash);
        intern_fetch_slot(&summary->hosts, batch[i].flow.host_hash);
    }
    for (uint32_t i = 0; i < summary->waiting; i++) {
        intern_fetch_entry(&summary->names, batch[i].flow.key_hash);
        intern_fetch_entry(&summary->hosts, batch[i].flow.host_hash);
    }
    fetch_entries(&fetching, summary);
    for (uint32_t i = 0; i < fetching.count; i++)
        if (fetching.entries[i].entry->details)
            fetch_two(fetching.entries[i].entry->details);
    for (uint32_t i = 0; i < fetching.count; i++)
        if (fetching.entries[i].entry->details)
            fetch_details(fetching.entries[i].entry->details, fetching.entries[i].flow);
}

enum result summary_add_waiting(struct summary *summary)
{
    enum result result = RESULT_OK;

    fetch(summary);
    for (uint32_t i = 0; i < summary->waiting && result == RESULT_OK; i++)
        result = take_flow(summary, &summary->batch[i].flow);
    summary->waiting = 0;
    return result;
}

/* The text of a host is NULL beside another summary. */
static const char *put_text(char *room, struct record_text text)
{
    return text.length > 0 ? memcpy(room, text.bytes, text.length) : room;
}

/* Lets a flow wait, whose texts are copied. */
static enum result wait_for_more(struct summary *summary, const struct flow *flow)
{
    struct waiting *waiting = &summary->batch[summary->waiting++];

    waiting->flow = *flow;
    waiting->flow.key.bytes = put_text(waiting->texts, flow->key);
    waiting->flow.host.bytes = put_text(waiting->texts + flow->key.length, flow->host);
    return summary->waiting == BATCH ? summary_add_waiting(summary) : RESULT_OK;
}

/* When it began and ended; a time that no calendar has is not known. */
static void set_times(struct flow *flow, const struct record *record)
{
    flow->start = record_start(record);
    flow->duration = record->duration;
    flow->end = flow->start < 0 ? -1 : flow->start + record->duration;
    if (flow->end >= TIME_END)
        flow->start = flow->end = -1;
}

static struct record_text shortened(struct record_text text)
{
    text.length = text_cut(text.bytes, text.length, SUMMARY_NAME_MOST);
    return text;
}

static void set_host(struct flow *flow, const struct summary *summary, const struct record *record)
{
    bool by_source = summary->options.key == SUMMARY_SOURCE;

    flow->host = shortened(by_source ? record->destination : record->source);
    flow->host_hash = intern_hash(&summary->hosts, flow->host.bytes, flow->host.length);
}

/*
 * Adds a flow, of which all is set but its key. While there are few entries, their memory need not
 * be fetched. Nor does a flow wait of which filters know something: there is much to copy.
 */
static enum result add_by_key(struct summary *summary, const struct record *record,
                              struct flow *flow, char room[TEXT_ROOM])
{
    enum result result;

    flow->key = shortened(key_text(summary, record, room));
    if (summary->options.beside && summary->waiting == 0 && is_last(summary, flow->key))
        return add_flow(summary, entry_at(summary, summary->last), flow);
    flow->key_hash = intern_hash(&summary->names, flow->key.bytes, flow->key.length);
    if (!flow->known && summary->entries.count >= BATCH &&
        flow->key.length + flow->host.length <= WAITING_TEXTS)
        return wait_for_more(summary, flow);
    result = summary_add_waiting(summary);
    return result == RESULT_OK ? take_flow(summary, flow) : result;
}

enum result summary_add(struct summary *summary, const struct record *record)
{
    struct flow flow = {.sent_packets = record->src_packets,
                        .sent_bytes = record->src_bytes,
                        .received_packets = record->dst_packets,
                        .received_bytes = record->dst_bytes,
                        .known = findings_are_there(record->known) ? record->known : NULL};
    char room[TEXT_ROOM]; /* of its key */
    enum result result = find_category(summary, record, &flow.category);

    set_times(&flow, record);
    if (result == RESULT_OK)
        result = add_flow(summary, &summary->total, &flow);
    set_host(&flow, summary, record);
    if (result == RESULT_OK)
        result = add_by_key(summary, record, &flow, room);
    flow.host = (struct record_text){NULL, 0};
    for (struct summary *s = summary->next; s && result == RESULT_OK; s = s->next)
        if (s->options.key == SUMMARY_CATEGORY)
            result =
                take_by_number(s, &flow, text_at(&summary->words, flow.category), flow.category);
        else if (!is_turned(s, summary))
            result = add_by_key(s, record, &flow, room);
    return result;
}
