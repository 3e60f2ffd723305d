/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output in pieces: what comes out equals what was put in, whatever the descriptor does.
 */
#include "../folder.h"
#include "base/output.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

static struct output output;

static pthread_t first_thread;
static unsigned writes_behind; /* of another thread */
static bool no_threads;

typedef int create_fn(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *context)
{
    create_fn *real;

    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return no_threads ? EAGAIN : real(thread, attributes, run, context);
}

/* Replaces the C library's, to fail as wanted, call by call. */
static const int
    *failures; /* of errno; 0: none; minus a number: write so many bytes; 1000 ends the list */

ssize_t write(int fd, const void *bytes, size_t length)
{
    int what = failures && *failures != 1000 ? *failures++ : 0;
    ssize_t wrote;

    writes_behind += !pthread_equal(pthread_self(), first_thread);
    if (what > 0) {
        errno = what;
        return -1;
    }
    wrote = pwrite(fd, bytes, what < 0 && (size_t)-what < length ? (size_t)-what : length,
                   lseek(fd, 0, SEEK_END));
    return wrote;
}

static int open_new(void)
{
    int fd = open(path_of("out"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    need(fd >= 0, "a file");
    output_init(&output, fd);
    return fd;
}

static void test_pieces(void)
{
    int fd = open_new();

    is_int(output_put(&output, "one\n", 4), RESULT_OK, "put");
    is_str(text_at(path_of("out")), "", "nothing is written yet");
    is_int(output_put(&output, "two\n", 4), RESULT_OK, "put");
    is_int(output_flush(&output), RESULT_OK, "flush");
    is_str(text_at(path_of("out")), "one\ntwo\n", "it is then");
    is_int(output_flush(&output), RESULT_OK, "flush again");
    is_str(text_at(path_of("out")), "one\ntwo\n", "nothing comes twice");
    close(fd);
}

/* Lines of all lengths: each write consists of whole lines. */
static void test_whole_lines(void)
{
    static char line[3 * OUTPUT_BYTES];
    uint64_t want = 0;
    bool whole = true;
    struct stat stat;
    int fd = open_new();
    char end;

    memset(line, 'x', sizeof line);
    for (size_t length = 1; length <= sizeof line; length = length * 3 / 2 + 1) {
        line[length - 1] = '\n';
        need(output_put(&output, line, length) == RESULT_OK, "put");
        line[length - 1] = 'x';
        want += length;
        need(fstat(fd, &stat) == 0, "fstat");
        whole = whole &&
                (stat.st_size == 0 || (pread(fd, &end, 1, stat.st_size - 1) == 1 && end == '\n'));
    }
    need(output_flush(&output) == RESULT_OK, "flush");
    need(fstat(fd, &stat) == 0, "fstat");
    is_int(stat.st_size, want, "all of it comes");
    ok(whole, "in whole lines, however long");
    close(fd);
}

static void test_reserve(void)
{
    int fd = open_new();

    need(output_put(&output, "a\n", 2) == RESULT_OK, "put");
    need(output_reserve(&output, OUTPUT_BYTES - 2) == RESULT_OK, "reserve");
    is_str(text_at(path_of("out")), "", "where there is room nothing is written");
    need(output_reserve(&output, OUTPUT_BYTES - 1) == RESULT_OK, "reserve");
    is_str(text_at(path_of("out")), "a\n", "where there is not it is");
    is_int(output.used, 0, "which makes all of the room");
    close(fd);
}

static void test_failures(void)
{
    static const int passing[] = {-3, EINTR, -1, EAGAIN, -2, 1000};
    static const int full[] = {-4, ENOSPC, 1000};
    int fd = open_new();

    need(output_put(&output, "one\ntwo\n", 8) == RESULT_OK, "put");
    failures = passing;
    is_int(output_flush(&output), RESULT_OK, "short writes, signals, a full pipe: all is written");
    is_str(text_at(path_of("out")), "one\ntwo\n", "once");
    close(fd);
    fd = open_new();
    need(output_put(&output, "one\ntwo\n", 8) == RESULT_OK, "put");
    failures = full;
    is_int(output_flush(&output), RESULT_SYSTEM, "a full disk is a failure");
    is_int(errno, ENOSPC, "of which errno tells");
    failures = NULL;
    is_int(output_flush(&output), RESULT_OK, "what was lost is not written later");
    is_str(text_at(path_of("out")), "one\n", "behind a gap");
    close(fd);
}

static char got[64];

static enum result take(void *context, const char *bytes, size_t length)
{
    is_str(context, "context", "the context is the caller's");
    snprintf(got, sizeof got, "%.*s", (int)length, bytes);
    return RESULT_NO_MEMORY;
}

static void test_redirect(void)
{
    char context[] = "context";

    output_init(&output, -1);
    output_redirect(&output, take, context);
    need(output_put(&output, "one\n", 4) == RESULT_OK, "put");
    is_int(output_flush(&output), RESULT_NO_MEMORY, "its result is that of the function");
    is_str(got, "one\n", "which gets all");
    is_int(output.used, 0, "and there is nothing left");
}

/* Starts a thread, by a first line; without one, the same is done. */
static int open_behind(const char *line)
{
    int fd = open_new();

    output_write_behind(&output, 1);
    need(output_put(&output, line, strlen(line)) == RESULT_OK && output_flush(&output) == RESULT_OK,
         "a line");
    writes_behind = 0;
    return fd;
}

static off_t size_of(int fd)
{
    struct stat stat;

    need(fstat(fd, &stat) == 0, "fstat");
    return stat.st_size;
}

/* Numbered lines, some of them longer than the buffer. */
static void test_behind(const char *title)
{
    static char line[2 * OUTPUT_BYTES], back[sizeof line];
    int fd = open_behind("a first line\n");
    off_t want = 13, at = want;
    unsigned wrong = 0;
    size_t length;

    memset(line, 'x', sizeof line);
    for (unsigned i = 0; i < 300; i++) {
        length = i % 50 == 0 ? sizeof line : 20 + 97 * i % 9000;
        need(snprintf(line, 10, "%09u", i) == 9, "a number");
        line[length - 1] = '\n';
        need(output_put(&output, line, length) == RESULT_OK, "put");
        line[length - 1] = line[9] = 'x';
        want += (off_t)length;
        if (i % 37 == 0) {
            need(output_flush(&output) == RESULT_OK, "flush");
            wrong += size_of(fd) != want;
        }
    }
    is_int(wrong, 0, "%s: after a flush, all is written", title);
    is_int(output_flush(&output), RESULT_OK, "%s: the last flush", title);
    output_end(&output);
    is_int(size_of(fd), want, "%s: all of it comes", title);
    for (unsigned i = 0; i < 300; i++, at += (off_t)length) {
        length = i % 50 == 0 ? sizeof line : 20 + 97 * i % 9000;
        need(pread(fd, back, length, at) == (ssize_t)length, "pread");
        wrong += strtoul(back, NULL, 10) != i || back[length - 1] != '\n';
    }
    is_int(wrong, 0, "%s: in its order", title);
    is_int(writes_behind > 0, !no_threads, "%s: who writes", title);
    close(fd);
}

/* What was passed is written even where nothing flushes. */
static void test_ended(void)
{
    int fd = open_behind("one line\n");

    need(output_put(&output, "two\n", 4) == RESULT_OK, "put");
    is_int(output_pass(&output), RESULT_OK, "pass");
    output_end(&output);
    output_end(&output);
    is_str(text_at(path_of("out")), "one line\ntwo\n", "what was passed is written before the end");
    need(output_put(&output, "three\n", 6) == RESULT_OK, "put");
    is_int(output_flush(&output), RESULT_OK, "and without the thread it goes on");
    is_str(text_at(path_of("out")), "one line\ntwo\nthree\n", "as before");
    close(fd);
}

/* Fills a buffer and gives it in exchange; the next one may be another. */
static bool exchange(char **buffer, const char *bytes)
{
    const char *before = *buffer;

    memcpy(*buffer, bytes, strlen(bytes));
    need(output_exchange(&output, buffer, strlen(bytes)) == RESULT_OK, "exchange");
    return *buffer != before;
}

static void test_exchange(bool behind)
{
    int fd = open_behind("a first line\n");
    char *buffer = malloc(OUTPUT_BYTES);

    need(buffer != NULL, "memory");
    is_int(exchange(&buffer, "two\n"), behind, "a buffer in exchange");
    need(output_put(&output, "three\n", 6) == RESULT_OK, "put");
    for (unsigned i = 0; i < 10; i++)
        is_int(exchange(&buffer, "more\n"), behind, "and in exchange for that one");
    is_int(output_flush(&output), RESULT_OK, "flush");
    is_str(text_at(path_of("out")),
           "a first line\ntwo\nthree\n"
           "more\nmore\nmore\nmore\nmore\nmore\nmore\nmore\nmore\nmore\n",
           "all comes, in its order");
    memset(buffer, 'x', OUTPUT_BYTES);
    free(buffer);
    output_end(&output);
    close(fd);
}

static void test_failures_behind(void)
{
    static const int passing[] = {-3, EINTR, -1, EAGAIN, -2, 1000};
    static const int full[] = {-4, ENOSPC, 1000};
    int fd = open_behind("one line\n");
    enum result result = RESULT_OK;
    unsigned passes = 0;

    need(output_put(&output, "one\ntwo\n", 8) == RESULT_OK, "put");
    failures = passing;
    is_int(output_flush(&output), RESULT_OK, "short writes, signals, a full pipe: all is written");
    is_str(text_at(path_of("out")), "one line\none\ntwo\n", "once");
    failures = full;
    while (result == RESULT_OK && passes++ < 100) {
        need(output_put(&output, "three\n", 6) == RESULT_OK, "put");
        result = output_pass(&output);
    }
    is_int(result, RESULT_SYSTEM, "a full disk is a failure");
    is_int(errno, ENOSPC, "of which errno tells");
    ok(passes <= 5, "soon");
    failures = NULL;
    errno = 0;
    is_int(output_flush(&output), RESULT_SYSTEM, "it stays one");
    is_int(errno, ENOSPC, "and the same");
    output_end(&output);
    is_str(text_at(path_of("out")), "one line\none\ntwo\nthre", "nothing comes behind a gap");
    close(fd);
}

/* Who redirects the output writes it himself. */
static void test_redirect_behind(void)
{
    char context[] = "context";

    output_init(&output, -1);
    output_redirect(&output, take, context);
    output_write_behind(&output, 1);
    for (int i = 0; i < 3; i++) {
        need(output_put(&output, "one\ntwo\nthree\n", 14) == RESULT_OK, "put");
        is_int(output_flush(&output), RESULT_NO_MEMORY, "the function is called at once");
    }
    ok(!output.behind, "there is no thread");
}

int main(void)
{
    first_thread = pthread_self();
    make_folder("test_output");
    test_pieces();
    test_whole_lines();
    test_reserve();
    test_failures();
    test_redirect();
    test_behind("behind");
    no_threads = true;
    test_behind("without threads");
    test_exchange(false);
    no_threads = false;
    test_exchange(true);
    test_ended();
    test_failures_behind();
    test_redirect_behind();
    remove_folder();
    return done();
}
