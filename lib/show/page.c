/* SPDX-License-Identifier: Apache-2.0 */
#include "show/page.h"

#include "base/clock.h"
#include "base/intern.h"
#include "base/json.h"
#include "show/pagebeacon.h"
#include "show/pageparts.h"
#include "show/pagewrite.h"
#include "show/units.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bins of a category's timeline, of which the page's is made. */
#define FINE_BINS 1024u

struct page {
    struct page_options options;
    struct summary *destinations, *sources, *categories, *sensors;
    struct page_known known;
    struct page_long longest;
    struct beacon_list beacons;
    struct intern samples; /* a traffic date and a sensor each */
    int64_t last_date;     /* of the last record, if that had no sensor; otherwise -2 */
    uint64_t estimated;    /* flows whose bytes are estimates */
    uint64_t sampled;      /* flows of which one packet in so many was seen */
    int64_t last_start;    /* of flows; negative: not known */
};

static enum result make_summary(struct summary **summary, enum summary_key key, uint32_t bins,
                                struct summary *beside)
{
    struct summary_options options = {
        .key = key, .column = SUMMARY_BYTES, .bin_count = bins, .beside = beside};

    return summary_init(summary, &options);
}

static enum result page_prepare(struct page *page)
{
    enum result result = make_summary(&page->destinations, SUMMARY_DESTINATION, 0, NULL);

    if (result == RESULT_OK)
        result = make_summary(&page->sources, SUMMARY_SOURCE, 0, page->destinations);
    if (result == RESULT_OK)
        result = make_summary(&page->categories, SUMMARY_CATEGORY, FINE_BINS, page->destinations);
    if (result == RESULT_OK)
        result = make_summary(&page->sensors, SUMMARY_SENSOR, 0, page->destinations);
    if (result == RESULT_OK)
        result = page_known_init(&page->known);
    if (result == RESULT_OK)
        result = beacon_list_init(&page->beacons);
    return result == RESULT_OK ? intern_init(&page->samples) : result;
}

enum result page_init(struct page **page, const struct page_options *options)
{
    enum result result;

    *page = calloc(1, sizeof **page);
    if (!*page)
        return RESULT_NO_MEMORY;
    (*page)->options = *options;
    (*page)->last_start = -1;
    (*page)->last_date = -2;
    result = page_prepare(*page);
    if (result != RESULT_OK)
        page_destroy(page);
    return result;
}

void page_destroy(struct page **page)
{
    if (!*page)
        return;
    summary_destroy(&(*page)->destinations);
    summary_destroy(&(*page)->sources);
    summary_destroy(&(*page)->categories);
    summary_destroy(&(*page)->sensors);
    page_known_destroy(&(*page)->known);
    page_long_destroy(&(*page)->longest);
    beacon_list_destroy(&(*page)->beacons);
    intern_destroy(&(*page)->samples);
    free(*page);
    *page = NULL;
}

/* A sample is the records of one traffic date and sensor. */
static enum result note_sample(struct page *page, const struct record *record)
{
    char key[sizeof record->traffic_date + 256];
    size_t length = record->sensor.length < 256 ? record->sensor.length : 256;
    uint32_t index;

    if (length == 0 && record->traffic_date == page->last_date)
        return RESULT_OK;
    page->last_date = length == 0 ? record->traffic_date : -2;
    memcpy(key, &record->traffic_date, sizeof record->traffic_date);
    if (length > 0)
        memcpy(key + sizeof record->traffic_date, record->sensor.bytes, length);
    return intern_add(&page->samples, key, sizeof record->traffic_date + length, &index);
}

enum result page_add(struct page *page, const struct record *record)
{
    enum result result = note_sample(page, record);

    page->estimated += record->bytes_from != BYTES_EXACT;
    page->sampled += record->sampling > 1;
    if (record_start(record) > page->last_start &&
        record_start(record) + record->duration < TIME_END)
        page->last_start = record_start(record);
    if (result == RESULT_OK)
        result = summary_add(page->destinations, record);
    if (result == RESULT_OK)
        result = page_known_add(&page->known, record);
    return result == RESULT_OK ? page_long_add(&page->longest, record) : result;
}

