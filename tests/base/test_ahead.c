/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading ahead: whatever the sizes of blocks and however little each read gives, a reader sees
 * what it sees without a thread.
 */
#include "packing.h"

#include "../folder.h"
#include "base/ahead.h"
#include "base/hash.h"
#include "base/lookahead.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/uio.h>

/* Of each of six files. With a sanitizer, threads take long to start. */
#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__
#define ROUNDS 20
#else
#define ROUNDS 167
#endif

/* What reading does. */
static struct {
    uint64_t seed;              /* of what is random; 0: nothing is */
    uint32_t longest;           /* bytes that a read gives at most; 0: as many as asked for */
    uint64_t fails_from;        /* an offset in the file; reads from there fail */
    uint64_t threads;           /* that were started */
    _Atomic uint64_t ahead;     /* reads of another thread than the first */
    _Atomic uint64_t unblocked; /* those to which a signal could be delivered */
    bool no_threads;
} plan;

static pthread_t first_thread;

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* The first thread may read as well, and could read all before the other one begins. */
static void wait_for_thread(void)
{
    static bool in_vain;

    for (unsigned i = 0; plan.threads > 0 && plan.ahead == 0 && !in_vain; i++) {
        usleep(1000);
        in_vain = i == 20000;
    }
}

static void note_thread(void)
{
    static const int asked[] = {SIGHUP, SIGINT, SIGTERM, SIGALRM, SIGCHLD, SIGUSR1};
    sigset_t blocked;

    if (pthread_equal(pthread_self(), first_thread)) {
        wait_for_thread();
        return;
    }
    plan.ahead++;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        plan.unblocked += !sigismember(&blocked, asked[i]);
    plan.unblocked += sigismember(&blocked, SIGSEGV) || sigismember(&blocked, SIGPIPE);
}

/* How much a read gives that asks for so many bytes at that offset; -1: it fails, see errno. */
static ssize_t plan_read(uint64_t at, size_t length)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    bool interrupted, slow;

    note_thread();
    pthread_mutex_lock(&mutex);
    interrupted = plan.seed != 0 && next_random(&plan.seed) % 16 == 0;
    slow = plan.seed != 0 && next_random(&plan.seed) % 256 == 0;
    if (plan.longest > 0 && length > 0) {
        size_t most = 1 + next_random(&plan.seed) % plan.longest;

        length = length < most ? length : most;
    }
    pthread_mutex_unlock(&mutex);
    if (slow)
        usleep(20); /* a slow disk */
    if (at + length > plan.fails_from)
        length = at < plan.fails_from ? (size_t)(plan.fails_from - at) : 0;
    if (interrupted || length == 0) {
        errno = interrupted ? EINTR : EIO;
        return -1;
    }
    return (ssize_t)length;
}

/* These replace the C library's. */
ssize_t read(int fd, void *bytes, size_t length)
{
    uint64_t at = plan.fails_from < UINT64_MAX ? (uint64_t)lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t most = plan_read(at, length);

    return most < 0 ? -1 : readv(fd, &(struct iovec){bytes, (size_t)most}, 1);
}

ssize_t pread(int fd, void *bytes, size_t length, off_t at)
{
    ssize_t most = plan_read((uint64_t)at, length);

    return most < 0 ? -1 : preadv(fd, &(struct iovec){bytes, (size_t)most}, 1, at);
}

typedef int create_fn(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *context)
{
    create_fn *real;

    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    if (plan.no_threads)
        return EAGAIN;
    plan.threads++;
    return real(thread, attributes, run, context);
}

/* All that a reader sees. */
struct seen {
    uint64_t hash, lines, overlong;
    enum result result;
    int error;
    uint64_t offset, done, size;
    char problem[200];
};

static void add(struct seen *seen, const void *bytes, size_t length)
{
    seen->hash = seen->hash << 5 ^ hash_bytes(&(struct hash_seed){seen->hash, 1}, bytes, length);
}

/* Reads lines, some of them after other looks at what comes. */
static void read_lines(struct lookahead *in, uint64_t seed, uint64_t most, struct seen *seen)
{
    enum result result = RESULT_OK;
    const char *line;
    size_t length, n;

    while (seen->lines < most && result != RESULT_END) {
        n = 1 + next_random(&seed) % (next_random(&seed) % 32 == 0 ? 3000 : 100);
        if (next_random(&seed) % 4 == 0 && lookahead_need(in, n))
            add(seen, in->buffer + in->at, n);
        result = lookahead_line(in, &line, &length);
        if (result == RESULT_OK)
            add(seen, line, length);
        seen->lines += result == RESULT_OK;
        seen->overlong += result == RESULT_DAMAGED;
        need(in->end - in->at <= LOOKAHEAD_BYTES, "no more than a lookahead shows");
    }
}

