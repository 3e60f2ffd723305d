/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON: which members an object gives, and what is not an object. Everything is also compared with
 * jansson, if installed.
 */
#include "../fuzz/json_check.h"
#include "../tap.h"

enum { ID_A = 1, ID_B, ID_NESTED, ID_OTHER };

static const struct json_key keys[] = {
    {"a", ID_A}, {"b", ID_B}, {"o.x", ID_NESTED}, {"o_x", ID_NESTED}, {"p.x", ID_OTHER}};

#define KEYS (sizeof keys / sizeof *keys)

static struct json *new_json(void)
{
    struct json *json = NULL;

    need(json_init(&json, keys, KEYS) == RESULT_OK, "json_init");
    return json;
}

/* The result as text: "ID=VALUE" each, a letter for the type, * for an element of an array. */
static void render(const struct json *json, char *text, size_t room)
{
    size_t count, used = 0;
    const struct json_member *members = json_members(json, &count);

    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(
            text + used, room - used, "%s%d%s%c%.*s", i > 0 ? " " : "", members[i].id,
            members[i].element ? "*" : "", "0tnsc"[members[i].type],
            members[i].type == JSON_CONTAINER ? 0 : (int)members[i].length, members[i].text);
}

/* Reads the text from memory that ends where it does. */
static enum result read_text(struct json *json, const char *text, size_t length, char *got,
                             size_t room, size_t *used)
{
    uint8_t *copy = exact_copy(text, length);
    enum result result = json_read(json, (const char *)copy, length, used);
    const char *wrong = NULL;

    if (result == RESULT_OK)
        render(json, got, room);
    if (length > 0 && *copy == '{')
        wrong = json_check(json, keys, KEYS, (const char *)copy, length, result, *used);
    if (wrong)
        ok(false, "the object %.*s: %s", (int)length, text, wrong);
    exact_free(copy, length);
    return result;
}

/* Objects and their wanted members. */
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
    {"{\"a\":\"\x7f\xc2\x80\xdf\xbf\"}", "1s\x7f\xc2\x80\xdf\xbf"},
    {"{\"a\":\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"}",
     "1s\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"},
    {"{\"a\":\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\",\"\xc3\xa4\":0}",
     "1s\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
    {"{\"a\":\"1234567\xc3\xa4\",\"b\":\"x\xe2\x82\xacy\xe2\x82\xac\"}",
     "1s1234567\xc3\xa4 2sx\xe2\x82\xacy\xe2\x82\xac"},
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
    {"{\"o\":{\"x\":1},\"p\":{\"x\":2},\"q\":{\"x\":3}}", "3n1 4n2"},
    {"{\"o_x\":1,\"o.x\":2}", "3n1 3n2"},
    {"{\"\":{\"a\":1,\"o\":{\"x\":2}},\"o\":{\"\":{\"x\":3}}}", ""},
    {"{\"a\":\"\\\"\\\\\\/\\u0041\\n\"}", "1s\"\\/A\n"},
    {"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "1s\"\\/\b\f\n\r\t"},
    {"{\"a\":\"\\u0001\\u007F\\u0080\\u07ff\\u0800\\uFfFf\"}",
     "1s\1\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"},
    {"{\"a\":\"\\ud7ff\\ue000\"}", "1s\xed\x9f\xbf\xee\x80\x80"},
    {"{\"a\":\"\\ud800\\udc00\",\"b\":\"\\uDBFF\\uDFFFx\"}",
     "1s\xf0\x90\x80\x80 2s\xf4\x8f\xbf\xbfx"},
    {"{\"a\":\"\\\\u0041\\\\\",\"b\":[\"\\n\",\"\",\"\\t\"]}", "1s\\u0041\\ 2c 2*s\n 2*s 2*s\t"},
    {"{\"\\u0061\":1}", "1n1"},
    {"{\"\\u006F\":{\"\\u0078\":1},\"\\u006f\\u002ex\":2,\"o\\u005fx\":3}", "3n1 3n2 3n3"},
    {"{\"\\\"a\":1,\"a\\\\\":2,\"\\u0061\\u0061\":3}", ""},
    {"{\"x\":\"\\n\",\"a\":\"\\t\",\"y\":{\"\\r\":[\"\\b\"]},\"b\":\"\\f\"}", "1s\t 2s\f"},
    {"{\"o\":[{\"x\":1},[{\"x\":\"y\"}],{\"o\":{\"x\":2}}],\"a\":{\"a\":{\"a\":[]}}}",
     "3*n1 3*sy 1c"},
    {"{\"a\":-0,\"b\":0e0}", "1n-0 2n0e0"},
    {"{\"a\":1E400,\"b\":0.00000000000000000000000000000000000001}",
     "1n1E400 2n0.00000000000000000000000000000000000001"},
    {" \t\r\n{\t\"a\"\n:\r[ \n1\t,\r2 ]\n}", "1c 1*n1 1*n2"},
    {"{\"aa\":1,\"\":2,\"A\":3}", ""},
    {"{\"a\\u0000\":1,\"a\\u0000xxxxxxxxxxxxxxxx\":2}", ""},
    {"{\n\"a\":\"\",\"b\":\"\"}", "1s 2s"},
};

