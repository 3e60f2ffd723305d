/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input module: plain, gzip and zstd, whole, cut off at each length, and damaged.
 */
#include "packing.h"

#include "base/input.h"

#include <errno.h>
#include <unistd.h>

static char path[] = "/tmp/test_input.XXXXXX";

static void write_file(const void *data, size_t length)
{
    FILE *file = fopen(path, "w");

    need(file && fwrite(data, 1, length, file) == length && fclose(file) == 0, "write a file");
}

/* Reads the file in steps of a size into *got; returns what ended it. */
static enum result read_all(size_t step, struct bytes *got)
{
    uint8_t *buffer = malloc(step);
    struct input *input = NULL;
    enum result result = input_open(&input, path), again;

    need(buffer && result == RESULT_OK, "input_open");
    while (result == RESULT_OK) {
        size_t n = 0;

        result = input_read(input, buffer, step, &n);
        need(n <= step && (n > 0) == (result == RESULT_OK), "input_read's *got");
        append(got, buffer, n);
    }
    if (result == RESULT_DAMAGED) {
        size_t n = 0;

        again = input_read(input, buffer, step, &n);
        need(again == RESULT_DAMAGED && n == 0, "damage is for good");
        need(input_problem(input)[0] != '\0', "damage has words");
    }
    input_close(&input);
    need(!input, "closing clears the pointer");
    free(buffer);
    return result;
}

/* The file holds raw: it reads as want, then ends with the result. */
static void check(const char *title, const struct bytes *raw, const struct bytes *want,
                  enum result result)
{
    static const size_t steps[] = {1, 7, 4096, 131072, 1 << 20};

    write_file(raw->data, raw->length);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct bytes got = {0};

        if (steps[i] < 10 && want->length > 10000)
            continue;
        is_int(read_all(steps[i], &got), result, "%s, %zu at a time: how it ends", title, steps[i]);
        is_int(got.length, want->length, "%s, %zu at a time: how much", title, steps[i]);
        ok(got.length == want->length &&
               (got.length == 0 || memcmp(got.data, want->data, got.length) == 0),
           "%s, %zu at a time: what", title, steps[i]);
        free(got.data);
    }
}

static void test_plain(void)
{
    static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 65535, 65536, 65537, 300000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct bytes plain = {0};
        char title[32];

        fill(&plain, sizes[i]);
        snprintf(title, sizeof title, "plain, %zu bytes", sizes[i]);
        check(title, &plain, &plain, RESULT_END);
        free(plain.data);
    }
}

/* Files that begin like compressed data but are not. */
static void test_plain_magic(void)
{
    static const char *const texts[] = {"1f",        "1f8b",        "28b52f",
                                        "1f8b07 00", "28b52ffe 00", "00000000"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct bytes plain = {0};
        uint8_t wire[16];
        size_t length;

        length = unhex(texts[i], wire, sizeof wire);
        append(&plain, wire, length);
        check(texts[i], &plain, &plain, RESULT_END);
        free(plain.data);
    }
}

typedef void pack_fn(struct bytes *bytes, const void *data, size_t length);

/* Members of differing sizes, then padding. */
static void check_members(const char *title, pack_fn *pack, size_t members, size_t each,
                          size_t padding)
{
    struct bytes plain = {0}, raw = {0};
    char name[64];

    fill(&plain, members * each);
    for (size_t i = 0; i < members; i++)
        pack(&raw, plain.data + i * each, each);
    append_zeros(&raw, padding);
    snprintf(name, sizeof name, "%s, %zu of %zu, padding %zu", title, members, each, padding);
    check(name, &raw, &plain, RESULT_END);
    free(plain.data);
    free(raw.data);
}

