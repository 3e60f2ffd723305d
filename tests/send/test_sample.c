/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples: how records are gathered, when a sample is complete, and failing writes.
 */
#include "../folder.h"
#include "base/text.h"
#include "send/sample.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#define DATE INT64_C(1700000000123456)
#define NO_LIMIT UINT64_MAX

static struct samples *new_samples(struct spool *spool, uint64_t records, int64_t idle)
{
    struct samples *samples = NULL;

    need(samples_init(&samples, spool, records, idle) == RESULT_OK, "samples_init");
    return samples;
}

static struct spool *new_spool(void)
{
    struct spool *spool = NULL;

    remove_tree(AT_FDCWD, path_of("spool"));
    need(spool_init(&spool, path_of("spool")) == RESULT_OK, "spool_init");
    return spool;
}

/* From memory that ends where the line does. */
static enum result add(struct samples *samples, int64_t date, const char *line, int64_t now)
{
    size_t length = strlen(line);
    uint8_t *copy = exact_copy(line, length);
    struct record record = {.traffic_date = date};
    enum result result = samples_add(samples, &record, (const char *)copy, length, NULL, now);
    int saved = errno;

    exact_free(copy, length);
    errno = saved;
    return result;
}

static void must_add(struct samples *samples, int64_t date, const char *line, int64_t now)
{
    need(add(samples, date, line, now) == RESULT_OK, "samples_add");
}

/* Valid until the next call. */
static const char *fd_text(int fd)
{
    static char *text;
    struct stat stat;

    free(text);
    text = NULL;
    if (fd < 0)
        return "";
    need(fstat(fd, &stat) == 0, "fstat");
    text = calloc(1, (size_t)stat.st_size + 1);
    need(text && pread(fd, text, (size_t)stat.st_size, 0) == stat.st_size, "pread");
    return text;
}

/* Finishes a sample that must exist, checks it and removes it. */
static void take(struct samples *samples, struct sample *sample, int64_t date, uint64_t records,
                 const char *want)
{
    int fd;

    if (!ok(sample, "there is a sample"))
        return;
    is_int(sample->traffic_date, date, "its date");
    is_int(sample->records, records, "its records");
    is_int(sample_finish(sample), RESULT_OK, "it is finished");
    is_str(fd_text(sample->file.fd), want, "its lines");
    fd = sample->file.fd;
    samples_remove(samples, sample);
    ok(fcntl(fd, F_GETFD) >= 0, "its file stays open");
    close(fd);
}

/* Records of one date: each sensor has its sample, and so do records without a sensor. */
static void test_sensors(void)
{
    static const char *const sensors[] = {"a", "", "ab", "b", "a", "", "ab"};
    static const char *const want[] = {"3\n", "0\n4\n", "1\n5\n", "2\n6\n"};
    struct samples *samples = new_samples(NULL, NO_LIMIT, 1000);

    for (size_t i = 0; i < sizeof sensors / sizeof *sensors; i++) {
        size_t length = strlen(sensors[i]);
        uint8_t *copy = exact_copy(sensors[i], length);
        struct record record = {.traffic_date = DATE,
                                .sensor = {length > 0 ? (const char *)copy : NULL, length}};
        char line = (char)('0' + i);

        need(samples_add(samples, &record, &line, 1, NULL, 0) == RESULT_OK, "samples_add");
        exact_free(copy, length);
    }
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        take(samples, samples_complete(samples, 0, true), DATE, strlen(want[i]) / 2, want[i]);
    ok(!samples_complete(samples, 0, true), "there are no more");
    samples_destroy(&samples);
}

static void test_none(void)
{
    struct samples *samples = new_samples(NULL, 10, 100);

    ok(!samples_complete(samples, 0, false), "no sample is complete");
    ok(!samples_complete(samples, INT64_MAX, true), "not at the end, either");
    is_int(samples_deadline(samples), INT64_MAX, "none ever is");
    samples_destroy(&samples);
    ok(!samples, "destroying clears the pointer");
    samples_destroy(&samples);
    ok(!samples, "again: nothing happens");
}

