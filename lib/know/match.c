/* SPDX-License-Identifier: Apache-2.0 */
#include "know/match.h"

#include "record/label.h"

#include <string.h>

/* Facts found, most specific first; those of one class are equally specific. */
struct found {
    uint32_t facts[MATCH_FACTS];
    uint16_t classes[MATCH_FACTS];
    bool behaviors[MATCH_FACTS];
    size_t count;
    uint16_t class; /* of those that come next */
    bool behavior;
};

struct search {
    struct known *known;
    const struct record *record;
    struct address address;  /* of the destination; of family 0: not known */
    struct record_text name; /* of the destination; none: it goes by its address */
    bool has_ports;
    struct found *found;
};

/* Takes facts of a key that hold that far below it. */
static void take(struct search *search, uint32_t first, enum known_scope least)
{
    struct found *found = search->found;

    for (uint32_t number = first; number != 0 && found->count < MATCH_FACTS;) {
        const struct fact *fact = known_fact(search->known, number);

        if (fact->scope >= least && !known_forgotten(search->known, fact->list)) {
            found->facts[found->count] = number;
            found->classes[found->count] = found->class;
            found->behaviors[found->count++] = found->behavior;
        }
        number = fact->next;
    }
}

static void begin_class(struct search *search, bool behavior)
{
    search->found->class ++;
    search->found->behavior = behavior;
}

static void take_key(struct search *search, const struct known_key *key)
{
    take(search, known_find(search->known, key->kind, key->bytes, key->length), KNOWN_EXACT);
}

static void take_name(struct search *search, enum known_kind kind, struct record_text name)
{
    take(search, known_find(search->known, kind, name.bytes, name.length), KNOWN_EXACT);
}

/* The key of the destination, or of its host. False: there is none, or it is too long. */
static bool make_key(const struct search *search, bool port, struct known_key *key)
{
    struct record_text text = port ? search->record->destination : search->name;

    if (port && !search->has_ports)
        return false;
    if (search->name.length > 0) {
        if (text.length > KNOWN_KEY_MOST)
            return false;
        key->kind = port ? KNOWN_NAME_PORT : KNOWN_NAME;
        key->length = (uint16_t)text.length;
        memcpy(key->bytes, text.bytes, text.length);
        return true;
    }
    if (search->address.family == 0)
        return false;
    if (port)
        known_key_address_port(key, &search->address, search->record->dport);
    else
        known_key_address(key, &search->address);
    return true;
}

static void take_behavior(struct search *search, const struct known_key *to)
{
    struct record_text name = label_text(search->record);
    struct known_key key;

    if (known_key_behavior(&key, name.bytes, name.length, to))
        take_key(search, &key);
}

static void take_flow_id(struct search *search)
{
    const struct record *record = search->record;
    struct record_text id = record->flow_id;
    char text[LABEL_ID_TEXT];

    if (known_keys(search->known, KNOWN_FLOW_ID) == 0)
        return;
    if (id.length == 0) {
        label_id(record, label_category(record), text);
        id = (struct record_text){text, LABEL_ID_TEXT - 1};
    }
    take_name(search, KNOWN_FLOW_ID, id);
}

static void take_behaviors(struct search *search)
{
    struct known_key to;

    begin_class(search, true);
    take_flow_id(search);
    if (known_keys(search->known, KNOWN_BEHAVIOR) == 0)
        return;
    if (make_key(search, true, &to))
        take_behavior(search, &to);
    if (make_key(search, false, &to))
        take_behavior(search, &to);
}

/* Each name above the destination's, the longest first. */
static void take_parents(struct search *search)
{
    const char *dot = search->name.bytes, *end;
    bool all = known_has_all(search->known), more = known_has_below(search->known) || all;

    if (!dot)
        return;
    end = dot + search->name.length;
    while (more && (dot = memchr(dot, '.', (size_t)(end - dot)))) {
        uint32_t first = known_find(search->known, KNOWN_NAME, dot + 1, (size_t)(end - dot - 1));
        bool suffix = first != 0 && known_is_suffix(search->known, first);

        dot++;
        begin_class(search, false);
        take(search, first, suffix ? KNOWN_ALL : KNOWN_BELOW);
        more = !suffix || all;
    }
}

static void take_networks(struct search *search)
{
    uint32_t network;

    if (search->address.family == 0)
        return;
    network = known_network(search->known, &search->address);
    for (; network != UINT32_MAX; network = known_wider(search->known, network)) {
        begin_class(search, false);
        take(search, known_network_fact(search->known, network), KNOWN_EXACT);
    }
}

static void take_destination(struct search *search)
{
    struct known_key key;

    if (search->name.length > 0) {
        begin_class(search, false);
        if (search->has_ports)
            take_name(search, KNOWN_NAME_PORT, search->record->destination);
        begin_class(search, false);
        take_name(search, KNOWN_NAME, search->name);
    }
    if (search->address.family != 0) {
        begin_class(search, false);
        if (search->has_ports) {
            known_key_address_port(&key, &search->address, search->record->dport);
            take_key(search, &key);
        }
        begin_class(search, false);
        known_key_address(&key, &search->address);
        take_key(search, &key);
    }
    take_parents(search);
    take_networks(search);
}

