/* SPDX-License-Identifier: Apache-2.0 */
#include "know/sighting.h"

#include "base/clock.h"
#include "base/grow.h"
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

    return memcmp(&sighting->keys[number - 1].key, key, sizeof(struct seen_key)) == 0;
}

static uint32_t hash_key(const void *owner, uint32_t number)
{
    const struct sighting *sighting = owner;

    return hash_bytes(&sighting->seed, &sighting->keys[number - 1].key, sizeof(struct seen_key));
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
    uint32_t hash = hash_bytes(&sighting->seed, key, sizeof *key);
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
    uint8_t key[SEEN_KEY_BYTES];
    char text[LABEL_ID_TEXT];

    if (record->flow_id.length == LABEL_ID_TEXT - 1 &&
        seen_hex_read(record->flow_id.bytes, key, sizeof key))
        return seen_key_read(key);
    label_id(record, label_category(record), text);
    if (!seen_hex_read(text, key, sizeof key))
        memset(key, 0, sizeof key); /* never: the text is hexadecimal */
    return seen_key_read(key);
}

/* The domain of the record's destination; none: it has no name, or no registered domain. */
static struct record_text domain_of(struct domains *domains, const struct record *record)
{
    struct record_text name = record->name;
    size_t length;

    if (name.length == 0)
        return (struct record_text){NULL, 0};
    length = domains_registered(domains, name.bytes, name.length);
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
static enum result sight_domain(struct sighting *sighting, struct domains *domains,
                                const struct record *record, int64_t time, uint32_t destination)
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
    domain = sighted->looked ? (struct record_text){NULL, 0} : domain_of(domains, record);
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

enum result sighting_add(struct sighting *sighting, struct domains *domains,
                         const struct record *record, const char *line, size_t length, size_t room)
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
        result = sight_domain(sighting, domains, record, time, numbers.destination);
    return result == RESULT_OK ? put_line(sighting, line, length, &numbers) : result;
}

int64_t sighting_id(const struct sighting *sighting)
{
    char text[24 + SENSOR_MAX];
    int length = snprintf(text, sizeof text, "%" PRId64 " ", sighting->traffic_date);

    memcpy(text + length, sighting->sensor, sighting->sensor_length);
    return seen_id_of("sample", text, (size_t)length + sighting->sensor_length);
}
