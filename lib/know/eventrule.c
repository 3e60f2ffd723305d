/* SPDX-License-Identifier: Apache-2.0 */
#include "know/eventrule.h"

#include "base/clock.h"
#include "base/grow.h"
#include "base/json.h"
#include "base/number.h"
#include "know/mistyped.h"

#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum key {
    KEY_ENTRY = 1, /* what entries of lists have */
    KEY_EVENT,
    KEY_STEPS,
    KEY_WITHIN,
    KEY_BY,
    KEY_ORDERED,
    KEY_TITLE,
    KEY_DESCRIPTION,
    KEY_RELEVANCE,
    KEY_TAGS, /* the first of the arrays of tags */
    KEY_TAGS_END = KEY_TAGS + NOTE_TAG_LISTS
};

static const struct json_key keys[] = {
    {"event", KEY_EVENT},
    {"steps", KEY_STEPS},
    {"within", KEY_WITHIN},
    {"by", KEY_BY},
    {"ordered", KEY_ORDERED},
    {"title", KEY_TITLE},
    {"description", KEY_DESCRIPTION},
    {"relevance", KEY_RELEVANCE},
    NOTE_TAG_KEYS(KEY_TAGS),
    {"destination", KEY_ENTRY},
    {"name", KEY_ENTRY},
    {"category", KEY_ENTRY},
    {"flowId", KEY_ENTRY},
};

#define KEYS (sizeof keys / sizeof *keys)

/* A line that is read. */
struct reading {
    struct event_rules *rules;
    char *problem;
    struct record_text line;
    struct event_rule rule;
    struct note_tags tags;
    bool is_entry, has_event, has_steps, has_within;
};

enum result event_rules_init(struct event_rules *rules)
{
    enum result result;

    *rules = (struct event_rules){.count = 0};
    result = event_steps_init(&rules->steps);
    return result == RESULT_OK ? json_init(&rules->json, keys, KEYS) : result;
}

void event_rules_destroy(struct event_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        free(rules->list[i].packed);
    free(rules->list);
    free(rules->uses);
    free(rules->first_uses);
    event_steps_destroy(&rules->steps);
    json_destroy(&rules->json);
    text_destroy(&rules->text);
    *rules = (struct event_rules){.count = 0};
}

/* Says what is wrong, behind the name of the event, if that is known. */
__attribute__((format(printf, 2, 3))) static enum result wrong(struct reading *reading,
                                                               const char *format, ...)
{
    struct record_text name = reading->rule.note.source;
    va_list arguments;
    int used = 0;

    if (name.length > 0)
        used = snprintf(reading->problem, EVENT_PROBLEM,
                        "event \"%.*s\": ", (int)text_cut(name.bytes, name.length, 60), name.bytes);
    va_start(arguments, format);
    vsnprintf(reading->problem + used, EVENT_PROBLEM - (size_t)used, format, arguments);
    va_end(arguments);
    return RESULT_DAMAGED;
}

static bool is_word(const struct json_member *member, const char *word)
{
    return member->length == strlen(word) && memcmp(member->text, word, member->length) == 0;
}

static enum result read_name(struct reading *reading, const struct json_member *member)
{
    if (member->type != JSON_STRING || member->length == 0)
        return wrong(reading, "\"event\" is not the name of an event, a string");
    if (member->length > NOTE_SOURCE_MOST)
        return wrong(reading, "the name of the event has more than %u bytes", NOTE_SOURCE_MOST);
    reading->has_event = true;
    return RESULT_OK;
}

static enum result read_within(struct reading *reading, const struct json_member *member)
{
    if (member->type != JSON_NUMBER ||
        !number_seconds(member->text, member->length, &reading->rule.within) ||
        reading->rule.within == 0)
        return wrong(reading, "\"within\" is not a number of seconds, such as 60");
    reading->has_within = true;
    return RESULT_OK;
}

static enum result read_by(struct reading *reading, const struct json_member *member)
{
    reading->rule.by_sample = is_word(member, "sample");
    if (member->type != JSON_STRING || (!reading->rule.by_sample && !is_word(member, "src")))
        return wrong(reading, "\"by\" is neither \"src\" nor \"sample\"");
    return RESULT_OK;
}

static enum result read_ordered(struct reading *reading, const struct json_member *member)
{
    if (member->type != JSON_BOOLEAN)
        return wrong(reading, "\"ordered\" is neither true nor false");
    reading->rule.unordered = is_word(member, "false");
    return RESULT_OK;
}

static enum result read_relevance(struct reading *reading, const struct json_member *member)
{
    struct record_text word = {member->text, member->length};
    char problem[MISTYPED_PROBLEM];