static void test_compressed(pack_fn *pack, const char *title)
{
    static const struct {
        size_t members, each, padding;
    } cases[] = {{1, 0, 0},  {1, 1, 0},    {1, 70000, 0},    {1, 400000, 0}, {2, 1000, 0},
                 {50, 3, 0}, {3, 0, 0},    {3, 80000, 0},    {1, 10, 1},     {1, 10, 3},
                 {1, 10, 4}, {1, 10, 512}, {2, 1000, 70000}, {1, 10, 200000}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_members(title, pack, cases[i].members, cases[i].each, cases[i].padding);
}

/* A million zeros from few bytes: the output is full long before the input is used up. */
static void test_bomb(pack_fn *pack, const char *title)
{
    struct bytes plain = {0}, raw = {0};

    append_zeros(&plain, 1000000);
    pack(&raw, plain.data, plain.length);
    pack(&raw, "end", 3);
    append(&plain, "end", 3);
    check(title, &raw, &plain, RESULT_END);
    free(plain.data);
    free(raw.data);
}

/* Cut off anywhere: a beginning of the content, then damage. */
static void test_cut_off(pack_fn *pack, const char *title)
{
    struct bytes plain = {0}, raw = {0};
    size_t wrong = 0, longest = 0, tries = 0;

    fill(&plain, 1000);
    pack(&raw, plain.data, plain.length);
    for (size_t n = 4; n < raw.length; n++, tries++) {
        struct bytes got = {0};

        write_file(raw.data, n);
        wrong += read_all(n % 2 ? 64 : 65536, &got) != RESULT_DAMAGED ||
                 got.length > plain.length ||
                 (got.length > 0 && memcmp(got.data, plain.data, got.length) != 0);
        longest = got.length > longest ? got.length : longest;
        free(got.data);
    }
    is_int(wrong, 0, "%s cut off at each of %zu places", title, tries);
    is_int(longest, plain.length, "%s: all that is there is read first", title);
    free(plain.data);
    free(raw.data);
}

/* A whole member, then one that is broken: the first is read. */
static void test_bad_second(pack_fn *pack, const char *title, const char *second_wire)
{
    struct bytes plain = {0}, raw = {0};
    uint8_t wire[64];
    size_t length;

    fill(&plain, 5000);
    pack(&raw, plain.data, plain.length);
    length = unhex(second_wire, wire, sizeof wire);
    append(&raw, wire, length);
    check(title, &raw, &plain, RESULT_DAMAGED);
    free(plain.data);
    free(raw.data);
}

/* A flipped bit anywhere after the header never gives wrong bytes without damage at the end. */
static void test_flipped(pack_fn *pack, const char *title, size_t header)
{
    struct bytes plain = {0}, raw = {0};
    size_t wrong = 0;

    fill(&plain, 800);
    pack(&raw, plain.data, plain.length);
    for (size_t at = header; at < raw.length; at++) {
        struct bytes got = {0};
        enum result result;

        raw.data[at] ^= 0x10;
        write_file(raw.data, raw.length);
        result = read_all(4096, &got);
        wrong += result != RESULT_DAMAGED && (result != RESULT_END || got.length != plain.length ||
                                              memcmp(got.data, plain.data, got.length) != 0);
        raw.data[at] ^= 0x10;
        free(got.data);
    }
    is_int(wrong, 0, "%s: no flipped bit goes unseen", title);
    free(plain.data);
    free(raw.data);
}

static void test_progress(void)
{
    struct bytes plain = {0};
    struct input *input = NULL;
    uint64_t done_bytes = 7, size = 7;
    uint8_t buffer[1000];
    size_t got = 0;

    fill(&plain, 1000);
    write_file(plain.data, plain.length);
    need(input_open(&input, path) == RESULT_OK, "input_open");
    ok(input_is_regular(input), "a file is regular");
    input_progress(input, &done_bytes, &size);
    is_int(done_bytes, 0, "nothing is read yet");
    is_int(size, 1000, "its size");
    while (input_read(input, buffer, sizeof buffer, &got) == RESULT_OK)
        ;
    input_progress(input, &done_bytes, &size);
    is_int(done_bytes, 1000, "all is read");
    is_str(input_problem(input), "", "there is no problem");
    input_close(&input);
    input_close(&input);
    free(plain.data);
}

/* A pipe as standard input. */
static void test_pipe(void)
{
    struct bytes plain = {0}, raw = {0}, read_back = {0};
    struct input *input = NULL;
    uint64_t done_bytes, size = 7;
    uint8_t buffer[100];
    size_t got = 0;
    int ends[2], saved = dup(STDIN_FILENO);

    fill(&plain, 500);
    append_gzip(&raw, plain.data, plain.length);
    need(pipe(ends) == 0 && write(ends[1], raw.data, raw.length) == (ssize_t)raw.length, "pipe");
    close(ends[1]);
    need(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO, "dup2");
    close(ends[0]);
    need(input_open(&input, "-") == RESULT_OK, "standard input");
    ok(!input_is_regular(input), "a pipe is not regular");
    while (input_read(input, buffer, sizeof buffer, &got) == RESULT_OK)
        append(&read_back, buffer, got);
    input_progress(input, &done_bytes, &size);
    is_int(size, 0, "its size is not known");
    is_int(done_bytes, raw.length, "what was read of it");
    ok(read_back.length == 500 && memcmp(read_back.data, plain.data, 500) == 0,
       "gzip through a pipe");
    input_close(&input);
    ok(lseek(STDIN_FILENO, 0, SEEK_CUR) < 0 && errno == ESPIPE, "standard input stays open");
    dup2(saved, STDIN_FILENO);
    close(saved);
    free(plain.data);
    free(raw.data);
    free(read_back.data);
}

/* A frame of one raw block, with a window descriptor as in RFC 8878 section 3.1.1.1.2. */
static void test_window(uint8_t descriptor, bool taken, const char *title)
{
    const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0,   descriptor, 4 << 3 | 1,
                             0,    0,    'd',  'a',  't', 'a'};
    struct input *input = NULL;
    uint8_t buffer[16];
    size_t got;

    write_file(frame, sizeof frame);
    need(input_open(&input, path) == RESULT_OK, "input_open");
    is_int(input_read(input, buffer, sizeof buffer, &got), taken ? RESULT_OK : RESULT_DAMAGED, "%s",
           title);
    is_int(got, taken ? 4 : 0, "%s: how much", title);
    ok(!strstr(input_problem(input), "zstd -dc --long=31") == taken, "%s: the way out", title);
    input_close(&input);
}

