/*
 * The json room: which members come out of an object, whichever of its two ways it is read.
 */
#include "json.h"
#include "tap.h"

enum { ID_A = 1, ID_B, ID_NESTED };

static const struct json_key keys[] = {
    {"a", ID_A}, {"b", ID_B}, {"o.x", ID_NESTED}, {"o_x", ID_NESTED}};

static struct json *new_json(void)
{
    struct json *json = NULL;

    need(json_init(&json, keys, sizeof keys / sizeof *keys) == RESULT_OK, "json_init");
    return json;
}

/* What was read, as text: "ID=VALUE" each, a letter for the type, * for an element of an array. */
static void render(const struct json *json, char *text, size_t room)
{
    size_t count, used = 0;
    const struct json_member *members = json_members(json, &count);

    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, room - used, "%s%d%s%c%.*s", i > 0 ? " " : "",
                                 members[i].id, members[i].element ? "*" : "",
                                 "0tnsc"[members[i].type], (int)members[i].length, members[i].text);
}

/* Reads the text out of memory that ends where it does. */
static enum result read_text(struct json *json, const char *text, size_t length, char *got,
                             size_t room, size_t *used)
{
    uint8_t *copy = exact_copy(text, length);
    enum result result = json_read(json, (const char *)copy, length, used);

    if (result == RESULT_OK)
        render(json, got, room);
    exact_free(copy, length);
    return result;
}

/* Objects, and the members wanted of them. */
static const struct {
    const char *text, *want;
} objects[] = {
    {"{}", ""},
    {"{ }", ""},
    {"{\"a\":1}", "1n1"},
    {"{\"a\":1,\"b\":2}", "1n1 2n2"},
    {"{\"b\":2,\"a\":1}", "2n2 1n1"},
    {"{ \"a\" : 1 , \"b\" : 2 }", "1n1 2n2"},
    {"{\"a\": 1, \"b\": 2}", "1n1 2n2"},
    {"{\n  \"a\": 1,\n\t\"b\": 2\r\n}", "1n1 2n2"},
    {"{\"a\":1,\"a\":2}", "1n1 1n2"},
    {"{\"a\":\"\"}", "1s"},
    {"{\"a\":\"1234567\",\"b\":\"12345678\"}", "1s1234567 2s12345678"},
    {"{\"a\":\"123456789012345\",\"b\":\"1234567890123456\"}",
     "1s123456789012345 2s1234567890123456"},
    {"{\"a\":\"}\",\"b\":\"{[,:\"}", "1s} 2s{[,:"},
    {"{\"a\":\"\xff\x80\"}", "1s\xff\x80"},
    {"{\"a\":0,\"b\":-0.5}", "1n0 2n-0.5"},
    {"{\"a\":1e5,\"b\":-12.25E-07}", "1n1e5 2n-12.25E-07"},
    {"{\"a\":123456789012345678901234567890}", "1n123456789012345678901234567890"},
    {"{\"a\":true,\"b\":false}", "1ttrue 2tfalse"},
    {"{\"a\":null}", "10null"},
    {"{\"a\":[]}", "1c"},
    {"{\"a\":[1,\"x\",null, true ]}", "1c 1*n1 1*sx 1*0null 1*ttrue"},
    {"{\"a\":[[1],{\"y\":2}],\"b\":3}", "1c 1*c 1*n1 1*c 2n3"},
    {"{\"a\":{\"y\":1},\"b\":{}}", "1c 2c"},
    {"{\"c\":[1,2],\"d\":{},\"e\":\"f\",\"b\":1}", "2n1"},
    {"{\"o\":{\"x\":1,\"y\":2},\"a\":3}", "3n1 1n3"},
    {"{\"o\":{\"o\":{\"x\":1},\"x\":[2]}}", "3c 3*n2"},
    {"{\"o_x\":1,\"o.x\":2}", "3n1 3n2"},
    {"{\"\":{\"a\":1,\"o\":{\"x\":2}},\"o\":{\"\":{\"x\":3}}}", ""},
    {"{\"a\":\"\\\"\\\\\\/\\u0041\\n\"}", "1s\"\\/A\n"},
    {"{\"\\u0061\":1}", "1n1"},
    {"{\"aa\":1,\"\":2,\"A\":3}", ""},
    {"{\"a\\u0000\":1,\"a\\u0000xxxxxxxxxxxxxxxx\":2}", ""},
    {"{\n\"a\":\"\",\"b\":\"\"}", "1s 2s"},
};

static void test_objects(void)
{
    struct json *json = new_json();

    /* The second round has seen all keys before. */
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
            const char *text = objects[i].text;
            char got[512] = "";
            size_t used = 0;

            is_int(read_text(json, text, strlen(text), got, sizeof got, &used), RESULT_OK,
                   "object %zu is one", i);
            is_str(got, objects[i].want, "its members");
            is_int(used, strlen(text), "its length");
        }
    }
    json_destroy(&json);
}

