/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store of what was seen: its rows, and the lines that carry them.
 */
#include "../folder.h"
#include "../tap.h"
#include "know/seenlines.h"

static void test_hex(void)
{
    static const struct {
        const char *digits;
        bool is;
    } cases[] = {
        {"0123456789abcdef", true},
        {"ABCDEFabcdef0099", true},
        {"0123456789abcdeg", false},
        {"0123456789abcde`", false},
        {"/123456789abcdef", false},
        {":123456789abcdef", false},
        {"@123456789abcdef", false},
        {"Q123456789abcdef", false},
        {"\x10"
         "123456789abcdef",
         false},
        {"p123456789abcdef", false},
        {"\xb0"
         "123456789abcdef",
         false},
        {"\xe1"
         "123456789abcdef",
         false},
    };
    uint8_t bytes[8], want;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_int(seen_hex_read(cases[i].digits, bytes, 8), cases[i].is, "digits %zu", i);
    for (unsigned i = 0; i < 256; i++) {
        char text[3], upper[3];

        snprintf(text, sizeof text, "%02x", i);
        snprintf(upper, sizeof upper, "%02X", i);
        want = (uint8_t)i;
        if (!seen_hex_read(text, bytes, 1) || bytes[0] != want || !seen_hex_read(upper, bytes, 1) ||
            bytes[0] != want)
            ok(false, "byte %u", i);
    }
    for (unsigned c = 1; c < 256; c++) {
        const char text[] = {(char)c, '0'};

        if (seen_hex_read(text, bytes, 1) != (strchr("0123456789abcdefABCDEF", (int)c) != NULL))
            ok(false, "digit %u", c);
    }
}

static void test_lines(void)
{
    static const struct {
        const char *line, *want;
    } cases[] = {
        {"{\"key\":\"000102030405060708090a0b0c0d0e0f\",\"counter\":\"fffefdfcfbfaf9f8\",\"n\":1,"
         "\"first\":0,\"last\":253402300799}",
         NULL},
        {"{\"sample\":\"8000000000000001\"}", NULL},
        {"{\"last\":\"7\",\"first\":7,\"n\":\"2\",\"counter\":\"00000000000000AB\",\"x\":[1],"
         "\"key\":\"000102030405060708090A0B0C0D0E0F\"}",
         "{\"key\":\"000102030405060708090a0b0c0d0e0f\",\"counter\":\"00000000000000ab\",\"n\":2,"
         "\"first\":7,\"last\":7}"},
    };
    struct json *json;

    need(seenline_reader(&json) == RESULT_OK, "no memory");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = strlen(cases[i].line);
        uint8_t *copy = exact_copy((const uint8_t *)cases[i].line, length);
        char text[SEENLINE_MOST];
        struct seenline line;
        const char *problem = NULL;

        is_int(seenline_read(json, (char *)copy, length, &line, &problem), RESULT_OK, "line %zu",
               i);
        length =
            line.is_sample ? seenline_sample(text, line.sample) : seenline_row(text, &line.row);
        text[length - 1] = '\0';
        is_str(text, cases[i].want ? cases[i].want : cases[i].line, "written again");
        exact_free(copy, strlen(cases[i].line));
    }
    json_destroy(&json);
}

struct found {
    char text[2048];
};

static enum result take(void *context, size_t key, const struct seen_row *row)
{
    struct found *found = context;
    size_t used = strlen(found->text);

    snprintf(found->text + used, sizeof found->text - used, "%zu:%d=%lld,%d-%d ", key,
             (int)row->counter, (long long)row->count, (int)row->first, (int)row->last);
    return RESULT_OK;
}

static struct seen_row row_of(uint8_t key, int64_t counter, int64_t count, int64_t first,
                              int64_t last)
{
    return (struct seen_row){{key, 0}, counter, count, first, last};
}

static void finds(struct seen *seen, const char *want, const char *what)
{
    const struct seen_row keys[] = {row_of(1, 0, 0, 0, 0), row_of(2, 0, 0, 0, 0),
                                    row_of(9, 0, 0, 0, 0)};
    struct found found = {""};

    is_int(seen_find(seen, keys, 3, take, &found), RESULT_OK, "%s: is found", what);
    is_str(found.text, want, "%s", what);
}

