/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of lines: plain ones, hosts files, adblock lists and ranks. Each line tells what it is.
 */
#include "base/number.h"
#include "know/indicator.h"
#include "know/listread.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Where a comment that follows an entry begins, or the end. */
static const char *find_comment(const char *line, const char *end)
{
    for (const char *p = line + 1; p < end; p++)
        if ((*p == '#' || *p == ';') && is_blank(p[-1]))
            return p;
    return end;
}

static struct record_text next_word(const char **p, const char *end)
{
    const char *start;

    while (*p < end && is_blank(**p))
        (*p)++;
    start = *p;
    while (*p < end && !is_blank(**p))
        (*p)++;
    return (struct record_text){start, (size_t)(*p - start)};
}

static bool is_sink(struct record_text word)
{
    static const char *const sinks[] = {"0.0.0.0", "127.0.0.1", "::", "::1"};

    for (size_t i = 0; i < sizeof sinks / sizeof *sinks; i++)
        if (record_text_is(word, sinks[i]))
            return true;
    return false;
}

/* The names that a machine has for itself, which hosts files have, too. */
static bool is_own_name(struct record_text name)
{
    return !memchr(name.bytes, '.', name.length) || record_text_is(name, "localhost.localdomain") ||
           record_text_is(name, "0.0.0.0");
}

static enum result add(struct list_reading *reading, struct record_text text,
                       enum known_scope scope)
{
    static const struct note nothing;

    return list_add(reading, text.bytes, text.length, scope, &nothing, RELEVANCE_NONE);
}

/* Names behind an address that leads nowhere. */
static enum result read_hosts(struct list_reading *reading, const char *p, const char *end)
{
    enum result result = RESULT_OK;
    struct record_text name;

    reading->list->format = "hosts file";
    while (result == RESULT_OK && (name = next_word(&p, end)).length > 0)
        if (!is_own_name(name))
            result = add(reading, name, KNOWN_EXACT);
    return result;
}

/* ||name^, with options behind it or not, but for those that make it hold only somewhere. */
static enum result read_adblock(struct list_reading *reading, const char *name, const char *end)
{
    const char *caret = memchr(name, '^', (size_t)(end - name));
    const char *host = caret ? caret : end;

    reading->list->format = "adblock list";
    reading->list->mixed = true;
    if (memchr(name, '/', (size_t)(host - name)) || memchr(name, '*', (size_t)(host - name)) ||
        (caret && caret + 1 < end &&
         (caret[1] != '$' || memchr(caret, '=', (size_t)(end - caret))))) {
        reading->list->others++;
        return RESULT_OK;
    }
    return add(reading, (struct record_text){name, (size_t)(host - name)}, KNOWN_BELOW);
}

/* What else adblock lists have: exceptions, patterns of URLs, rules for elements of pages. */
static bool is_rule(const char *line, size_t length)
{
    return *line == '/' || *line == '|' || (length > 1 && line[0] == '@' && line[1] == '@') ||
           memmem(line, length, "##", 2) || memmem(line, length, "#@#", 3);
}

/* Not only comments: adblock lists begin with [Adblock Plus 2.0]. */
static bool is_comment(const char *line, size_t length)
{
    return *line == '#' || *line == '!' || *line == ';' ||
           (*line == '[' && line[length - 1] == ']' && memmem(line, length, "Adblock", 7));
}

/* RANK,NAME. False: it is not one. */
static bool read_rank(struct list_reading *reading, const char *line, const char *end,
                      enum result *result)
{
    const char *comma = memchr(line, ',', (size_t)(end - line));
    enum known_scope scope = KNOWN_BELOW;
    struct known_key key;
    uint64_t rank;

    if (!comma || !number_count(line, (size_t)(comma - line), &rank) || rank == 0 ||
        rank > UINT32_MAX ||
        indicator_read(comma + 1, (size_t)(end - comma - 1), &key, &scope) != INDICATOR_OK ||
        key.kind != KNOWN_NAME)
        return false;
    reading->list->format = "ranks";
    reading->list->entries++;
    *result = known_add_rank(reading->known, &key, (uint32_t)rank);
    return true;
}

static enum result read_line(struct list_reading *reading, const char *line, size_t length)
{
    const char *end = line + length, *p = line;
    struct record_text word;
    enum result result;

    if (is_comment(line, length))
        return RESULT_OK;
    if (length > 2 && line[0] == '|' && line[1] == '|')
        return read_adblock(reading, line + 2, end);
    if (is_digit(*line) && read_rank(reading, line, end, &result))
        return result;
    if (is_rule(line, length)) {
        reading->list->others++;
        return RESULT_OK;
    }
    end = find_comment(line, end);
    word = next_word(&p, end);
    if (is_sink(word) && p < end)
        return read_hosts(reading, p, end);
    if (next_word(&p, end).length == 0)
        return add(reading, word, KNOWN_BELOW);
    list_damaged(reading, "not one name, address or network");
    return RESULT_OK;
}

enum result list_read_lines(struct list_reading *reading)
{
    const char *line;
    size_t length;
    enum result result;

    reading->list->format = "plain list";
    while ((result = list_line(reading, &line, &length)) == RESULT_OK)
        if (length > 0 && (result = read_line(reading, line, length)) != RESULT_OK)
            break;
    return result == RESULT_END ? RESULT_OK : result;
}
