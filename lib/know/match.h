/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lists know of a record: the most specific fact wins title and relevance, tags and lists are
 * united. secflow-meta(5) says what is how specific.
 */
#ifndef SECFLOW_MATCH_H
#define SECFLOW_MATCH_H

#include "know/known.h"

/* Facts, tags and lists that are taken of a record, at most. */
#define MATCH_FACTS 256u
#define MATCH_TAGS 64u
#define MATCH_LISTS 64u

/* The texts are JSON strings, in quotes, that a NUL follows, and last as long as known does. */
struct match {
    bool any;      /* anything at all is known */
    bool specific; /* and not only of all flows to a port, or of a category */
    enum relevance relevance;
    bool behavior; /* what gives the title, or else the relevance, is about a behavior */
    struct record_text title, description;
    struct record_text tags[MATCH_TAGS], lists[MATCH_LISTS];
    size_t tag_count, list_count;
    uint64_t rank; /* 0: none */
};

/*
 * Where a record that has been read with the rest goes to: the name, of length 0 if it goes by its
 * address, and the address, of family 0 if it is not known.
 */
void match_destination(const struct record *record, struct record_text *name,
                       struct address *address);

/* Of a record that has been read with the rest. */
void match_find(struct known *known, const struct record *record, struct match *match);

/* Adds a text unless it is there already, or there is no room for it. */
void match_unite(struct record_text *texts, size_t *count, size_t most, struct record_text text);

#endif
