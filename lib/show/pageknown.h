/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What filters know, as a page lists it: the activities, and by their titles the events, the
 * behaviors and the destinations of which records tell.
 */
#ifndef SECFLOW_PAGEKNOWN_H
#define SECFLOW_PAGEKNOWN_H

#include "base/intern.h"
#include "know/activity.h"
#include "record/record.h"

/* Titles that are told apart; of others only flows are counted. */
#define KNOWN_MOST 100000u

/* Titles that an activity is told with. */
#define REASONS_MOST 4u

/* The flows of an activity, and what they are known as. */
struct page_reasons {
    uint64_t flows;
    uint32_t titles[REASONS_MOST]; /* among the texts */
    uint8_t count;
    bool more;
};

/* All zero can be destroyed. */
struct page_known {
    /*
     * Of entries, in their order: a letter, E, B or D, and the title; of an event also a NUL, its
     * id and start and the source, so that each event is an entry.
     */
    struct intern titles;
    struct intern texts; /* all other texts */
    struct pool entries; /* of struct known_entry */
    uint64_t left_out;   /* flows of further titles */
    struct page_reasons activities[ACTIVITY_COUNT];
};

/* RESULT_NO_MEMORY; RESULT_SYSTEM: no random numbers. */
MUST_CHECK enum result page_known_init(struct page_known *known);
void page_known_destroy(struct page_known *known);

/* RESULT_NO_MEMORY. */
MUST_CHECK enum result page_known_add(struct page_known *known, const struct record *record);

/* Whether there is something for each of the two sections. */
bool page_has_activities(const struct page_known *known);
bool page_has_titles(const struct page_known *known);

struct page_view;
void page_put_activities(const struct page_view *view, const struct page_known *known);
MUST_CHECK enum result page_put_titles(const struct page_view *view,
                                       const struct page_known *known);

#endif
