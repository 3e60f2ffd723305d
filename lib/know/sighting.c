/* SPDX-License-Identifier: Apache-2.0 */
#include "know/sighting.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/grow.h"
#include "know/domain.h"
#include "record/label.h"

#include <inttypes.h>
#include <nettle/base16.h>
#include <stdio.h>

enum result sighting_init(struct sighting *sighting, const struct record *record)
{
    enum result result;

    *sighting = (struct sighting){
        .traffic_date = record->traffic_date,
        .sensor_length = record->sensor.length,
    };
    if (record->sensor.length > 0)
        memcpy(sighting->sensor, record->sensor.bytes, record->sensor.length);
    result = hash_seed_init(&sighting->seed);
    return result == RESULT_OK ? index_init(&sighting->index) : result;
}

void sighting_destroy(struct sighting *sighting)
{
    text_destroy(&sighting->lines);
    text_destroy(&sighting->domains);
    free(sighting->ends);
    free(sighting->keys);
    index_destroy(&sighting->index);
}

bool sighting_is_of(const struct sighting *sighting, const struct record *record)
{
    return sighting->traffic_date == record->traffic_date &&
           sighting->sensor_length == record->sensor.length &&
           (sighting->sensor_length == 0 ||
            memcmp(sighting->sensor, record->sensor.bytes, sighting->sensor_length) == 0);
}

static bool is_same(const void *owner, uint32_t number, const void *key)
{
    const struct sighting *sighting = owner;

    return memcmp(&sighting->keys[number - 1].key, key, SEEN_KEY_BYTES) == 0;
}

static uint32_t hash_key(const void *owner, uint32_t number)
{
    const struct sighting *sighting = owner;

    return hash_bytes(&sighting->seed, sighting->keys[number - 1].key.bytes, SEEN_KEY_BYTES);
}

static enum result add_key(struct sighting *sighting, const struct seen_key *key, uint32_t *slot)
{
    struct sighted *grown =
        grow(sighting->keys, sighting->key_count, &sighting->key_capacity, sizeof *sighting->keys);

    if (!grown)
        return RESULT_NO_MEMORY;
    sighting->keys = grown;
    sighting->keys[sighting->key_count] =
        (struct sighted){.key = *key, .first = INT64_MAX, .domain = NO_DOMAIN};
    *slot = (uint32_t)++sighting->key_count;
    return RESULT_OK;
}

/* Finds or adds a key, seen at that time; *number: its place among the keys. */
static enum result sight(struct sighting *sighting, const struct seen_key *key, int64_t time,
                         uint32_t *number)
{
    uint32_t hash = hash_bytes(&sighting->seed, key->bytes, SEEN_KEY_BYTES);
    enum result result = RESULT_OK;
    struct sighted *sighted;
    uint32_t *slot;

    if (index_full(&sighting->index, (uint32_t)sighting->key_count))
        result = index_grow(&sighting->index, (uint32_t)sighting->key_count, hash_key, sighting);
    if (result != RESULT_OK)
        return result;
    slot = index_find(&sighting->index, hash, is_same, sighting, key);
    if (*slot == 0)
        result = add_key(sighting, key, slot);
    if (result != RESULT_OK)
        return result;
    *number = *slot - 1;
    sighted = &sighting->keys[*number];
    if (time < sighted->first)
        sighted->first = time;
    if (time > sighted->last)
        sighted->last = time;
    return RESULT_OK;
}

/* The key of a behavior is the first half of its flow id. */
static struct seen_key flow_key(const struct record *record)
{
    char text[LABEL_ID_TEXT];
    const char *id = text;
    struct base16_decode_ctx hex;
    struct seen_key key;
    size_t length = sizeof key.bytes;

    base16_decode_init(&hex);
    if (record->known.flow_id.length == LABEL_ID_TEXT - 1 &&
        base16_decode_update(&hex, &length, key.bytes, (size_t)2 * SEEN_KEY_BYTES,
                             record->known.flow_id.bytes) &&
        length == SEEN_KEY_BYTES)
        return key;
    label_id(record, label_category(record), text);
    base16_decode_init(&hex);
    length = sizeof key.bytes;
    if (!base16_decode_update(&hex, &length, key.bytes, (size_t)2 * SEEN_KEY_BYTES, id))
        memset(key.bytes, 0, sizeof key.bytes); /* never: the text is hexadecimal */
    return key;
}

