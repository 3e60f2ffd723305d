/* SPDX-License-Identifier: Apache-2.0 */
#include "show/pageknown.h"

#include "base/text.h"
#include "base/timestamp.h"
#include "show/pagewrite.h"

#include <stdlib.h>
#include <string.h>

#define NO_TEXT UINT32_MAX
#define NAMED_MOST 3u    /* destinations that are named */
#define KEPT_MOST 4096u  /* bytes of a text */
#define KEY_MOST 5120u   /* and of the key of an entry */
#define EXAMPLES_MOST 4u /* destinations of an activity */

struct known_entry {
    uint64_t flows, sent, received;
    int64_t first, last; /* when flows began; negative: not known */
    uint64_t count;      /* the least flowIdCount; 0: not known */
    uint16_t title_length;
    uint32_t destinations[NAMED_MOST], description, relevance, tags; /* texts */
    uint32_t source;                                                 /* likewise; of an event */
    uint8_t gravity, named;
    bool more; /* destinations */
};

enum result page_known_init(struct page_known *known)
{
    enum result result = intern_init(&known->titles);

    return result == RESULT_OK ? intern_init(&known->texts) : result;
}

void page_known_destroy(struct page_known *known)
{
    intern_destroy(&known->titles);
    intern_destroy(&known->texts);
    pool_destroy(&known->entries);
}

/* ACTIVITY_COUNT: none of them. */
static unsigned which_activity(struct record_text text)
{
    unsigned activity = 0;

    while (activity < ACTIVITY_COUNT && !record_text_is(text, activity_words[activity]))
        activity++;
    return activity;
}

/* What of it the highest level tells: an event, a behavior, a destination. */
static char letter(const struct record_known *known)
{
    if (known->event.length > 0 || record_text_is(known->known_by, "event"))
        return 'E';
    return record_text_is(known->known_by, "behavior") ? 'B' : 'D';
}

static enum result keep(struct page_known *known, struct record_text text, uint32_t *index)
{
    *index = NO_TEXT;
    if (text.length == 0)
        return RESULT_OK;
    return intern_add(&known->texts, text.bytes, text_cut(text.bytes, text.length, KEPT_MOST),
                      index);
}

static struct record_text kept(const struct page_known *known, uint32_t index)
{
    struct record_text text = {0};

    if (index != NO_TEXT)
        text.bytes = intern_text(&known->texts, index, &text.length);
    return text;
}

static struct known_entry *entry_at(const struct page_known *known, uint32_t index)
{
    return pool_at(&known->entries, sizeof(struct known_entry), index);
}

/* The entry of a letter and title, a new one where there is none; NULL: there are too many. */
static enum result find_entry(struct page_known *known, const char *key, size_t length,
                              struct known_entry **entry)
{
    uint32_t index;
    enum result result;

    *entry = NULL;
    if (!intern_find(&known->titles, key, length, &index)) {
        if (known->entries.count == KNOWN_MOST)
            return RESULT_OK;
        result = pool_reserve(&known->entries, sizeof **entry);
        if (result == RESULT_OK)
            result = intern_add(&known->titles, key, length, &index);
        if (result != RESULT_OK)
            return result;
        known->entries.count++;
        *entry_at(known, index) = (struct known_entry){.first = -1,
                                                       .last = -1,
                                                       .description = NO_TEXT,
                                                       .relevance = NO_TEXT,
                                                       .tags = NO_TEXT,
                                                       .source = NO_TEXT};
    }
    *entry = entry_at(known, index);
    return RESULT_OK;
}

/* How grave a relevance is. */
static uint8_t gravity(struct record_text relevance)
{
    return record_text_is(relevance, "knownBad")      ? 2
           : record_text_is(relevance, "seenNearBad") ? 1
                                                      : 0;
}

/* Texts are those of the first record that tells them, the relevance that of the gravest. */
static enum result add_texts(struct page_known *known, struct known_entry *entry,
                             const struct record_known *told)
{
    enum result result = RESULT_OK;

    if (entry->description == NO_TEXT)
        result = keep(known, told->description, &entry->description);
    if (result == RESULT_OK && entry->tags == NO_TEXT && told->tags.length <= KEPT_MOST)
        result = keep(known, told->tags, &entry->tags);
    if (result == RESULT_OK &&
        (entry->relevance == NO_TEXT || gravity(told->relevance) > entry->gravity)) {
        entry->gravity = gravity(told->relevance);
        result = keep(known, told->relevance, &entry->relevance);
    }
    return result;
}

