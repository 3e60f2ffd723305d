/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What filters have added to many records, as a summary tells it of each key (summary.h).
 */
#ifndef SECFLOW_FINDINGS_H
#define SECFLOW_FINDINGS_H

#include "base/intern.h"
#include "base/text.h"
#include "record/record.h"

#include <stdbool.h>

/* Counts of 0, times below 0: none has told it. */
struct summary_known {
    /* Of the record that is gravest by its relevance, of these the first one. */
    struct record_text title, description, relevance, known_by;
    struct record_text activity; /* the gravest */
    struct record_text event;    /* the first one */
    struct record_text dst_country, dst_as_org;
    uint64_t dst_asn;
    uint64_t rank;                            /* the smallest */
    uint64_t count_least, count_most;         /* of flowIdCount */
    uint64_t destination_count, domain_count; /* the largest */
    /* The earliest: of flowIdFirstSeen, destinationFirstSeen, domainFirstSeen. */
    int64_t first_seen, destination_first_seen, domain_first_seen;
};

/* How grave a relevance is: 3 for knownBad, 2 for seenNearBad, 1 for anything else, 0 for nothing.
 */
unsigned findings_gravity(struct record_text relevance);

struct findings;

/* Whether filters have added anything that is told of. */
bool findings_are_there(const struct record_known *record);

/* RESULT_NO_MEMORY. */
MUST_CHECK enum result findings_init(struct findings **known);
void findings_destroy(struct findings **known);

/* Adds what a record tells; its texts are kept in an intern, which must outlive this. */
MUST_CHECK enum result findings_add(struct findings *known, const struct record_known *record,
                                    struct intern *texts);

const struct summary_known *findings_told(const struct findings *known);

/* See summary_put_tags and summary_put_lists. */
MUST_CHECK enum result findings_put_tags(const struct findings *known, struct text *text);
MUST_CHECK enum result findings_put_lists(const struct findings *known, struct text *text);

#endif