static enum result refuse(void *context, size_t key, const struct seen_row *row)
{
    (void)context;
    (void)key;
    (void)row;
    return RESULT_END;
}

static void test_rows(const char *path)
{
    const struct seen_row rows[] = {row_of(1, 0, 3, 50, 60), row_of(1, 7, 1, 10, 10),
                                    row_of(9, 0, 2, 5, 90)};
    const struct seen_row merged[] = {row_of(9, 0, 1, 4, 80), row_of(2, 0, 1, 1, 2),
                                      row_of(1, 0, 5, 55, 55), row_of(1, 0, 4, 56, 70)};
    const struct seen_row written[] = {row_of(1, 0, 1, 99, 99)};
    struct seen *seen;

    need(seen_init(&seen) == RESULT_OK, "no memory");
    need(seen_open(seen, path, SEEN_CREATE) == RESULT_OK, seen_problem(seen));
    is_int(seen_begin(seen), RESULT_OK, "it begins");
    finds(seen, "", "nothing is there");
    is_int(seen_write(seen, rows, 3), RESULT_OK, "rows are written");
    finds(seen, "0:0=3,50-60 0:7=1,10-10 2:0=2,5-90 ", "rows in order");
    is_int(seen_merge(seen, merged, 4), RESULT_OK, "rows are merged");
    finds(seen, "0:0=5,50-70 0:7=1,10-10 1:0=1,1-2 2:0=2,4-90 ", "the larger, earlier and later");
    is_int(seen_merge(seen, merged, 4), RESULT_OK, "and again");
    finds(seen, "0:0=5,50-70 0:7=1,10-10 1:0=1,1-2 2:0=2,4-90 ", "nothing changes");
    is_int(seen_write(seen, written, 1), RESULT_OK, "a row is written over another");
    finds(seen, "0:0=1,99-99 0:7=1,10-10 1:0=1,1-2 2:0=2,4-90 ", "it takes its place");
    is_int(seen_find(seen, rows, 1, refuse, NULL), RESULT_END, "what take says ends it");
    is_int(seen_merge(seen, NULL, 0), RESULT_OK, "no rows");
    is_int(seen_commit(seen), RESULT_OK, "all is kept");
    is_int(seen_begin(seen), RESULT_OK, "it begins again");
    is_int(seen_merge(seen, rows, 3), RESULT_OK, "rows are merged");
    seen_undo(seen);
    finds(seen, "0:0=1,99-99 0:7=1,10-10 1:0=1,1-2 2:0=2,4-90 ", "what was undone is not there");
    seen_destroy(&seen);
}

static void test_add(const char *path)
{
    const struct seen_row rows[] = {row_of(1, 0, 3, 50, 60), row_of(2, 0, 1, 10, 10)};
    const struct seen_row more[] = {row_of(0, 0, 1, 7, 7), row_of(2, 0, SEEN_COUNT_MOST, 20, 30),
                                    row_of(3, 0, 1, 1, 1)};
    const struct seen_row wrong[] = {row_of(8, 0, 1, 9, 5)};
    struct found found = {""};
    struct seen *seen;
    int64_t number;
    bool alone;

    need(seen_init(&seen) == RESULT_OK, "no memory");
    need(seen_open(seen, path, SEEN_CREATE) == RESULT_OK, seen_problem(seen));
    is_int(seen_begin(seen), RESULT_OK, "it begins");
    is_int(seen_add(seen, rows, 2, take, &found), RESULT_OK, "rows are added");
    is_str(found.text, "", "nothing was there");
    is_int(seen_add(seen, more, 3, take, &found), RESULT_OK, "more are added");
    is_str(found.text, "1:0=1,10-10 ", "the row that was there is told");
    finds(seen, "0:0=3,50-60 1:0=1099511627776,10-30 ", "counts are added, up to the largest");
    is_int(seen_add(seen, rows, 2, refuse, NULL), RESULT_END, "what take says ends it");
    finds(seen, "0:0=3,50-60 1:0=1099511627776,10-30 ", "nothing of it is added");
    is_int(seen_write(seen, wrong, 1), RESULT_OK, "a row that flowseen does not write");
    is_int(seen_add(seen, wrong, 1, take, &found), RESULT_SYSTEM, "nothing is added to it");
    is_int(seen_trouble(seen), SEEN_FOREIGN, "the store is damaged");
    is_int(seen_alone(seen, &alone), RESULT_OK, "who has rows");
    ok(alone, "only the store itself");
    is_int(seen_number(seen, 5, true, &number), RESULT_OK, "another counter");
    is_int(seen_alone(seen, &alone), RESULT_OK, "who has rows now");
    ok(!alone, "others may");
    seen_undo(seen);
    seen_destroy(&seen);
}

