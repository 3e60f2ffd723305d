/* SPDX-License-Identifier: Apache-2.0 */
#include "show/findings.h"

#include "base/json.h"
#include "know/activity.h"

#include <stdlib.h>
#include <string.h>

/* Different arrays that are noted of one key, which bounds what hostile records cost. */
#define ARRAYS_MOST 16u

/* Bytes of a text that are kept, and of all of them. */
#define NOTE_MOST 1024u
#define NOTES_MOST (256u * 1024 * 1024)

struct arrays {
    struct record_text texts[ARRAYS_MOST]; /* JSON */
    size_t count;
};

struct findings {
    struct summary_known told;
    struct arrays tags, lists;
};

/* Of so many words, gravest first, the one that a text is, counted from the end; 0: none. */
static unsigned find_word(struct record_text text, const char *const *words, unsigned count)
{
    unsigned i = 0;

    while (i < count && !record_text_is(text, words[i]))
        i++;
    return count - i;
}

unsigned findings_gravity(struct record_text relevance)
{
    static const char *const words[] = {"knownBad", "seenNearBad"};
    unsigned gravity = find_word(relevance, words, 2);

    return gravity > 0 ? gravity + 1 : relevance.length > 0;
}

/* The same of an activity. */
static unsigned activity_gravity(struct record_text activity)
{
    unsigned gravity = find_word(activity, activity_words, ACTIVITY_COUNT);

    return gravity > 0 ? gravity + 1 : activity.length > 0;
}

bool findings_are_there(const struct record_known *record)
{
    return record->title.bytes || record->relevance.bytes || record->activity.bytes ||
           record->event.bytes || record->tags.bytes || record->lists.bytes ||
           record->dst_country.bytes || record->dst_as_org.bytes || record->dst_asn != 0 ||
           record->rank != 0 || record->flow_id_count != 0 || record->destination_count != 0 ||
           record->domain_count != 0;
}

enum result findings_init(struct findings **known)
{
    *known = calloc(1, sizeof **known);
    if (!*known)
        return RESULT_NO_MEMORY;
    (*known)->told.first_seen = (*known)->told.destination_first_seen = -1;
    (*known)->told.domain_first_seen = -1;
    return RESULT_OK;
}

void findings_destroy(struct findings **known)
{
    free(*known);
    *known = NULL;
}

/* Keeps a text; none where there is no room for it. */
static enum result keep(struct intern *texts, struct record_text text, struct record_text *kept)
{
    uint32_t index;
    enum result result;

    *kept = (struct record_text){NULL, 0};
    if (text.length == 0 || intern_bytes(texts) > NOTES_MOST)
        return RESULT_OK;
    result = intern_add(texts, text.bytes, text.length, &index);
    if (result == RESULT_OK)
        kept->bytes = intern_text(texts, index, &kept->length);
    return result;
}

/* The same of as many of its characters as there is room for. */
static enum result keep_part(struct intern *texts, struct record_text text,
                             struct record_text *kept)
{
    text.length = text_cut(text.bytes, text.length, NOTE_MOST);
    return keep(texts, text, kept);
}

static enum result keep_first(struct intern *texts, struct record_text text,
                              struct record_text *kept)
{
    return kept->bytes ? RESULT_OK : keep_part(texts, text, kept);
}

/* What a record tells of what it is, where it is graver than what is known. */
static enum result add_title(struct summary_known *told, const struct record_known *record,
                             struct intern *texts)
{
    enum result result;

    if (findings_gravity(record->relevance) <= findings_gravity(told->relevance) &&
        (told->title.bytes || told->relevance.bytes))
        return RESULT_OK;
    result = keep_part(texts, record->title, &told->title);
    if (result == RESULT_OK)
        result = keep_part(texts, record->description, &told->description);
    if (result == RESULT_OK)
        result = keep_part(texts, record->relevance, &told->relevance);
    if (result == RESULT_OK)
        result = keep_part(texts, record->known_by, &told->known_by);
    return result;
}

static enum result add_texts(struct summary_known *told, const struct record_known *record,
                             struct intern *texts)
{
    enum result result = add_title(told, record, texts);

    if (result == RESULT_OK &&
        activity_gravity(record->activity) > activity_gravity(told->activity))
        result = keep_part(texts, record->activity, &told->activity);
    if (result == RESULT_OK)
        result = keep_first(texts, record->event, &told->event);
    if (result == RESULT_OK)
        result = keep_first(texts, record->dst_country, &told->dst_country);
    if (result == RESULT_OK)
        result = keep_first(texts, record->dst_as_org, &told->dst_as_org);
    return result;
}

