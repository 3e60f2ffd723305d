/* SPDX-License-Identifier: Apache-2.0 */
#include "json_oracle.h"

#ifdef HAVE_JANSSON

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of any length are accepted. What follows the object is ignored. */
#define FLAGS (JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

struct walk {
    oracle_take *take;
    void *context;
};

static void tell(const struct walk *walk, json_t *value, const char *key, bool element);

static void tell_inside(const struct walk *walk, json_t *value, const char *key, bool element)
{
    const char *name;
    json_t *inner;
    size_t i;

    json_array_foreach(value, i, inner)
    {
        tell(walk, inner, key, true);
    }
    json_object_foreach(value, name, inner)
    {
        size_t size = strlen(key) + 1 + strlen(name) + 1;
        char *path = malloc(size);

        if (!path)
            abort();
        snprintf(path, size, "%s.%s", key, name);
        tell(walk, inner, path, element);
        free(path);
    }
}

static void tell(const struct walk *walk, json_t *value, const char *key, bool element)
{
    struct oracle_member member = {.key = key, .element = element};

    switch (json_typeof(value)) {
    case JSON_NULL:
        member.type = 'z';
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        member.type = json_is_true(value) ? 't' : 'f';
        break;
    case JSON_STRING:
        member.type = 's';
        member.text = json_string_value(value);
        member.length = json_string_length(value);
        break;
    case JSON_OBJECT:
    case JSON_ARRAY:
        member.type = 'c';
        break;
    default:
        member.type = 'n';
        member.number = json_number_value(value);
    }
    walk->take(walk->context, &member);
    tell_inside(walk, value, key, element);
}

enum oracle_answer oracle_read(const char *text, size_t size, size_t *used, oracle_take *take,
                               void *context)
{
    struct walk walk = {take, context};
    json_error_t error;
    json_t *object = json_loadb(text, size, FLAGS, &error), *again, *value;
    const char *name;

    if (!object)
        switch (json_error_code(&error)) {
        case json_error_numeric_overflow:
        case json_error_null_byte_in_key:
            return ORACLE_UNSURE;
        default:
            return ORACLE_DAMAGED;
        }
    if (memchr(text, '\0', (size_t)error.position)) { /* jansson skips a NUL after a number */
        json_decref(object);
        return ORACLE_UNSURE;
    }
    *used = (size_t)error.position;
    again = json_loadb(text, size, FLAGS | JSON_REJECT_DUPLICATES, &error);
    if (again)
        json_object_foreach(object, name, value)
        {
            tell(&walk, value, name, false);
        }
    json_decref(object);
    json_decref(again);
    return again ? ORACLE_OBJECT : ORACLE_EQUAL_KEYS;
}

#else

enum oracle_answer oracle_read(const char *text, size_t size, size_t *used, oracle_take *take,
                               void *context)
{
    (void)text;
    (void)size;
    (void)used;
    (void)take;
    (void)context;
    return ORACLE_UNSURE;
}

#endif
