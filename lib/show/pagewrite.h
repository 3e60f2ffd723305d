/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of a page share: page.c has its frame, pagetime.c the timeline, pageknown.c what
 * filters know, pagetable.c the tables, pagelong.c the long connections, pagebeacon.c the beacons.
 */
#ifndef SECFLOW_PAGEWRITE_H
#define SECFLOW_PAGEWRITE_H

#include "show/html.h"
#include "show/pagekind.h"
#include "show/pageknown.h"
#include "show/pagelong.h"
#include "show/summary.h"

/* When flows began, and when the last one of them ended; negative: no time is known. */
struct page_span {
    int64_t start, last_start, end;
    bool one_day, one_year; /* they are of the same */
};

/* What is written of. */
struct page_view {
    struct html *html;
    uint32_t rows; /* of a table, at most */
    struct page_span span;
    const struct summary *destinations, *sources, *categories, *sensors;
};

/* A time, without what is the same for all times of the page. */
void page_put_time(const struct page_view *view, int64_t time);

/* The beginning of a section, whose name is also what links call it, in small letters. */
void page_begin_section(struct html *html, const char *id, const char *heading);
void page_end_section(struct html *html);

/* A cell with a line in steps, filled below: how many there were when. What is not 0 is seen. */
#define SPARK_PARTS 24u
void page_put_spark(struct html *html, const uint64_t counts[SPARK_PARTS]);

/* A relevance as a mark behind a name, in words; nothing of none. */
void page_put_relevance(struct html *html, struct record_text relevance);

/* Tags or lists, a JSON array of strings. RESULT_NO_MEMORY. */
MUST_CHECK enum result page_put_tags(struct html *html, struct record_text array);

/* The timeline: nothing where the flows began too close together. */
bool page_has_timeline(const struct page_view *view);
MUST_CHECK enum result page_put_timeline(const struct page_view *view);

/* Tables. RESULT_NO_MEMORY. */
MUST_CHECK enum result page_put_destinations(const struct page_view *view);
MUST_CHECK enum result page_put_kinds(const struct page_view *view);
MUST_CHECK enum result page_put_hosts(const struct page_view *view);
MUST_CHECK enum result page_put_sensors(const struct page_view *view);

#endif