static void keep_least(uint64_t *count, uint64_t new)
{
    if (new > 0 && (*count == 0 || new < *count))
        *count = new;
}

static void keep_most(uint64_t *count, uint64_t new)
{
    if (new > *count)
        *count = new;
}

static void keep_earliest(int64_t *time, int64_t new)
{
    if (new >= 0 && (*time < 0 || new < *time))
        *time = new;
}

static void add_numbers(struct summary_known *told, const struct record_known *record)
{
    if (told->dst_asn == 0)
        told->dst_asn = record->dst_asn;
    keep_least(&told->rank, record->rank);
    keep_least(&told->count_least, record->flow_id_count);
    keep_most(&told->count_most, record->flow_id_count);
    keep_most(&told->destination_count, record->destination_count);
    keep_most(&told->domain_count, record->domain_count);
    keep_earliest(&told->first_seen, record->flow_id_first_seen);
    keep_earliest(&told->destination_first_seen, record->destination_first_seen);
    keep_earliest(&told->domain_first_seen, record->domain_first_seen);
}

static enum result add_array(struct arrays *arrays, struct record_text array, struct intern *texts)
{
    struct record_text kept;
    enum result result;

    for (size_t i = 0; i < arrays->count; i++)
        if (arrays->texts[i].length == array.length &&
            memcmp(arrays->texts[i].bytes, array.bytes, array.length) == 0)
            return RESULT_OK;
    if (array.length == 0 || array.length > INTERN_MOST || arrays->count == ARRAYS_MOST)
        return RESULT_OK;
    result = keep(texts, array, &kept);
    if (kept.bytes)
        arrays->texts[arrays->count++] = kept;
    return result;
}

enum result findings_add(struct findings *known, const struct record_known *record,
                         struct intern *texts)
{
    enum result result = add_texts(&known->told, record, texts);

    add_numbers(&known->told, record);
    if (result == RESULT_OK)
        result = add_array(&known->tags, record->tags, texts);
    if (result == RESULT_OK)
        result = add_array(&known->lists, record->lists, texts);
    return result;
}

const struct summary_known *findings_told(const struct findings *known)
{
    return &known->told;
}

/* Arrays united. */

/* Adds the strings in an array. What is not a string is not looked at. */
static enum result read_array(struct json *json, struct record_text array, struct intern *strings)
{
    enum result result = json_read_array(json, 1, array.bytes, array.length);
    size_t count;
    const struct json_member *members = json_members(json, &count);
    uint32_t index;

    for (size_t i = 0; i < count && result == RESULT_OK; i++)
        if (members[i].element && members[i].type == JSON_STRING)
            result = intern_add(strings, members[i].text, members[i].length, &index);
    return result;
}

static int compare_strings(const void *left, const void *right, void *context)
{
    struct record_text a, b;

    a.bytes = intern_text(context, *(const uint32_t *)left, &a.length);
    b.bytes = intern_text(context, *(const uint32_t *)right, &b.length);
    return record_text_compare(a, b);
}

static enum result put_strings(struct intern *strings, struct text *text)
{
    uint32_t count = intern_count(strings), *order = malloc((count + 1) * sizeof *order);
    enum result result = order ? RESULT_OK : RESULT_NO_MEMORY;

    for (uint32_t i = 0; i < count && order; i++)
        order[i] = i;
    if (order)
        qsort_r(order, count, sizeof *order, compare_strings, strings);
    for (uint32_t i = 0; i < count && result == RESULT_OK; i++) {
        size_t length;
        const char *string = intern_text(strings, order[i], &length);

        result = text_put(text, i == 0 ? "[" : ",", 1);
        if (result == RESULT_OK)
            result = text_put_json(text, string, length);
    }
    if (count > 0 && result == RESULT_OK)
        result = text_put(text, "]", 1);
    free(order);
    return result;
}

static enum result put_arrays(const struct arrays *arrays, struct text *text)
{
    struct json *json = NULL;
    struct intern strings = {0};
    enum result result = RESULT_OK;

    if (arrays->count == 0)
        return RESULT_OK;
    result = intern_init(&strings);
    if (result == RESULT_OK)
        result = json_init(&json, NULL, 0);
    for (size_t i = 0; i < arrays->count && result == RESULT_OK; i++)
        result = read_array(json, arrays->texts[i], &strings);
    if (result == RESULT_OK)
        result = put_strings(&strings, text);
    json_destroy(&json);
    intern_destroy(&strings);
    return result;
}

enum result findings_put_tags(const struct findings *known, struct text *text)
{
    return put_arrays(&known->tags, text);
}

enum result findings_put_lists(const struct findings *known, struct text *text)
{
    return put_arrays(&known->lists, text);
}