/* Adds a text to a list of a few, unless it is there. False: there is no room for it. */
static bool add_once(uint32_t *texts, uint8_t *count, unsigned most, uint32_t text)
{
    for (unsigned i = 0; i < *count; i++)
        if (texts[i] == text)
            return true;
    if (*count == most)
        return false;
    texts[(*count)++] = text;
    return true;
}

static enum result add_destination(struct page_known *known, struct known_entry *entry,
                                   struct record_text destination)
{
    uint32_t index = NO_TEXT;
    enum result result;

    if (entry->more)
        return RESULT_OK;
    result = keep(known, destination, &index);
    entry->more = !add_once(entry->destinations, &entry->named, NAMED_MOST, index);
    return result;
}

static void add_counts(struct known_entry *entry, const struct record *record)
{
    int64_t start = record_start(record);
    uint64_t count = record->known->flow_id_count;

    entry->flows++;
    entry->sent += record->src_bytes;
    entry->received += record->dst_bytes;
    if (start >= 0 && (entry->first < 0 || start < entry->first))
        entry->first = start;
    if (start > entry->last)
        entry->last = start;
    if (count > 0 && (entry->count == 0 || count < entry->count))
        entry->count = count;
}

/* What a record is known as: the title of an event, or its name; or any other title. */
static struct record_text title_of(const struct record_known *told)
{
    return told->event.length > 0 && !record_text_is(told->known_by, "event") ? told->event
                                                                              : told->title;
}

/* An entry of an event begins when the event did, and is of its source. */
static enum result add_event(struct page_known *known, struct known_entry *entry,
                             const struct record *record)
{
    struct record_text start = record->known->event_start;
    int64_t time;

    if (start.length > 0 && timestamp_read(start.bytes, start.length, &time))
        entry->first = time;
    return entry->source == NO_TEXT ? keep(known, record->source, &entry->source) : RESULT_OK;
}

/* Notes what a flow of an activity is known as. */
static enum result add_reason(struct page_known *known, const struct record_known *told)
{
    unsigned activity = which_activity(told->activity);
    struct record_text title = title_of(told);
    struct page_reasons *reasons;
    uint32_t index = NO_TEXT;
    enum result result;

    if (activity == ACTIVITY_COUNT)
        return RESULT_OK;
    reasons = &known->activities[activity];
    reasons->flows++;
    if (title.length == 0 || reasons->more)
        return RESULT_OK;
    result = keep(known, title, &index);
    reasons->more = !add_once(reasons->titles, &reasons->count, REASONS_MOST, index);
    return result;
}

/* Appends a text to a key, if there is room for it. */
static size_t put_part(char key[KEY_MOST], size_t length, struct record_text text)
{
    if (text.length == 0 || text.length > KEY_MOST - length)
        return length;
    memcpy(key + length, text.bytes, text.length);
    return length + text.length;
}

/*
 * The key of an entry, as in page_known.titles; 0: there is nothing to call it by. Cuts the title
 * to what is kept of it.
 */
static size_t make_key(const struct record *record, struct record_text *title, char key[KEY_MOST])
{
    const struct record_known *told = record->known;
    size_t length = 1;

    if (title->length == 0)
        return 0;
    title->length = text_cut(title->bytes, title->length, KEPT_MOST);
    key[0] = letter(told);
    length = put_part(key, length, *title);
    if (key[0] != 'E')
        return length;
    key[length++] = '\0';
    length = put_part(key, length, told->event_id);
    length = put_part(key, length, told->event_start);
    return put_part(key, length, record->source);
}

enum result page_known_add(struct page_known *known, const struct record *record)
{
    struct record_text title = title_of(record->known);
    struct known_entry *entry;
    char key[KEY_MOST];
    size_t length = make_key(record, &title, key);
    enum result result = add_reason(known, record->known);

    if (result != RESULT_OK || length == 0)
        return result;
    result = find_entry(known, key, length, &entry);
    if (result != RESULT_OK)
        return result;
    if (!entry) {
        known->left_out++;
        return RESULT_OK;
    }
    add_counts(entry, record);
    entry->title_length = (uint16_t)title.length;
    if (key[0] == 'E')
        result = add_event(known, entry, record);
    if (result == RESULT_OK)
        result = add_texts(known, entry, record->known);
    return result == RESULT_OK ? add_destination(known, entry, record->destination) : result;
}

bool page_has_activities(const struct page_known *known)
{
    bool any = false;

    for (unsigned i = 0; i < ACTIVITY_COUNT; i++)
        any = any || known->activities[i].flows > 0;
    return any;
}