/* Of an object that goes on every beginning is incomplete, and what follows does not matter. */
static void test_bounds(void)
{
    struct json *json = new_json();

    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        size_t length = strlen(objects[i].text), used = 0, wrong = 0;
        char got[512] = "", more[600];

        for (size_t n = 0; n < length; n++)
            wrong += read_text(json, objects[i].text, n, got, sizeof got, &used) != RESULT_END;
        is_int(wrong, 0, "beginnings of object %zu that are no beginnings", i);
        snprintf(more, sizeof more, "%s]}{\"a\":\001", objects[i].text);
        is_int(read_text(json, more, strlen(more), got, sizeof got, &used), RESULT_OK,
               "object %zu with more behind it", i);
        is_str(got, objects[i].want, "its members");
        is_int(used, length, "its length");
    }
    json_destroy(&json);
}

static void test_damage(void)
{
    static const char *const cases[] = {
        "{\v\"a\":1}",       "{\"a\":1\f}",          "{\"a\":\f[\v1]}",
        "{\"a\":1,}",        "{,\"a\":1}",           "{\"a\" 1}",
        "{\"a\":}",          "{\"a\":1 \"b\":2}",    "{a:1}",
        "{'a':1}",           "{\"a\":01}",           "{\"a\":-}",
        "{\"a\":1.}",        "{\"a\":.5}",           "{\"a\":1e}",
        "{\"a\":+1}",        "{\"a\":0x10}",         "{\"a\":tru}",
        "{\"a\":nan}",       "{\"a\":[1,]}",         "{\"a\":[1 2]}",
        "{\"a\":[1}",        "{\"a\":\"x\ny\"}",     "{\"a\":\"x\ty\"}",
        "{\"a\":\"\\x41\"}", "{\"a\":\"\\u00g1\"}",  "{\"a\":1]",
        "{\"a\":{\"b\":1]}", "{\n\"a\":1\n\"b\":2}",
    };
    struct json *json = new_json();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[512];
        size_t used;

        is_int(read_text(json, cases[i], strlen(cases[i]), got, sizeof got, &used), RESULT_DAMAGED,
               "damaged object %zu is", i);
        ok(json_problem(json)[0] != '\0' && !strchr(json_problem(json), '\n'), "and why: %s",
           json_problem(json));
    }
    json_destroy(&json);
}

/* A NUL is no key, wherever it stands. */
static void test_nul(void)
{
    static const char first[] = "{\0 1,\"a\":2}", later[] = "{\"a\":2,\0 1}";
    struct json *json = new_json();
    char got[512];
    size_t used;

    is_int(read_text(json, first, sizeof first - 1, got, sizeof got, &used), RESULT_DAMAGED,
           "a NUL for a key");
    is_int(read_text(json, later, sizeof later - 1, got, sizeof got, &used), RESULT_DAMAGED,
           "a NUL for a later one");
    json_destroy(&json);
}

static void test_depth(void)
{
    struct json *json = new_json();
    char text[4096], got[512] = "";
    size_t used;

    for (size_t depth = 31; depth <= 33; depth++) { /* of objects below the first one */
        text[0] = '\0';
        for (size_t i = 0; i < depth; i++)
            strcat(text, "{\"o\":");
        strcat(text, "{\"x\":1}");
        for (size_t i = 0; i < depth; i++)
            strcat(text, "}");
        is_int(read_text(json, text, strlen(text), got, sizeof got, &used),
               depth < 32 ? RESULT_OK : RESULT_DAMAGED, "%zu objects inside each other", depth + 1);
    }
    json_destroy(&json);
}

/* More different keys than are remembered, long ones, and others each time. */
static void test_many_keys(void)
{
    struct json *json = new_json();
    char text[16384], got[512] = "";
    size_t used, wrong = 0;

    for (unsigned round = 0; round < 50; round++) {
        size_t length = (size_t)snprintf(text, sizeof text, "{\"a\":%u", round);

        for (unsigned i = 0; i < 40 + round; i++)
            length +=
                (size_t)snprintf(text + length, sizeof text - length, ",\"k%u\":%u", i * round, i);
        snprintf(text + length, sizeof text - length,
                 ",\"a key of more than thirty characters\":0,\"b\":\"%u\"}", round);
        wrong += read_text(json, text, strlen(text), got, sizeof got, &used) != RESULT_OK;
        snprintf(text, sizeof text, "1n%u 2s%u", round, round);
        wrong += strcmp(got, text) != 0;
    }
    is_int(wrong, 0, "objects of changing keys that were read wrongly");
    json_destroy(&json);
}

static void test_long_keys(void)
{
    struct json *json = new_json();
    char text[2048], key[600], got[512] = "";
    size_t used;

    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    snprintf(text, sizeof text, "{\"%s\":{\"x\":1,\"a\":2},\"o\":{\"%s\":3,\"x\":4},\"a\":5}", key,
             key);
    is_int(read_text(json, text, strlen(text), got, sizeof got, &used), RESULT_OK, "long keys");
    is_str(got, "3n4 1n5", "long keys cost only their members");
    json_destroy(&json);
}

int main(void)
{
    test_objects();
    test_bounds();
    test_damage();
    test_nul();
    test_depth();
    test_many_keys();
    test_long_keys();
    return done();
}