static void take_port(struct search *search)
{
    bool behaviors = known_keys(search->known, KNOWN_BEHAVIOR) > 0;
    struct known_key key;

    if (search->has_ports) {
        known_key_port(&key, search->record->dport);
        if (behaviors) {
            begin_class(search, true);
            take_behavior(search, &key);
        }
        begin_class(search, false);
        take_key(search, &key);
    }
    if (behaviors) {
        begin_class(search, true);
        take_behavior(search, NULL);
    }
}

void match_unite(struct record_text *texts, size_t *count, size_t most, struct record_text text)
{
    for (size_t i = 0; i < *count; i++)
        if (texts[i].length == text.length && memcmp(texts[i].bytes, text.bytes, text.length) == 0)
            return;
    if (*count < most)
        texts[(*count)++] = text;
}

/* What one fact adds. The title and relevance are of the first class that has any. */
struct best {
    int title_class, relevance_class; /* -1: none yet */
    enum relevance title_relevance;
    uint32_t title_fact; /* its number: facts are numbered in the order of lists and their lines */
    bool behavior;       /* of the relevance */
};

static bool has_better_title(const struct note *note, int class, uint32_t fact,
                             const struct best *best)
{
    if (note->title.length == 0)
        return false;
    if (best->title_class != class)
        return best->title_class < 0;
    return note->relevance > best->title_relevance ||
           (note->relevance == best->title_relevance && fact < best->title_fact);
}

static void add_note(const struct note *note, const struct found *found, size_t at,
                     struct match *match, struct best *best)
{
    int class = found->classes[at];
    bool relevance = best->relevance_class < 0 ||
                     (best->relevance_class == class && note->relevance > match->relevance);

    if (has_better_title(note, class, found->facts[at], best)) {
        match->title = note->title;
        match->description = note->description;
        match->behavior = found->behaviors[at];
        best->title_fact = found->facts[at];
        best->title_class = class;
        best->title_relevance = note->relevance;
    }
    if (relevance && note->relevance != RELEVANCE_NONE) {
        match->relevance = note->relevance;
        best->behavior = found->behaviors[at];
        best->relevance_class = class;
    }
    for (size_t i = 0; i < note->tag_count; i++)
        match_unite(match->tags, &match->tag_count, MATCH_TAGS, note->tags[i]);
}

static void add_facts(const struct search *search, struct match *match)
{
    const struct found *found = search->found;
    struct best best = {.title_class = -1, .relevance_class = -1};

    for (size_t i = 0; i < found->count; i++) {
        const struct fact *fact = known_fact(search->known, found->facts[i]);
        struct record_text list;
        struct note note;

        list.bytes = known_list(search->known, fact->list, &list.length);
        if (fact->ranked) {
            match->rank = match->rank > 0 ? match->rank : fact->value;
            continue;
        }
        note_unpack(known_note(search->known, fact), &note);
        add_note(&note, found, i, match, &best);
        match_unite(match->lists, &match->list_count, MATCH_LISTS,
                    note.source.length > 0 ? note.source : list);
    }
    if (best.title_class < 0)
        match->behavior = best.behavior;
}

/* Fetches the memory where the search for the destination and its parents begins. */
static void fetch(const struct search *search)
{
    const struct record_text *destination = &search->record->destination;
    const char *name = search->name.bytes, *end;
    struct known_key key;

    if (search->address.family != 0) {
        known_key_address(&key, &search->address);
        known_fetch(search->known, key.kind, key.bytes, key.length);
    }
    if (!name)
        return;
    if (search->has_ports)
        known_fetch(search->known, KNOWN_NAME_PORT, destination->bytes, destination->length);
    for (end = name + search->name.length; name;) {
        known_fetch(search->known, KNOWN_NAME, name, (size_t)(end - name));
        name = memchr(name, '.', (size_t)(end - name));
        name = name ? name + 1 : NULL;
    }
}

/* A name can be an address where the record does not say. */
void match_destination(const struct record *record, struct record_text *name,
                       struct address *address)
{
    *address = record->dst;
    *name = record->name;
    if (record->dst.family == 0 && record->name_source == NAME_OTHER && name->length > 0 &&
        address_read(name->bytes, name->length, address))
        name->length = 0;
}

void match_find(struct known *known, const struct record *record, struct match *match)
{
    struct found found; /* zeroing all of it would take longer than the search */
    struct search search = {.known = known, .record = record, .found = &found};

    match->tag_count = match->list_count = 0;
    match->relevance = RELEVANCE_NONE;
    match->title = match->description = (struct record_text){NULL, 0};
    match->rank = 0;
    match->behavior = false;
    found.count = 0;
    found.class = 0;
    match_destination(record, &search.name, &search.address);
    search.has_ports = record_has_ports(record);
    fetch(&search);
    take_behaviors(&search);
    take_destination(&search);
    match->specific = found.count > 0;
    take_port(&search);
    match->any = found.count > 0;
    if (match->any)
        add_facts(&search, match);
}
