/* SPDX-License-Identifier: Apache-2.0 */
#include "know/note.h"

#include <string.h>

static const char *const words[] = {
    [RELEVANCE_NONE] = NULL,
    [RELEVANCE_UNINTERESTING] = "knownUninteresting",
    [RELEVANCE_NEAR_BAD] = "seenNearBad",
    [RELEVANCE_BAD] = "knownBad",
};

const char *const note_tag_prefixes[NOTE_TAG_LISTS] = {
    "",        "destination:", "purpose:", "impact:",  "threat:",
    "vector:", "security:",    "app:",     "platform:"};

const char *relevance_word(enum relevance relevance)
{
    return words[relevance];
}

enum relevance relevance_read(const char *word, size_t length)
{
    for (int i = RELEVANCE_BAD; i > RELEVANCE_NONE; i--)
        if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
            return (enum relevance)i;
    return RELEVANCE_NONE;
}

void note_add_tag(struct note *note, struct note_tags *tags, const char *prefix, const char *word,
                  size_t length)
{
    size_t before = strlen(prefix);
    char *room;

    if (length == 0 || note->tag_count >= NOTE_TAGS)
        return;
    room = tags->room[note->tag_count];
    length = text_cut(word, length, NOTE_TAG_MOST - before);
    memcpy(room, prefix, before);
    memcpy(room + before, word, length);
    note->tags[note->tag_count++] = (struct record_text){room, before + length};
}

/*
 * The packed form: the relevance, the number of tags, and then of each text its length in two bytes
 * and, unless it is 0, its JSON string with a NUL.
 */
static enum result pack_text(struct record_text text, size_t most, struct text *packed)
{
    size_t start = packed->length, length;
    enum result result = text_put(packed, "\0", 2);

    if (result != RESULT_OK || text.length == 0)
        return result;
    result = text_put_json(packed, text.bytes, text_cut(text.bytes, text.length, most));
    if (result == RESULT_OK)
        result = text_put(packed, "", 1);
    if (result != RESULT_OK)
        return result;
    length = packed->length - start - 3;
    packed->bytes[start] = (char)(length & 0xff);
    packed->bytes[start + 1] = (char)(length >> 8);
    return RESULT_OK;
}

enum result note_pack(const struct note *note, struct text *packed)
{
    char head[2] = {(char)note->relevance, (char)note->tag_count};
    enum result result;

    packed->length = 0;
    result = text_put(packed, head, sizeof head);
    if (result == RESULT_OK)
        result = pack_text(note->title, NOTE_TITLE_MOST, packed);
    if (result == RESULT_OK)
        result = pack_text(note->description, NOTE_DESCRIPTION_MOST, packed);
    if (result == RESULT_OK)
        result = pack_text(note->source, NOTE_SOURCE_MOST, packed);
    for (size_t i = 0; i < note->tag_count && result == RESULT_OK; i++)
        result = pack_text(note->tags[i], NOTE_TAG_MOST, packed);
    return result;
}

static struct record_text unpack_text(const char **packed)
{
    const char *text = *packed + 2;
    size_t length = (size_t)((unsigned char)(*packed)[0] | (unsigned char)(*packed)[1] << 8);

    *packed = text + (length > 0 ? length + 1 : 0);
    return length > 0 ? (struct record_text){text, length} : (struct record_text){NULL, 0};
}

void note_unpack(const char *packed, struct note *note)
{
    const char *p = packed + 2;

    note->relevance = (enum relevance)packed[0];
    note->tag_count = (unsigned char)packed[1];
    note->title = unpack_text(&p);
    note->description = unpack_text(&p);
    note->source = unpack_text(&p);
    for (size_t i = 0; i < note->tag_count; i++)
        note->tags[i] = unpack_text(&p);
}
