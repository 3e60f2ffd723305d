/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growable text, and JSON strings in it.
 */
#include "../tap.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char *string_of(const struct text *text)
{
    static char string[4096];

    need(text->length < sizeof string, "a short text");
    if (text->length > 0)
        memcpy(string, text->bytes, text->length);
    string[text->length] = '\0';
    return string;
}

static void test_empty(void)
{
    struct text text = {0};

    is_int(text_put(&text, "", 0), RESULT_OK, "no bytes into an empty text");
    is_int(text.length, 0, "it stays empty");
    is_int(text_put_string(&text, ""), RESULT_OK, "an empty string");
    is_int(text_print(&text, "%s", ""), RESULT_OK, "an empty print");
    is_int(text.length, 0, "it is still empty");
    text_destroy(&text);
    ok(!text.bytes && text.length == 0 && text.capacity == 0, "destroyed: all zero");
    text_destroy(&text);
    ok(!text.bytes, "again: nothing happens");
}

static void test_put(void)
{
    struct text text = {0};

    is_int(text_put_string(&text, "one"), RESULT_OK, "a string");
    is_int(text_put(&text, "two and more", 3), RESULT_OK, "bytes");
    is_int(text_print(&text, "%d%c", 3, '!'), RESULT_OK, "a print");
    is_str(string_of(&text), "onetwo3!", "in their order");
    is_int(text_put(&text, "a\0b", 3), RESULT_OK, "a NUL");
    is_int(text.length, 11, "is a byte like others");
    ok(memcmp(text.bytes + 8, "a\0b", 3) == 0, "and stays");
    text_destroy(&text);
    is_int(text_put_string(&text, "new"), RESULT_OK, "one that was destroyed");
    is_str(string_of(&text), "new", "begins anew");
    text_destroy(&text);
}

/* Parts of one size, until they exceed a single allocation by far. */
static void test_growth(void)
{
    static const size_t sizes[] = {1, 7, 255, 256, 257, 511, 512, 513, 4096, 100000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint8_t *part = calloc(1, sizes[i]);
        struct text text = {0};
        size_t wrong = 0, parts = 1 + 5000 / sizes[i];

        need(part, "no memory");
        for (size_t j = 0; j < parts; j++) {
            memset(part, (int)('a' + j % 26), sizes[i]);
            wrong += text_put(&text, (const char *)part, sizes[i]) != RESULT_OK;
            wrong += text.length != (j + 1) * sizes[i] || text.capacity < text.length;
        }
        is_int(wrong, 0, "%zu parts of %zu bytes", parts, sizes[i]);
        for (size_t j = 0; j < text.length; j++)
            wrong += text.bytes[j] != (char)('a' + j / sizes[i] % 26);
        is_int(wrong, 0, "each is in its place");
        text_destroy(&text);
        free(part);
    }
}

static void test_too_much(void)
{
    struct text text = {0};

    is_int(text_put_string(&text, "kept"), RESULT_OK, "a text");
    is_int(text_put(&text, "x", SIZE_MAX), RESULT_NO_MEMORY, "more than there can be");
    is_int(text_put(&text, "x", SIZE_MAX / 2), RESULT_NO_MEMORY, "half of that");
    is_str(string_of(&text), "kept", "adds nothing");
    text_destroy(&text);
}

static void test_print_limits(void)
{
    static const int widths[] = {1, 254, 255, 256, 257, 1000};

    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        struct text text = {0};
        is_int(text_put_string(&text, "<"), RESULT_OK, "a text");
        is_int(text_print(&text, "%*d", widths[i], 7), RESULT_OK, "a print of %d", widths[i]);
        is_int(text.length, 1 + widths[i], "is whole");
        is_int(text.bytes[widths[i]], '7', "to its end");
        text_destroy(&text);
    }
}

/* A non-blocking pipe with some bytes in it. */
static int pipe_of(const char *bytes, bool open, int *end)
{
    int ends[2];

    need(pipe2(ends, O_NONBLOCK) == 0, "pipe2");
    need(write(ends[1], bytes, strlen(bytes)) == (ssize_t)strlen(bytes), "write");
    *end = open ? ends[1] : -1;
    if (!open)
        close(ends[1]);
    return ends[0];
}

