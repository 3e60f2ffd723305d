/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON objects, one after another.
 */
#include "fuzz.h"
#include "json_check.h"

static const struct json_key keys[] = {{"a", 1}, {"b", 2}, {"a.b", 3}, {"a.b.c", 4}, {"c", 4}};

#define KEYS (sizeof keys / sizeof *keys)

/* Short enough to read each of their prefixes. */
#define SHORT 200

static struct json *new_json(void)
{
    struct json *json = NULL;

    must(json_init(&json, keys, KEYS) == RESULT_OK);
    return json;
}

static void check(const struct json *json, const char *text, size_t size, enum result result,
                  size_t used)
{
    const char *wrong = json_check(json, keys, KEYS, text, size, result, used);

    if (wrong)
        fprintf(stderr, "an object at %p, result %d, used %zu: %s\n", (const void *)text, result,
                used, wrong);
    must(!wrong);
    if (result == RESULT_OK && used <= SHORT) {
        struct json *other = new_json();

        must(json_check_beginnings(other, text, used));
        json_destroy(&other);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct json *json = new_json();
    enum result result = RESULT_OK;

    while (result == RESULT_OK) {
        size_t used = 0;

        while (size > 0 && memchr(" \t\r\n", *text, 4)) {
            text++;
            size--;
        }
        result = json_read(json, text, size, &used);
        must(result != RESULT_OK || (used > 1 && used <= size && text[used - 1] == '}'));
        must(result != RESULT_DAMAGED || json_problem(json)[0] != '\0');
        if (size > 0 && *text == '{')
            check(json, text, size, result, used);
        text += used;
        size -= used;
    }
    json_destroy(&json);
    return 0;
}