enum result page_add_beacon(struct page *page, const char *line, size_t length)
{
    return beacon_list_read(&page->beacons, line, length);
}

/* What the parts of a page share. */

void page_put_time(const struct page_view *view, int64_t time)
{
    char text[UNITS_TEXT];

    if (time < 0)
        return;
    units_time(text, time);
    if (view->span.one_day)
        html_put(view->html, text + UNITS_TIME_OF_DAY);
    else if (view->span.one_year)
        html_print(view->html, "%.11s", text + UNITS_AFTER_YEAR);
    else
        html_print(view->html, "%.16s", text);
}

void page_begin_section(struct html *html, const char *id, const char *heading)
{
    html_print(html, "<section id=%s aria-labelledby=h-%s>\n<h2 id=h-%s>%s</h2>\n", id, id, id,
               heading);
}

void page_end_section(struct html *html)
{
    html_put(html, "\n</section>\n");
}

void page_put_relevance(struct html *html, struct record_text relevance)
{
    static const struct {
        const char *word, *markup;
    } known[] = {
        {"knownBad", " <b class=bad>known bad</b>"},
        {"seenNearBad", " <b class=near>seen near bad</b>"},
        {"knownUninteresting", " <b class=fine>uninteresting</b>"},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (record_text_is(relevance, known[i].word))
            html_put(html, known[i].markup);
}

enum result page_put_tags(struct html *html, struct record_text array)
{
    static const struct json_key keys[] = {{"tags", 1}};
    const struct json_member *members = NULL;
    struct text object = {0};
    struct json *json = NULL;
    size_t used, count = 0;
    enum result result;

    if (array.length == 0)
        return RESULT_OK;
    result = json_init(&json, keys, 1);
    if (result == RESULT_OK)
        result = text_print(&object, "{\"tags\":%.*s}", (int)array.length, array.bytes);
    if (result == RESULT_OK)
        result = json_read(json, object.bytes, object.length, &used);
    if (result == RESULT_OK)
        members = json_members(json, &count);
    for (size_t i = 0; i < count; i++)
        if (members[i].element && members[i].type == JSON_STRING) {
            html_put(html, "<span class=tag>");
            html_name(html, (struct record_text){members[i].text, members[i].length});
            html_put(html, "</span> ");
        }
    json_destroy(&json);
    text_destroy(&object);
    return result == RESULT_NO_MEMORY ? result : RESULT_OK;
}

/* The frame */

/* The source of a policy that allows just this text. */
static void put_hash(struct html *html, const char *text)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    char encoded[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1] = "";
    struct sha256_ctx context;

    sha256_init(&context);
    sha256_update(&context, strlen(text), (const uint8_t *)text);
    sha256_digest(&context, sizeof digest, digest);
    base64_encode_raw(encoded, sizeof digest, digest);
    html_print(html, "'sha256-%s'", encoded);
}

static void put_title(const struct page *page, struct html *html)
{
    const char *title = page->options.title;

    html_text(html, title ? (struct record_text){title, strlen(title)}
                          : (struct record_text){"Network flows", 13});
}

static void put_begin(const struct page *page, const struct page_view *view)
{
    struct html *html = view->html;
    char text[UNITS_TEXT];

    html_put(html, "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
                   "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
                   "style-src ");
    put_hash(html, page_css);
    html_put(html, "; script-src ");
    put_hash(html, page_js);
    html_put(html, "; base-uri 'none'; form-action 'none'\">\n"
                   "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n<title>");
    put_title(page, html);
    if (view->span.start >= 0)
        html_print(html, ", %.10s", units_time(text, view->span.start));
    html_put(html, "</title>\n<style>");
    html_put(html, page_css);
    html_put(html, "</style>\n</head>\n<body>\n");
}

static void put_fact(struct html *html, const char *what, uint64_t count)
{
    html_print(html, "<li>%s <b>", what);
    html_count(html, count);
    html_put(html, "</b>\n");
}

static void put_amount(struct html *html, const char *what, uint64_t bytes)
{
    html_print(html, "<li>%s <b>", what);
    html_bytes(html, bytes);
    html_put(html, "</b>\n");
}

