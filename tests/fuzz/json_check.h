/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks that a JSON object is read correctly: whole, cut at every place, and compared with the
 * oracle.
 */
#ifndef SECFLOW_JSON_CHECK_H
#define SECFLOW_JSON_CHECK_H

#include "base/json.h"
#include "json_oracle.h"

#include <stdlib.h>
#include <string.h>

struct json_check {
    const struct json_key *keys;
    size_t key_count;
    const struct json_member *members; /* not compared yet */
    size_t left;
    const char *wrong; /* NULL: nothing */
};

static inline double json_check_number(const struct json_member *member)
{
    char *text = strndup(member->text, member->length);
    double number = text ? strtod(text, NULL) : 0;

    free(text);
    return number;
}

static inline bool json_check_value(const struct json_member *member,
                                    const struct oracle_member *want)
{
    switch (want->type) {
    case 'z':
        return member->type == JSON_NULL;
    case 't':
    case 'f':
        return member->type == JSON_BOOLEAN && *member->text == want->type;
    case 'n':
        return member->type == JSON_NUMBER && json_check_number(member) == want->number;
    case 's':
        return member->type == JSON_STRING && member->length == want->length &&
               memcmp(member->text, want->text, want->length) == 0;
    default:
        return member->type == JSON_CONTAINER;
    }
}

static inline void json_check_member(void *context, const struct oracle_member *want)
{
    struct json_check *check = context;
    uint8_t id = json_find_key(check->keys, check->key_count, want->key, strlen(want->key));

    if (id == 0 || check->wrong)
        return;
    if (check->left == 0 || check->members->id != id || check->members->element != want->element)
        check->wrong = "a member is missing";
    else if (!json_check_value(check->members, want))
        check->wrong = "a member has another value";
    check->members++;
    check->left -= check->left > 0;
}

/* True if a value is read alone as it was among others. */
static inline bool json_check_raw(const struct json_member *member)
{
    static const struct json_key keys[] = {{"a", 1}};
    struct json *json = NULL;
    size_t size = member->raw_length + 6, used, count;
    char *text = malloc(size);
    const struct json_member *again;
    bool same = text && json_init(&json, keys, 1) == RESULT_OK;

    if (same) {
        memcpy(text, "{\"a\":", 5);
        memcpy(text + 5, member->raw, member->raw_length);
        text[size - 1] = '}';
        same = json_read(json, text, size, &used) == RESULT_OK && used == size;
    }
    if (same) {
        again = json_members(json, &count);
        same = count > 0 && again->type == member->type && again->length == member->length &&
               memcmp(again->text, member->text, member->length) == 0 &&
               again->raw_length == member->raw_length;
    }
    json_destroy(&json);
    free(text);
    return same;
}

/* True if the bytes may be part of JSON. */
static inline bool json_check_bytes(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < ' ' && !memchr("\t\n\r", text[i], 3))
            return false;
    return true;
}

/* True if each prefix of an object wants more. Each lies in memory that ends where it does. */
static inline bool json_check_beginnings(struct json *json, const char *text, size_t size)
{
    bool all = true;

    for (size_t length = 0; length < size && all; length++) {
        char *copy = malloc(length > 0 ? length : 1);
        size_t used;

        all = copy != NULL;
        if (all) {
            memcpy(copy, text, length);
            all = json_read(json, copy, length, &used) == RESULT_END;
        }
        free(copy);
    }
    return all;
}

/*
 * What is wrong with the result of json_read on a text that begins with {; NULL: nothing. The
 * members are the reader's, until its next call.
 */
static inline const char *json_check(const struct json *json, const struct json_key *keys,
                                     size_t key_count, const char *text, size_t size,
                                     enum result result, size_t used)
{
    struct json_check check = {.keys = keys, .key_count = key_count};
    size_t oracle_used = 0, count;
    const struct json_member *members = json_members(json, &count);
    enum oracle_answer answer;

    check.members = members;
    check.left = count;
    answer = oracle_read(text, size, &oracle_used, json_check_member, &check);
    if (result == RESULT_DAMAGED && strstr(json_problem(json), "nested too deeply"))
        return NULL; /* more than the oracle can take */
    if (result != RESULT_OK)
        return answer == ORACLE_DAMAGED || answer == ORACLE_UNSURE ? NULL : "is an object";
    if (answer == ORACLE_DAMAGED || !json_check_bytes(text, used))
        return "is not an object";
    for (size_t i = 0; i < count; i++)
        if (members[i].raw < text || members[i].raw + members[i].raw_length >= text + used ||
            !json_check_raw(&members[i]))
            return "a value stands elsewhere";
    if (answer == ORACLE_UNSURE)
        return NULL;
    if (used != oracle_used)
        return "ends elsewhere";
    if (answer == ORACLE_OBJECT && !check.wrong && check.left > 0)
        return "has a member too many";
    return check.wrong;
}

#endif