bool page_has_titles(const struct page_known *known)
{
    return known->entries.count > 0;
}

/* Activities: the destinations of each are those of which it is the gravest. */

static void put_examples(const struct page_view *view, unsigned activity)
{
    uint32_t count = summary_count(view->destinations), found = 0;

    html_put(view->html, "<td class=\"t wrap\">");
    for (uint32_t i = 0; i < count; i++) {
        const struct summary_entry *entry = summary_at(view->destinations, i);
        const struct summary_known *told = summary_known(entry);

        if (!told || which_activity(told->activity) != activity)
            continue;
        if (found < EXAMPLES_MOST) {
            html_put(view->html, found > 0 ? ", " : "");
            html_name(view->html, summary_name(view->destinations, entry));
        }
        found++;
    }
    if (found > EXAMPLES_MOST)
        html_print(view->html, " and %u more", found - EXAMPLES_MOST);
    html_put(view->html, "\n");
}

/* The verdict on all, as the service gave it. */
static void put_verdict(struct html *html, const struct page_known *known)
{
    unsigned gravest = 0;

    while (gravest < ACTIVITY_COUNT && known->activities[gravest].flows == 0)
        gravest++;
    html_print(html, "<p class=\"verdict%s\">%s</p>\n",
               gravest <= ACTIVITY_MALICIOUS ? " bad"
               : gravest < ACTIVITY_COMMON   ? " near"
                                             : "",
               gravest < ACTIVITY_COMMON ? activity_words[gravest] : "No Interesting Activity");
}

/* Says so if no behavior can be common yet, since few samples were counted. */
static void put_young(const struct page_view *view, const struct page_known *known)
{
    const struct summary_known *told = summary_known(summary_total(view->destinations));

    if (known->activities[ACTIVITY_SUSPICIOUS].flows > 0 && told && told->count_most > 0 &&
        told->count_most < ACTIVITY_COMMON_SAMPLES)
        html_print(view->html,
                   "<p>Few samples were counted so far: no behavior was seen in more than %u, so "
                   "that all are rare.</p>\n",
                   (unsigned)told->count_most);
}

/* Why flows have an activity (flowmeta(1)), and what they are known as. */
static void put_reasons(struct html *html, const struct page_known *known, unsigned activity)
{
    static const char *const reasons[ACTIVITY_COUNT] = {
        [ACTIVITY_IMPACT] = "what is known of them says what was done",
        [ACTIVITY_MALICIOUS] = "known to be bad",
        [ACTIVITY_SUSPICIOUS] = "seen in few samples, and not known to be good or bad",
        [ACTIVITY_VECTOR] = "attacks are known to come this way",
        [ACTIVITY_COMMON] = "known, or seen in many samples",
    };
    const struct page_reasons *of = &known->activities[activity];

    html_print(html, "<td class=\"t wrap\">%s", reasons[activity]);
    for (unsigned i = 0; i < of->count; i++) {
        html_put(html, i > 0 ? ", " : ": ");
        html_name(html, kept(known, of->titles[i]));
    }
    html_put(html, of->more ? " and others\n" : "\n");
}

void page_put_activities(const struct page_view *view, const struct page_known *known)
{
    struct html *html = view->html;

    page_begin_section(html, "activities", "Verdict");
    put_verdict(html, known);
    put_young(view, known);
    html_put(html, "<div class=scroll><table><caption><span>By what is known of destinations and "
                   "behaviors; the gravest activity counts.</span></caption>\n<thead><tr>"
                   "<th scope=col class=t>Activity<th scope=col>Flows"
                   "<th scope=col class=t>Why<th scope=col class=t>Destinations\n<tbody>\n");
    for (unsigned i = 0; i < ACTIVITY_COUNT; i++) {
        if (known->activities[i].flows == 0)
            continue;
        html_print(html, "<tr><th scope=row>%s<td>", activity_words[i]);
        html_count(html, known->activities[i].flows);
        put_reasons(html, known, i);
        put_examples(view, i);
    }
    html_put(html, "</table></div>");
    page_end_section(html);
}

/* Titles: the gravest are chosen, and listed in the order of time. */

struct choice {
    const struct known_entry *entry;
    uint32_t index; /* among all entries */
};