static void put_span(const struct page_view *view)
{
    const struct page_span *span = &view->span;
    struct html *html = view->html;
    char text[UNITS_TEXT];

    if (span->start < 0) {
        html_put(html, "<p class=dim>When the flows were is not known.</p>\n");
        return;
    }
    html_print(html, "<p class=dim>%s to ", units_time(text, span->start));
    html_put(html, units_time(text, span->end) + (span->one_day ? UNITS_TIME_OF_DAY : 0));
    html_put(html, " UTC, ");
    html_duration(html, span->end - span->start);
    html_put(html, "</p>\n");
}

/* How many distinct ones a summary tells apart. */
static uint64_t distinct(const struct summary *summary)
{
    return summary_count(summary) + summary_folded(summary).keys;
}

static void put_facts(const struct page *page, const struct page_view *view)
{
    const struct summary_entry *total = summary_total(page->destinations);
    struct html *html = view->html;

    html_put(html, "<ul class=facts>\n");
    put_fact(html, "Flows", total->flows);
    put_fact(html, "Hosts", distinct(page->sources));
    put_fact(html, "Destinations", distinct(page->destinations));
    put_amount(html, "Sent", total->sent_bytes);
    put_amount(html, "Received", total->received_bytes);
    if (intern_count(&page->samples) > 1)
        put_fact(html, "Samples", intern_count(&page->samples));
    if (summary_count(page->sensors) > 1)
        put_fact(html, "Sensors", summary_count(page->sensors));
    html_put(html, "</ul>\n");
}

static void put_flows(struct html *html, uint64_t count)
{
    html_count(html, count);
    html_put(html, count == 1 ? " flow" : " flows");
}

/* What a reader must know of the figures. */
static void put_caveats(const struct page *page, struct html *html, uint64_t damaged)
{
    if (page->estimated > 0) {
        html_put(html, "<p>The bytes of ");
        put_flows(html, page->estimated);
        html_put(html, " are estimates, made of counts that include headers.</p>\n");
    }
    if (page->sampled > 0) {
        html_put(html, "<p>Of ");
        put_flows(html, page->sampled);
        html_put(html, " only a sample of the packets was counted.</p>\n");
    }
    if (damaged > 0) {
        html_put(html, "<p>");
        html_count(html, damaged);
        html_put(html, damaged == 1 ? " line of the input was damaged and is left out.</p>\n"
                                    : " lines of the input were damaged and are left out.</p>\n");
    }
}

static void put_header(const struct page *page, const struct page_view *view, uint64_t damaged)
{
    struct html *html = view->html;

    html_put(html, "<header>\n<h1>");
    put_title(page, html);
    html_put(html, "</h1>\n");
    if (summary_total(page->destinations)->flows > 0) {
        put_span(view);
        put_facts(page, view);
    } else if (page->beacons.count == 0) {
        html_put(html, "<p>There was no record: nothing to show.</p>\n");
    }
    put_caveats(page, html, damaged);
    html_put(html, "</header>\n");
}

/* Sections in their order; those that have nothing to say are not there. */

enum section {
    ACTIVITIES,
    TIMELINE,
    TITLES,
    DESTINATIONS,
    BEACONS,
    LONG,
    KINDS,
    HOSTS,
    SENSORS,
    SECTIONS
};

static bool has_section(const struct page *page, const struct page_view *view, enum section section)
{
    if (summary_total(page->destinations)->flows == 0 && section != BEACONS)
        return false;
    switch (section) {
    case ACTIVITIES:
        return page_has_activities(&page->known);
    case TIMELINE:
        return page_has_timeline(view);
    case TITLES:
        return page_has_titles(&page->known);
    case LONG:
        return page->longest.count > 0 && page->beacons.count == 0;
    case BEACONS:
        return page->beacons.count > 0;
    case SENSORS:
        return summary_count(page->sensors) > 1;
    default:
        return true;
    }
}

static enum result put_section(const struct page *page, const struct page_view *view,
                               enum section section)
{
    switch (section) {
    case ACTIVITIES:
        page_put_activities(view, &page->known);
        return RESULT_OK;
    case TIMELINE:
        return page_put_timeline(view);
    case TITLES:
        return page_put_titles(view, &page->known);
    case DESTINATIONS:
        return page_put_destinations(view);
    case BEACONS:
        page_put_beacons(view, &page->beacons);
        return RESULT_OK;
    case LONG:
        page_put_long(view, &page->longest);
        return RESULT_OK;
    case KINDS:
        return page_put_kinds(view);
    case HOSTS:
        return page_put_hosts(view);
    default:
        return page_put_sensors(view);
    }
}

