/* SPDX-License-Identifier: Apache-2.0 */
#include "show/pagewrite.h"

#include "show/units.h"

#include <stdlib.h>

/* The height of a sparkline. */
#define SPARK_HEIGHT 9u

void page_put_spark(struct html *html, const uint64_t counts[SPARK_PARTS])
{
    uint64_t largest = 1;
    unsigned level = 0, run = 0;

    for (unsigned i = 0; i < SPARK_PARTS; i++)
        largest = counts[i] > largest ? counts[i] : largest;
    html_print(html, "<td><svg class=spark viewBox=\"0 0 %u %u\" aria-hidden=true><path d=\"M0 %u",
               2 * SPARK_PARTS, SPARK_HEIGHT, SPARK_HEIGHT);
    for (unsigned i = 0; i < SPARK_PARTS; i++) {
        unsigned next = (unsigned)((counts[i] * SPARK_HEIGHT + largest - 1) / largest);

        if (next != level) {
            if (run > 0)
                html_print(html, "h%u", run);
            html_print(html, "V%u", SPARK_HEIGHT - next);
            run = 0;
        }
        level = next;
        run += 2;
    }
    html_print(html, "h%uV%u\"/></svg>", run, SPARK_HEIGHT);
}

static void put_spark(const struct page_view *view, const struct summary_entry *entry)
{
    uint64_t counts[SPARK_PARTS] = {0};

    summary_when(entry, view->span.start, view->span.last_start, SPARK_PARTS, counts);
    page_put_spark(view->html, counts);
}

/* A column's head: of numbers, of text, or of what cannot be sorted. */
static void put_head(struct html *html, const char *class, const char *name)
{
    html_print(html, "<th scope=col%s>%s", class, name);
}

/* What most tables have. */
static void put_heads(const struct page_view *view, const char *what, const char *others)
{
    struct html *html = view->html;

    html_put(html, "<thead><tr>");
    put_head(html, " class=t", what);
    put_head(html, "", "Flows");
    if (others)
        put_head(html, "", others);
    put_head(html, "", "Sent");
    put_head(html, "", "Received");
    put_head(html, "", "Longest");
}

static void put_time_heads(const struct page_view *view)
{
    if (view->span.start < 0)
        return;
    put_head(view->html, " class=t", "First");
    put_head(view->html, " class=t", "Last");
}

static void put_when_head(const struct page_view *view)
{
    if (view->span.start >= 0)
        put_head(view->html, " class=x", "When");
    html_put(view->html, "\n<tbody>\n");
}

static void put_cells(const struct page_view *view, const struct summary_entry *entry, bool others)
{
    struct html *html = view->html;

    html_put(html, "<td>");
    html_count(html, entry->flows);
    if (others) {
        html_put(html, "<td>");
        html_count(html, entry->hosts);
        html_put(html, entry->hosts_more ? "+" : "");
    }
    html_put(html, "<td>");
    html_bytes(html, entry->sent_bytes);
    html_put(html, "<td>");
    html_bytes(html, entry->received_bytes);
    html_put(html, "<td>");
    html_duration(html, entry->longest);
}

static void put_time_cell(const struct page_view *view, int64_t time)
{
    html_put(view->html, "<td class=t>");
    if (time >= 0)
        page_put_time(view, time);
}

static void put_times(const struct page_view *view, const struct summary_entry *entry)
{
    if (view->span.start < 0)
        return;
    put_time_cell(view, entry->first);
    put_time_cell(view, entry->last);
}

static void put_when(const struct page_view *view, const struct summary_entry *entry)
{
    if (view->span.start >= 0)
        put_spark(view, entry);
    html_put(view->html, "\n");
}

static void put_kind(struct html *html, struct record_text category)
{
    enum page_kind kind = page_kind(category);

    html_print(html, "<td class=\"t k%u\">%s", kind, page_kind_name(kind));
}

static void put_mostly(struct html *html, const struct summary *summary,
                       const struct summary_entry *entry)
{
    uint64_t flows;

    put_kind(html, summary_category(summary, entry, &flows));
}