static void test_read(void)
{
    struct text text = {0};
    int end, fd = pipe_of("12345", false, &end);

    is_int(text_put_string(&text, "<"), RESULT_OK, "a text");
    is_int(text_read(&text, fd, 5), RESULT_OK, "a small file");
    is_str(string_of(&text), "<12345", "is added");
    close(fd);
    fd = pipe_of("123456", false, &end);
    is_int(text_read(&text, fd, 5), RESULT_SYSTEM, "a larger one");
    is_int(errno, EFBIG, "is too large");
    close(fd);
    fd = pipe_of("1", true, &end);
    is_int(text_read(&text, fd, 5), RESULT_SYSTEM, "a pipe that stays open");
    is_int(errno, ETIMEDOUT, "is not waited for");
    close(fd);
    close(end);
    text_destroy(&text);
}

#define BAD "\xef\xbf\xbd"

/* Wire bytes, and the result between the quotes. */
static const struct {
    const char *wire, *want;
} strings[] = {
    {"", ""},
    {"'a'", "a"},
    {"'a/b c~'", "a/b c~"},
    {"22", "\\\""},
    {"5c", "\\\\"},
    {"'a' 22 'b' 5c 5c 22", "a\\\"b\\\\\\\\\\\""},
    {"00", "\\u0000"},
    {"'a' 00 'b'", "a\\u0000b"},
    {"01 02 07", "\\u0001\\u0002\\u0007"},
    {"08 09 0a 0c 0d", "\\u0008\\u0009\\u000a\\u000c\\u000d"},
    {"1f 20", "\\u001f "},
    {"7e 7f", "~\\u007f"},
    /* UTF-8: the first and the last of each length */
    {"c280 dfbf", "\\u0080\xdf\xbf"},
    {"e0a080 ed9fbf ee8080 efbfbf", "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"},
    {"f0908080 f48fbfbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
    {"'x' c3a4 'y' e282ac 'z' f09f9880 '.'", "x\xc3\xa4y\xe2\x82\xacz\xf0\x9f\x98\x80."},
    {"efbfbd", BAD},
    {"c3a4 22 c3a4", "\xc3\xa4\\\"\xc3\xa4"},
    /* a single invalid byte */
    {"80", BAD},
    {"bf", BAD},
    {"c0", BAD},
    {"c1", BAD},
    {"f5", BAD},
    {"fe", BAD},
    {"ff", BAD},
    {"'a' 80 'b'", "a" BAD "b"},
    {"80 80", BAD BAD},
    {"f8888080 80", BAD BAD BAD BAD BAD},
    /* overlong */
    {"c080", BAD BAD},
    {"c1bf", BAD BAD},
    {"e08080", BAD BAD BAD},
    {"e09fbf", BAD BAD BAD},
    {"f0808080", BAD BAD BAD BAD},
    {"f08fbfbf", BAD BAD BAD BAD},
    /* surrogates, and what is above U+10FFFF */
    {"eda080", BAD BAD BAD},
    {"edbfbf", BAD BAD BAD},
    {"f4908080", BAD BAD BAD BAD},
    {"f5808080", BAD BAD BAD BAD},
    /* truncated, at the end and before another character */
    {"c3", BAD},
    {"e282", BAD BAD},
    {"e2", BAD},
    {"f09f98", BAD BAD BAD},
    {"f09f", BAD BAD},
    {"f0", BAD},
    {"c3 'x'", BAD "x"},
    {"e282 'x'", BAD BAD "x"},
    {"f09f98 'x'", BAD BAD BAD "x"},
    {"c3c3a4", BAD "\xc3\xa4"},
    {"e282 e282ac", BAD BAD "\xe2\x82\xac"},
    {"f09f98 c3a4", BAD BAD BAD "\xc3\xa4"},
    {"c3 22", BAD "\\\""},
    {"c3 0a", BAD "\\u000a"},
    {"c3a4 a4", "\xc3\xa4" BAD},
    /* what steers a terminal */
    {"1b7f", "\\u001b\\u007f"},
    {"c280c29bc29f", "\\u0080\\u009b\\u009f"},
    {"e280aae280ae", "\\u202a\\u202e"},
    {"e281a6e281a9", "\\u2066\\u2069"},
    {"c2a0e280a9e280afe281a5e281aa", "\xc2\xa0\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"},
};

static void test_json(void)
{
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        struct text text = {0};
        uint8_t wire[64];
        size_t length = unhex(strings[i].wire, wire, sizeof wire);
        uint8_t *copy = exact_copy(wire, length);
        char want[128];

        snprintf(want, sizeof want, "key:\"%s\"", strings[i].want);
        is_int(text_put_string(&text, "key:"), RESULT_OK, "a text");
        is_int(text_put_json(&text, (const char *)copy, length), RESULT_OK, "the string %s",
               strings[i].wire);
        is_str(string_of(&text), want, "in JSON");
        exact_free(copy, length);
        text_destroy(&text);
    }
}

