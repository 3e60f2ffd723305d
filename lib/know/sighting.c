/* SPDX-License-Identifier: Apache-2.0 */
#include "know/sighting.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/grow.h"
#include "know/domain.h"
#include "record/label.h"

#include <inttypes.h>
#include <stdio.h>

enum result sighting_begin(struct sighting *sighting, const struct record *record)
{
    enum result result = hash_seed_init(&sighting->seed);

    sighting->traffic_date = record->traffic_date;
    sighting->sensor_length = record->sensor.length;
    if (record->sensor.length > 0)
        memcpy(sighting->sensor, record->sensor.bytes, record->sensor.length);
    sighting->lines.length = sighting->domains.length = 0;
    sighting->line_count = sighting->key_count = 0;
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

void sighting_complete(struct sighting *sighting)
{
    index_destroy(&sighting->index);
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
    struct seen_key key = {0};
    char text[LABEL_ID_TEXT];

    if (record->known->flow_id.length == LABEL_ID_TEXT - 1 &&
        seen_hex_read(record->known->flow_id.bytes, key.bytes, SEEN_KEY_BYTES))
        return key;
    label_id(record, label_category(record), text);
    if (!seen_hex_read(text, key.bytes, SEEN_KEY_BYTES))
        memset(&key, 0, sizeof key); /* never: the text is hexadecimal */
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
                         size_t length, size_t room)
{
    struct sighted_line numbers = {.room = (uint32_t)room};
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
    uint64_t high, low; /* the key */
    struct sighted *sighted;
    uint32_t sample; /* its number among them */
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->high != y->high)
        return x->high < y->high ? -1 : 1;
    if (x->low != y->low)
        return x->low < y->low ? -1 : 1;
    return (x->sample > y->sample) - (x->sample < y->sample);
}

static bool is_same_key(const struct place *x, const struct place *y)
{
    return x->high == y->high && x->low == y->low;
}

/* Keys are hashes, which spread evenly: what is left to sort in a bucket is little. */
#define BUCKETS 4096u

static size_t bucket_of(uint64_t high)
{
    return high / (UINT64_MAX / BUCKETS + 1);
}

/* Where the places of each bucket begin; behind them the total. */
static void measure_buckets(struct sighting *const *sightings, size_t count,
                            size_t begins[BUCKETS + 1])
{
    memset(begins, 0, (BUCKETS + 1) * sizeof *begins);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < sightings[i]->key_count; j++)
            begins[bucket_of(be64(sightings[i]->keys[j].key.bytes)) + 1]++;
    for (size_t i = 0; i < BUCKETS; i++)
        begins[i + 1] += begins[i];
}

/* Before, ends has where each bucket begins; afterwards, where it ends. */
static void fill_buckets(struct sighting *const *sightings, size_t count, size_t ends[BUCKETS + 1],
                         struct place *places)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < sightings[i]->key_count; j++) {
            struct sighted *sighted = &sightings[i]->keys[j];
            uint64_t high = be64(sighted->key.bytes);

            places[ends[bucket_of(high)]++] = (struct place){
                .high = high,
                .low = be64(sighted->key.bytes + 8),
                .sighted = sighted,
                .sample = (uint32_t)i,
            };
        }
}

/* All keys of the samples, equal ones together, in the order of the store. */
static enum result sort_keys(struct sighting *const *sightings, size_t count, struct place **places,
                             size_t *total)
{
    size_t ends[BUCKETS + 1], begin = 0;

    measure_buckets(sightings, count, ends);
    *total = ends[BUCKETS];
    *places = calloc(*total + 1, sizeof **places);
    if (!*places)
        return RESULT_NO_MEMORY;
    fill_buckets(sightings, count, ends, *places);
    for (size_t i = 0; i < BUCKETS; begin = ends[i++])
        qsort(*places + begin, ends[i] - begin, sizeof **places, compare_places);
    return RESULT_OK;
}

/* What a counter knows of a key. */
struct entry {
    struct seen_row row; /* its counter is the number of the counter */
    bool changed;
};

/* Keys that are read together, and then written, while their pages are at hand. */
#define KEYS_MOST 1024u

struct counting {
    struct sighting *const *sightings;
    struct seen *seen;
    bool only_ask;
    struct seen_row keys[KEYS_MOST];
    const struct place *places[KEYS_MOST + 1]; /* the first of each key; the end of the last */
    size_t current;                            /* the key that is being read */
    struct entry *entries;                     /* of that key */
    size_t entry_count, entry_capacity;
    struct seen_row *changed; /* of all these keys */
    size_t changed_count, changed_capacity;
};

static enum result add_entry(struct counting *counting, const struct seen_row *row)
{
    struct entry *grown = grow(counting->entries, counting->entry_count, &counting->entry_capacity,
                               sizeof *counting->entries);

    if (!grown)
        return RESULT_NO_MEMORY;
    counting->entries = grown;
    grown[counting->entry_count++] = (struct entry){.row = *row};
    return RESULT_OK;
}

static int compare_counters(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    return (x->row.counter > y->row.counter) - (x->row.counter < y->row.counter);
}

/* The first `read` entries came from the store, in order; the others are new. */
static struct entry *find_entry(const struct counting *counting, size_t read, int64_t number)
{
    const struct entry key = {.row.counter = number};
    struct entry *found = NULL;

    if (read > 0)
        found = bsearch(&key, counting->entries, read, sizeof key, compare_counters);
    for (size_t i = read; i < counting->entry_count && !found; i++)
        if (counting->entries[i].row.counter == number)
            found = &counting->entries[i];
    return found;
}

static int64_t add_up(int64_t a, int64_t b)
{
    return a < SEEN_COUNT_MOST - b ? a + b : SEEN_COUNT_MOST;
}