/* The domain of the record's destination; none: it has no name, or no registered domain. */
static struct record_text domain_of(const struct record *record)
{
    struct record_text name = record->name;
    struct address address;
    size_t length;

    if (name.length == 0 || address_read(name.bytes, name.length, &address))
        return (struct record_text){NULL, 0};
    length = domain_length(name.bytes, name.length);
    if (length == name.length && domain_is_suffix(name.bytes, name.length))
        return (struct record_text){NULL, 0};
    return (struct record_text){name.bytes + (name.length - length), length};
}

static enum result put_line(struct sighting *sighting, const char *line, size_t length,
                            struct sighted_line *numbers)
{
    struct sighted_line *grown = grow(sighting->ends, sighting->line_count,
                                      &sighting->line_capacity, sizeof *sighting->ends);

    if (!grown)
        return RESULT_NO_MEMORY;
    sighting->ends = grown;
    if (text_put(&sighting->lines, line, length) != RESULT_OK)
        return RESULT_NO_MEMORY;
    numbers->end = sighting->lines.length;
    sighting->ends[sighting->line_count++] = *numbers;
    return RESULT_OK;
}

/* Sights the domain of a destination, which is looked for only once in a sample. */
static enum result sight_domain(struct sighting *sighting, const struct record *record,
                                int64_t time, uint32_t destination)
{
    struct sighted *sighted = &sighting->keys[destination];
    struct record_text domain;
    struct seen_key key;
    enum result result;
    uint32_t number;

    if (sighted->domain != NO_DOMAIN) {
        key = sighting->keys[sighted->domain].key;
        return sight(sighting, &key, time, &number);
    }
    domain = sighted->looked ? (struct record_text){NULL, 0} : domain_of(record);
    sighted->looked = true;
    if (domain.length == 0)
        return RESULT_OK;
    key = seen_key_of("domain", domain.bytes, domain.length);
    result = sight(sighting, &key, time, &number); /* which may move the keys */
    if (result != RESULT_OK)
        return result;
    sighting->keys[destination].domain = number;
    sighting->keys[destination].domain_text = sighting->domains.length;
    result = text_put_json(&sighting->domains, domain.bytes, domain.length);
    return result == RESULT_OK ? text_put(&sighting->domains, "", 1) : result;
}

enum result sighting_add(struct sighting *sighting, const struct record *record, const char *line,
                         size_t length)
{
    struct sighted_line numbers = {.end = 0};
    struct seen_key key = flow_key(record);
    int64_t time = record_start(record) / SECOND;
    enum result result = sight(sighting, &key, time, &numbers.flow);

    if (result != RESULT_OK)
        return result;
    key = seen_key_of("destination", record->destination.bytes, record->destination.length);
    result = sight(sighting, &key, time, &numbers.destination);
    if (result == RESULT_OK)
        result = sight_domain(sighting, record, time, numbers.destination);
    return result == RESULT_OK ? put_line(sighting, line, length, &numbers) : result;
}

int64_t sighting_id(const struct sighting *sighting)
{
    char text[24 + SENSOR_MAX];
    int length = snprintf(text, sizeof text, "%" PRId64 " ", sighting->traffic_date);

    memcpy(text + length, sighting->sensor, sighting->sensor_length);
    return seen_id_of("sample", text, (size_t)length + sighting->sensor_length);
}

/* A key of one of several samples. */
struct place {
    uint64_t rank; /* the beginning of the key */
    struct sighted *sighted;
    uint32_t sample; /* its number among them */
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int order;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    order = memcmp(x->sighted->key.bytes, y->sighted->key.bytes, SEEN_KEY_BYTES);
    return order != 0 ? order : (x->sample > y->sample) - (x->sample < y->sample);
}

/* All keys of the samples, equal ones together, in the order of the store, where they are close. */
static enum result sort_keys(struct sighting *const *sightings, size_t count, struct place **places,
                             size_t *total)
{
    size_t at = 0;

    *total = 0;
    for (size_t i = 0; i < count; i++)
        *total += sightings[i]->key_count;
    *places = calloc(*total + 1, sizeof **places);
    if (!*places)
        return RESULT_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < sightings[i]->key_count; j++)
            (*places)[at++] = (struct place){
                .rank = be64(sightings[i]->keys[j].key.bytes),
                .sighted = &sightings[i]->keys[j],
                .sample = (uint32_t)i,
            };
    qsort(*places, *total, sizeof **places, compare_places);
    return RESULT_OK;
}