static void test_objects(void)
{
    struct json *json = new_json();

    /* By the second round, all keys have been seen before. */
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

/* Every prefix of an object is incomplete, and what follows the object does not matter. */
static void test_bounds(void)
{
    struct json *json = new_json();

    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        size_t length = strlen(objects[i].text), used = 0;
        char got[512] = "", more[600];

        ok(json_check_beginnings(json, objects[i].text, length), "beginnings of object %zu", i);
        snprintf(more, sizeof more, "%s]}{\"a\":\001\xff", objects[i].text);
        is_int(read_text(json, more, strlen(more), got, sizeof got, &used), RESULT_OK,
               "object %zu with more behind it", i);
        is_str(got, objects[i].want, "its members");
        is_int(used, length, "its length");
    }
    json_destroy(&json);
}

/* What is wrong, and where. */
static const struct {
    const char *text, *problem;
} damages[] = {
    {"x", "it does not begin with {"},
    {" []", "it does not begin with {"},
    {"{\v\"a\":1}", "expected a key in quotes at byte 2"},
    {"{\"a\":1\f}", "expected , or } at byte 7"},
    {"{\"a\":\f[\v1]}", "expected a value at byte 6"},
    {"{\"a\":1,}", "expected a key in quotes at byte 8"},
    {"{,\"a\":1}", "expected a key in quotes at byte 2"},
    {"{/**/\"a\":1}", "expected a key in quotes at byte 2"},
    {"{\"a\" 1}", "expected a colon at byte 6"},
    {"{\"a\"}", "expected a colon at byte 5"},
    {"{\"a\":}", "expected a value at byte 6"},
    {"{\"a\"::1}", "expected a value at byte 6"},
    {"{\"a\":1 \"b\":2}", "expected , or } at byte 8"},
    {"{a:1}", "expected a key in quotes at byte 2"},
    {"{1:1}", "expected a key in quotes at byte 2"},
    {"{'a':1}", "expected a key in quotes at byte 2"},
    {"{\"a\":01}", "expected , or } at byte 7"},
    {"{\"a\":-}", "expected a digit at byte 7"},
    {"{\"a\":-a}", "expected a digit at byte 7"},
    {"{\"a\":-01}", "expected , or } at byte 8"},
    {"{\"a\":1.}", "expected a digit at byte 8"},
    {"{\"a\":1.e1}", "expected a digit at byte 8"},
    {"{\"a\":.5}", "expected a value at byte 6"},
    {"{\"a\":1e}", "expected a digit at byte 8"},
    {"{\"a\":1e+}", "expected a digit at byte 9"},
    {"{\"a\":1e+-1}", "expected a digit at byte 9"},
    {"{\"a\":+1}", "expected a value at byte 6"},
    {"{\"a\":0x10}", "expected , or } at byte 7"},
    {"{\"a\":1_0}", "expected , or } at byte 7"},
    {"{\"a\":tru}", "expected a value at byte 9"},
    {"{\"a\":True}", "expected a value at byte 6"},
    {"{\"a\":truest}", "expected , or } at byte 10"},
    {"{\"a\":nan}", "expected a value at byte 7"},
    {"{\"a\":Infinity}", "expected a value at byte 6"},
    {"{\"a\":[1,]}", "expected a value at byte 9"},
    {"{\"a\":[,1]}", "expected a value at byte 7"},
    {"{\"a\":[1 2]}", "expected , or ] at byte 9"},
    {"{\"a\":[1}", "expected , or ] at byte 8"},
    {"{\"a\":[\"b\":1]}", "expected , or ] at byte 10"},
    {"{\"a\":\"x\ny\"}", "line break in a string at byte 8"},
    {"{\"a\":\"x\ty\"}", "control character in a string at byte 8"},
    {"{\"a\":\"1234567\x1f\"}", "control character in a string at byte 14"},
    {"{\"\x01\":1}", "control character in a string at byte 3"},
    {"{\"a\":\"\\x41\"}", "unknown escape at byte 8"},
    {"{\"a\":\"\\'\"}", "unknown escape at byte 8"},
    {"{\"a\":\"\\U0041\"}", "unknown escape at byte 8"},
    {"{\"a\":\"\\\n\"}", "unknown escape at byte 8"},
    {"{\"a\":\"\\u00g1\"}", "expected a hexadecimal digit at byte 11"},
    {"{\"a\":\"\\u12\"}", "expected a hexadecimal digit at byte 11"},
    {"{\"a\":\"\\u/@`:\"}", "expected a hexadecimal digit at byte 9"},
    {"{\"a\":1]", "expected , or } at byte 7"},
    {"{\"a\":{\"b\":1]}", "expected , or } at byte 12"},
    {"{\n\"a\":1\n\"b\":2}", "expected , or } at byte 9"},
    /* half of a surrogate pair: high, low, reversed, two of one kind, and before something else */
    {"{\"a\":\"\\ud800\"}", "half of a surrogate pair at byte 7"},
    {"{\"a\":\"xy\\uDFFF\"}", "half of a surrogate pair at byte 9"},
    {"{\"a\":\"\\udc00\\ud800\"}", "half of a surrogate pair at byte 7"},
    {"{\"a\":\"\\udc00\\udc00\"}", "half of a surrogate pair at byte 7"},
    {"{\"a\":\"\\ud800\\ud800\"}", "half of a surrogate pair at byte 7"},
    {"{\"a\":\"\\ud800\\ue000\"}", "half of a surrogate pair at byte 7"},
    {"{\"a\":\"\\udbff\\n\"}", "half of a surrogate pair at byte 7"},
    {"{\"a\":\"\\ud800x\"}", "half of a surrogate pair at byte 7"},
    {"{\"a\":\"\\ud800\xed\xb0\x80\"}", "half of a surrogate pair at byte 7"},
    {"{\"x\":{\"y\":[\"\\udead\"]}}", "half of a surrogate pair at byte 13"},
    {"{\"\\udead\":1}", "half of a surrogate pair at byte 3"},
    /* UTF-8: an invalid first byte, overlong, surrogates, above U+10FFFF, cut */
    {"{\"a\":\"\x80\"}", "invalid UTF-8 at byte 7"},
    {"{\"a\":\"1234\x80 at 1234567\"}", "invalid UTF-8 at byte 11"},
    {"{\"a\":\"12345678\x9f at 1234567\"}", "invalid UTF-8 at byte 15"},
    {"{\"a\":\"x\xff\"}", "invalid UTF-8 at byte 8"},
    {"{\"a\":\"12345678\xfe\"}", "invalid UTF-8 at byte 15"},
    {"{\"a\":\"\xc0\x80\"}", "invalid UTF-8 at byte 7"},
    {"{\"a\":\"\xc1\xbf\"}", "invalid UTF-8 at byte 7"},
    {"{\"a\":\"\xe0\x9f\xbf\"}", "invalid UTF-8 at byte 7"},
    {"{\"a\":\"\xf0\x8f\xbf\xbf\"}", "invalid UTF-8 at byte 7"},
    {"{\"a\":\"\xed\xa0\x80\"}", "invalid UTF-8 at byte 7"},
    {"{\"a\":\"\xed\xa0\x80\xed\xb0\x80\"}", "invalid UTF-8 at byte 7"},
    {"{\"a\":\"\xed\xbf\xbf\"}", "invalid UTF-8 at byte 7"},
    {"{\"a\":\"\xf4\x90\x80\x80\"}", "invalid UTF-8 at byte 7"},
    {"{\"a\":\"\xf5\x80\x80\x80\"}", "invalid UTF-8 at byte 7"},
    {"{\"a\":\"\xc3\"}", "invalid UTF-8 at byte 7"},
    {"{\"a\":\"\xe2\x82\"}", "invalid UTF-8 at byte 7"},
    {"{\"a\":\"\xf0\x9f\x98\"}", "invalid UTF-8 at byte 7"},
    {"{\"a\":\"\xc3\xa4\xa4\"}", "invalid UTF-8 at byte 9"},
    {"{\"x\":\"\xff\"}", "invalid UTF-8 at byte 7"},
    {"{\"\xff\":1}", "invalid UTF-8 at byte 3"},
    {"{\"x\":[{\"y\":\"\xff\"}]}", "invalid UTF-8 at byte 13"},
    {"{\"a\":\xff}", "expected a value at byte 6"},
    {"\xef\xbb\xbf{}", "it does not begin with {"},
};