/*
 * Lines of alternating dates; the lines of each sample, the one with the oldest last record first.
 */
static void test_grouping(void)
{
    static const struct {
        const char *title;
        struct {
            int64_t date;
            const char *line;
        } lines[7];
        struct {
            int64_t date;
            uint64_t records;
            const char *text;
        } want[4];
    } cases[] = {
        {"one", {{1, "a"}}, {{1, 1, "a\n"}}},
        {"one date", {{1, "a"}, {1, "b"}, {1, ""}, {1, "c"}}, {{1, 4, "a\nb\n\nc\n"}}},
        {"two, alternating",
         {{1, "a"}, {2, "b"}, {1, "c"}, {2, "d"}, {1, "e"}},
         {{2, 2, "b\nd\n"}, {1, 3, "a\nc\ne\n"}}},
        {"three, the first comes again",
         {{1, "a"}, {2, "b"}, {3, "c"}, {1, "d"}},
         {{2, 1, "b\n"}, {3, 1, "c\n"}, {1, 2, "a\nd\n"}}},
        {"dates a microsecond apart",
         {{DATE, "a"}, {DATE + 1, "b"}, {DATE, "c"}},
         {{DATE + 1, 1, "b\n"}, {DATE, 2, "a\nc\n"}}},
        {"dates that go backwards",
         {{3, "a"}, {2, "b"}, {0, "c"}},
         {{3, 1, "a\n"}, {2, 1, "b\n"}, {0, 1, "c\n"}}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct samples *samples = new_samples(NULL, NO_LIMIT, 1000);

        for (size_t j = 0; j < 7 && cases[i].lines[j].line; j++) {
            must_add(samples, cases[i].lines[j].date, cases[i].lines[j].line, 5);
            ok(!samples_complete(samples, 5, false), "%s: nothing is complete", cases[i].title);
        }
        for (size_t j = 0; j < 4 && cases[i].want[j].text; j++)
            take(samples, samples_complete(samples, 5, true), cases[i].want[j].date,
                 cases[i].want[j].records, cases[i].want[j].text);
        ok(!samples_complete(samples, 5, true), "%s: no more", cases[i].title);
        samples_destroy(&samples);
    }
}

static void test_records(void)
{
    static const uint64_t limits[] = {1, 2, 3, 7};

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct samples *samples = new_samples(NULL, limits[i], 1000);
        size_t wrong = 0, complete = 0;

        must_add(samples, 99, "other", 0);
        if (limits[i] == 1)
            take(samples, samples_complete(samples, 0, false), 99, 1, "other\n");
        for (uint64_t n = 1; n <= 21; n++) {
            struct sample *sample;

            must_add(samples, 1, "x", 0);
            sample = samples_complete(samples, 0, false);
            wrong += !sample != (n % limits[i] != 0);
            if (!sample)
                continue;
            wrong += sample->traffic_date != 1 || sample->records != limits[i];
            wrong += sample_finish(sample) != RESULT_OK;
            wrong += strlen(fd_text(sample->file.fd)) != 2 * limits[i];
            close(sample->file.fd);
            samples_remove(samples, sample);
            wrong += samples_complete(samples, 0, false) != NULL;
            complete++;
        }
        is_int(complete, 21 / limits[i], "samples of %d records", (int)limits[i]);
        is_int(wrong, 0, "when they have as many, and not before");
        samples_destroy(&samples);
    }
}

static void test_idle(void)
{
    struct samples *samples = new_samples(NULL, NO_LIMIT, 100);

    must_add(samples, 1, "a", 1000);
    is_int(samples_deadline(samples), 1100, "the deadline of one");
    must_add(samples, 2, "b", 1010);
    is_int(samples_deadline(samples), 1100, "with another it is that of the first");
    ok(!samples_complete(samples, 1099, false), "not before it");
    ok(samples_complete(samples, 1100, false), "but then");
    must_add(samples, 1, "c", 1099);
    is_int(samples_deadline(samples), 1110, "a record moves it");
    ok(!samples_complete(samples, 1109, false), "not before the other's");
    take(samples, samples_complete(samples, 1110, false), 2, 1, "b\n");
    ok(!samples_complete(samples, 1110, false), "the first goes on");
    is_int(samples_deadline(samples), 1199, "until its own");
    take(samples, samples_complete(samples, 5000, false), 1, 2, "a\nc\n");
    is_int(samples_deadline(samples), INT64_MAX, "there are no more");
    must_add(samples, 1, "d", 5000);
    take(samples, samples_complete(samples, 5100, false), 1, 1, "d\n");
    samples_destroy(&samples);
}

