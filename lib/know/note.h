/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a list says about an entry, packed: everything in it is ready to stand in a record, whatever
 * the list held.
 */
#ifndef SECFLOW_NOTE_H
#define SECFLOW_NOTE_H

#include "base/intern.h"
#include "base/text.h"
#include "record/record.h"

/* The graver, the greater. */
enum relevance { RELEVANCE_NONE, RELEVANCE_UNINTERESTING, RELEVANCE_NEAR_BAD, RELEVANCE_BAD };

/* The word for it in records, knownBad for example; NULL for none. */
const char *relevance_word(enum relevance relevance);

/* RELEVANCE_NONE for any other word. */
enum relevance relevance_read(const char *word, size_t length);

#define NOTE_TAGS 16u

/*
 * The keys that arrays of tags have in JSON, as keys for json.h with ids from the first on, and
 * what stands in front of the tags of each.
 */
#define NOTE_TAG_KEYS(first)                                                                       \
    {"tags", (first)}, {"destinationTags", (first) + 1}, {"activityPurposeTags", (first) + 2},     \
        {"impactsTags", (first) + 3}, {"threatTags", (first) + 4},                                 \
        {"attackVectorTags", (first) + 5}, {"securityTags", (first) + 6},                          \
        {"associatedAppOrServiceTags", (first) + 7},                                               \
    {                                                                                              \
        "platformHintTags", (first) + 8                                                            \
    }
#define NOTE_TAG_LISTS 9u
extern const char *const note_tag_prefixes[NOTE_TAG_LISTS];

/* Longer texts are cut, in bytes of UTF-8, so that a note fits into an intern table. */
#define NOTE_TITLE_MOST 256u
#define NOTE_DESCRIPTION_MOST 1024u
#define NOTE_SOURCE_MOST 128u
#define NOTE_TAG_MOST 64u

/* All zero says nothing. */
struct note {
    enum relevance relevance;
    struct record_text title, description;
    struct record_text source; /* takes the place of the name of the list */
    struct record_text tags[NOTE_TAGS];
    size_t tag_count;
};

/* Adds a tag, prefix and word put together in room; more tags than NOTE_TAGS are dropped. */
struct note_tags {
    char room[NOTE_TAGS][NOTE_TAG_MOST + 1];
};
void note_add_tag(struct note *note, struct note_tags *tags, const char *prefix, const char *word,
                  size_t length);

/* Packs the note into the text, whose former content is replaced. RESULT_NO_MEMORY. */
MUST_CHECK enum result note_pack(const struct note *note, struct text *packed);

/*
 * Unpacks a note. Its texts point into the packed one; they are now JSON strings, in quotes, and a
 * NUL follows each.
 */
void note_unpack(const char *packed, struct note *note);

#endif