/* Reads the file in blocks of a size, up to so many lines. */
static void read_file(size_t block, uint64_t most, struct seen *seen)
{
    struct lookahead *in = malloc(sizeof *in);
    struct input *input = NULL;
    bool random = plan.seed != 0;

    *seen = (struct seen){0};
    plan.threads = 0;
    plan.ahead = 0;
    need(in && input_open(&input, path_of("file")) == RESULT_OK, "input_open");
    input_read_ahead(input, block);
    lookahead_init(in, input);
    read_lines(in, 1, most, seen);
    seen->result = in->result;
    seen->error = in->result == RESULT_SYSTEM ? in->error : 0;
    seen->offset = lookahead_offset(in);
    input_progress(input, &seen->done, &seen->size);
    if (in->result == RESULT_DAMAGED)
        snprintf(seen->problem, sizeof seen->problem, "%s", input_problem(input));
    if (random)
        seen->problem[strcspn(seen->problem, "0123456789")] = '\0'; /* where depends on the reads */
    input_close(&input);
    free(in);
}

/* Text of lines, some of them empty or long. */
static void fill_lines(struct bytes *text, size_t length)
{
    uint64_t seed = 7;
    size_t at = 0;

    fill(text, length);
    while (at < length) {
        uint64_t kind = next_random(&seed) % 64;

        at += kind == 0 ? next_random(&seed) % 5000 : kind < 4 ? 0 : next_random(&seed) % 100;
        if (at < length)
            text->data[at++] = '\n';
    }
}

static bool is_equal(const struct seen *a, const struct seen *b)
{
    bool equal = a->hash == b->hash && a->lines == b->lines && a->overlong == b->overlong &&
                 a->result == b->result && a->error == b->error && a->offset == b->offset &&
                 a->done == b->done && a->size == b->size &&
                 strncmp(a->problem, b->problem, strlen(a->problem)) == 0;

    if (!equal && tap_failures == 0)
        printf("# %llu lines, to %llu, result %d, %s\n# not %llu lines, to %llu, result %d, %s\n",
               (unsigned long long)a->lines, (unsigned long long)a->offset, a->result, a->problem,
               (unsigned long long)b->lines, (unsigned long long)b->offset, b->result, b->problem);
    return equal;
}

static void put(const struct bytes *raw)
{
    put_file(path_of("file"), raw->data, raw->length);
}

/* The file with random blocks and reads, many times. */
static void check(const char *title, const struct bytes *raw, unsigned times)
{
    struct seen want, got;
    uint64_t seed = 99, ahead = 0;
    unsigned wrong = 0;

    put(raw);
    read_file(0, UINT64_MAX, &want);
    is_int(plan.threads, 0, "%s: without blocks there is no thread", title);
    for (unsigned i = 0; i < times; i++) {
        size_t block = 300 + next_random(&seed) % (1 << (4 + next_random(&seed) % 9));

        plan.seed = next_random(&seed) | 1;
        plan.longest = 1 + (uint32_t)next_random(&seed) % (1 << (8 + next_random(&seed) % 10));
        read_file(block, UINT64_MAX, &got);
        ahead += plan.ahead;
        wrong += !is_equal(&got, &want);
        plan.seed = plan.longest = 0;
    }
    is_int(wrong, 0, "%s: %u times the same", title, times);
    ok(ahead >= times, "%s: a thread has read", title);
    plan.no_threads = true;
    read_file(100, UINT64_MAX, &got);
    plan.no_threads = false;
    ok(is_equal(&got, &want) && plan.threads == 0, "%s: the same where there are no threads",
       title);
}

static void test_kinds(void)
{
    struct bytes text = {0}, gzip = {0}, zstd = {0};

    fill_lines(&text, 60000);
    check("plain", &text, ROUNDS);
    plan.fails_from = 50000;
    check("a disk that fails", &text, ROUNDS);
    plan.fails_from = UINT64_MAX;
    for (size_t i = 0; i < 6; i++) {
        append_gzip(&gzip, text.data + 10000 * i, 10000);
        append_zstd(&zstd, text.data + 10000 * i, 10000);
    }
    check("gzip", &gzip, ROUNDS);
    check("zstd", &zstd, ROUNDS);
    gzip.length -= 1000;
    zstd.length -= 1000;
    check("gzip, cut off", &gzip, ROUNDS);
    check("zstd, cut off", &zstd, ROUNDS);
    is_int(plan.unblocked, 0, "signals are for the first thread");
    free(text.data);
    free(gzip.data);
    free(zstd.data);
}

/* A flipped bit somewhere: what is read before it, and the words. */
static void check_damaged(const char *title, struct bytes *raw)
{
    static const size_t blocks[] = {AHEAD_READ, 300000};
    unsigned wrong = 0, damaged = 0;
    uint64_t ahead = 0;
    struct seen want, got;

    for (size_t at = 70000; at < raw->length; at += raw->length / 20) {
        raw->data[at] ^= 0x10;
        put(raw);
        read_file(0, UINT64_MAX, &want);
        damaged += want.result == RESULT_DAMAGED;
        for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
            read_file(blocks[i], UINT64_MAX, &got);
            wrong += !is_equal(&got, &want);
            ahead += plan.ahead;
        }
        raw->data[at] ^= 0x10;
    }
    is_int(wrong, 0, "%s, damaged: the same", title);
    ok(damaged > 10 && ahead > 0, "%s, damaged: a thread has seen that", title);
}