/* Past the limit, the sample with the oldest last record is complete. */
static void test_most(void)
{
    enum { DATES = 3 * SAMPLES_MAX };
    struct samples *samples = new_samples(NULL, NO_LIMIT, 1000000);
    int64_t next = 1; /* date 0 gets records throughout */
    size_t wrong = 0, open = 0;
    struct sample *sample;

    for (int64_t date = 0; date < DATES; date++) {
        must_add(samples, date, "x", date);
        open++;
        while ((sample = samples_complete(samples, date, false))) {
            wrong += open <= SAMPLES_MAX || sample->traffic_date != next++ || sample->records != 1;
            wrong += sample_finish(sample) != RESULT_OK;
            close(sample->file.fd);
            samples_remove(samples, sample);
            open--;
        }
        wrong += open > SAMPLES_MAX;
        if (date > 0)
            must_add(samples, 0, "y", date);
    }
    is_int(wrong, 0, "the oldest of too many, never the one of the latest records");
    is_int(next, DATES - (int64_t)SAMPLES_MAX + 1, "as many as must be, and no more");
    for (; (sample = samples_complete(samples, DATES, true)); open--) {
        wrong += sample->records != (sample->traffic_date == 0 ? (uint64_t)DATES : 1);
        wrong += sample_finish(sample) != RESULT_OK;
        close(sample->file.fd);
        samples_remove(samples, sample);
    }
    is_int(open, 0, "the others, at the end");
    is_int(wrong, 0, "with their records");
    samples_destroy(&samples);
}

static void put(struct text *text, const char *bytes, size_t length)
{
    need(text_put(text, bytes, length) == RESULT_OK, "no memory");
}

/* Adds a line of that length, also to a text. A line differs from others of its length. */
static enum result add_line(struct samples *samples, size_t length, struct text *want)
{
    static unsigned number;
    struct record record = {.traffic_date = DATE};
    uint8_t *line = calloc(1, length > 0 ? length : 1);
    enum result result;

    need(line, "no memory");
    memset(line, (int)('a' + number++ % 26), length);
    if (want) {
        put(want, (const char *)line, length);
        put(want, "\n", 1);
    }
    result = samples_add(samples, &record, (const char *)line, length, NULL, 0);
    free(line);
    return result;
}

static bool is_same(int fd, const struct text *want)
{
    const char *got = fd_text(fd);

    return strlen(got) == want->length && memcmp(got, want->bytes, want->length) == 0;
}

/* Lengths around what is written at once, and above it. */
static void test_long_lines(void)
{
    static const size_t lengths[] = {0,     1,     1000,  32767, 32768,  65534,
                                     65535, 65536, 65537, 70000, 200000, 1100000};
    size_t count = sizeof lengths / sizeof *lengths, wrong = 0;

    for (size_t i = 0; i < count * count; i++) {
        struct samples *samples = new_samples(NULL, NO_LIMIT, 1000);
        struct text want = {0};
        struct sample *sample;

        wrong += add_line(samples, 10, &want) != RESULT_OK;
        wrong += add_line(samples, lengths[i / count], &want) != RESULT_OK;
        wrong += add_line(samples, lengths[i % count], &want) != RESULT_OK;
        wrong += add_line(samples, 10, &want) != RESULT_OK;
        sample = samples_complete(samples, 0, true);
        need(sample && sample_finish(sample) == RESULT_OK, "sample_finish");
        wrong += sample->records != 4 || !is_same(sample->file.fd, &want);
        wrong += sample_finish(sample) != RESULT_OK || !is_same(sample->file.fd, &want);
        if (!is_int(wrong, 0, "lines of %zu and %zu bytes", lengths[i / count], lengths[i % count]))
            wrong = 0;
        text_destroy(&want);
        samples_destroy(&samples);
    }
}

