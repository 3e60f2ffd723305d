/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTML page of many Secflows: who talked to what, how much and when, and what filters know of
 * it. It is all in one file, and loads nothing: its style and its script are allowed by their
 * hashes (Content Security Policy, https://www.w3.org/TR/CSP3/), and nothing else is. The script
 * only sorts and filters tables. The same records give the same bytes.
 *
 * What it takes goes by destinations and hosts, not by records.
 */
#ifndef SECFLOW_PAGE_H
#define SECFLOW_PAGE_H

#include "base/output.h"
#include "record/record.h"

struct page;

/* The texts are the caller's while the page lives. */
struct page_options {
    const char *title; /* UTF-8; NULL: one that says what the page is about */
    const char *maker; /* what the page says that it was made by: ASCII */
    uint32_t rows;     /* of a table, at most; not 0 */
};

/* RESULT_NO_MEMORY; RESULT_SYSTEM: no random numbers. */
MUST_CHECK enum result page_init(struct page **page, const struct page_options *options);
void page_destroy(struct page **page);

/* Adds a record that was read, also by record_read_rest. RESULT_NO_MEMORY. */
MUST_CHECK enum result page_add(struct page *page, const struct record *record);

/* Adds a line of flowbeacon(1). RESULT_DAMAGED: it is not one; RESULT_NO_MEMORY. */
MUST_CHECK enum result page_add_beacon(struct page *page, const char *line, size_t length);

/*
 * Writes the page, and flushes the output; damaged: how many lines of the input were not records.
 * RESULT_NO_MEMORY; RESULT_SYSTEM: errno says why it cannot be written.
 */
MUST_CHECK enum result page_write(struct page *page, uint64_t damaged, struct output *output);

#endif