/* Damage is noticed as soon as its byte is there, whatever was read before. */
static void test_damage(void)
{
    struct json *json = new_json();

    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        const char *text = damages[i].text;
        size_t length = strlen(text), used, enough = 0;
        char got[512];

        is_int(read_text(json, text, length, got, sizeof got, &used), RESULT_DAMAGED,
               "damaged object %zu is", i);
        is_str(json_problem(json), damages[i].problem, "and why");
        while (read_text(json, text, enough, got, sizeof got, &used) == RESULT_END)
            enough++;
        is_int(read_text(json, text, enough, got, sizeof got, &used), RESULT_DAMAGED,
               "it is not before byte %zu", enough);
    }
    json_destroy(&json);
}

/* The replacement of a value goes where the value was. */
static void test_raw(void)
{
    static const struct {
        const char *text, *raw;
    } cases[] = {
        {"{\"a\":1}", "1"},
        {"{\"b\": -1.5e3 ,\"a\":\t null }", "-1.5e3|null"},
        {" {\"a\":\"\",\"b\":\"x\\\"\\u00e4\"}", "\"\"|\"x\\\"\\u00e4\""},
        {"{\"a\":{\"a\":[ ]} ,\"b\":[ 1, {\"b\":2} ]}", "{\"a\":[ ]}|[ 1, {\"b\":2} ]|1|{\"b\":2}"},
    };
    struct json *json = new_json();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[512] = "";
        size_t used, count;
        const struct json_member *members;

        need(json_read(json, cases[i].text, strlen(cases[i].text), &used) == RESULT_OK, "a case");
        members = json_members(json, &count);
        for (size_t n = 0; n < count; n++) {
            strcat(got, n > 0 ? "|" : "");
            strncat(got, members[n].raw, members[n].raw_length);
        }
        is_str(got, cases[i].raw, "values as they stand, %zu", i);
    }
    json_destroy(&json);
}