static void put_links(const struct page *page, const struct page_view *view)
{
    static const char *const links[SECTIONS] = {
        [ACTIVITIES] = "<a href=\"#activities\">Verdict</a>\n",
        [TIMELINE] = "<a href=\"#timeline\">Timeline</a>\n",
        [TITLES] = "<a href=\"#known\">Known</a>\n",
        [DESTINATIONS] = "<a href=\"#destinations\">Destinations</a>\n",
        [BEACONS] = "<a href=\"#beacons\">Beacons</a>\n",
        [LONG] = "<a href=\"#long\">Long connections</a>\n",
        [KINDS] = "<a href=\"#kinds\">Kinds</a>\n",
        [HOSTS] = "<a href=\"#hosts\">Hosts</a>\n",
        [SENSORS] = "<a href=\"#sensors\">Sensors</a>\n",
    };

    html_put(view->html, "<nav aria-label=Sections>\n");
    for (enum section section = 0; section < SECTIONS; section++)
        if (has_section(page, view, section))
            html_put(view->html, links[section]);
    html_put(view->html, "</nav>\n");
}

static enum result put_sections(const struct page *page, const struct page_view *view)
{
    enum result result = RESULT_OK;

    put_links(page, view);
    html_put(view->html, "<main>\n");
    for (enum section section = 0; section < SECTIONS && result == RESULT_OK; section++)
        if (has_section(page, view, section))
            result = put_section(page, view, section);
    html_put(view->html, "</main>\n");
    return result;
}

static void put_end(const struct page *page, struct html *html)
{
    html_print(html, "<footer>Made by %s of ", page->options.maker);
    html_count(html, summary_total(page->destinations)->flows);
    html_put(html, " Secflows. Times are UTC. All that this page shows is in it; it loads "
                   "nothing.</footer>\n<script>");
    html_put(html, page_js);
    html_put(html, "</script>\n</body>\n</html>\n");
}

static struct page_span span_of(const struct page *page)
{
    const struct summary_entry *total = summary_total(page->destinations);
    struct page_span span = {
        .start = total->first, .last_start = page->last_start, .end = total->last};
    char start[UNITS_TEXT], end[UNITS_TEXT];

    if (span.start < 0)
        return span;
    units_time(start, span.start);
    units_time(end, span.end);
    span.one_day = memcmp(start, end, UNITS_TIME_OF_DAY) == 0;
    span.one_year = memcmp(start, end, UNITS_AFTER_YEAR) == 0;
    return span;
}

/* What is known, of the smallest destination too, comes before others. */
static enum result sort(const struct page *page)
{
    bool known = summary_known(summary_total(page->destinations));
    uint32_t rows = page->options.rows;
    enum result result = summary_sort(page->destinations, SUMMARY_BYTES, known ? 0 : rows);

    if (result == RESULT_OK)
        result = summary_turn(page->sources);
    if (result == RESULT_OK)
        result = summary_sort(page->sources, SUMMARY_BYTES, rows);
    if (result == RESULT_OK)
        result = summary_sort(page->categories, SUMMARY_FLOWS, 0);
    return result == RESULT_OK ? summary_sort(page->sensors, SUMMARY_BYTES, 0) : result;
}

enum result page_write(struct page *page, uint64_t damaged, struct output *output)
{
    struct html html;
    struct page_view view = {.html = &html,
                             .rows = page->options.rows,
                             .span = span_of(page),
                             .destinations = page->destinations,
                             .sources = page->sources,
                             .categories = page->categories,
                             .sensors = page->sensors};
    enum result result = sort(page);

    if (result != RESULT_OK)
        return result;
    html_begin(&html, output);
    put_begin(page, &view);
    put_header(page, &view, damaged);
    beacon_list_sort(&page->beacons);
    if (summary_total(page->destinations)->flows > 0 || page->beacons.count > 0)
        result = put_sections(page, &view);
    put_end(page, &html);
    return result == RESULT_OK ? html_end(&html) : result;
}