static void test_numbers(const char *path)
{
    enum { MANY = 1000 };
    int64_t number, again;
    struct seen *seen;
    bool same = true;

    need(seen_init(&seen) == RESULT_OK, "no memory");
    need(seen_open(seen, path, SEEN_WRITE) == RESULT_OK, seen_problem(seen));
    is_int(seen_number(seen, seen_own(seen), false, &number), RESULT_OK, "the store's own counter");
    is_int(number, 0, "is the first");
    is_int(seen_number(seen, 5, false, &number), RESULT_OK, "another");
    is_int(number, -1, "has no number");
    is_int(seen_begin(seen), RESULT_OK, "it begins");
    for (int64_t i = 0; i < MANY; i++)
        same = seen_number(seen, i << 8, true, &number) == RESULT_OK && number == i + 1 && same;
    for (int64_t i = 0; i < MANY; i++)
        same = seen_number(seen, i << 8, true, &again) == RESULT_OK && again == i + 1 && same;
    ok(same, "each has its own, and keeps it");
    seen_undo(seen);
    is_int(seen_number(seen, 256, false, &number), RESULT_OK, "undone");
    is_int(number, -1, "it has no number any more");
    seen_destroy(&seen);
}

/* Keys from the least to the greatest, each with an old row and every third with a new one, too. */
static void test_forget(const char *path)
{
    struct seen_row rows[256 + 86];
    struct seen_figures figures;
    struct seen *seen;
    int64_t forgotten, newest;
    size_t count = 0;

    for (size_t i = 0; i < 256; i++) {
        uint64_t high = (UINT64_C(1) << 63) + (i << 56) + (i == 255 ? UINT64_MAX >> 8 : 0);
        struct seen_key key = {(int64_t)high, (int64_t)i};

        rows[count++] = (struct seen_row){key, 0, 1, 10, 19};
        if (i % 3 == 0)
            rows[count++] = (struct seen_row){key, 1, 1, 10, 20};
    }
    need(seen_init(&seen) == RESULT_OK, "no memory");
    need(seen_open(seen, path, SEEN_CREATE) == RESULT_OK, seen_problem(seen));
    is_int(seen_begin(seen), RESULT_OK, "it begins");
    is_int(seen_write(seen, rows, count), RESULT_OK, "keys from the least to the greatest");
    is_int(seen_newest(seen, 20, &newest), RESULT_OK, "the newest of all");
    is_int(newest, 20, "is as new as now");
    is_int(seen_newest(seen, 19, &newest), RESULT_OK, "the newest of what is not of the future");
    is_int(newest, 19, "is older");
    is_int(seen_newest(seen, 18, &newest), RESULT_OK, "where all is of the future");
    is_int(newest, -1, "there is none");
    is_int(seen_forget(seen, 20, &forgotten), RESULT_OK, "what is old is forgotten");
    is_int(forgotten, 256 - 86, "all that is old, wherever it is");
    is_int(seen_figures(seen, &figures), RESULT_OK, "the others");
    is_int(figures.rows, 2 * 86, "keys that were seen again keep all rows");
    is_int(seen_forget(seen, 21, &forgotten), RESULT_OK, "all is forgotten");
    is_int(forgotten, 2 * 86, "all of it");
    seen_undo(seen);
    seen_destroy(&seen);
}

int main(void)
{
    make_folder("test_seen");
    test_hex();
    test_lines();
    test_rows(path_of("store"));
    test_add(path_of("other"));
    test_numbers(path_of("store"));
    test_forget(path_of("old"));
    remove_folder();
    return done();
}