static int by_gravity(const void *a, const void *b)
{
    const struct choice *x = a, *y = b;

    if (x->entry->gravity != y->entry->gravity)
        return x->entry->gravity > y->entry->gravity ? -1 : 1;
    if (x->entry->flows != y->entry->flows)
        return x->entry->flows > y->entry->flows ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static int by_time(const void *a, const void *b)
{
    const struct choice *x = a, *y = b;

    if (x->entry->first != y->entry->first)
        return x->entry->first < y->entry->first ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static void put_letter(struct html *html, char letter_of, uint8_t gravity_of)
{
    static const char *const classes[] = {"", " near", " bad"};
    const char *word = letter_of == 'E' ? "Event" : letter_of == 'B' ? "Behavior" : "Destination";

    html_print(html, "<span class=\"letter%s\" title=%s>%c</span>", classes[gravity_of], word,
               letter_of);
}

/* In how many samples the rarest of its flows was seen; an event is not counted. */
static void put_samples(struct html *html, const struct known_entry *entry)
{
    if (entry->count == 0 || entry->source != NO_TEXT)
        return;
    if (entry->count == 1) {
        html_put(html, " \xc2\xb7 not seen elsewhere");
        return;
    }
    html_put(html, " \xc2\xb7 in ");
    html_count(html, entry->count);
    html_put(html, " samples");
}

static void put_amounts(const struct page_view *view, const struct page_known *known,
                        const struct known_entry *entry)
{
    struct html *html = view->html;

    html_put(html, "<small>");
    if (entry->source != NO_TEXT) {
        html_name(html, kept(known, entry->source));
        html_put(html, " \xe2\x86\x92 ");
    }
    for (unsigned i = 0; i < entry->named; i++) {
        html_put(html, i > 0 ? ", " : "");
        html_name(html, kept(known, entry->destinations[i]));
    }
    html_put(html, entry->more ? " and others \xc2\xb7 " : " \xc2\xb7 ");
    html_count(html, entry->flows);
    html_put(html, entry->flows == 1 ? " flow \xc2\xb7 " : " flows \xc2\xb7 ");
    html_bytes(html, entry->sent);
    html_put(html, " sent, ");
    html_bytes(html, entry->received);
    html_put(html, " received");
    put_samples(html, entry);
    html_put(html, "</small>");
}

static enum result put_title(const struct page_view *view, const struct page_known *known,
                             const struct choice *choice)
{
    const struct known_entry *entry = choice->entry;
    struct html *html = view->html;
    struct record_text title;
    enum result result;

    title.bytes = intern_text(&known->titles, choice->index, &title.length);
    title.length = 1u + entry->title_length; /* of an event more follows */
    html_put(html, "<li><span class=dim>");
    page_put_time(view, entry->first);
    html_put(html, "</span>");
    put_letter(html, title.bytes[0], entry->gravity);
    html_put(html, "<div><b>");
    html_name(html, (struct record_text){title.bytes + 1, title.length - 1});
    html_put(html, "</b>");
    page_put_relevance(html, kept(known, entry->relevance));
    html_put(html, " ");
    result = page_put_tags(html, kept(known, entry->tags));
    put_amounts(view, known, entry);
    if (entry->description != NO_TEXT) {
        html_put(html, "<details><summary>Description</summary>");
        html_text(html, kept(known, entry->description));
        html_put(html, "</details>");
    }
    html_put(html, "</div>\n");
    return result;
}

static void put_what_is_shown(struct html *html, const struct page_known *known, uint32_t shown)
{
    html_put(html, "<p class=dim>");
    if (shown < known->entries.count) {
        html_count(html, shown);
        html_put(html, " of ");
        html_count(html, known->entries.count);
        html_put(html, " shown: the gravest, then the most frequent. ");
    }
    if (known->left_out > 0) {
        html_put(html, "There are still more titles, of ");
        html_count(html, known->left_out);
        html_put(html, " flows. ");
    }
    html_put(html, "In the order of time. E is an event, with all of its flows; "
                   "B a behavior towards a destination; D a destination.</p>\n");
}

enum result page_put_titles(const struct page_view *view, const struct page_known *known)
{
    uint32_t count = known->entries.count, shown = count < view->rows ? count : view->rows;
    struct choice *choices = calloc(count, sizeof *choices);
    enum result result = RESULT_OK;

    if (!choices)
        return RESULT_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        choices[i] = (struct choice){entry_at(known, i), i};
    qsort(choices, count, sizeof *choices, by_gravity);
    qsort(choices, shown, sizeof *choices, by_time);
    page_begin_section(view->html, "known", "Events and known behaviors");
    put_what_is_shown(view->html, known, shown);
    html_put(view->html, "<ol class=list>\n");
    for (uint32_t i = 0; i < shown && result == RESULT_OK; i++)
        result = put_title(view, known, &choices[i]);
    html_put(view->html, "</ol>");
    page_end_section(view->html);
    free(choices);
    return result;
}