static void test_damaged(void)
{
    struct bytes text = {0}, gzip = {0}, zstd = {0};

    fill_lines(&text, 900000);
    append_gzip(&gzip, text.data, text.length);
    append_zstd(&zstd, text.data, text.length);
    check_damaged("gzip", &gzip);
    check_damaged("zstd", &zstd);
    free(text.data);
    free(gzip.data);
    free(zstd.data);
}

/* Lines around the length that a lookahead shows, in blocks around it. */
static void test_long_lines(void)
{
    static const size_t lines[] = {
        10,      LOOKAHEAD_BYTES - 1, LOOKAHEAD_BYTES, 100, 3 * LOOKAHEAD_BYTES,
        2000000, LOOKAHEAD_BYTES - 2, 700000};
    static const size_t blocks[] = {60000, 500000, LOOKAHEAD_BYTES, 1100000};
    struct bytes text = {0};
    struct seen want, got;
    size_t at = 0;

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        at += lines[i] + 1;
    fill(&text, at);
    at = 0;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        at += lines[i];
        text.data[at++] = '\n';
    }
    put(&text);
    read_file(0, UINT64_MAX, &want);
    is_int(want.overlong, 3, "three lines are too long");
    is_int(want.lines, 5, "the others are not");
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        read_file(blocks[i], UINT64_MAX, &got);
        ok(is_equal(&got, &want) && plan.threads > 0, "the same in blocks of %zu", blocks[i]);
    }
    free(text.data);
}

/* A reader that has seen enough. */
static void test_closed_early(void)
{
    struct bytes text = {0};
    struct seen got;
    unsigned wrong = 0;

    fill_lines(&text, 60000);
    put(&text);
    for (uint64_t most = 0; most < 600; most += 20) {
        read_file(1000, most, &got);
        wrong += got.lines != most || got.result != RESULT_OK;
    }
    is_int(wrong, 0, "an input that is closed in the middle");
    free(text.data);
}

/* Waiting is for the caller, and may end reading. */
static bool wait_some(void *context, int fd)
{
    int *left = context;

    (void)fd;
    need(pthread_equal(pthread_self(), first_thread), "the caller waits");
    return --*left >= 0;
}

static void test_wait(void)
{
    static struct lookahead in;
    struct bytes text = {0};
    struct input *input = NULL;
    int left = 5;
    uint64_t done_bytes, size;

    fill(&text, 200000);
    put(&text);
    need(input_open(&input, path_of("file")) == RESULT_OK, "input_open");
    input_set_wait(input, wait_some, &left);
    input_read_ahead(input, 10000);
    lookahead_init(&in, input);
    while (lookahead_need(&in, 1))
        in.at++;
    is_int(in.result, RESULT_SYSTEM, "waiting is refused");
    is_int(in.error, ECANCELED, "and why");
    is_int(lookahead_offset(&in), 65536 + 4 * 10000, "what was read until then");
    input_progress(input, &done_bytes, &size);
    is_int(done_bytes, 65536 + 4 * 10000, "and told of");
    input_close(&input);
    free(text.data);
}

/* Starting a thread must pay. */
static void test_small(void)
{
    struct bytes text = {0}, gzip = {0};
    struct seen got;

    fill_lines(&text, 300000);
    append_gzip(&gzip, text.data, text.length);
    put(&text);
    read_file(30000, UINT64_MAX, &got);
    is_int(plan.threads, 0, "few blocks: no thread");
    read_file(29000, UINT64_MAX, &got);
    ok(plan.threads > 0, "eight: a thread");
    put(&gzip);
    read_file(gzip.length - 65536 + 1, UINT64_MAX, &got);
    is_int(plan.threads, 0, "compressed, less than a block: no thread");
    read_file(gzip.length - 65536, UINT64_MAX, &got);
    ok(plan.threads > 0, "a block: a thread");
    free(text.data);
    free(gzip.data);
}

/* One lookahead goes on where another one has begun. */
static void test_continue(void)
{
    static struct lookahead one, two;
    struct bytes text = {0};
    size_t at;

    fill(&text, 300000);
    put(&text);
    for (size_t enough = 10; enough < 300000; enough += 50000) {
        struct input *input = NULL;

        need(input_open(&input, path_of("file")) == RESULT_OK, "input_open");
        input_read_ahead(input, 20000);
        lookahead_init(&one, input);
        need(lookahead_need(&one, enough), "it is there");
        one.at += enough - 5;
        lookahead_continue(&two, &one);
        for (at = enough - 5; lookahead_need(&two, 1) && two.buffer[two.at] == text.data[at]; at++)
            two.at++;
        is_int(at, text.length, "continued after %zu bytes", enough);
        is_int(lookahead_offset(&two), text.length, "and that is known");
        input_close(&input);
    }
    free(text.data);
}

int main(void)
{
    make_folder("test_ahead");
    first_thread = pthread_self();
    plan.fails_from = UINT64_MAX;
    test_kinds();
    test_damaged();
    test_long_lines();
    test_closed_early();
    test_wait();
    test_small();
    test_continue();
    remove_folder();
    return done();
}
