/* SPDX-License-Identifier: Apache-2.0 */
#include "know/lists.h"

#include "base/signature.h"
#include "know/indicator.h"
#include "know/listread.h"

#include <stdio.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

void list_damaged(struct list_reading *reading, const char *problem)
{
    reading->list->damaged(reading->list->context, reading->line, problem);
}

enum result list_line(struct list_reading *reading, const char **line, size_t *length)
{
    enum result result;

    while ((result = lookahead_line(reading->in, line, length)) != RESULT_END) {
        reading->line++;
        if (result == RESULT_OK)
            break;
        list_damaged(reading, "it does not end within 1 MiB");
    }
    if (result == RESULT_OK) {
        while (*length > 0 && is_blank((*line)[*length - 1]))
            --*length;
        for (; *length > 0 && is_blank(**line); --*length)
            ++*line;
    }
    return result;
}

struct record_text list_part(const char **text, const char *end, char separator)
{
    const char *start = *text, *stop = memchr(start, separator, (size_t)(end - start));

    *text = stop ? stop + 1 : end;
    stop = stop ? stop : end;
    while (start < stop && is_blank(*start))
        start++;
    while (stop > start && is_blank(stop[-1]))
        stop--;
    return (struct record_text){start, (size_t)(stop - start)};
}

enum result list_add_key(struct list_reading *reading, const struct known_key *key,
                         enum known_scope scope, const struct note *note, enum relevance usual)
{
    struct note complete;
    enum result result;

    if (note->relevance == RELEVANCE_NONE) {
        complete = *note;
        complete.relevance =
            reading->list->relevance != RELEVANCE_NONE ? reading->list->relevance : usual;
        note = &complete;
    }
    result = note_pack(note, &reading->packed);
    if (result == RESULT_OK)
        result = known_add(reading->known, key, scope, &reading->packed);
    reading->list->entries += result == RESULT_OK;
    return result;
}

enum result list_add(struct list_reading *reading, const char *text, size_t length,
                     enum known_scope scope, const struct note *note, enum relevance usual)
{
    struct known_key key;

    switch (indicator_read(text, length, &key, &scope)) {
    case INDICATOR_OK:
        return list_add_key(reading, &key, scope, note, usual);
    case INDICATOR_OTHER:
        reading->list->others++;
        return RESULT_OK;
    case INDICATOR_BAD:
        break;
    }
    list_damaged(reading, "not a name, address, network or port");
    return RESULT_OK;
}

typedef enum result read_fn(struct list_reading *reading);

static void skip_mark(struct lookahead *in)
{
    if (in->end - in->at >= 3 && memcmp(in->buffer + in->at, "\xef\xbb\xbf", 3) == 0)
        in->at += 3;
}

/* The bytes that tell the format: those at hand. */
static bool is_binary(const char *bytes, size_t length)
{
    return memchr(bytes, '\0', length < 4096 ? length : 4096) != NULL;
}

static bool has_head(const char *bytes, size_t length)
{
    const char *end = bytes + length, *line = bytes;

    /* Comments come before the head of a table, which can be one itself. */
    for (int i = 0; i < 64 && line < end; i++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));

        stop = stop ? stop : end;
        if (list_is_head(line, (size_t)(stop - line)))
            return true;
        if (*line != '#' && stop > line + 1)
            return false;
        line = stop < end ? stop + 1 : end;
    }
    return false;
}

/* True if the text is one of the last part of a message that signature_tell writes. */
static bool is_other_kind(const struct lookahead *in, struct list *list)
{
    char text[SIGNATURE_TEXT];

    if (!signature_tell(in->buffer + in->at, in->end - in->at, SIGNATURE_JSON, "flowmeta", text))
        return false;
    text[strcspn(text, ";,")] = '\0';
    snprintf(list->problem, sizeof list->problem, "not a list: it is %s", text);
    return true;
}

/* What comes behind blank lines and lines of comments. */
static const char *find_content(const char *bytes, const char *end)
{
    while (bytes < end && (is_blank(*bytes) || *bytes == '\n' || *bytes == '#')) {
        const char *stop = *bytes == '#' ? memchr(bytes, '\n', (size_t)(end - bytes)) : bytes;

        bytes = stop ? stop + 1 : end;
    }
    return bytes;
}

/* True if the line may have the key, in its quotes. */
static bool has_key(const char *line, const char *end, const char *key)
{
    while ((line = memmem(line, (size_t)(end - line), key, strlen(key)))) {
        line += strlen(key);
        while (line < end && is_blank(*line))
            line++;
        if (line < end && *line == ':')
            return true;
    }
    return false;
}

/* True if the line is an object, and not a document that has but one line. */
static bool is_line_object(const char *line, const char *end)
{
    const char *stop = memchr(line, '\n', (size_t)(end - line));

    stop = stop ? stop : end;
    while (stop > line && is_blank(stop[-1]))
        stop--;
    return stop > line && stop[-1] == '}' && !has_key(line, stop, "\"list\"") &&
           !has_key(line, stop, "\"objects\"") && !has_key(line, stop, "\"Event\"");
}

/* NULL: it is not a list; the problem has been set. */
static read_fn *recognize(const struct lookahead *in, struct list *list)
{
    const char *bytes = (const char *)in->buffer + in->at;
    size_t length = in->end - in->at;
    const char *end = bytes + length, *content = find_content(bytes, end);

    if (has_head(bytes, length))
        return list_read_table;
    if (is_other_kind(in, list))
        return NULL;
    if (is_binary(bytes, length)) {
        snprintf(list->problem, sizeof list->problem,
                 "not a list: it is not text; a MaxMind database is given with -M");
        return NULL;
    }
    if (content < end && *content == '{')
        return is_line_object(content, end) ? list_read_ndjson : list_read_document;
    return list_read_lines;
}

bool lists_are_own(struct lookahead *in)
{
    struct list list;

    (void)lookahead_need(in, LOOKAHEAD_BYTES);
    skip_mark(in);
    return recognize(in, &list) == list_read_ndjson;
}

enum result lists_read(struct known *known, struct lookahead *in, struct list *list)
{
    struct list_reading reading = {.known = known, .in = in, .list = list};
    read_fn *read;
    enum result result;

    list->entries = list->others = list->rules = 0;
    list->problem[0] = '\0';
    list->mixed = false;
    (void)lookahead_need(in, LOOKAHEAD_BYTES);
    skip_mark(in);
    read = recognize(in, list);
    if (!read)
        return RESULT_DAMAGED;
    result = known_begin(known, list->name, strlen(list->name), &list->number);
    if (result == RESULT_OK)
        result = read(&reading);
    text_destroy(&reading.packed);
    return result;
}