static void test_many_lines(void)
{
    struct samples *samples = new_samples(NULL, NO_LIMIT, 1000);
    struct text want = {0};
    struct sample *sample;
    size_t wrong = 0;

    for (size_t i = 0; i < 3000; i++)
        wrong += add_line(samples, i % 500, &want) != RESULT_OK;
    is_int(wrong, 0, "many lines");
    sample = samples_complete(samples, 0, true);
    need(sample && sample_finish(sample) == RESULT_OK, "sample_finish");
    is_int(sample->records, 3000, "are counted");
    ok(is_same(sample->file.fd, &want), "and written");
    text_destroy(&want);
    samples_destroy(&samples);
}

#define TEN "1234567890"

static void test_names(void)
{
    static const struct {
        int64_t date;
        const char *given, *want, *sensor;
    } cases[] = {
        {DATE, NULL, "secflow_1700000000.sf", NULL},
        {INT64_C(1700000000000000), NULL, "secflow_1700000000.sf", NULL},
        {INT64_C(1700000000999999), NULL, "secflow_1700000000.sf", NULL},
        {0, NULL, "secflow_0.sf", NULL},
        {1000000, NULL, "secflow_1.sf", NULL},
        {DATE, "given.x", "given.x", NULL},
        {DATE, "with blanks", "with blanks", NULL},
        {DATE, NULL, "secflow_1700000000_tap1.sf", "tap1"},
        {DATE, NULL, "secflow_1700000000_a_b.example.sf", "a/b.example"},
        {DATE, "given.x", "given_tap1.x", "tap1"},
        {DATE, "given", "given_tap.1", "tap.1"},
        {DATE, ".x", ".x_tap1", "tap1"},
        {DATE, "given.answer", "given_tap1_answer", "tap1"},
        {DATE, "x.sf", "x_" TEN TEN TEN TEN TEN TEN TEN TEN TEN "123456789.sf",
         TEN TEN TEN TEN TEN TEN TEN TEN TEN "123456789\xc3\xbcz"},
        {DATE,
         TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "12345678\xc3\xbc",
         TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "1234_tap1 ", "tap1 "},
        {DATE, "x." TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "12345678",
         "x." TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "12_tap1 ",
         "tap1 "},
    };

    for (size_t i = 0; i < 2 * (sizeof cases / sizeof *cases); i++) {
        struct spool *spool = i % 2 ? new_spool() : NULL;
        struct samples *samples = new_samples(spool, NO_LIMIT, 1000);
        struct sample *sample;
        const char *name, *want = cases[i / 2].want;
        const char *sensor = cases[i / 2].sensor;
        struct record record = {.traffic_date = cases[i / 2].date,
                                .sensor = {sensor, sensor ? strlen(sensor) : 0}};

        need(samples_add(samples, &record, "x", 1, cases[i / 2].given, 0) == RESULT_OK,
             "samples_add");
        need(samples_add(samples, &record, "y", 1, "later", 0) == RESULT_OK, "samples_add");
        sample = samples_complete(samples, 0, true);
        need(sample, "a sample");
        name = sample->file.name;
        if (spool && strlen(name) > strlen(want))
            name += strlen(name) - strlen(want);
        is_str(name, want, "the name of sample %zu, %s", i / 2, spool ? "on disk" : "in memory");
        samples_destroy(&samples);
        spool_destroy(&spool);
    }
}

