/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of windows: names, whole files, leftovers, and removal. */
#include "../calls.h"
#include "../folder.h"
#include "../tap.h"
#include "base/clock.h"
#include "live/windows.h"

#include <sys/file.h>
#include <sys/resource.h>

#define LINE "{\"src\":\"10.0.0.1\"}\n"
#define START 1795892400 /* 2026-11-28 19:00:00 UTC */
#define MANY 1440u       /* windows of a day, more than are listed at once */

static struct windows *open_windows(const char *interface, int64_t keep, uint64_t keep_bytes)
{
    struct windows_options options = {folder, interface, keep, keep_bytes};
    struct windows *windows = NULL;

    need(windows_init(&windows, &options) == RESULT_OK, "windows_init");
    return windows;
}

static void begin(struct windows *windows, int64_t start)
{
    struct window window = {.start = start * SECOND, .sample_start = start * SECOND + 1};

    need(windows_begin(windows, &window) == RESULT_OK, "windows_begin");
}

static void put(struct windows *windows, const char *text)
{
    size_t wrote = 0;

    need(windows_write(windows, text, strlen(text), &wrote) == RESULT_OK && wrote == strlen(text),
         "windows_write");
}

static void end(struct windows *windows)
{
    need(windows_end(windows) == RESULT_OK, "windows_end");
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* All names in the directory, sorted, separated by blanks; valid until the next call. */
static const char *names(void)
{
    static char list[1000][100], text[sizeof list];
    size_t count = 0, length = 0;
    DIR *listing = opendir(folder);
    struct dirent *dirent;

    need(listing, "opendir");
    while ((dirent = readdir(listing)) && count < 1000)
        if (strcmp(dirent->d_name, ".") != 0 && strcmp(dirent->d_name, "..") != 0)
            snprintf(list[count++], sizeof *list, "%.99s", dirent->d_name);
    closedir(listing);
    qsort(list, count, sizeof *list, compare);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        length +=
            (size_t)snprintf(text + length, sizeof text - length, "%s%s", i ? " " : "", list[i]);
    return text;
}

static struct windows_counts counts_of(const struct windows *windows)
{
    struct windows_counts counts;

    windows_count(windows, &counts);
    return counts;
}

static void put_text(const char *name, const char *text)
{
    put_file(path_of(name), text, strlen(text));
}

static void start_over(void)
{
    remove_folder();
    need(mkdir(folder, 0700) == 0, "mkdir");
}

/* Calls that fail leave nothing behind, and can be repeated. */
static void test_fails(void)
{
    struct windows *windows = open_windows("eth0", 0, 0);
    struct rlimit limit, few;
    size_t wrote = 1;
    int next;

    begin(windows, START);
    is_int(windows_write(windows, "", 0, &wrote), RESULT_OK, "to write nothing");
    is_int(wrote, 0, "writes nothing");
    is_str(names(), "", "nor is a file begun for it");
    need(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
    few = limit;
    next = dup(0);
    close(next);
    few.rlim_cur = (rlim_t)next + 1;
    need(setrlimit(RLIMIT_NOFILE, &few) == 0, "setrlimit"); /* for its folder alone */
    is_int(windows_write(windows, LINE, strlen(LINE), &wrote), RESULT_SYSTEM,
           "a file that cannot be opened");
    is_int(errno, EMFILE, "the reason");
    need(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
    let_fail(CALL_WRITE, 1, ENOSPC);
    is_int(windows_write(windows, LINE, strlen(LINE), &wrote), RESULT_SYSTEM,
           "a file that cannot be written");
    is_int(errno, ENOSPC, "the reason");
    is_int(wrote, 0, "nothing was written");
    let_fail(CALL_WRITE, 1, EINTR);
    is_int(windows_write(windows, LINE, strlen(LINE), &wrote), RESULT_OK,
           "one that was interrupted");
    is_int(wrote, 0, "wrote nothing");
    put(windows, LINE);
    remove_folder();
    need(mkdir(folder, 0700) == 0, "mkdir");
    let_fail(CALL_WRITE, 1, ENOSPC);
    is_int(windows_end(windows), RESULT_SYSTEM, "a removed file that cannot be written again");
    is_int(errno, ENOSPC, "the reason");
    is_str(names(), "", "leaves nothing");
    let_fail(CALL_PREAD, 1, EIO);
    is_int(windows_end(windows), RESULT_SYSTEM, "nor one that cannot be read again");
    is_int(errno, EIO, "the reason");
    is_str(names(), "", "leaves nothing");
    let_fail(CALL_FSYNC, 0, 0);
    end(windows);
    is_int(calls_made[CALL_FSYNC], 2, "what is written again is synced again");
    is_str(text_at(path_of("20261128T190000Z-eth0.sf")), LINE, "then it is whole");
    is_int(counts_of(windows).written, 1, "and counted once");
    windows_destroy(&windows);
    start_over();
}

/* What cannot be read at the end stays for the next process. */
static void test_unread(void)
{
    struct windows *windows = open_windows("eth0", 0, 0);

    begin(windows, START);
    put(windows, LINE "{\"half");
    let_fail(CALL_PREAD, 1, EIO);
    windows_destroy(&windows);
    is_str(names(), ".20261128T190000Z-eth0.sf", "a file that cannot be read at the end stays");
    windows = open_windows("eth0", 0, 0);
    let_fail(CALL_PREAD, 1, EIO);
    windows_tidy(windows);
    is_str(names(), ".20261128T190000Z-eth0.sf", "and while it cannot be read");
    is_int(counts_of(windows).recovered, 0, "which is not counted");
    windows_destroy(&windows);
    windows = open_windows("eth0", 0, 0);
    windows_tidy(windows);
    is_str(text_at(path_of("20261128T190000Z-eth0.sf")), LINE, "the next process completes it");
    begin(windows, START + 1);
    put(windows, "{\"half");
    windows_destroy(&windows);
    is_str(names(), "20261128T190000Z-eth0.sf", "one without a whole line goes");
    start_over();
}

/* A window that has no start has that of its sample. */
static void test_starts(void)
{
    static const struct window given[] = {{.start = -1, .sample_start = START * SECOND + 999999},
                                          {.start = 0, .sample_start = START * SECOND}};
    static const char *const want[] = {"20261128T190000Z-eth0.sf", "19700101T000000Z-eth0.sf"};

    for (size_t i = 0; i < 2; i++) {
        struct windows *windows = open_windows("eth0", 0, 0);

        need(windows_begin(windows, &given[i]) == RESULT_OK, "windows_begin");
        put(windows, LINE);
        end(windows);
        is_str(names(), want[i], "which start a name has");
        windows_destroy(&windows);
        start_over();
    }
}

static void test_window(void)
{
    struct windows *windows = open_windows("eth0", 0, 0);
    struct stat stat;

    umask(022);
    begin(windows, START);
    is_str(names(), "", "a window without records has no file");
    put(windows, LINE);
    is_str(names(), ".20261128T190000Z-eth0.sf", "a file is begun with a dot");
    begin(windows, START);
    put(windows, LINE);
    end(windows);
    is_str(names(), "20261128T190000Z-eth0.sf", "it gets its name when it is complete");
    is_str(text_at(path_of("20261128T190000Z-eth0.sf")), LINE LINE,
           "all parts of a window are in it");
    need(lstat(path_of("20261128T190000Z-eth0.sf"), &stat) == 0, "lstat");
    is_int(stat.st_mode & 07777, 0640, "its mode");
    end(windows);
    is_int(counts_of(windows).written, 1, "it is counted");
    put(windows, LINE);
    end(windows);
    put(windows, LINE);
    begin(windows, START + 1);
    is_str(names(),
           "20261128T190000Z-eth0-2.sf 20261128T190000Z-eth0-3.sf 20261128T190000Z-eth0.sf",
           "a name that is taken is not given again; another window ends the one before");
    put(windows, LINE "{\"half");
    windows_destroy(&windows);
    is_str(text_at(path_of("20261128T190001Z-eth0.sf")), LINE,
           "what is open at the end becomes whole lines");
    start_over();
}

static void test_names(void)
{
    static const struct {
        const char *interface, *name;
        int64_t start;
    } cases[] = {
        {"eth0.100", "20261128T190000Z-eth0.100.sf", START},
        {"../a b\n\"\xc3\xa9", "20261128T190000Z-.._a_b____.sf", START},
        {"", "20261128T190000Z-_.sf", START},
        {"eth0,eth1", "20261128T190000Z-eth0_eth1.sf", START},
        {"0123456789abcde,0123456789abcde,0123456789abcde,0123456789abcde,eth0",
         "20261128T190000Z-0123456789abcde_0123456789abcde_0123456789abcde_0123456789abcde_.sf",
         START},
        {"any", "19700101T000000Z-any.sf", 0},
        {"any", "20400229T235959Z-any.sf", 2214172799},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct windows *windows = open_windows(cases[i].interface, 0, 0);

        begin(windows, cases[i].start);
        put(windows, LINE);
        end(windows);
        is_str(names(), cases[i].name, "the name of a window");
        windows_destroy(&windows);
        start_over();
    }
}

/* Two processes, neither of which takes what the other is writing for a leftover. */
static void test_shared(void)
{
    struct windows *one = open_windows("eth0", 0, 0), *other = open_windows("eth0", 0, 0);

    begin(one, START);
    put(one, LINE);
    windows_tidy(other);
    begin(other, START);
    put(other, LINE LINE);
    is_str(names(), ".20261128T190000Z-eth0-2.sf .20261128T190000Z-eth0.sf",
           "two processes write files of their own");
    end(one);
    end(other);
    is_str(names(), "20261128T190000Z-eth0-2.sf 20261128T190000Z-eth0.sf", "both are there");
    is_str(text_at(path_of("20261128T190000Z-eth0-2.sf")), LINE LINE, "each has its own");
    is_int(counts_of(other).recovered, 0, "nothing was left");
    windows_destroy(&one);
    windows_destroy(&other);
    start_over();
}

/* Somebody else creates a file of that name before ours is complete: theirs stays. */
static void test_taken(void)
{
    struct windows *windows = open_windows("eth0", 0, 0);

    begin(windows, START);
    put(windows, LINE);
    put_text("20261128T190000Z-eth0.sf", "else");
    need(mkdir(path_of("20261128T190000Z-eth0-2.sf"), 0700) == 0, "mkdir");
    end(windows);
    is_str(text_at(path_of("20261128T190000Z-eth0.sf")), "else", "no file is replaced");
    is_str(text_at(path_of("20261128T190000Z-eth0-3.sf")), LINE, "nor a folder");
    windows_destroy(&windows);
    start_over();
}

static void test_left(void)
{
    static const char nuls[] = LINE LINE "\0\0\0" LINE;
    struct windows *windows;
    int fd;

    put_text(".20260101T000000Z-a.sf", LINE "{\"half");
    put_file(path_of(".20260101T000000Z-b.sf"), nuls, sizeof nuls);
    put_text(".20260101T000000Z-c.sf", "{\"half");
    put_text(".20260101T000000Z-d.sf", "");
    put_text(".20260101T000000Z-held.sf", LINE);
    put_text(".20260101T000000Z-twice.sf", LINE);
    put_text("20260101T000000Z-twice.sf", "else");
    put_text(".20260101T000000Z-linked.sf", LINE);
    put_text(".other", "{\"half");
    put_text(".other.sf", "{\"half");
    put_text(".20260101T000000Z-a.sf.bad", "{\"half");
    need(link(path_of(".20260101T000000Z-linked.sf"), path_of("20260101T000000Z-linked.sf")) == 0 &&
             symlink("..", path_of(".20260101T000000Z-link.sf")) == 0 &&
             mkfifo(path_of(".20260101T000000Z-fifo.sf"), 0600) == 0,
         "link");
    fd = open(path_of(".20260101T000000Z-held.sf"), O_RDONLY);
    need(fd >= 0 && flock(fd, LOCK_EX) == 0, "flock");
    windows = open_windows("eth0", 0, 0);
    windows_tidy(windows);
    is_str(names(),
           ".20260101T000000Z-a.sf.bad .20260101T000000Z-fifo.sf .20260101T000000Z-held.sf "
           ".20260101T000000Z-link.sf .other "
           ".other.sf "
           "20260101T000000Z-a.sf 20260101T000000Z-b.sf 20260101T000000Z-linked.sf "
           "20260101T000000Z-twice-2.sf 20260101T000000Z-twice.sf",
           "what was left is completed, or removed; all else is left alone");
    is_str(text_at(path_of("20260101T000000Z-a.sf")), LINE, "whole lines of it");
    is_str(text_at(path_of("20260101T000000Z-b.sf")), LINE LINE, "up to the first NUL");
    is_int(counts_of(windows).recovered, 3, "that is counted");
    windows_destroy(&windows);
    close(fd);
    start_over();
}

/* Each file is synced, then named, then the directory is synced. What fails is counted, once. */
static void test_unsynced(void)
{
    static const struct {
        unsigned failing, count;
        const char *what;
    } cases[] = {{0, 0, "none"}, {1, 1, "the file"}, {2, 1, "its folder"}, {3, 1, "both"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct windows *windows = open_windows("eth0", 0, 0);

        begin(windows, START);
        put(windows, LINE);
        let_fail(CALL_FSYNC, cases[i].failing, EIO);
        end(windows);
        is_int(calls_made[CALL_FSYNC], 2, "both are synced, which fails for %s", cases[i].what);
        is_int(counts_of(windows).unsynced, cases[i].count, "that is counted once");
        is_int(counts_of(windows).sync_error, cases[i].count ? EIO : 0, "with the reason");
        is_str(names(), "20261128T190000Z-eth0.sf", "the file gets its name all the same");
        is_int(counts_of(windows).written, 1, "and is counted");
        let_fail(CALL_FSYNC, 0, 0);
        windows_destroy(&windows);
        start_over();
    }
}

static const char *name_seen;

static void see_names(int unused)
{
    (void)unused;
    name_seen = names();
}

/* A file that cannot be named is not synced again, since that would always succeed. */
static void test_unnamed(void)
{
    struct windows *windows = open_windows("eth0", 0, 0);

    begin(windows, START);
    put(windows, LINE);
    let_fail(CALL_RENAME, 1, EIO);
    calls_failing[CALL_FSYNC] = 1;
    before_call[CALL_FSYNC] = see_names;
    is_int(windows_end(windows), RESULT_SYSTEM, "a file that can be neither synced nor named");
    is_int(errno, EIO, "the reason");
    is_str(name_seen, ".20261128T190000Z-eth0.sf", "it is synced before it is named");
    calls_failing[CALL_FSYNC] = 2;
    end(windows);
    is_int(calls_made[CALL_FSYNC], 2, "it is synced once, and then its folder");
    is_int(counts_of(windows).unsynced, 1, "it is counted once");
    is_int(counts_of(windows).written, 1, "as it is as written");
    let_fail(CALL_FSYNC, 0, 0);
    begin(windows, START + 1);
    put(windows, LINE);
    end(windows);
    is_int(calls_made[CALL_FSYNC], 2, "the next one is synced, too");
    is_int(counts_of(windows).unsynced, 1, "and all right");
    is_int(counts_of(windows).sync_error, EIO, "the reason is still told");
    windows_destroy(&windows);
    start_over();
}

static void remove_begun(int unused)
{
    (void)unused;
    need(unlink(path_of(".20261128T190000Z-eth0.sf")) == 0, "unlink");
}

static int holder = -1;

static void lock_begun(int unused)
{
    (void)unused;
    holder = open(path_of(".20261128T190000Z-eth0.sf"), O_RDONLY);
    need(holder >= 0 && flock(holder, LOCK_EX) == 0, "flock");
}

/* Its writer completes it, and begins another of that name. */
static void name_left(int unused)
{
    (void)unused;
    need(rename(path_of(".20260101T000000Z-a.sf"), path_of("20260101T000000Z-a.sf")) == 0,
         "rename");
    put_text(".20260101T000000Z-a.sf", "{\"half");
}

/* Between creating a file and locking it, a process that looks for leftovers may take it for one.
 */
static void test_races(void)
{
    struct windows *windows = open_windows("eth0", 0, 0);

    begin(windows, START);
    before_call[CALL_FLOCK] = remove_begun;
    put(windows, LINE);
    end(windows);
    is_str(names(), "20261128T190000Z-eth0-2.sf", "a file that was removed at once is not written");
    before_call[CALL_FLOCK] = lock_begun;
    put(windows, LINE);
    is_str(names(),
           ".20261128T190000Z-eth0-2.sf .20261128T190000Z-eth0.sf 20261128T190000Z-eth0-2.sf",
           "nor one that another process has locked");
    close(holder);
    let_fail(CALL_FLOCK, 1, ENOLCK);
    windows_destroy(&windows);
    start_over();
    windows = open_windows("eth0", 0, 0);
    begin(windows, START);
    is_int(windows_write(windows, LINE, strlen(LINE), &(size_t){0}), RESULT_SYSTEM,
           "a file that cannot be locked is an error");
    is_int(errno, ENOLCK, "the reason");
    is_str(names(), "", "it does not stay");
    put_text(".20260101T000000Z-a.sf", LINE "{\"half");
    before_call[CALL_FLOCK] = name_left;
    windows_tidy(windows);
    is_str(text_at(path_of("20260101T000000Z-a.sf")), LINE "{\"half",
           "a file whose writer has just completed it is not a leftover");
    is_str(text_at(path_of(".20260101T000000Z-a.sf")), "{\"half", "nor the next of that name");
    is_int(counts_of(windows).recovered, 0, "nor counted as one");
    windows_destroy(&windows);
    start_over();
}

/* Leftovers are dealt with once: later ones are somebody else's who may still try again. */
static void test_left_later(void)
{
    struct windows *windows = open_windows("eth0", 0, 0);

    shown_monotonic = SECOND;
    remove_folder();
    windows_tidy(windows);
    need(mkdir(folder, 0700) == 0, "mkdir");
    put_text(".20260101T000000Z-a.sf", LINE);
    windows_tidy(windows);
    is_str(names(), "20260101T000000Z-a.sf", "leftovers are completed once the folder is there");
    put_text(".20260101T000000Z-b.sf", LINE);
    windows_tidy(windows);
    is_str(names(), ".20260101T000000Z-b.sf 20260101T000000Z-a.sf", "later ones are not");
    shown_monotonic = 0;
    windows_destroy(&windows);
    start_over();
}

static void make_windows(unsigned count)
{
    struct windows *windows = open_windows("eth0", 0, 0);

    for (unsigned i = 0; i < count; i++) {
        begin(windows, START + i);
        put(windows, LINE);
    }
    windows_destroy(&windows);
}

/* Names that are not those of windows. */
static const char *const foreign[] = {
    "20250101T240000Z-a.sf",         "20250101T006000Z-a.sf", "20250101T000060Z-a.sf",
    "2025010xT000000Z-a.sf",         "2025010:T000000Z-a.sf", "20250101T0000x0Z-a.sf",
    "20250101T00000xZ-a.sf",         "20250132T000000Z-a.sf", "20250101T000000Z-a b.sf",
    "20250101T000000Z-a\xc3\xa9.sf", "20250101 000000Z-a.sf", "20250101T000000X-a.sf",
    "20250101T000000Z_a.sf",
};

#define FOREIGN (sizeof foreign / sizeof *foreign)

/* More windows than are listed at once. */
static void make_many(void)
{
    char name[64];

    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "20261128T%02u%02u00Z-eth0.sf", i / 60, i % 60);
        put_text(name, LINE);
    }
}

static void test_bytes(void)
{
    const uint64_t line = strlen(LINE);
    struct windows *windows;

    make_windows(4);
    put_text("20240101T235959Z-zZaA09_.-.sf", LINE);
    put_text("00000000T000000Z-eth0.sf", LINE);
    put_text("20260101T000000Z-.sf", LINE);
    put_text("20260101T000000Z-a.sf.gz", LINE);
    put_text("20250101T000000Z-other.sf", LINE);
    put_text("20250102T000000Z-eth0.sf.bad", LINE);
    put_text("20250102T000000Z-eth0.sf-2.bad", LINE);
    put_text("20260101T000000Z-a.bad", LINE);
    put_text("20260101T000000Z-a.sf2.bad", LINE);
    for (size_t i = 0; i < FOREIGN; i++)
        put_text(foreign[i], LINE);
    windows = open_windows("eth0", 0, 3 * line);
    windows_tidy(windows);
    for (size_t i = 0; i < FOREIGN; i++)
        ok(unlink(path_of(foreign[i])) == 0, "--keep-bytes: %s stays", foreign[i]);
    is_str(names(),
           "00000000T000000Z-eth0.sf 20260101T000000Z-.sf 20260101T000000Z-a.bad "
           "20260101T000000Z-a.sf.gz 20260101T000000Z-a.sf2.bad "
           "20261128T190001Z-eth0.sf 20261128T190002Z-eth0.sf 20261128T190003Z-eth0.sf",
           "--keep-bytes: the oldest go, of any interface, and nothing else");
    is_int(counts_of(windows).removed_bytes, 5, "--keep-bytes: that is counted");
    windows_destroy(&windows);
    windows = open_windows("eth0", 0, 1);
    windows_tidy(windows);
    is_str(names(),
           "00000000T000000Z-eth0.sf 20260101T000000Z-.sf 20260101T000000Z-a.bad "
           "20260101T000000Z-a.sf.gz 20260101T000000Z-a.sf2.bad "
           "20261128T190003Z-eth0.sf",
           "--keep-bytes: the newest stays, however large it is");
    windows_destroy(&windows);
    start_over();
    make_many();
    windows = open_windows("eth0", 0, 10 * line);
    windows_tidy(windows);
    is_int(strlen(names()), 10 * (strlen("20261128T190003Z-eth0.sf") + 1) - 1,
           "--keep-bytes: many go at once");
    is_int(counts_of(windows).removed_bytes, MANY - 10, "--keep-bytes: all of them are counted");
    is_int(counts_of(windows).remove_error, 0, "--keep-bytes: without an error");
    windows_destroy(&windows);
    start_over();
    make_windows(2);
    need(mkdir(path_of("20250101T000000Z-eth0.sf"), 0700) == 0, "mkdir");
    windows = open_windows("eth0", 0, line);
    windows_tidy(windows);
    is_str(names(), "20250101T000000Z-eth0.sf 20261128T190001Z-eth0.sf",
           "--keep-bytes: what cannot be removed stays, and the next one goes");
    is_int(counts_of(windows).remove_error, EISDIR, "--keep-bytes: which is told of");
    windows_destroy(&windows);
    start_over();
}

static void make_window(int64_t start, const char *interface)
{
    struct windows *windows = open_windows(interface, 0, 0);

    begin(windows, start);
    put(windows, LINE);
    windows_destroy(&windows);
}

static void test_age(void)
{
    const int64_t now = clock_wall() / SECOND;
    struct windows *windows;

    make_window(CLOCK_LEAST / SECOND - 1, "unset");
    make_window(CLOCK_LEAST / SECOND, "first");
    make_window(now - 7300, "old");
    make_window(now - 7100, "young");
    need(mkdir(path_of("20250102T000000Z-eth0.sf"), 0700) == 0, "mkdir");
    windows = open_windows("eth0", 7200 * SECOND, 0);
    windows_tidy(windows);
    ok(strstr(names(), "20241231T235959Z-unset.sf"), "--keep: before 2025 there is no age");
    ok(!strstr(names(), "first"), "--keep: from then on there is");
    ok(!strstr(names(), "old") && strstr(names(), "young"), "--keep: what is older goes");
    is_int(counts_of(windows).removed_age, 2, "--keep: that is counted");
    is_int(counts_of(windows).remove_error, EISDIR, "--keep: what cannot be removed is told of");
    is_int(counts_of(windows).removed_bytes, 0, "--keep: not as what is too much");
    windows_destroy(&windows);
    windows = open_windows("eth0", SECOND, 0);
    windows_tidy(windows);
    ok(strstr(names(), "young"), "--keep: the newest stays, however old it is");
    windows_destroy(&windows);
    start_over();
}

/* An age of just the limit is not over it. */
static void test_exact_age(void)
{
    struct windows *windows;

    make_window(START, "eth0");
    make_window(START + 9000, "eth0");
    windows = open_windows("eth0", 7200 * SECOND, 0);
    shown_wall = (START + 7200) * SECOND;
    shown_monotonic = SECOND;
    windows_tidy(windows);
    is_str(names(), "20261128T190000Z-eth0.sf 20261128T213000Z-eth0.sf",
           "what is as old as --keep stays");
    shown_wall += 1;
    windows_tidy(windows);
    is_str(names(), "20261128T213000Z-eth0.sf", "a microsecond later it goes");
    windows_destroy(&windows);
    start_over();
    make_window(START, "eth0");
    make_window(START + 1, "eth0");
    windows = open_windows("eth0", 7200 * SECOND, 0);
    shown_wall = START * SECOND;
    windows_tidy(windows);
    shown_wall += 10000 * SECOND; /* no time has gone by */
    windows_tidy(windows);
    is_int(counts_of(windows).removed_age, 0, "nothing goes when the clock is set");
    shown_monotonic += 7199 * SECOND;
    shown_wall += 7199 * SECOND;
    windows_tidy(windows);
    is_int(counts_of(windows).removed_age, 0, "before it is known how old things are");
    shown_monotonic += SECOND;
    shown_wall += SECOND;
    windows_tidy(windows);
    is_int(counts_of(windows).removed_age, 1, "then it does");
    shown_wall = shown_monotonic = 0;
    windows_destroy(&windows);
    start_over();
}

/* Looking at the directory takes a twentieth of all time, or less. */
static void test_share(void)
{
    struct windows *windows;

    make_windows(3);
    windows = open_windows("eth0", 0, 2 * strlen(LINE));
    shown_monotonic = 1000 * SECOND;
    shown_step = 3 * SECOND; /* so much it takes */
    windows_tidy(windows);
    is_int(counts_of(windows).removed_bytes, 1, "it is looked at");
    make_window(START + 3, "eth0");
    shown_step = 0;
    shown_monotonic = (1000 + 3 + 60) * SECOND - 1;
    windows_tidy(windows);
    is_int(counts_of(windows).removed_bytes, 1, "then not for twenty times as long as that took");
    shown_monotonic++;
    windows_tidy(windows);
    is_int(counts_of(windows).removed_bytes, 2, "then it is again");
    shown_monotonic = 0;
    windows_destroy(&windows);
    start_over();
}

static void test_clock(void)
{
    const int64_t now = clock_wall();
    struct clock_watch watch = {0};

    ok(clock_knows_age(&watch, now, 3600 * SECOND), "ages are known at first");
    ok(clock_knows_age(&watch, now + 50 * SECOND, 3600 * SECOND), "so they are while it is slewed");
    ok(!clock_knows_age(&watch, now + 7200 * SECOND, 3600 * SECOND), "not when it was set ahead");
    ok(!clock_knows_age(&watch, now, 3600 * SECOND), "nor when it was set back");
    watch.set_at -= 3600 * SECOND;
    ok(clock_knows_age(&watch, now, 3600 * SECOND), "until so much time has gone by");
}

static void test_removed(void)
{
    struct windows *windows = open_windows("eth0", 0, 0);
    size_t wrote;

    begin(windows, START);
    put(windows, LINE);
    remove_folder();
    is_int(windows_end(windows), RESULT_SYSTEM, "a folder that was removed is an error");
    is_int(errno, ENOENT, "with its reason");
    need(mkdir(folder, 0700) == 0, "mkdir");
    end(windows);
    is_str(text_at(path_of("20261128T190000Z-eth0.sf")), LINE,
           "what was written comes back with it");
    begin(windows, START + 1);
    remove_folder();
    is_int(windows_write(windows, LINE, strlen(LINE), &wrote), RESULT_SYSTEM, "none can be begun");
    need(mkdir(folder, 0700) == 0, "mkdir");
    put(windows, LINE LINE);
    need(unlink(path_of(".20261128T190001Z-eth0.sf")) == 0, "unlink");
    end(windows);
    is_str(text_at(path_of("20261128T190001Z-eth0.sf")), LINE LINE, "a file that was removed, too");
    begin(windows, START + 2);
    put(windows, LINE);
    need(rename(path_of(".20261128T190002Z-eth0.sf"), path_of("mine")) == 0, "rename");
    end(windows);
    is_str(names(), "20261128T190001Z-eth0.sf mine", "one that was given another name keeps that");
    windows_destroy(&windows);
    start_over();
}

static void test_no_folder(void)
{
    struct windows_options options = {path_of("nowhere"), "eth0", 0, 0};
    struct windows *windows;

    is_int(windows_init(&windows, &options), RESULT_SYSTEM, "there is no such folder");
    is_int(errno, ENOENT, "the reason");
    put_text("nowhere", "");
    is_int(windows_init(&windows, &options), RESULT_SYSTEM, "it is a file");
    is_int(errno, ENOTDIR, "the reason");
}

int main(void)
{
    unsigned open_before;

    make_folder("windows");
    open_before = open_files();
    test_fails();
    test_unread();
    test_starts();
    test_window();
    test_names();
    test_shared();
    test_taken();
    test_left();
    test_unsynced();
    test_unnamed();
    test_races();
    test_left_later();
    test_bytes();
    test_age();
    test_exact_age();
    test_share();
    test_clock();
    test_removed();
    test_no_folder();
    remove_folder();
    is_int(open_files(), open_before, "no file is left open");
    return done();
}