/* So many members that they move while an object is open; strings stay. */
static void test_many_members(void)
{
    enum { COUNT = 1000 };
    struct json *json = new_json();
    char *text = malloc(COUNT * 40);
    const struct json_member *members;
    size_t length = 0, used, count, wrong = 0;

    need(text, "no memory");
    length += (size_t)sprintf(text, "{\"a\":[");
    for (int i = 0; i < COUNT; i++)
        length += (size_t)sprintf(text + length, "%s\"\\u0041%d\"", i > 0 ? "," : "", i);
    length += (size_t)sprintf(text + length, "],\"b\":\"\\n\"}");
    is_int(json_read(json, text, length, &used), RESULT_OK, "many members");
    members = json_members(json, &count);
    is_int(count, COUNT + 2, "how many");
    ok(members[0].type == JSON_CONTAINER && members[0].raw == text + 5 &&
           members[0].raw_length == length - 6 - strlen(",\"b\":\"\\n\""),
       "the array itself");
    for (int i = 0; i < COUNT; i++) {
        char want[16];

        snprintf(want, sizeof want, "A%d", i);
        wrong += members[i + 1].length != strlen(want) ||
                 memcmp(members[i + 1].text, want, strlen(want)) != 0;
    }
    is_int(wrong, 0, "members with another text");
    free(text);
    json_destroy(&json);
}