static int64_t add_up(int64_t a, int64_t b)
{
    return a < SEEN_COUNT_MOST - b ? a + b : SEEN_COUNT_MOST;
}

static struct seen_fact sum_up(const struct seen_entries *entries)
{
    struct seen_fact fact = {.counters = (int64_t)entries->count, .first = -1, .last = -1};

    for (size_t i = 0; i < entries->count; i++) {
        const struct seen_entry *entry = &entries->entries[i];

        fact.count = add_up(fact.count, entry->count);
        if (fact.first < 0 || entry->first < fact.first)
            fact.first = entry->first;
        if (entry->last > fact.last)
            fact.last = entry->last;
    }
    return fact;
}

static struct seen_entry *find_entry(const struct seen_entries *entries, int64_t number)
{
    for (size_t i = 0; i < entries->count; i++)
        if (entries->entries[i].counter == number)
            return &entries->entries[i];
    return NULL;
}

/* Counts one sample with the key. */
static enum result count_key(const struct sighted *sighted, int64_t number,
                             struct seen_entries *entries)
{
    struct seen_entry *entry = find_entry(entries, number);

    if (!entry) {
        entry = grow(entries->entries, entries->count, &entries->capacity, sizeof *entry);
        if (!entry)
            return RESULT_NO_MEMORY;
        entries->entries = entry;
        entry += entries->count++;
        *entry = (struct seen_entry){
            .counter = number, .first = sighted->first, .last = sighted->last, .is_new = true};
    }
    entry->count = add_up(entry->count, 1);
    entry->changed = true;
    if (sighted->first < entry->first)
        entry->first = sighted->first;
    if (sighted->last > entry->last)
        entry->last = sighted->last;
    return RESULT_OK;
}

/* One key in all samples that have it. */
static enum result look_up(const struct place *places, size_t count,
                           struct sighting *const *sightings, struct seen *seen, bool only_ask,
                           struct seen_entries *entries)
{
    const struct seen_key *key = &places[0].sighted->key;
    enum result result = seen_read(seen, key, entries);

    for (size_t i = 0; i < count && result == RESULT_OK; i++) {
        const struct sighting *sighting = sightings[places[i].sample];
        bool counts = !only_ask && !sighting->counted_before;
        int64_t number;

        places[i].sighted->fact = sum_up(entries);
        result = seen_number(seen, sighting->counter, counts, &number);
        places[i].sighted->fact.own = find_entry(entries, number) != NULL;
        if (result == RESULT_OK && counts)
            result = count_key(places[i].sighted, number, entries);
    }
    return result == RESULT_OK ? seen_write(seen, key, entries) : result;
}

static enum result enter(struct sighting *sighting, struct seen *seen, bool only_ask)
{
    int64_t id = sighting_id(sighting);
    bool is_new = false;
    enum result result;

    if (only_ask)
        return seen_has(seen, id, &sighting->counted_before);
    result = seen_enter(seen, id, &is_new);
    sighting->counted_before = !is_new;
    return result;
}

enum result sightings_count(struct sighting *const *sightings, size_t count, struct seen *seen,
                            bool only_ask)
{
    struct seen_entries entries = {.count = 0};
    struct place *places = NULL;
    size_t total = 0, end;
    enum result result = RESULT_OK;

    for (size_t i = 0; i < count && result == RESULT_OK; i++)
        result = enter(sightings[i], seen, only_ask);
    if (result == RESULT_OK)
        result = sort_keys(sightings, count, &places, &total);
    for (size_t i = 0; i < total && result == RESULT_OK; i = end) {
        for (end = i + 1; end < total && memcmp(&places[end].sighted->key, &places[i].sighted->key,
                                                SEEN_KEY_BYTES) == 0;)
            end++;
        result = look_up(places + i, end - i, sightings, seen, only_ask, &entries);
    }
    free(places);
    free(entries.entries);
    return result;
}