/* A bad byte in a long string: everything around it stays. */
static void test_json_long(void)
{
    enum { LENGTH = 70000 };
    uint8_t *bytes = malloc(LENGTH);
    struct text text = {0};

    need(bytes, "no memory");
    memset(bytes, 'x', LENGTH);
    bytes[LENGTH / 2] = 0xff;
    is_int(text_put_json(&text, (const char *)bytes, LENGTH), RESULT_OK, "a long string");
    is_int(text.length, LENGTH + 4, "is as long, with quotes and U+FFFD");
    ok(memcmp(text.bytes + 1 + LENGTH / 2, BAD "x", 4) == 0, "which is where the bad byte was");
    memset(bytes, 0x01, LENGTH);
    text.length = 0;
    is_int(text_put_json(&text, (const char *)bytes, LENGTH), RESULT_OK, "all of it escapes");
    is_int(text.length, 6 * LENGTH + 2, "is six times as long");
    free(bytes);
    text_destroy(&text);
}

static void test_replace(void)
{
    static const struct {
        const char *text, *bytes, *want;
    } cases[] = {
        {"", "ab", ""},
        {"a", "ab", "a"},
        {"ab", "ab", "*"},
        {"xabyabz", "ab", "x*y*z"},
        {"abab", "ab", "**"},
        {"aab", "ab", "a*"},
        {"abc", "b", "a*c"},
        {"aaa", "aa", "*a"},
        {"xyz", "ab", "xyz"},
        /* Escaped, as others may write JSON, wholly or in part. */
        {"\"a\\/b\"", "a/b", "\"*\""},
        {"x\\u0061\\u002Fb", "a/b", "x*"},
        {"a\\u002f", "a/b", "a\\u002f"},
        {"a\\u002fb\\u002", "a/", "*b\\u002"},
        {"a\\u102fb", "a/b", "a\\u102fb"},
        {"a\\\\b a\\b", "a\\b", "* *"},
        {"\\", "a", "\\"},
        {"\\u006", "a", "\\u006"},
        {"a\\", "a/", "a\\"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text = {0};
        size_t length = strlen(cases[i].bytes);
        uint8_t *copy = exact_copy(cases[i].bytes, length);

        need(text_put_string(&text, cases[i].text) == RESULT_OK, "a text");
        is_int(text_replace(&text, (const char *)copy, length, "*"), RESULT_OK, "'%s' in '%s'",
               cases[i].bytes, cases[i].text);
        is_str(string_of(&text), cases[i].want, "is replaced");
        exact_free(copy, length);
        text_destroy(&text);
    }
}

/* Text by others, made safe for people. */
static void test_escape(void)
{
    static const struct {
        const char *text, *escaped;
    } cases[] = {
        {"plain \xc3\xa9 \xe2\x82\xac", "plain \xc3\xa9 \xe2\x82\xac"},
        {"\x1b[31m\x7f", "\\x1b[31m\\x7f"},
        {"\xc2\x9b \xff", "\\xc2\\x9b \\xff"},
        /* NOLINTNEXTLINE(misc-misleading-bidirectional): that is what it is about */
        {"a\xe2\x80\xaegs.exe", "a\\xe2\\x80\\xaegs.exe"},
        {"\xe2\x81\xa6\xe2\x81\xa9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9"},
        {"\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa",
         "\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"},
    };
    char escaped[64];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text_escape(cases[i].text, strlen(cases[i].text), escaped, sizeof escaped);
        is_str(escaped, cases[i].escaped, "text for people, case %zu", i);
    }
    text_escape("abc\x1b", 4, escaped, 7);
    is_str(escaped, "abc", "only as much as there is room for");
}

int main(void)
{
    test_escape();
    test_empty();
    test_put();
    test_growth();
    test_too_much();
    test_print_limits();
    test_read();
    test_json();
    test_json_long();
    test_replace();
    return done();
}
