/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever the number of steps, a record is compared with none of them on its own. All that does
 * not depend on its destination (category, tags, relevance, news) is a profile: few differ, and of
 * each one is kept, as bits, which steps it allows. Of its destination a few keys are looked up; a
 * step that names destinations is found by the first of them. What is left is looked at.
 */
#include "know/eventstep.h"

#include "base/grow.h"
#include "base/intern.h"
#include "base/json.h"
#include "base/nearest.h"
#include "base/text.h"
#include "know/indicator.h"
#include "know/match.h"
#include "know/networks.h"
#include "name/hostname.h"
#include "record/label.h"
#include "record/put.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest text of a step. */
#define STEP_MOST 1024u

/* Profiles that are kept; when there are more, all are forgotten. */
#define PROFILES_MOST 1024u

/* A destination of a record can be in so many targets: names above it, networks around it. */
#define FOUND_MOST 512u

/* The kind of a target that is a name with all below; the others are of enum known_kind. */
#define NAME_AND_BELOW KNOWN_KINDS

#define NO_TARGET UINT32_MAX

enum term_kind { TERM_CATEGORY, TERM_TAG, TERM_RELEVANCE, TERM_NEW, TERM_DESTINATION };

struct term {
    enum term_kind kind;
    bool negated;
    uint32_t value; /* number of the pattern, tag or target; or the relevance */
};

struct step {
    uint32_t first, count; /* its terms */
    uint32_t anchor;       /* the first target that is not negated; NO_TARGET: it has none */
};

/* Numbers by number: those of i are numbers[starts[i]] up to starts[i + 1]. */
struct groups {
    uint32_t *starts, *numbers;
};

struct event_steps {
    struct intern texts; /* of steps, by their numbers */
    struct step *steps;
    struct term *terms;
    size_t step_capacity, term_count, term_capacity;

    struct intern patterns, tags, targets; /* a target: its kind as a byte, and its key */
    uint64_t lengths[KNOWN_KINDS + 1];     /* of the targets' keys: a bit by length modulo 64 */
    struct networks networks;              /* their numbers are those of targets */

    size_t words;           /* of 64 bits, one for each step */
    uint64_t *anywhere;     /* steps without an anchor */
    struct groups anchored; /* steps by their anchor */

    struct intern profiles; /* and what each allows */
    uint64_t *allowed;
    struct text profile;
    struct json *json; /* for arrays of tags */
    bool *has_pattern, *has_tag;

    uint64_t *candidates;
    bool *has_target;
    uint32_t found[FOUND_MOST];
    size_t found_count;
    uint32_t *matched;
};

enum result event_steps_init(struct event_steps **steps)
{
    struct event_steps *new = calloc(1, sizeof *new);
    struct intern *interns[5];
    enum result result = RESULT_OK;

    *steps = new;
    if (!new)
        return RESULT_NO_MEMORY;
    interns[0] = &new->texts;
    interns[1] = &new->patterns;
    interns[2] = &new->tags;
    interns[3] = &new->targets;
    interns[4] = &new->profiles;
    for (size_t i = 0; i < 5 && result == RESULT_OK; i++)
        result = intern_init(interns[i]);
    return result == RESULT_OK ? json_init(&new->json, NULL, 0) : result;
}

void event_steps_destroy(struct event_steps **steps)
{
    struct event_steps *old = *steps;

    if (!old)
        return;
    intern_destroy(&old->texts);
    intern_destroy(&old->patterns);
    intern_destroy(&old->tags);
    intern_destroy(&old->targets);
    intern_destroy(&old->profiles);
    networks_destroy(&old->networks);
    text_destroy(&old->profile);
    json_destroy(&old->json);
    free(old->steps);
    free(old->terms);
    free(old->anywhere);
    free(old->anchored.starts);
    free(old->anchored.numbers);
    free(old->allowed);
    free(old->has_pattern);
    free(old->has_tag);
    free(old->candidates);
    free(old->has_target);
    free(old->matched);
    free(old);
    *steps = NULL;
}

uint32_t event_steps_count(const struct event_steps *steps)
{
    return intern_count(&steps->texts);
}

struct record_text event_steps_text(const struct event_steps *steps, uint32_t number)
{
    struct record_text text;

