/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of names, addresses and networks, and what is said about them, in the formats in which
 * people share them. secflow-meta(5) describes them. The format is recognized by content.
 */
#ifndef SECFLOW_LISTS_H
#define SECFLOW_LISTS_H

#include "base/lookahead.h"
#include "know/known.h"

#define LIST_PROBLEM 256

/* A list to be read, and what came of it. */
struct list {
    const char *name;         /* what records call it, unless it names itself */
    enum relevance relevance; /* of entries that do not say; RELEVANCE_NONE: as the format has it */
    /* Is called for each line, or 0, that is damaged; the reader goes on. */
    void (*damaged)(void *context, uint64_t line, const char *problem);
    void *context;

    uint16_t number; /* in known */
    const char *format;
    uint64_t entries;
    uint64_t others; /* entries of which flows tell nothing: URLs, hashes, patterns */
    bool mixed;      /* others are nothing unusual in the format */
    uint64_t rules;  /* of events, which are passed over */
    char problem[LIST_PROBLEM];
};

/*
 * Reads a list from the start of an input, and adds what it says. RESULT_DAMAGED: it is not a list,
 * problem says what it is, and nothing was added. RESULT_INVALID: there are too many lists.
 * RESULT_NO_MEMORY. With RESULT_OK in->result says how the input ended.
 */
MUST_CHECK enum result lists_read(struct known *known, struct lookahead *in, struct list *list);

/*
 * True if the input, of which nothing was read, has lines of Secflow's own, and is not in another
 * format.
 */
bool lists_are_own(struct lookahead *in);

#endif
