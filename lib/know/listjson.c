/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists in JSON: Secflow's own, an object a line (secflow-meta(5)), and MISP warninglists, one
 * document.
 */
#include "base/json.h"
#include "know/indicator.h"
#include "know/listread.h"
#include "know/mistyped.h"

#include <stdio.h>
#include <string.h>

enum key {
    KEY_DESTINATION = 1,
    KEY_CATEGORY,
    KEY_FLOW_ID,
    KEY_TITLE,
    KEY_DESCRIPTION,
    KEY_RELEVANCE,
    KEY_NAME,
    KEY_TAGS, /* the first of the lists of tags */
    KEY_TAGS_END = KEY_TAGS + NOTE_TAG_LISTS,
    KEY_LIST, /* what documents have, from here on */
    KEY_TYPE,
    KEY_EVENT, /* what MISP and STIX documents have */
    KEY_OBJECTS,
    KEY_STEPS /* what rules of events have */
};

static const struct json_key keys[] = {
    {"destination", KEY_DESTINATION},
    {"category", KEY_CATEGORY},
    {"flowId", KEY_FLOW_ID},
    {"title", KEY_TITLE},
    {"description", KEY_DESCRIPTION},
    {"relevance", KEY_RELEVANCE},
    {"name", KEY_NAME},
    NOTE_TAG_KEYS(KEY_TAGS),
    {"list", KEY_LIST},
    {"type", KEY_TYPE},
    {"Event", KEY_EVENT},
    {"objects", KEY_OBJECTS},
    {"steps", KEY_STEPS},
};

/* How many of the keys are those of an entry: the first ones. */
#define ENTRY_KEYS (KEY_TAGS_END - KEY_DESTINATION)
_Static_assert(ENTRY_KEYS + 5 == sizeof keys / sizeof *keys, "the keys of entries come first");

/* What one object says. */
struct object {
    struct record_text destination, category, flow_id;
    struct note note;
    struct note_tags tags;
    bool mistyped;
};

static void set_member(struct object *object, const struct json_member *member)
{
    struct record_text text = {member->text, member->length};

    if (member->type != JSON_STRING || member->length == 0)
        return;
    if (member->id >= KEY_TAGS && member->id < KEY_TAGS_END)
        note_add_tag(&object->note, &object->tags, note_tag_prefixes[member->id - KEY_TAGS],
                     text.bytes, text.length);
    else if (member->id == KEY_DESTINATION ||
             (member->id == KEY_NAME && object->destination.length == 0))
        object->destination = text;
    else if (member->id == KEY_CATEGORY)
        object->category = text;
    else if (member->id == KEY_FLOW_ID)
        object->flow_id = text;
    else if (member->id == KEY_TITLE)
        object->note.title = text;
    else if (member->id == KEY_DESCRIPTION)
        object->note.description = text;
    else if (member->id == KEY_RELEVANCE)
        object->note.relevance = relevance_read(text.bytes, text.length);
}

/* What is none of the strings, or arrays of strings, that an entry has; null says nothing. */
static bool is_other_type(const struct json_member *member)
{
    bool tags = member->id >= KEY_TAGS && member->id < KEY_TAGS_END;

    return member->id < KEY_TAGS_END && member->type != JSON_STRING && member->type != JSON_NULL &&
           !(tags && member->type == JSON_CONTAINER && *member->raw == '[');
}

static bool find_mistake(const struct json_member *member, char problem[MISTYPED_PROBLEM])
{
    struct record_text text = {member->text, member->length};

    if (is_other_type(member)) {
        snprintf(problem, MISTYPED_PROBLEM, "\"%s\" is not %s", keys[member->id - 1].name,
                 member->id < KEY_TAGS ? "a string" : "an array of strings");
        return true;
    }
    if (member->type != JSON_STRING)
        return false;
    return (member->id == KEY_RELEVANCE && mistyped_relevance(text, problem)) ||
           (member->id == KEY_CATEGORY && mistyped_category(text, problem));
}

