/* SPDX-License-Identifier: Apache-2.0 */
#include "know/mistyped.h"

#include "base/nearest.h"
#include "base/text.h"
#include "know/note.h"
#include "record/label.h"

#include <stdio.h>

/* The most keys that can be known. */
#define KEYS_MOST 32u

/* Says what is wrong with a text, which is cut if it is long, and which word is near. */
static void tell(char *problem, const char *before, struct record_text text, const char *after,
                 const char *near)
{
    snprintf(problem, MISTYPED_PROBLEM, "%s\"%.*s\"%s%s%s%s", before,
             (int)text_cut(text.bytes, text.length, 80), text.bytes, after,
             near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* The end of the string that begins there, in a text that is JSON. */
static const char *end_of_string(const char *p)
{
    for (p++; *p != '"'; p++)
        p += *p == '\\';
    return p + 1;
}

/* The next key of the object itself, in quotes; depth: 0 before the first. False: no more. */
static bool next_key(struct record_text *rest, int *depth, struct record_text *key)
{
    const char *p = rest->bytes, *end = rest->bytes + rest->length;

    for (; p < end; p++) {
        const char *start = p;

        *depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
        if (*p != '"')
            continue;
        p = end_of_string(p);
        *key = (struct record_text){start + 1, (size_t)(p - start - 2)};
        while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
            p++;
        if (*depth == 1 && p < end && *p == ':') {
            *rest = (struct record_text){p, (size_t)(end - p)};
            return true;
        }
        p--;
    }
    return false;
}

bool mistyped_key(struct record_text object, const struct json_key *keys, size_t count,
                  char problem[MISTYPED_PROBLEM])
{
    const char *names[KEYS_MOST], *near;
    struct record_text key;
    int depth = 0;

    for (size_t i = 0; i < count && i < KEYS_MOST; i++)
        names[i] = keys[i].name;
    while (next_key(&object, &depth, &key)) {
        if (json_find_key(keys, count, key.bytes, key.length) != 0)
            continue;
        near = nearest_word(key.bytes, key.length, names, count < KEYS_MOST ? count : KEYS_MOST,
                            key.length < 6 ? 1 : 2);
        if (near) {
            tell(problem, "unknown key ", key, "", near);
            return true;
        }
    }
    return false;
}

bool mistyped_relevance(struct record_text word, char problem[MISTYPED_PROBLEM])
{
    const char *words[RELEVANCE_BAD];

    if (word.length == 0 || relevance_read(word.bytes, word.length) != RELEVANCE_NONE)
        return false;
    for (int i = 0; i < RELEVANCE_BAD; i++)
        words[i] = relevance_word((enum relevance)(RELEVANCE_BAD - i));
    tell(problem, "", word, " is not a relevance",
         nearest_word(word.bytes, word.length, words, RELEVANCE_BAD, NEAREST_THIRD(word.length)));
    return true;
}

static bool is_category(struct record_text word)
{
    for (size_t i = 0; i < LABEL_CATEGORIES; i++)
        if (record_text_is(word, label_categories[i]))
            return true;
    return false;
}

bool mistyped_category(struct record_text word, char problem[MISTYPED_PROBLEM])
{
    const char *near;

    if (is_category(word))
        return false;
    near = nearest_word(word.bytes, word.length, label_categories, LABEL_CATEGORIES,
                        NEAREST_THIRD(word.length));
    if (!near)
        return false;
    tell(problem, "", word, " is not a category", near);
    return true;
}