static void widen(int64_t *first, int64_t *last, int64_t other_first, int64_t other_last)
{
    if (*first < 0 || other_first < *first)
        *first = other_first;
    if (other_last > *last)
        *last = other_last;
}

static struct seen_fact sum_up(const struct counting *counting)
{
    struct seen_fact fact = {.counters = (int64_t)counting->entry_count, .first = -1, .last = -1};

    for (size_t i = 0; i < counting->entry_count; i++) {
        const struct seen_row *row = &counting->entries[i].row;

        fact.count = add_up(fact.count, row->count);
        widen(&fact.first, &fact.last, row->first, row->last);
    }
    return fact;
}

/* Counts one sample with the key, in the entry of its counter; NULL: it has none yet. */
static enum result count_sample(struct counting *counting, struct entry *entry,
                                const struct sighted *sighted, int64_t number)
{
    const struct seen_row row = {sighted->key, number, 0, sighted->first, sighted->last};
    enum result result = entry ? RESULT_OK : add_entry(counting, &row);

    if (result != RESULT_OK)
        return result;
    if (!entry)
        entry = &counting->entries[counting->entry_count - 1];
    entry->row.count = add_up(entry->row.count, 1);
    widen(&entry->row.first, &entry->row.last, sighted->first, sighted->last);
    entry->changed = true;
    return RESULT_OK;
}

static enum result collect_changed(struct counting *counting)
{
    for (size_t i = 0; i < counting->entry_count; i++) {
        struct seen_row *grown;

        if (!counting->entries[i].changed)
            continue;
        grown = grow(counting->changed, counting->changed_count, &counting->changed_capacity,
                     sizeof *counting->changed);
        if (!grown)
            return RESULT_NO_MEMORY;
        counting->changed = grown;
        grown[counting->changed_count++] = counting->entries[i].row;
    }
    return RESULT_OK;
}

/* All entries of the current key are there: finds the facts for each sample that has it. */
static enum result finish_key(struct counting *counting)
{
    const struct place *place = counting->places[counting->current];
    struct seen_fact fact = sum_up(counting);
    size_t read = counting->entry_count;
    enum result result = RESULT_OK;

    for (; place < counting->places[counting->current + 1] && result == RESULT_OK; place++) {
        const struct sighting *sighting = counting->sightings[place->sample];
        struct sighted *sighted = place->sighted;
        struct entry *entry = find_entry(counting, read, sighting->number);

        sighted->fact = fact;
        sighted->fact.own = entry != NULL;
        if (counting->only_ask || sighting->counted_before)
            continue;
        result = count_sample(counting, entry, sighted, sighting->number);
        fact.count = add_up(fact.count, 1);
        fact.counters += !entry;
        widen(&fact.first, &fact.last, sighted->first, sighted->last);
    }
    if (result == RESULT_OK)
        result = collect_changed(counting);
    counting->entry_count = 0;
    counting->current++;
    return result;
}

static enum result take_row(void *context, size_t key, const struct seen_row *row)
{
    struct counting *counting = context;
    enum result result = RESULT_OK;

    while (counting->current < key && result == RESULT_OK)
        result = finish_key(counting);
    return result == RESULT_OK ? add_entry(counting, row) : result;
}

/* Finds some of the keys, from one place on, and counts them; *place: where the next one begins. */
static enum result count_keys(struct counting *counting, const struct place **place,
                              const struct place *end)
{
    size_t count = 0;
    enum result result;

    for (; *place < end && count < KEYS_MOST; count++) {
        const struct place *first = *place;

        counting->keys[count].key = first->sighted->key;
        counting->places[count] = first;
        while (*place < end && is_same_key(*place, first))
            ++*place;
    }
    counting->places[count] = *place;
    counting->current = 0;
    counting->changed_count = 0;
    result = seen_find(counting->seen, counting->keys, count, take_row, counting);
    while (counting->current < count && result == RESULT_OK)
        result = finish_key(counting);
    if (result == RESULT_OK && counting->changed_count > 0)
        result = seen_write(counting->seen, counting->changed, counting->changed_count);
    return result;
}

static enum result count_all(struct counting *counting, const struct place *place,
                             const struct place *end)
{
    enum result result = RESULT_OK;

    while (place < end && result == RESULT_OK)
        result = count_keys(counting, &place, end);
    return result;
}

static enum result enter(struct sighting *sighting, struct seen *seen, bool only_ask)
{
    int64_t id = sighting_id(sighting);
    bool is_new = false;
    enum result result;

    if (only_ask) {
        result = seen_has(seen, id, &sighting->counted_before);
    } else {
        result = seen_enter(seen, id, &is_new);
        sighting->counted_before = !is_new;
    }
    return result == RESULT_OK ? seen_number(seen, sighting->counter, is_new, &sighting->number)
                               : result;
}

enum result sightings_count(struct sighting *const *sightings, size_t count, struct seen *seen,
                            bool only_ask)
{
    struct counting *counting = calloc(1, sizeof *counting);
    struct place *places = NULL;
    size_t total = 0;
    enum result result = counting ? RESULT_OK : RESULT_NO_MEMORY;

    for (size_t i = 0; i < count && result == RESULT_OK; i++)
        result = enter(sightings[i], seen, only_ask);
    if (result == RESULT_OK)
        result = sort_keys(sightings, count, &places, &total);
    if (result == RESULT_OK) {
        counting->sightings = sightings;
        counting->seen = seen;
        counting->only_ask = only_ask;
        result = count_all(counting, places, places + total);
    }
    if (counting) {
        free(counting->entries);
        free(counting->changed);
    }
    free(counting);
    free(places);
    return result;
}