/* Tells of the first mistake; what else the object says is used all the same. */
static bool tell_mistake(struct list_reading *reading, struct record_text line,
                         const struct json_member *members, size_t count)
{
    char problem[MISTYPED_PROBLEM];
    bool found = mistyped_key(line, keys, ENTRY_KEYS, problem);

    for (size_t i = 0; i < count && !found; i++)
        found = find_mistake(&members[i], problem);
    if (found)
        list_damaged(reading, problem);
    return found;
}

static bool is_flow_id(struct record_text id)
{
    for (size_t i = 0; i < id.length; i++)
        if (!strchr("0123456789abcdef", id.bytes[i]) || id.bytes[i] == '\0')
            return false;
    return id.length == 64;
}

static enum result add_flow_id(struct list_reading *reading, const struct object *object)
{
    struct known_key key = {.kind = KNOWN_FLOW_ID, .length = 64};

    if (!is_flow_id(object->flow_id)) {
        list_damaged(reading, "flowId is not 64 hexadecimal digits in lower case");
        return RESULT_OK;
    }
    memcpy(key.bytes, object->flow_id.bytes, 64);
    return list_add_key(reading, &key, KNOWN_EXACT, &object->note, RELEVANCE_NONE);
}

/* A category, towards one destination or port, or all. */
static enum result add_behavior(struct list_reading *reading, const struct object *object)
{
    struct known_key to, key;
    enum known_scope scope = KNOWN_EXACT;
    bool all = object->destination.length == 0;

    if (!all && (indicator_read(object->destination.bytes, object->destination.length, &to,
                                &scope) != INDICATOR_OK ||
                 scope != KNOWN_EXACT || to.kind == KNOWN_NETWORK)) {
        list_damaged(reading, "with a category, destination must be a name, address or :port");
        return RESULT_OK;
    }
    if (!known_key_behavior(&key, object->category.bytes, object->category.length,
                            all ? NULL : &to)) {
        list_damaged(reading, "category is too long");
        return RESULT_OK;
    }
    return list_add_key(reading, &key, KNOWN_EXACT, &object->note, RELEVANCE_NONE);
}

static enum result add_object(struct list_reading *reading, struct record_text line,
                              const struct json_member *members, size_t count)
{
    struct object object;

    for (size_t i = 0; i < count; i++)
        if (members[i].id == KEY_STEPS) {
            reading->list->rules++; /* for flowevent */
            return RESULT_OK;
        }
    object.destination = object.category = object.flow_id = (struct record_text){NULL, 0};
    object.note = (struct note){.tag_count = 0};
    object.mistyped = tell_mistake(reading, line, members, count);
    for (size_t i = 0; i < count; i++)
        set_member(&object, &members[i]);
    if (object.flow_id.length > 0)
        return add_flow_id(reading, &object);
    if (object.category.length > 0)
        return add_behavior(reading, &object);
    if (object.destination.length > 0)
        return list_add(reading, object.destination.bytes, object.destination.length, KNOWN_EXACT,
                        &object.note, RELEVANCE_NONE);
    if (!object.mistyped)
        list_damaged(reading, "neither destination nor category nor flowId");
    return RESULT_OK;
}

static enum result read_object(struct list_reading *reading, struct json *json, const char *line,
                               size_t length)
{
    const struct json_member *members;
    size_t used, count;
    enum result result = json_read(json, line, length, &used);

    if (result == RESULT_NO_MEMORY)
        return result;
    if (result == RESULT_OK && used == length) {
        members = json_members(json, &count);
        return add_object(reading, (struct record_text){line, length}, members, count);
    }
    list_damaged(reading, result == RESULT_OK    ? "something follows the object"
                          : result == RESULT_END ? "it is cut off"
                                                 : json_problem(json));
    return RESULT_OK;
}

enum result list_read_ndjson(struct list_reading *reading)
{
    struct json *json;
    const char *line;
    size_t length;
    enum result result = json_init(&json, keys, sizeof keys / sizeof *keys);

    if (result != RESULT_OK)
        return result;
    reading->list->format = "metadata of Secflow";
    while ((result = list_line(reading, &line, &length)) == RESULT_OK)
        if (length > 0 && *line != '#' &&
            (result = read_object(reading, json, line, length)) != RESULT_OK)
            break;
    json_destroy(&json);
    return result == RESULT_END ? RESULT_OK : result;
}

