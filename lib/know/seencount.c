/* SPDX-License-Identifier: Apache-2.0 */
#include "know/seencount.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

/* A key of one of several samples. */
struct place {
    struct seen_key key;
    struct sighted *sighted;
    uint32_t sample; /* its number among them */
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->key.high != y->key.high)
        return x->key.high < y->key.high ? -1 : 1;
    if (x->key.low != y->key.low)
        return x->key.low < y->key.low ? -1 : 1;
    return (x->sample > y->sample) - (x->sample < y->sample);
}

static bool is_same_key(const struct place *x, const struct place *y)
{
    return x->key.high == y->key.high && x->key.low == y->key.low;
}

/*
 * Keys are hashes, which spread evenly: a bucket gets few of them, unless somebody chose them or
 * many samples share a key.
 */
#define BUCKET_BITS 16u
#define BUCKET_FEW 24u

/* The number of places per bucket is about this to the power of two. */
#define BUCKET_SHARE 2u

struct buckets {
    unsigned shift; /* of a key's high half, to the number of its bucket */
    size_t count;
    size_t *ends;
};

static size_t bucket_of(const struct buckets *buckets, const struct seen_key *key)
{
    return ((uint64_t)key->high ^ UINT64_C(1) << 63) >> buckets->shift;
}

static enum result buckets_init(struct buckets *buckets, size_t total)
{
    unsigned bits = 1;

    while (bits < BUCKET_BITS && total >> (bits + BUCKET_SHARE) > 0)
        bits++;
    buckets->shift = 64 - bits;
    buckets->count = (size_t)1 << bits;
    buckets->ends = calloc(buckets->count + 1, sizeof *buckets->ends);
    return buckets->ends ? RESULT_OK : RESULT_NO_MEMORY;
}

/* Where the places of each bucket begin; behind them the total. */
static void measure_buckets(struct buckets *buckets, struct sighting *const *sightings,
                            size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < sightings[i]->key_count; j++)
            buckets->ends[bucket_of(buckets, &sightings[i]->keys[j].key) + 1]++;
    for (size_t i = 0; i < buckets->count; i++)
        buckets->ends[i + 1] += buckets->ends[i];
}

/* Before, ends has where each bucket begins; afterwards, where it ends. */
static void fill_buckets(struct buckets *buckets, struct sighting *const *sightings, size_t count,
                         struct place *places)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < sightings[i]->key_count; j++) {
            struct sighted *sighted = &sightings[i]->keys[j];

            places[buckets->ends[bucket_of(buckets, &sighted->key)]++] = (struct place){
                .key = sighted->key,
                .sighted = sighted,
                .sample = (uint32_t)i,
            };
        }
}

/* Sorts a bucket, whose places are in the order of their samples. */
static void sort_bucket(struct place *places, size_t count)
{
    if (count > BUCKET_FEW) {
        qsort(places, count, sizeof *places, compare_places);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct place place = places[i];
        size_t at = i;

        for (; at > 0 && compare_places(&place, &places[at - 1]) < 0; at--)
            places[at] = places[at - 1];
        places[at] = place;
    }
}

/* All keys of the samples, equal ones together, in the order of the store. */
static enum result sort_keys(struct sighting *const *sightings, size_t count, struct place **places,
                             size_t *total)
{
    struct buckets buckets;
    size_t begin = 0;

    *total = 0;
    for (size_t i = 0; i < count; i++)
        *total += sightings[i]->key_count;
    *places = calloc(*total + 1, sizeof **places);
    if (!*places || buckets_init(&buckets, *total) != RESULT_OK)
        return RESULT_NO_MEMORY;
    measure_buckets(&buckets, sightings, count);
    fill_buckets(&buckets, sightings, count, *places);
    for (size_t i = 0; i < buckets.count; begin = buckets.ends[i++])
        sort_bucket(*places + begin, buckets.ends[i] - begin);
    free(buckets.ends);
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
    bool alone; /* all samples are new, and of the only counter: rows are added at once */
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
    if (result == RESULT_OK && !counting->alone)
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

/* Makes of each key the row that its samples add. */
static void add_up_samples(struct counting *counting, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct seen_row *row = &counting->keys[i];
        const struct place *place = counting->places[i], *end = counting->places[i + 1];

        row->counter = 0;
        row->count = end - place;
        row->first = row->last = -1;
        for (; place < end; place++) {
            /* Every place was filled. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
            widen(&row->first, &row->last, place->sighted->first, place->sighted->last);
        }
    }
}

/* Reads what is known of the keys; if `alone`, adds the samples at the same time. */
static enum result read_keys(struct counting *counting, size_t count)
{
    if (!counting->alone)
        return seen_find(counting->seen, counting->keys, count, take_row, counting);
    add_up_samples(counting, count);
    return seen_add(counting->seen, counting->keys, count, take_row, counting);
}

/* Finds some of the keys, from one place on, and counts them; *place: where the next one begins. */
static enum result count_keys(struct counting *counting, const struct place **place,
                              const struct place *end)
{
    size_t count = 0;
    enum result result;

    for (; *place < end && count < KEYS_MOST; count++) {
        const struct place *first = *place;

        counting->keys[count].key = first->key;
        counting->places[count] = first;
        while (*place < end && is_same_key(*place, first))
            ++*place;
    }
    counting->places[count] = *place;
    counting->current = 0;
    counting->changed_count = 0;
    result = read_keys(counting, count);
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

static enum result find_alone(struct counting *counting, size_t count)
{
    enum result result = RESULT_OK;

    if (!counting->only_ask)
        result = seen_alone(counting->seen, &counting->alone);
    for (size_t i = 0; i < count; i++)
        if (counting->sightings[i]->counted_before)
            counting->alone = false;
    return result;
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
        result = find_alone(counting, count);
        if (result == RESULT_OK)
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
