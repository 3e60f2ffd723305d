/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The longest connections of a page.
 */
#ifndef SECFLOW_PAGELONG_H
#define SECFLOW_PAGELONG_H

#include "base/text.h"
#include "record/record.h"

/* So many at most, each of which lasts for so long, in microseconds. */
#define LONG_MOST 20u
#define LONG_LEAST (INT64_C(60) * 1000000)

struct long_connection {
    struct text texts;                    /* source, destination and category, behind each other */
    size_t source, destination, category; /* their lengths */
    int64_t start, duration;              /* microseconds; start negative: not known */
    uint64_t sent, received;
};

/*
 * The longest ones, one of a source and destination, the longest first; of those that are equal the
 * first. All zero: none.
 */
struct page_long {
    struct long_connection connections[LONG_MOST];
    unsigned count;
    bool cut; /* the records are of windows, in which nothing is longer than these */
};

void page_long_destroy(struct page_long *longest);

/* RESULT_NO_MEMORY. */
MUST_CHECK enum result page_long_add(struct page_long *longest, const struct record *record);

struct page_view;
void page_put_long(const struct page_view *view, const struct page_long *longest);

#endif