/* A document, at most: each element of its list takes some forty bytes more while it is read. */
#define DOCUMENT_MOST (64u << 20)

static enum result not_a_list(struct list_reading *reading, const char *what)
{
    snprintf(reading->list->problem, sizeof reading->list->problem, "not a list: %s", what);
    return RESULT_DAMAGED;
}

static enum result read_all(struct list_reading *reading, struct text *text)
{
    struct lookahead *in = reading->in;
    enum result result = RESULT_OK;

    while (result == RESULT_OK && lookahead_need(in, 1)) {
        if (text->length > DOCUMENT_MOST)
            return not_a_list(reading, "a JSON document of more than 64 MiB");
        result = text_put(text, (const char *)in->buffer + in->at, in->end - in->at);
        in->at = in->end;
    }
    return result;
}

struct document {
    struct record_text name, type;
    bool has_list, event, objects;
};

static struct document look_at(const struct json_member *members, size_t count)
{
    struct document document = {.has_list = false};

    for (size_t i = 0; i < count; i++) {
        struct record_text text = {members[i].text, members[i].length};

        if (members[i].id == KEY_LIST)
            document.has_list = true;
        else if (members[i].id == KEY_EVENT)
            document.event = true;
        else if (members[i].id == KEY_OBJECTS)
            document.objects = true;
        else if (members[i].id == KEY_NAME && members[i].type == JSON_STRING)
            document.name = text;
        else if (members[i].id == KEY_TYPE && members[i].type == JSON_STRING)
            document.type = text;
    }
    return document;
}

/* Host names hold for those below, too; strings do not. Patterns do not apply to flows. */
static enum result add_list(struct list_reading *reading, const struct document *document,
                            const struct json_member *members, size_t count)
{
    static const struct note nothing;
    bool pattern =
        record_text_is(document->type, "regex") || record_text_is(document->type, "substring");
    enum known_scope scope = record_text_is(document->type, "string") ? KNOWN_EXACT : KNOWN_BELOW;
    enum result result = RESULT_OK;

    for (size_t i = 0; i < count && result == RESULT_OK; i++) {
        if (members[i].id != KEY_LIST || !members[i].element)
            continue;
        if (pattern || members[i].type != JSON_STRING)
            reading->list->others++;
        else
            result = list_add(reading, members[i].text, members[i].length, scope, &nothing,
                              RELEVANCE_NONE);
    }
    return result;
}

static enum result read_document(struct list_reading *reading, struct json *json,
                                 const struct text *text)
{
    size_t used, count;
    enum result result = json_read(json, text->bytes, text->length, &used);
    const struct json_member *members = json_members(json, &count);
    struct document document;

    if (result == RESULT_NO_MEMORY)
        return result;
    if (result != RESULT_OK)
        return not_a_list(reading,
                          result == RESULT_END ? "its JSON is cut off" : json_problem(json));
    document = look_at(members, count);
    if (document.event)
        return not_a_list(reading, "it is a MISP event; secflow-meta(5) says how to convert it");
    if (document.objects)
        return not_a_list(reading, "it is a STIX bundle; secflow-meta(5) says how to convert it");
    if (!document.has_list)
        return not_a_list(reading, "it is JSON, but neither metadata nor a MISP warninglist");
    reading->list->format = "MISP warninglist";
    reading->list->mixed = true;
    if (document.name.length > 0)
        result = known_rename(reading->known, document.name.bytes, document.name.length);
    return result == RESULT_OK ? add_list(reading, &document, members, count) : result;
}

enum result list_read_document(struct list_reading *reading)
{
    struct text text = {0};
    struct json *json = NULL;
    enum result result = read_all(reading, &text);

    if (result == RESULT_OK)
        result = json_init(&json, keys, sizeof keys / sizeof *keys);
    if (result == RESULT_OK)
        result = read_document(reading, json, &text);
    if (json)
        json_destroy(&json);
    text_destroy(&text);
    return result;
}