static uint32_t shown_rows(const struct page_view *view, const struct summary *summary)
{
    uint32_t count = summary_count(summary);

    return count < view->rows ? count : view->rows;
}

/* Destinations */

/* In this order they are chosen, and of each the largest first. */
enum choice { CHOICE_BAD, CHOICE_NEAR, CHOICE_KNOWN, CHOICE_NEW, CHOICE_REST, CHOICE_COUNT };

/*
 * What was never answered, or carried nothing, says nothing about a destination, and scans are made
 * of it.
 */
static bool is_empty(const struct summary *summary, const struct summary_entry *entry)
{
    uint64_t flows;

    return (entry->sent_bytes | entry->received_bytes) == 0 ||
           page_kind(summary_category(summary, entry, &flows)) == KIND_UNANSWERED;
}

/* Whether its behavior was seen nowhere else. */
static bool is_new(const struct summary *summary, const struct summary_entry *entry,
                   const struct summary_known *told)
{
    uint64_t count = told->destination_count > 0 ? told->destination_count : told->count_most;

    return count == 1 && !is_empty(summary, entry);
}

/* Whether it has a title that is worth a row: not that of attempts, or of empty packets. */
static bool is_known(const struct summary *summary, const struct summary_entry *entry,
                     const struct summary_known *told)
{
    return told->title.length > 0 && !record_text_is(told->relevance, "knownUninteresting") &&
           !(record_text_is(told->known_by, "behavior") && is_empty(summary, entry));
}

static enum choice choice_of(const struct summary *summary, const struct summary_entry *entry)
{
    const struct summary_known *told = summary_known(entry);

    if (!told)
        return CHOICE_REST;
    if (record_text_is(told->relevance, "knownBad"))
        return CHOICE_BAD;
    if (record_text_is(told->relevance, "seenNearBad"))
        return CHOICE_NEAR;
    if (is_known(summary, entry, told))
        return CHOICE_KNOWN;
    return is_new(summary, entry, told) ? CHOICE_NEW : CHOICE_REST;
}

/* Entries that are shown, by their index, and what of them is known: the columns. */
struct shown {
    uint32_t *entries;
    uint32_t count;
    bool seen, first_seen, rank;
    bool chosen[CHOICE_COUNT];
};

static void note_columns(struct shown *shown, const struct summary_known *told)
{
    if (!told)
        return;
    shown->seen = shown->seen || told->destination_count > 0 || told->count_most > 0;
    shown->first_seen =
        shown->first_seen || told->destination_first_seen >= 0 || told->first_seen >= 0;
    shown->rank = shown->rank || told->rank > 0;
}

static int by_index(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return *x < *y ? -1 : 1;
}

/*
 * Chooses what is shown: at the top what is bad, and what was seen near it, then all else by its
 * size.
 */
static enum result choose(const struct page_view *view, struct shown *shown)
{
    const struct summary *summary = view->destinations;
    bool known = summary_known(summary_total(summary));
    uint32_t all = summary_count(summary), count = shown_rows(view, summary), grave = 0;

    *shown = (struct shown){.entries = calloc(count, sizeof *shown->entries)};
    if (!shown->entries)
        return RESULT_NO_MEMORY;
    for (enum choice choice = known ? 0 : CHOICE_REST; choice < CHOICE_COUNT; choice++) {
        for (uint32_t i = 0; i < all && shown->count < count; i++) {
            if (choice_of(summary, summary_at(summary, i)) != choice)
                continue;
            shown->chosen[choice] = true;
            shown->entries[shown->count++] = i;
            note_columns(shown, summary_known(summary_at(summary, i)));
        }
        if (choice == CHOICE_NEAR)
            grave = shown->count;
    }
    qsort(shown->entries + grave, shown->count - grave, sizeof *shown->entries, by_index);
    return RESULT_OK;
}

