/*
 * JSON objects, one behind the other.
 */
#include "json.h"
#include "fuzz.h"

static const struct json_key keys[] = {{"a", 1}, {"b", 2}, {"a.b", 3}, {"a.b.c", 4}, {"c", 4}};

static volatile unsigned sum;

/* Each member lies where it may be read. */
static void read_members(const struct json *json)
{
    size_t count;
    const struct json_member *members = json_members(json, &count);

    for (size_t i = 0; i < count; i++) {
        must(members[i].id >= 1 && members[i].id <= 4 && members[i].type <= JSON_CONTAINER);
        for (size_t j = 0; members[i].type != JSON_CONTAINER && j < members[i].length; j++)
            sum += (unsigned char)members[i].text[j]; /* is read */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *value;
    size_t used, length;
    struct json *json;
    enum result result;

    must(json_init(&json, keys, sizeof keys / sizeof *keys) == RESULT_OK);
    for (;;) {
        while (size > 0 && memchr(" \t\r\n", *text, 4)) {
            text++;
            size--;
        }
        result = size > 0 && *text == '{' ? json_read(json, text, size, &used) : RESULT_END;
        if (result != RESULT_OK)
            break;
        must(used > 1 && used <= size && text[used - 1] == '}');
        read_members(json);
        if (json_locate(text, "a", &value, &length))
            must(value > text && value + length < text + used);
        text += used;
        size -= used;
    }
    must(result == RESULT_END || (result == RESULT_DAMAGED && json_problem(json)[0] != '\0'));
    json_destroy(&json);
    return 0;
}