    text.bytes = intern_text(&steps->texts, number, &text.length);
    return text;
}

/* Reading a step. */

struct reading {
    struct event_steps *steps;
    char *problem;
};

/* Says what is wrong with a word, which is cut if it is long. */
static enum result wrong(const struct reading *reading, struct record_text word, const char *what,
                         const char *meant)
{
    snprintf(reading->problem, EVENT_PROBLEM, "\"%.*s\" %s%s%s%s",
             (int)text_cut(word.bytes, word.length, 80), word.bytes, what,
             meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : "");
    return RESULT_DAMAGED;
}

/* Whether a text fits a pattern, in which each * stands for any letters. */
static bool fits(struct record_text text, struct record_text pattern)
{
    size_t t = 0, p = 0, star = SIZE_MAX, resume = 0;

    while (t < text.length) {
        if (p < pattern.length && pattern.bytes[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.length && pattern.bytes[p] == text.bytes[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.length && pattern.bytes[p] == '*')
        p++;
    return p == pattern.length;
}

static enum result read_category(const struct reading *reading, struct record_text word,
                                 struct term *term)
{
    bool any = false;

    for (size_t i = 0; i < LABEL_CATEGORIES && !any; i++)
        any = fits((struct record_text){label_categories[i], strlen(label_categories[i])}, word);
    if (!any && memchr(word.bytes, '*', word.length))
        return wrong(reading, word, "fits no category; flowlabel(1) lists them", NULL);
    if (!any)
        return wrong(reading, word, "is neither a category nor a destination",
                     nearest_word(word.bytes, word.length, label_categories, LABEL_CATEGORIES,
                                  NEAREST_THIRD(word.length)));
    term->kind = TERM_CATEGORY;
    return intern_add(&reading->steps->patterns, word.bytes, word.length, &term->value);
}

/* What follows the @; word: all of it. */
static enum result read_mark(const struct reading *reading, struct record_text word,
                             struct term *term)
{
    static const char *const words[] = {"@knownBad", "@seenNearBad", "@knownUninteresting"};
    const char *mark = word.bytes + 1, *meant;
    size_t length = word.length - 1;
    enum relevance relevance = relevance_read(mark, length);

    if (length == 0)
        return wrong(reading, word, "lacks a tag, a relevance or \"new\" behind it", NULL);
    if (relevance != RELEVANCE_NONE) {
        *term = (struct term){TERM_RELEVANCE, term->negated, relevance};
        return RESULT_OK;
    }
    if (length == strlen("new") && memcmp(mark, "new", length) == 0) {
        term->kind = TERM_NEW;
        return RESULT_OK;
    }
    meant = nearest_word(word.bytes, word.length, words, sizeof words / sizeof *words,
                         NEAREST_THIRD(word.length));
    if (meant)
        return wrong(reading, word, "is not a relevance", meant);
    term->kind = TERM_TAG;
    return intern_add(&reading->steps->tags, mark, length, &term->value);
}

/* Clears the bits behind the prefix, so that equal networks are equal targets. */
static void clear_rest(struct known_key *key)
{
    uint8_t prefix = (uint8_t)key->bytes[key->length - 1];

    for (size_t bit = prefix; bit < (key->length - 2u) * 8; bit++)
        key->bytes[1 + bit / 8] = (char)(key->bytes[1 + bit / 8] & ~(0x80 >> bit % 8));
}

static enum result add_network(struct event_steps *steps, const struct known_key *key,
                               uint32_t number)
{
    struct address address;

    address_set(&address, (uint8_t)key->bytes[0], (const uint8_t *)key->bytes + 1);
    return networks_add(&steps->networks, &address, (uint8_t)key->bytes[key->length - 1], number);
}

/* A key in the form in which targets are kept. */
struct target {
    size_t length;
    char bytes[1 + KNOWN_KEY_MOST];
};

static void set_target(struct target *target, int kind, const char *bytes, size_t length)
{
    target->bytes[0] = (char)kind;
    memcpy(target->bytes + 1, bytes, length);
    target->length = 1 + length;
}

static enum result add_target(struct event_steps *steps, struct known_key *key,
                              enum known_scope scope, uint32_t *number)
{
    int kind = scope == KNOWN_ALL ? (int)NAME_AND_BELOW : (int)key->kind;
    uint32_t before = intern_count(&steps->targets);
    struct target target;
    enum result result;

    if (kind == KNOWN_NETWORK)
        clear_rest(key);
    set_target(&target, kind, key->bytes, key->length);
    result = intern_add(&steps->targets, target.bytes, target.length, number);
    steps->lengths[kind] |= UINT64_C(1) << key->length % 64;
    if (result == RESULT_OK && kind == KNOWN_NETWORK && *number == before)
        result = add_network(steps, key, *number);
    return result;
}

static enum result read_destination(const struct reading *reading, struct record_text word,
                                    struct term *term)
{
    struct known_key key;
    enum known_scope scope = KNOWN_EXACT;

    switch (indicator_read(word.bytes, word.length, &key, &scope)) {
    case INDICATOR_OK:
        term->kind = TERM_DESTINATION;
        return add_target(reading->steps, &key, scope, &term->value);
    case INDICATOR_OTHER:
        return wrong(reading, word, "is a URL or the like, which flows do not tell", NULL);
    case INDICATOR_BAD:
        break;
    }
    return wrong(reading, word, "is not a name, address, network or port", NULL);
}

static bool is_destination(struct record_text word)
{
    for (size_t i = 0; i < word.length; i++)
        if (word.bytes[i] == '.' || word.bytes[i] == ':' || word.bytes[i] == '/')
            return true;
    return false;
}

static enum result read_term(const struct reading *reading, struct record_text word,
                             struct term *term)
{
    *term = (struct term){.negated = *word.bytes == '!'};
    if (term->negated && word.length == 1)
        return wrong(reading, word, "lacks what it negates", NULL);
    if (term->negated) {
        word.bytes++;
        word.length--;
    }
    if (*word.bytes == '@')
        return read_mark(reading, word, term);
    return is_destination(word) ? read_destination(reading, word, term)
                                : read_category(reading, word, term);
}

/* Takes the next word of a text. False: there is none. */
static bool next_word(struct record_text *text, struct record_text *word)
{
    size_t length = 0;

    for (; text->length > 0 && *text->bytes == ' '; text->length--)
        text->bytes++;
    while (length < text->length && text->bytes[length] != ' ')
        length++;
    *word = (struct record_text){text->bytes, length};
    text->bytes += length;
    text->length -= length;
    return length > 0;
}

static enum result add_term(struct event_steps *steps, struct step *step, const struct term *term)
{
    struct term *grown = grow(steps->terms, steps->term_count, &steps->term_capacity, sizeof *term);

    if (!grown)
        return RESULT_NO_MEMORY;
    steps->terms = grown;
    steps->terms[steps->term_count++] = *term;
    step->count++;
    if (term->kind == TERM_DESTINATION && !term->negated && step->anchor == NO_TARGET)
        step->anchor = term->value;
    return RESULT_OK;
}

/* Reads the terms of a step, which has at least one. */
static enum result read_step(const struct reading *reading, struct record_text text,
                             struct step *step)
{
    enum result result = RESULT_OK;
    struct record_text word;
    struct term term;

    while (result == RESULT_OK && next_word(&text, &word)) {
        result = read_term(reading, word, &term);
        if (result == RESULT_OK)
            result = add_term(reading->steps, step, &term);
    }
    if (result == RESULT_OK && step->count == 0) {
        snprintf(reading->problem, EVENT_PROBLEM, "it is empty; \"*\" is any flow");
        result = RESULT_DAMAGED;
    }
    return result;
}

enum result event_steps_add(struct event_steps *steps, const char *text, size_t length,
                            uint32_t *number, char problem[EVENT_PROBLEM])
{
    const struct reading reading = {steps, problem};
    struct step step = {.first = (uint32_t)steps->term_count, .anchor = NO_TARGET}, *grown;
    uint32_t count = intern_count(&steps->texts);
    enum result result;

    if (length > STEP_MOST) {
        snprintf(problem, EVENT_PROBLEM, "it has more than %u bytes", STEP_MOST);
        return RESULT_DAMAGED;
    }
    if (intern_find(&steps->texts, text, length, number))
        return RESULT_OK;
    result = read_step(&reading, (struct record_text){text, length}, &step);
    if (result == RESULT_DAMAGED)
        steps->term_count = step.first;
    if (result != RESULT_OK)
        return result;
    grown = grow(steps->steps, count, &steps->step_capacity, sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    steps->steps = grown;
    steps->steps[count] = step;
    return intern_add(&steps->texts, text, length, number);
}

/* Preparing. */

static void set_bit(uint64_t *bits, size_t bit)
{
    bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* Groups the steps by their anchors. */
static void group(struct event_steps *steps)
{
    uint32_t *starts = steps->anchored.starts, count = event_steps_count(steps);
    uint32_t targets = intern_count(&steps->targets);

    for (uint32_t i = 0; i < count; i++)
        if (steps->steps[i].anchor == NO_TARGET)
            set_bit(steps->anywhere, i);
        else
            starts[steps->steps[i].anchor + 1]++;
    for (uint32_t i = 0; i < targets; i++)
        starts[i + 1] += starts[i];
    for (uint32_t i = count; i > 0; i--) {
        uint32_t anchor = steps->steps[i - 1].anchor;

        if (anchor != NO_TARGET)
            steps->anchored.numbers[--starts[anchor + 1]] = i - 1;
    }
    /* Each start is now one place further on than it belongs. */
    memmove(starts, starts + 1, targets * sizeof *starts);
    starts[targets] = 0;
    for (uint32_t i = 0; i < count; i++)
        starts[targets] += steps->steps[i].anchor != NO_TARGET;
}

static void join_nothing(void *context, uint32_t kept, uint32_t dropped)
{
    (void)context;
    (void)kept;
    (void)dropped;
}

enum result event_steps_ready(struct event_steps *steps)
{
    size_t count = event_steps_count(steps), targets = intern_count(&steps->targets);

    steps->words = (count + 63) / 64;
    steps->anywhere = calloc(steps->words + 1, sizeof *steps->anywhere);
    steps->candidates = calloc(steps->words + 1, sizeof *steps->candidates);
    steps->allowed = calloc((PROFILES_MOST + 1) * (steps->words + 1), sizeof *steps->allowed);
    steps->anchored.starts = calloc(targets + 2, sizeof *steps->anchored.starts);
    steps->anchored.numbers = calloc(count + 1, sizeof *steps->anchored.numbers);
    steps->matched = calloc(count + 1, sizeof *steps->matched);
    steps->has_target = calloc(targets + 1, sizeof *steps->has_target);
    steps->has_pattern = calloc(intern_count(&steps->patterns) + 1u, sizeof(bool));
    steps->has_tag = calloc(intern_count(&steps->tags) + 1u, sizeof(bool));
    if (!steps->anywhere || !steps->candidates || !steps->allowed || !steps->anchored.starts ||
        !steps->anchored.numbers || !steps->matched || !steps->has_target || !steps->has_pattern ||
        !steps->has_tag)
        return RESULT_NO_MEMORY;
    group(steps);
    networks_sort(&steps->networks, join_nothing, NULL);
    return RESULT_OK;
}

/* Profiles. */

static void look_at_category(struct event_steps *steps, struct record_text category)
{
    for (uint32_t i = 0; i < intern_count(&steps->patterns); i++) {
        struct record_text pattern;

        pattern.bytes = intern_text(&steps->patterns, i, &pattern.length);
        steps->has_pattern[i] = fits(category, pattern);
    }
}

static void note_tag(struct event_steps *steps, const char *tag, size_t length)
{
    uint32_t number;

    if (intern_find(&steps->tags, tag, length, &number))
        steps->has_tag[number] = true;
}

/* A tag goes by itself and by its word behind the colon: destination:CDN is CDN, too. */
static enum result look_at_tags(struct event_steps *steps, struct record_text tags)
{
    const struct json_member *members;
    enum result result;
    size_t count;

    memset(steps->has_tag, 0, intern_count(&steps->tags) * sizeof *steps->has_tag);
    if (tags.length == 0 || intern_count(&steps->tags) == 0)
        return RESULT_OK;
    result = json_read_array(steps->json, 1, tags.bytes, tags.length);
    if (result != RESULT_OK)
        return result == RESULT_NO_MEMORY ? result : RESULT_OK; /* the line was read as JSON */
    members = json_members(steps->json, &count);
    for (size_t i = 0; i < count; i++) {
        const char *colon = memchr(members[i].text, ':', members[i].length);

        if (members[i].type != JSON_STRING || !members[i].element)
            continue;
        note_tag(steps, members[i].text, members[i].length);
        if (colon)
            note_tag(steps, colon + 1, (size_t)(members[i].text + members[i].length - colon - 1));
    }
    return RESULT_OK;
}

static bool holds_apart(const struct event_steps *steps, const struct term *term,
                        enum relevance relevance, bool is_new)
{
    switch (term->kind) {
    case TERM_CATEGORY:
        return steps->has_pattern[term->value] != term->negated;
    case TERM_TAG:
        return steps->has_tag[term->value] != term->negated;
    case TERM_RELEVANCE:
        return (relevance == term->value) != term->negated;
    case TERM_NEW:
        return is_new != term->negated;
    case TERM_DESTINATION:
        break;
    }
    return true;
}

static bool is_new(const struct record *record)
{
    return record->known->flow_id_count == 1;
}

/* Sets which steps the record allows, its destination apart. */
static enum result look_apart(struct event_steps *steps, const struct record *record,
                              uint64_t *allowed)
{
    const struct record_text word = record->known->relevance;
    enum relevance relevance =
        word.length > 0 ? relevance_read(word.bytes, word.length) : RELEVANCE_NONE;
    enum result result = look_at_tags(steps, record->known->tags);

    look_at_category(steps, label_text(record));
    memset(allowed, 0, steps->words * sizeof *allowed);
    for (uint32_t i = 0; i < event_steps_count(steps); i++) {
        const struct step *step = &steps->steps[i];
        bool holds = true;

        for (uint32_t j = 0; j < step->count && holds; j++)
            holds = holds_apart(steps, &steps->terms[step->first + j], relevance, is_new(record));
        if (holds)
            set_bit(allowed, i);
    }
    return result;
}

static char *put_part(char *p, struct record_text part)
{
    if (part.length > 0)
        p = put_bytes(p, part.bytes, part.length);
    *p++ = '\0';
    return p;
}

static enum result put_profile(struct text *text, const struct record *record)
{
    struct record_text category = label_text(record), relevance = record->known->relevance;
    struct record_text tags = record->known->tags;
    char *p;

    text->length = 0;
    if (text_reserve(text, category.length + relevance.length + tags.length + 4) != RESULT_OK)
        return RESULT_NO_MEMORY;
    p = put_part(text->bytes, category);
    p = put_part(p, relevance);
    p = put_part(p, tags);
    *p++ = is_new(record) ? '1' : '0';
    text->length = (size_t)(p - text->bytes);
    return RESULT_OK;
}

static enum result forget_profiles(struct event_steps *steps)
{
    intern_destroy(&steps->profiles);
    return intern_init(&steps->profiles);
}

/* Sets which steps the record allows; one that is too long to be kept is looked at each time. */
static enum result find_profile(struct event_steps *steps, const struct record *record,
                                const uint64_t **allowed)
{
    uint32_t number = PROFILES_MOST;
    enum result result = put_profile(&steps->profile, record);

    if (result != RESULT_OK)
        return result;
    if (intern_find(&steps->profiles, steps->profile.bytes, steps->profile.length, &number)) {
        *allowed = steps->allowed + number * steps->words;
        return RESULT_OK;
    }
    if (intern_count(&steps->profiles) == PROFILES_MOST)
        result = forget_profiles(steps);
    if (result == RESULT_OK && steps->profile.length <= INTERN_MOST)
        result = intern_add(&steps->profiles, steps->profile.bytes, steps->profile.length, &number);
    *allowed = steps->allowed + number * steps->words;
    return result == RESULT_OK ? look_apart(steps, record, steps->allowed + number * steps->words)
                               : result;
}

/* Destinations. */

static void find_key(struct event_steps *steps, const struct target *target)
{
    uint32_t number;

    if (intern_find(&steps->targets, target->bytes, target->length, &number))
        steps->found[steps->found_count++] = number;
}

/* Spares most look-ups. */
static bool may_have(const struct event_steps *steps, int kind, size_t length)
{
    return steps->lengths[kind] >> length % 64 & 1;
}

static void find_known(struct event_steps *steps, const struct known_key *key)
{
    struct target target;

    if (!may_have(steps, (int)key->kind, key->length))
        return;
    set_target(&target, (int)key->kind, key->bytes, key->length);
    find_key(steps, &target);
}

static void find_text(struct event_steps *steps, int kind, struct record_text text)
{
    struct target target;

    if (!may_have(steps, kind, text.length) || text.length == 0 || text.length > KNOWN_KEY_MOST)
        return;
    set_target(&target, kind, text.bytes, text.length);
    find_key(steps, &target);
}

/* The name and each one above it, but those that are too long for a name. */
static void find_above(struct event_steps *steps, struct record_text name)
{
    const char *dot = name.bytes, *end = name.bytes + name.length;

    if (steps->lengths[NAME_AND_BELOW] == 0 || name.length == 0)
        return;
    find_text(steps, NAME_AND_BELOW, name);
    while ((dot = memchr(dot, '.', (size_t)(end - dot)))) {
        dot++;
        if (end - dot <= (ptrdiff_t)HOSTNAME_MAX)
            find_text(steps, NAME_AND_BELOW, (struct record_text){dot, (size_t)(end - dot)});
    }
}

static void find_address(struct event_steps *steps, const struct address *address, bool has_port,
                         uint16_t port)
{
    struct known_key key;
    uint32_t network;

    if (address->family == 0)
        return;
    known_key_address(&key, address);
    find_known(steps, &key);
    if (has_port) {
        known_key_address_port(&key, address, port);
        find_known(steps, &key);
    }
    network = networks_find(&steps->networks, address);
    for (; network != UINT32_MAX; network = steps->networks.list[network].wider)
        steps->found[steps->found_count++] = steps->networks.list[network].number;
}

/* Finds all targets that the record goes to. */
static void find_targets(struct event_steps *steps, const struct record *record)
{
    bool has_port = record_has_ports(record);
    struct record_text name;
    struct address address;
    struct known_key key;

    steps->found_count = 0;
    match_destination(record, &name, &address);
    if (name.length > 0) {
        find_text(steps, KNOWN_NAME, name);
        find_above(steps, name);
        if (has_port)
            find_text(steps, KNOWN_NAME_PORT, record->destination);
    }
    find_address(steps, &address, has_port, record->dport);
    if (has_port) {
        known_key_port(&key, record->dport);
        find_known(steps, &key);
    }
}

/* Of the steps that are allowed, those that have no anchor, or one that was found. */
static void set_candidates(struct event_steps *steps, const uint64_t *allowed)
{
    memcpy(steps->candidates, steps->anywhere, steps->words * sizeof *steps->candidates);
    for (size_t i = 0; i < steps->found_count; i++) {
        uint32_t target = steps->found[i];

        steps->has_target[target] = true;
        for (uint32_t j = steps->anchored.starts[target]; j < steps->anchored.starts[target + 1];
             j++)
            set_bit(steps->candidates, steps->anchored.numbers[j]);
    }
    for (size_t i = 0; i < steps->words; i++)
        steps->candidates[i] &= allowed[i];
}

static bool goes_there(const struct event_steps *steps, const struct step *step)
{
    for (uint32_t i = 0; i < step->count; i++) {
        const struct term *term = &steps->terms[step->first + i];

        if (term->kind == TERM_DESTINATION && steps->has_target[term->value] == term->negated)
            return false;
    }
    return true;
}

enum result event_steps_match(struct event_steps *steps, const struct record *record,
                              const uint32_t **numbers, size_t *count)
{
    const uint64_t *allowed;
    enum result result = find_profile(steps, record, &allowed);

    *numbers = steps->matched;
    *count = 0;
    if (result != RESULT_OK)
        return result;
    find_targets(steps, record);
    set_candidates(steps, allowed);
    for (size_t i = 0; i < steps->words; i++)
        for (uint64_t bits = steps->candidates[i]; bits != 0; bits &= bits - 1) {
            uint32_t number = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(bits);

            if (goes_there(steps, &steps->steps[number]))
                steps->matched[(*count)++] = number;
        }
    for (size_t i = 0; i < steps->found_count; i++)
        steps->has_target[steps->found[i]] = false;
    return RESULT_OK;
}