/* Where it is: a country and a network. */
static void put_place(struct html *html, const struct summary_known *told)
{
    if (told->dst_country.length > 0) {
        html_text(html, told->dst_country);
        html_put(html, " ");
    }
    if (told->dst_as_org.length > 0) {
        html_text(html, told->dst_as_org);
        html_put(html, " ");
    }
    if (told->dst_asn > 0)
        html_print(html, "AS%llu ", (unsigned long long)told->dst_asn);
}

/* What is known of a destination, below its name. */
static enum result put_told(struct html *html, const struct summary_entry *entry,
                            const struct summary_known *told)
{
    struct text tags = {0}, lists = {0};
    enum result result = summary_put_tags(entry, &tags);

    if (result == RESULT_OK)
        result = summary_put_lists(entry, &lists);
    page_put_relevance(html, told->relevance);
    if (told->title.length + told->dst_country.length + told->dst_as_org.length + tags.length +
            lists.length + told->dst_asn >
        0) {
        html_put(html, "<small>");
        html_name(html, told->title);
        html_put(html, " ");
        put_place(html, told);
        if (result == RESULT_OK)
            result = page_put_tags(html, (struct record_text){tags.bytes, tags.length});
        if (result == RESULT_OK)
            result = page_put_tags(html, (struct record_text){lists.bytes, lists.length});
        html_put(html, "</small>");
    }
    text_destroy(&tags);
    text_destroy(&lists);
    return result;
}

static void put_count_cell(struct html *html, uint64_t count)
{
    html_put(html, "<td>");
    if (count > 0)
        html_count(html, count);
}

static void put_seen(struct html *html, const struct shown *shown, const struct summary_known *told)
{
    static const struct summary_known nothing = {.first_seen = -1, .destination_first_seen = -1};
    int64_t first;

    told = told ? told : &nothing;
    first = told->destination_first_seen >= 0 ? told->destination_first_seen : told->first_seen;
    if (shown->seen)
        put_count_cell(html,
                       told->destination_count > 0 ? told->destination_count : told->count_most);
    if (shown->first_seen) {
        char text[UNITS_TEXT];

        html_put(html, "<td class=t>");
        html_print(html, "%.10s", first >= 0 ? units_time(text, first) : "");
    }
    if (shown->rank)
        put_count_cell(html, told->rank);
}

static enum result put_destination(const struct page_view *view, const struct shown *shown,
                                   uint32_t index)
{
    const struct summary_entry *entry = summary_at(view->destinations, index);
    const struct summary_known *told = summary_known(entry);
    struct html *html = view->html;
    enum result result = RESULT_OK;

    html_put(html, "<tr><th scope=row>");
    html_name(html, summary_name(view->destinations, entry));
    if (told)
        result = put_told(html, entry, told);
    put_cells(view, entry, true);
    put_times(view, entry);
    put_mostly(html, view->destinations, entry);
    put_seen(html, shown, told);
    put_when(view, entry);
    return result;
}

/* "500 of 7,520 shown: ..." and what of the rest was not kept apart. */
static void put_how_many(struct html *html, uint32_t shown, const struct summary *summary,
                         const char *which, const char *by)
{
    uint32_t all = summary_count(summary);
    struct summary_folded folded = summary_folded(summary);

    if (shown < all) {
        html_count(html, shown);
        html_put(html, " of ");
        html_count(html, all);
        html_put(html, " shown: ");
        html_put(html, which);
        html_print(html, "; flowtop -b %s -n 0 lists all. ", by);
    }
    if (folded.keys > 0) {
        html_put(html, "There were too many to tell apart: ");
        html_count(html, folded.keys);
        html_put(html, " of the smallest are left out, and up to ");
        html_count(html, folded.flows);
        html_put(html, " flows may be missing of a row. ");
    }
}

static void put_filter(struct html *html, const char *id, uint32_t rows)
{
    html_print(html,
               "<p class=filter hidden><label for=f-%s>Filter</label> <input id=f-%s type=search "
               "autocomplete=off> <output>%u rows</output></p>\n",
               id, id, rows);
}