/* On disk, a complete sample becomes a file of the spool. */
static void test_spooled(void)
{
    struct spool *spool = new_spool();
    struct samples *samples = new_samples(spool, NO_LIMIT, 1000);
    struct sample *sample;
    struct spool_entry entry;
    int fd;

    must_add(samples, DATE, "a", 0);
    must_add(samples, DATE, "b", 0);
    is_int(spool_next(spool, "", &entry), RESULT_END, "while it is gathered it is not listed");
    sample = samples_complete(samples, 0, true);
    need(sample && sample_finish(sample) == RESULT_OK, "sample_finish");
    is_int(spool_commit(spool, &sample->file), RESULT_OK, "it is committed");
    samples_remove(samples, sample);
    is_int(spool_next(spool, "", &entry), RESULT_OK, "then it is");
    is_int(entry.kind, SPOOL_RECORDS, "as records");
    is_str(entry.name + entry.file_name, "secflow_1700000000.sf", "under its name");
    fd = spool_open_entry(spool, &entry);
    is_str(fd_text(fd), "a\nb\n", "with its lines");
    close(fd);
    samples_destroy(&samples);
    spool_destroy(&spool);
}

/* Incomplete samples stay in the spool. */
static void test_left(void)
{
    struct spool *spool = new_spool();
    struct samples *samples = new_samples(spool, NO_LIMIT, 1000);
    struct spool_entry entry = {.name = ""};
    size_t count = 0;

    must_add(samples, 1, "a", 0);
    must_add(samples, 2, "b", 0);
    must_add(samples, 1, "c", 0);
    samples_destroy(&samples);
    is_int(spool_next(spool, "", &entry), RESULT_END, "samples that were destroyed");
    is_int(spool_recover(spool, &count), RESULT_OK, "are recovered");
    is_int(count, 2, "both of them");
    for (int i = 0; i < 2; i++) {
        int fd;

        need(spool_next(spool, i == 0 ? "" : entry.name, &entry) == RESULT_OK, "spool_next");
        fd = spool_open_entry(spool, &entry);
        is_str(fd_text(fd), i == 0 ? "a\nc\n" : "b\n", "with all lines");
        close(fd);
    }
    spool_destroy(&spool);
}

/*
 * Lines of one length, some of which cannot be written at first: each that fails is added again,
 * twice in vain.
 */
static void check_full(size_t length, size_t count, rlim_t most)
{
    struct spool *spool = new_spool();
    struct samples *samples = new_samples(spool, NO_LIMIT, 1000);
    size_t wrong = 0, failed = 0;
    struct text want = {0};
    uint8_t *line = calloc(1, length);
    struct sample *sample;

    need(line, "no memory");
    limit_files(most);
    for (size_t i = 0; i < count; i++) {
        struct record record = {.traffic_date = DATE};
        enum result result;
        int tries = 0;

        memset(line, (int)('a' + i % 26), length);
        put(&want, (const char *)line, length);
        put(&want, "\n", 1);
        errno = 0;
        while ((result = samples_add(samples, &record, (const char *)line, length, NULL, 0)) ==
                   RESULT_SYSTEM &&
               tries < 4) {
            wrong += errno != EFBIG;
            if (++tries == 3)
                limit_files(RLIM_INFINITY);
        }
        wrong += result != RESULT_OK;
        failed += tries > 0;
    }
    limit_files(RLIM_INFINITY);
    is_int(failed, 1, "lines of %zu bytes: one cannot be written", length);
    is_int(wrong, 0, "until there is room");
    sample = samples_complete(samples, 0, true);
    need(sample && sample_finish(sample) == RESULT_OK, "sample_finish");
    is_int(sample->records, count, "each is counted once");
    ok(is_same(sample->file.fd, &want), "and written once");
    free(line);
    text_destroy(&want);
    samples_destroy(&samples);
    spool_destroy(&spool);
}

