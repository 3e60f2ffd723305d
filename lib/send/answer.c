/* SPDX-License-Identifier: Apache-2.0 */
#include "send/answer.h"

#include "base/json.h"

#include <string.h>
#include <strings.h>

enum { KEY_ERROR = 1, KEY_ID };

static const struct json_key keys[] = {{"error", KEY_ERROR}, {"body.sampleId", KEY_ID}};

#define KEYS (sizeof keys / sizeof *keys)

static bool is_false(const struct json_member *member)
{
    return member->type == JSON_BOOLEAN && member->text[0] == 'f';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Accepted: an object that says there is no error, with only blanks after it. */
static enum result read_answer(struct json *json, const char *bytes, size_t length,
                               enum verdict *verdict, struct text *id)
{
    const struct json_member *members;
    size_t used, count;
    enum result result = json_read(json, bytes, length, &used);

    if (result != RESULT_OK)
        return result == RESULT_NO_MEMORY ? result : RESULT_OK;
    for (; used < length; used++)
        if (!is_blank(bytes[used]))
            return RESULT_OK;
    members = json_members(json, &count);
    for (size_t i = 0; i < count; i++) {
        if (members[i].element)
            continue;
        if (members[i].id == KEY_ERROR)
            *verdict = is_false(&members[i]) ? VERDICT_ACCEPTED : VERDICT_AGAIN;
        if (members[i].id == KEY_ID && members[i].type == JSON_STRING) {
            id->length = 0;
            result = text_put(id, members[i].text, members[i].length);
        }
    }
    return result;
}

static enum result judge_api(const char *bytes, size_t length, enum verdict *verdict,
                             struct text *id)
{
    struct json *json;
    enum result result = json_init(&json, keys, KEYS);

    *verdict = VERDICT_AGAIN;
    if (result != RESULT_OK)
        return result;
    result = read_answer(json, bytes, length, verdict, id);
    json_destroy(&json);
    return result;
}

static enum verdict judge_status(long status)
{
    switch (status) {
    case 401:
    case 403:
    case 407:
        return VERDICT_DENIED;
    case 408:
    case 409:
    case 425:
    case 429:
        return VERDICT_AGAIN;
    case 413:
        return VERDICT_TOO_LARGE;
    case 400:
    case 415:
    case 422:
        return VERDICT_REJECTED;
    case 501: /* like 405: not for this method (RFC 9110) */
        return VERDICT_WRONG_URL;
    default:
        return status < 300 || status / 100 == 5 ? VERDICT_AGAIN : VERDICT_WRONG_URL;
    }
}

enum result answer_judge(enum answer_form form, long status, const char *bytes, size_t length,
                         enum verdict *verdict, struct text *id)
{
    if (form == ANSWER_API && status == 200)
        return judge_api(bytes, length, verdict, id);
    if (form == ANSWER_STATUS && status / 100 == 2)
        *verdict = VERDICT_ACCEPTED;
    else
        *verdict = judge_status(status);
    return RESULT_OK;
}

/* Where APIs put the reason; the first of these that is present counts. */
static const struct json_key word_keys[] = {{"error_description", 1},
                                            {"error.reason", 2},
                                            {"error.message", 3},
                                            {"error", 4},
                                            {"message", 5},
                                            {"detail", 6},
                                            {"body", 7},
                                            {"text", 8},
                                            {"reason", 9},
                                            {"title", 10}};

#define WORD_KEYS (sizeof word_keys / sizeof *word_keys)

/* Joins the words on one line, with single blanks. */
static void write_words(const char *p, size_t length, char words[ANSWER_WORDS])
{
    char line[ANSWER_WORDS];
    size_t used = 0;

    for (size_t i = 0; i < length && used < sizeof line; i++)
        if (!is_blank(p[i]))
            line[used++] = p[i];
        else if (used > 0 && line[used - 1] != ' ')
            line[used++] = ' ';
    if (used > 0 && line[used - 1] == ' ')
        used--;
    text_escape(line, used, words, ANSWER_WORDS);
}

static enum result json_words(const char *bytes, size_t length, char words[ANSWER_WORDS])
{
    const struct json_member *members, *best = NULL;
    struct json *json;
    size_t used, count;
    enum result result = json_init(&json, word_keys, WORD_KEYS);

    if (result != RESULT_OK)
        return result;
    result = json_read(json, bytes, length, &used);
    if (result == RESULT_OK) {
        members = json_members(json, &count);
        for (size_t i = 0; i < count; i++)
            if (members[i].type == JSON_STRING && members[i].length > 0 &&
                (!best || members[i].id < best->id))
                best = &members[i];
        if (best)
            write_words(best->text, best->length, words);
    }
    json_destroy(&json);
    return result == RESULT_NO_MEMORY ? result : RESULT_OK;
}

/* The text between <title> and the next tag. */
static void title_words(const char *bytes, size_t length, char words[ANSWER_WORDS])
{
    static const char tag[] = "<title>";
    const char *end = bytes + length, *stop;

    for (const char *p = bytes; (size_t)(end - p) > strlen(tag); p++) {
        if (strncasecmp(p, tag, strlen(tag)) != 0)
            continue;
        p += strlen(tag);
        stop = memchr(p, '<', (size_t)(end - p));
        write_words(p, (size_t)((stop ? stop : end) - p), words);
        return;
    }
}

enum result answer_words(const char *bytes, size_t length, char words[ANSWER_WORDS])
{
    enum result result = RESULT_OK;
    const char *newline;

    words[0] = '\0';
    while (length > 0 && is_blank(*bytes)) {
        bytes++;
        length--;
    }
    if (length > 0 && *bytes == '{')
        result = json_words(bytes, length, words);
    else if (length > 0 && *bytes == '<')
        title_words(bytes, length, words);
    if (result != RESULT_OK || words[0] != '\0' || length == 0)
        return result;
    newline = memchr(bytes, '\n', length);
    write_words(bytes, newline ? (size_t)(newline - bytes) : length, words);
    return RESULT_OK;
}
