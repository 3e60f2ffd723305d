/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of lists share: each reads one kind of format and adds its entries.
 */
#ifndef SECFLOW_LISTREAD_H
#define SECFLOW_LISTREAD_H

#include "know/lists.h"

struct list_reading {
    struct known *known;
    struct lookahead *in;
    struct list *list;
    uint64_t line; /* the number of the one read last */
    struct text packed;
};

/*
 * The next line, without blanks at its ends. RESULT_END. Lines that are too long are told of and
 * passed over.
 */
MUST_CHECK enum result list_line(struct list_reading *reading, const char **line, size_t *length);

/* Tells that the line read last is damaged. */
void list_damaged(struct list_reading *reading, const char *problem);

/*
 * Adds an entry by its text, and counts it. What the note does not say about relevance the list
 * does, or else usual does.
 */
MUST_CHECK enum result list_add(struct list_reading *reading, const char *text, size_t length,
                                enum known_scope scope, const struct note *note,
                                enum relevance usual);

/* The same of a key. */
MUST_CHECK enum result list_add_key(struct list_reading *reading, const struct known_key *key,
                                    enum known_scope scope, const struct note *note,
                                    enum relevance usual);

/* Takes the next part of a text up to the separator or the end, without blanks around it. */
struct record_text list_part(const char **text, const char *end, char separator);

/*
 * The readers. Each answers RESULT_OK at the end of the input, RESULT_NO_MEMORY, or, where the
 * input is not what it seemed to be, RESULT_DAMAGED.
 */
MUST_CHECK enum result list_read_lines(struct list_reading *reading);
MUST_CHECK enum result list_read_table(struct list_reading *reading);
MUST_CHECK enum result list_read_ndjson(struct list_reading *reading);
MUST_CHECK enum result list_read_document(struct list_reading *reading);

/* True if the line is the head of a table of indicators. */
bool list_is_head(const char *line, size_t length);

#endif