static void test_full(void)
{
    static const struct {
        size_t length, count;
        rlim_t most;
    } cases[] = {
        {1000, 300, 0},      {1000, 300, 1},      {1000, 300, 30000},   {1000, 300, 65000},
        {1000, 300, 100000}, {1000, 300, 130000}, {20000, 20, 50000},   {65535, 5, 100000},
        {65535, 5, 65535},   {65536, 5, 0},       {65536, 5, 65535},    {65536, 5, 65536},
        {65536, 5, 65537},   {200000, 3, 100000}, {200000, 3, 199999},  {200000, 3, 200000},
        {200000, 3, 300000}, {200000, 3, 400001}, {1200000, 2, 700000},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_full(cases[i].length, cases[i].count, cases[i].most);
}

/* What could not be added leaves nothing behind, whatever happens next. */
static void test_given_up(void)
{
    struct spool *spool = new_spool();
    struct samples *samples = new_samples(spool, NO_LIMIT, 1000);
    char *line = calloc(1, 200000);
    struct record record = {.traffic_date = 1};
    enum result result;

    need(line, "no memory");
    memset(line, 'L', 200000);
    must_add(samples, 1, "one", 0);
    limit_files(100000);
    result = samples_add(samples, &record, line, 200000, NULL, 0);
    limit_files(RLIM_INFINITY);
    is_int(result, RESULT_SYSTEM, "a line that does not fit");
    must_add(samples, 1, "two", 0);
    take(samples, samples_complete(samples, 0, true), 1, 2, "one\ntwo\n");
    free(line);
    samples_destroy(&samples);
    spool_destroy(&spool);
}

/* The last records of a sample. */
static void test_finish_fails(void)
{
    static const rlim_t limits[] = {0, 1, 3, 5};

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct spool *spool = new_spool();
        struct samples *samples = new_samples(spool, NO_LIMIT, 1000);
        struct sample *sample;
        enum result first, second;
        int error;

        must_add(samples, 1, "one", 0);
        must_add(samples, 1, "two", 0);
        sample = samples_complete(samples, 0, true);
        need(sample, "a sample");
        limit_files(limits[i]);
        first = sample_finish(sample);
        error = errno;
        second = sample_finish(sample);
        limit_files(RLIM_INFINITY);
        is_int(first, RESULT_SYSTEM, "%d bytes can be written", (int)limits[i]);
        is_int(error, EFBIG, "errno says so");
        is_int(second, RESULT_SYSTEM, "nor the second time");
        must_add(samples, 1, "three", 0);
        take(samples, samples_complete(samples, 0, true), 1, 3, "one\ntwo\nthree\n");
        samples_destroy(&samples);
        spool_destroy(&spool);
    }
}

/* A full disk, to which not a byte can be written. */
static void test_no_space(void)
{
    struct samples *samples = new_samples(NULL, NO_LIMIT, 1000);
    struct sample *sample;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC), saved;

    need(full >= 0, "/dev/full");
    must_add(samples, 1, "one", 0);
    sample = samples_complete(samples, 0, true);
    need(sample, "a sample");
    saved = dup(sample->file.fd);
    need(saved >= 0 && dup2(full, sample->file.fd) == sample->file.fd, "dup2");
    errno = 0;
    is_int(sample_finish(sample), RESULT_SYSTEM, "a full disk");
    is_int(errno, ENOSPC, "errno says so");
    need(dup2(saved, sample->file.fd) == sample->file.fd, "dup2");
    take(samples, samples_complete(samples, 0, true), 1, 1, "one\n");
    close(saved);
    close(full);
    samples_destroy(&samples);
}

/* A sample that cannot begin, since its file cannot be created. */
static void test_cannot_begin(void)
{
    struct spool *spool = new_spool();
    struct samples *samples = new_samples(spool, NO_LIMIT, 1000);
    struct spool_entry entry;

    remove_tree(AT_FDCWD, path_of("spool"));
    errno = 0;
    is_int(add(samples, 1, "one", 0), RESULT_SYSTEM, "the folder was removed");
    is_int(errno, ENOENT, "errno says so");
    ok(!samples_complete(samples, 0, true), "there is no sample");
    is_int(samples_deadline(samples), INT64_MAX, "nor will one be complete");
    is_int(spool_next(spool, "", &entry), RESULT_END, "nor a file");
    samples_destroy(&samples);
    spool_destroy(&spool);
}

int main(void)
{
    need(signal(SIGXFSZ, SIG_IGN) != SIG_ERR, "signal");
    make_folder("test_sample");
    test_none();
    test_grouping();
    test_sensors();
    test_records();
    test_idle();
    test_most();
    test_long_lines();
    test_many_lines();
    test_names();
    test_spooled();
    test_left();
    test_full();
    test_given_up();
    test_finish_fails();
    test_no_space();
    test_cannot_begin();
    fd_text(-1);
    remove_folder();
    return done();
}