static void put_destination_caption(struct html *html, const struct shown *shown,
                                    const struct summary *summary)
{
    bool known = shown->chosen[CHOICE_BAD] || shown->chosen[CHOICE_NEAR] ||
                 shown->chosen[CHOICE_KNOWN] || shown->chosen[CHOICE_NEW];

    html_put(html, "<caption><span>");
    put_how_many(html, shown->count, summary,
                 known ? "those of which something is known, then new ones, then the largest"
                       : "those with the most bytes",
                 "destination");
    html_put(html, shown->chosen[CHOICE_BAD] || shown->chosen[CHOICE_NEAR]
                       ? "Bad ones first, then the largest."
                       : "The largest first.");
    html_put(html, "</span></caption>\n");
}

enum result page_put_destinations(const struct page_view *view)
{
    struct html *html = view->html;
    struct shown shown;
    enum result result = choose(view, &shown);

    page_begin_section(html, "destinations", "Destinations");
    put_filter(html, "destinations", shown.count);
    html_put(html, "<div class=scroll><table class=sort>");
    put_destination_caption(html, &shown, view->destinations);
    put_heads(view, "Destination", "Hosts");
    put_time_heads(view);
    put_head(html, " class=t", "Mostly");
    if (shown.seen)
        put_head(html, "", "Samples");
    if (shown.first_seen)
        put_head(html, " class=t", "First seen");
    if (shown.rank)
        put_head(html, "", "Rank");
    put_when_head(view);
    for (uint32_t i = 0; i < shown.count && result == RESULT_OK; i++)
        result = put_destination(view, &shown, shown.entries[i]);
    html_put(html, "</table></div>");
    page_end_section(html);
    free(shown.entries);
    return result;
}

enum result page_put_kinds(const struct page_view *view)
{
    struct html *html = view->html;
    uint32_t count = summary_count(view->categories);

    page_begin_section(html, "kinds", "Kinds of flows");
    html_put(html, "<div class=scroll><table class=sort><caption><span>The categories of "
                   "flowlabel, the most frequent first.</span></caption>\n");
    put_heads(view, "Category", NULL);
    put_head(html, " class=t", "Kind");
    put_when_head(view);
    for (uint32_t i = 0; i < count && i < view->rows; i++) {
        const struct summary_entry *entry = summary_at(view->categories, i);
        struct record_text name = summary_name(view->categories, entry);

        html_put(html, "<tr><th scope=row>");
        html_name(html, name);
        put_cells(view, entry, false);
        put_kind(html, name);
        put_when(view, entry);
    }
    html_put(html, "</table></div>");
    page_end_section(html);
    return RESULT_OK;
}

/* Hosts or sensors; others: what they have several of; NULL: that is not known. */
static void put_sources(const struct page_view *view, const struct summary *summary,
                        const char *what, const char *others, const char *by)
{
    struct html *html = view->html;
    uint32_t count = shown_rows(view, summary);

    html_put(html, "<div class=scroll><table class=sort><caption><span>");
    put_how_many(html, count, summary, "those with the most bytes", by);
    html_put(html, "The largest first.</span></caption>\n");
    put_heads(view, what, others);
    put_time_heads(view);
    put_head(html, " class=t", "Mostly");
    put_when_head(view);
    for (uint32_t i = 0; i < count; i++) {
        const struct summary_entry *entry = summary_at(summary, i);

        html_put(html, "<tr><th scope=row>");
        html_name(html, summary_name(summary, entry));
        put_cells(view, entry, others);
        put_times(view, entry);
        put_mostly(html, summary, entry);
        put_when(view, entry);
    }
    html_put(html, "</table></div>");
}

enum result page_put_hosts(const struct page_view *view)
{
    page_begin_section(view->html, "hosts", "Hosts");
    put_filter(view->html, "hosts", shown_rows(view, view->sources));
    put_sources(view, view->sources, "Host", "Destinations", "source");
    page_end_section(view->html);
    return RESULT_OK;
}

enum result page_put_sensors(const struct page_view *view)
{
    page_begin_section(view->html, "sensors", "Sensors");
    put_sources(view, view->sensors, "Sensor", NULL, "sensor");
    page_end_section(view->html);
    return RESULT_OK;
}