static void test_cannot_open(void)
{
    struct input *input = NULL;

    errno = 0;
    is_int(input_open(&input, "/nonexistent/file"), RESULT_SYSTEM, "no such file");
    is_int(errno, ENOENT, "errno says so");
    errno = 0;
    is_int(input_open(&input, "/tmp"), RESULT_SYSTEM, "a folder");
    is_int(errno, EISDIR, "errno says so");
}

int main(void)
{
    int fd = mkstemp(path);

    need(fd >= 0, "mkstemp");
    close(fd);
    test_plain();
    test_plain_magic();
    test_compressed(append_gzip, "gzip");
    test_compressed(append_zstd, "zstd");
    test_bomb(append_gzip, "gzip of a million zeros");
    test_bomb(append_zstd, "zstd of a million zeros");
    test_cut_off(append_gzip, "gzip");
    test_cut_off(append_zstd, "zstd");
    test_bad_second(append_gzip, "gzip, then text", "'not gzip'");
    test_bad_second(append_gzip, "gzip, then one byte", "41");
    test_bad_second(append_gzip, "gzip, then half a header", "1f8b 0800 0000");
    test_bad_second(append_gzip, "gzip, then a bad block", "1f8b0800 00000000 0003 ffffffff");
    test_bad_second(append_gzip, "gzip, then zeros and text", "00000000 00000000 'x'");
    test_bad_second(append_zstd, "zstd, then text", "'not zstd'");
    test_bad_second(append_zstd, "zstd, then half a header", "28b5 2ffd 00");
    test_flipped(append_gzip, "gzip", 10);
    test_flipped(append_zstd, "zstd", 5);
    test_window(15 << 3, true, "zstd with a window of 32 MiB");
    test_window(15 << 3 | 1, false, "of 36 MiB");
    test_window(17 << 3, false, "of 128 MiB, as zstd --long makes them");
    test_window(31 << 3, false, "of 2 TiB");
    test_progress();
    test_pipe();
    test_cannot_open();
    unlink(path);
    return done();
}