/* A NUL is not a key, anywhere. */
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

    for (size_t depth = 31; depth <= 33; depth++) { /* objects within the first one */
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

/* More different keys than are remembered, long ones, and different ones each time. */
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

/* The byte at which the problem is said to be; 0: none is. */
static unsigned problem_byte(const struct json *json)
{
    const char *number = strrchr(json_problem(json), ' ');

    return number ? (unsigned)strtoul(number, NULL, 10) : 0;
}

/*
 * Strings and numbers are scanned several bytes at a time: what ends one is found at every place of
 * a long one, with much behind it and with little.
 */
static void test_strides(void)
{
    static const struct {
        const char *format;
        char plain, end;
        unsigned late; /* the problem is said to be so many bytes later */
    } values[] = {
        {"{\"a\":\"%s\"}", 'x', '\x1f', 0}, {"{\"a\":\"%s\"}", '~', '\xff', 0},
        {"{\"a\":\"%s\"}", ' ', '\\', 1},   {"{\"a\":\"%s\"}", '\x7f', '"', 1},
        {"{\"a\":1%s}", '1', 'x', 0},       {"{\"a\":1%s}", '9', ':', 0},
        {"{\"a\":1%s}", '0', '/', 0},
    };
    struct json *json = new_json();

    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        for (size_t length = 1; length <= 80; length++)
            for (size_t at = 0; at < length; at++) {
                char value[81] = "", text[100], got[128];
                size_t used;
                unsigned want = (unsigned)at + 7 + values[i].late;

                memset(value, values[i].plain, length);
                value[at] = values[i].end;
                snprintf(text, sizeof text, values[i].format, value);
                if (values[i].end == '\\' && at + 1 == length) /* escapes the closing quote */
                    continue;
                if (values[i].end == '"' && at + 1 == length)
                    want = (unsigned)length + 7;
                if (read_text(json, text, strlen(text), got, sizeof got, &used) != RESULT_DAMAGED ||
                    problem_byte(json) != want)
                    ok(false, "%s: byte %u instead of %u", text, problem_byte(json), want);
            }
    ok(true, "strings and numbers end where they do");
    json_destroy(&json);
}

/* Whether all of this was compared with what jansson reads. */
static void tell_oracle(void)
{
    size_t used;

    if (oracle_read("{}", 2, &used, NULL, NULL) == ORACLE_UNSURE)
        ok(true, "as jansson reads it # SKIP no jansson");
    else
        ok(true, "as jansson reads it");
}

/* Arrays apart from an object. */
static void test_arrays(void)
{
    static const struct {
        const char *text;
        enum result result;
        const char *want;
    } arrays[] = {
        {"[]", RESULT_OK, ""},
        {"[\"x\",1,null,\"\\u0041\"]", RESULT_OK, "1*sx 1*n1 1*0null 1*sA"},
        {" [ [\"x\"] , {\"a\":\"y\"} ]", RESULT_OK, "1*c 1*sx 1*c"},
        {"[\"x\"] behind", RESULT_OK, "1*sx"},
        {"[\"x\"", RESULT_END, NULL},
        {"", RESULT_END, NULL},
        {"[\"x\",]", RESULT_DAMAGED, "expected a value at byte 6"},
        {"{\"a\":[]}", RESULT_DAMAGED, "it does not begin with ["},
        {"\"x\"", RESULT_DAMAGED, "it does not begin with ["},
    };
    struct json *json = new_json();

    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        size_t length = strlen(arrays[i].text);
        uint8_t *copy = exact_copy(arrays[i].text, length);
        char got[128] = "";

        is_int(json_read_array(json, ID_A, (const char *)copy, length), arrays[i].result,
               "array: %s", arrays[i].text);
        if (arrays[i].result == RESULT_OK)
            render(json, got, sizeof got);
        if (arrays[i].want)
            is_str(arrays[i].result == RESULT_OK ? got : json_problem(json), arrays[i].want,
                   "array: what is in it, or wrong with it");
        exact_free(copy, length);
    }
    json_destroy(&json);
}

int main(void)
{
    tell_oracle();
    test_objects();
    test_bounds();
    test_damage();
    test_raw();
    test_many_members();
    test_nul();
    test_depth();
    test_many_keys();
    test_long_keys();
    test_strides();
    test_arrays();
    return done();
}