    if (member->type != JSON_STRING)
        return wrong(reading, "\"relevance\" is not a string");
    if (mistyped_relevance(word, problem))
        return wrong(reading, "%s", problem);
    reading->rule.note.relevance = relevance_read(word.bytes, word.length);
    return RESULT_OK;
}

static enum result read_step(struct reading *reading, const struct json_member *member)
{
    struct event_rule *rule = &reading->rule;
    char problem[EVENT_PROBLEM];
    enum result result;

    reading->has_steps = true;
    if (!member->element)
        return member->type == JSON_CONTAINER && *member->raw == '['
                   ? RESULT_OK
                   : wrong(reading, "\"steps\" is not an array of strings");
    if (rule->step_count == EVENT_STEPS)
        return wrong(reading, "it has more than %u steps", EVENT_STEPS);
    if (member->type != JSON_STRING)
        return wrong(reading, "step %d: it is not a string", rule->step_count + 1);
    result = event_steps_add(reading->rules->steps, member->text, member->length,
                             &rule->steps[rule->step_count], problem);
    rule->step_count++;
    return result == RESULT_DAMAGED ? wrong(reading, "step %d: %s", rule->step_count, problem)
                                    : result;
}

static enum result read_text(struct reading *reading, const struct json_member *member)
{
    struct record_text *text =
        member->id == KEY_TITLE ? &reading->rule.note.title : &reading->rule.note.description;

    if (member->type != JSON_STRING)
        return wrong(reading, "\"%s\" is not a string",
                     member->id == KEY_TITLE ? "title" : "description");
    *text = (struct record_text){member->text, member->length};
    return RESULT_OK;
}

static enum result read_member(struct reading *reading, const struct json_member *member)
{
    switch (member->id) {
    case KEY_EVENT:
        return read_name(reading, member);
    case KEY_STEPS:
        return read_step(reading, member);
    case KEY_WITHIN:
        return read_within(reading, member);
    case KEY_BY:
        return read_by(reading, member);
    case KEY_ORDERED:
        return read_ordered(reading, member);
    case KEY_RELEVANCE:
        return read_relevance(reading, member);
    case KEY_TITLE:
    case KEY_DESCRIPTION:
        return read_text(reading, member);
    case KEY_ENTRY:
        return RESULT_OK;
    default: /* tags */
        if (member->type == JSON_STRING && member->length > 0)
            note_add_tag(&reading->rule.note, &reading->tags,
                         note_tag_prefixes[member->id - KEY_TAGS], member->text, member->length);
        return RESULT_OK;
    }
}

/* What kind of line it is, and the name of the event, which problems are told with. */
static void look_at(struct reading *reading, const struct json_member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        reading->is_entry = reading->is_entry || members[i].id == KEY_ENTRY;
        reading->has_event = reading->has_event || members[i].id == KEY_EVENT;
        reading->has_steps = reading->has_steps || members[i].id == KEY_STEPS;
        if (members[i].id == KEY_EVENT && members[i].type == JSON_STRING)
            reading->rule.note.source = (struct record_text){members[i].text, members[i].length};
    }
}

static enum result check(struct reading *reading)
{
    const struct event_rule *rule = &reading->rule;

    if (!reading->has_event && !reading->has_steps)
        return wrong(reading, "neither a rule, which has \"event\" and \"steps\", nor an entry of "
                              "a list");
    if (!reading->has_event)
        return wrong(reading, "it has steps, but no name: \"event\"");
    if (rule->step_count == 0)
        return wrong(reading, "it has no \"steps\"");
    if (rule->unordered && rule->step_count > EVENT_UNORDERED)
        return wrong(reading, "in any order, it can have %u steps at most", EVENT_UNORDERED);
    if (rule->step_count > 1 && !reading->has_within)
        return wrong(reading, "it does not say \"within\" how many seconds");
    return RESULT_OK;
}

static enum result read_object(struct reading *reading)
{
    char problem[MISTYPED_PROBLEM];
    size_t count;
    const struct json_member *members = json_members(reading->rules->json, &count);
    enum result result;

    look_at(reading, members, count);
    if (reading->is_entry && !reading->has_event && !reading->has_steps)
        return RESULT_END;
    result = mistyped_key(reading->line, keys, KEYS, problem) ? wrong(reading, "%s", problem)
                                                              : RESULT_OK;
    for (size_t i = 0; i < count && result == RESULT_OK; i++)
        result = read_member(reading, &members[i]);
    return result == RESULT_OK ? check(reading) : result;
}

static enum result read_line(struct reading *reading)
{
    struct json *json = reading->rules->json;
    size_t used;
    enum result result = json_read(json, reading->line.bytes, reading->line.length, &used);

    if (result == RESULT_END)
        return wrong(reading, "its JSON is cut off; a rule is one line");
    if (result == RESULT_DAMAGED)
        return wrong(reading, "%s", json_problem(json));
    if (result != RESULT_OK)
        return result;
    if (used != reading->line.length)
        return wrong(reading, "something follows the object");
    return read_object(reading);
}

/* In quotes, as JSON. */
static void set_id(struct event_rule *rule, struct record_text name)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx sha256;

    sha256_init(&sha256);
    sha256_update(&sha256, name.length, (const uint8_t *)name.bytes);
    sha256_digest(&sha256, sizeof digest, digest);
    rule->id[0] = '"';
    base16_encode_update(rule->id + 1, sizeof digest, digest);
    strcpy(rule->id + 1 + BASE16_ENCODE_LENGTH(sizeof digest), "\"");
}

static void set_sought(const struct event_rules *rules, struct event_rule *rule,
                       struct record_text name)
{
    struct sha256_ctx sha256;

    sha256_init(&sha256);
    sha256_update(&sha256, sizeof rule->within, (const uint8_t *)&rule->within);
    sha256_update(&sha256, 3,
                  (const uint8_t[]){rule->unordered, rule->by_sample, (uint8_t)name.length});
    sha256_update(&sha256, name.length, (const uint8_t *)name.bytes);
    for (size_t i = 0; i < rule->step_count; i++) {
        struct record_text step = event_steps_text(rules->steps, rule->steps[i]);

        sha256_update(&sha256, sizeof step.length, (const uint8_t *)&step.length);
        sha256_update(&sha256, step.length, (const uint8_t *)step.bytes);
    }
    sha256_digest(&sha256, sizeof rule->sought, rule->sought);
}

static enum result keep(struct event_rules *rules, const struct event_rule *rule)
{
    struct event_rule *new;
    enum result result;

    if (rules->count == EVENT_RULES)
        return RESULT_INVALID;
    new = grow(rules->list, rules->count, &rules->capacity, sizeof *new);
    if (!new)
        return RESULT_NO_MEMORY;
    rules->list = new;
    new += rules->count;
    *new = *rule;
    set_id(new, rule->note.source);
    set_sought(rules, new, rule->note.source);
    result = note_pack(&rule->note, &rules->text);
    new->packed = result == RESULT_OK ? malloc(rules->text.length) : NULL;
    if (!new->packed)
        return RESULT_NO_MEMORY;
    rules->count++;
    memcpy(new->packed, rules->text.bytes, rules->text.length);
    note_unpack(new->packed, &new->note);
    return RESULT_OK;
}

enum result event_rules_add(struct event_rules *rules, const char *line, size_t length,
                            char problem[EVENT_PROBLEM])
{
    struct reading reading = {.rules = rules, .problem = problem, .line = {line, length}};
    enum result result;

    problem[0] = '\0';
    result = read_line(&reading);
    return result == RESULT_OK ? keep(rules, &reading.rule) : result;
}

/* Lists the uses that begin, or the others, each in front of those of its step that are listed. */
static void list_uses(struct event_rules *rules, bool begin)
{
    for (size_t i = rules->count; i-- > 0;) {
        const struct event_rule *rule = &rules->list[i];

        for (size_t j = rule->step_count; j-- > 0;) {
            struct event_use use = {(uint16_t)i, (uint8_t)j,
                                    j == 0 || rule->unordered || rule->by_sample};

            if (use.begins == begin)
                rules->uses[--rules->first_uses[rule->steps[j]]] = use;
        }
    }
}

enum result event_rules_ready(struct event_rules *rules)
{
    uint32_t steps = event_steps_count(rules->steps), count = 0;

    rules->uses = calloc(rules->count * EVENT_STEPS + 1, sizeof *rules->uses);
    rules->first_uses = calloc(steps + 1, sizeof *rules->first_uses);
    if (!rules->uses || !rules->first_uses)
        return RESULT_NO_MEMORY;
    /* Counts, then fills from behind. */
    for (size_t i = 0; i < rules->count; i++)
        for (size_t j = 0; j < rules->list[i].step_count; j++)
            rules->first_uses[rules->list[i].steps[j]]++;
    for (uint32_t i = 0; i <= steps; i++) {
        count += i < steps ? rules->first_uses[i] : 0;
        rules->first_uses[i] = count;
    }
    list_uses(rules, false);
    list_uses(rules, true);
    return event_steps_ready(rules->steps);
}

bool event_rules_precede(const struct event_rules *rules, size_t one, size_t other)
{
    enum relevance a = rules->list[one].note.relevance, b = rules->list[other].note.relevance;

    return a != b ? a > b : one < other;
}
