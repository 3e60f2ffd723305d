/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowupload --take: what it does with a file when the filter fails, the disk is full, or a signal
 * comes; when it tries again; and what it says. The clock, the filter and the delivery are the
 * test's, all else is real.
 */
#include "../../cmd/take.h"

#include "../../cmd/child.h"
#include "../../cmd/common.h"
#include "../../cmd/stop.h"
#include "../calls.h"
#include "../folder.h"

#include "base/clock.h"
#include "send/backoff.h"

#include <signal.h>

#define DATE "1700000000.000000"
#define RECORD                                                                                     \
    "{\"src\":\"10.0.0.1:1\",\"dst\":\"a.test:443\",\"destinationNameSource\":\"passive\","        \
    "\"srcPkts\":1,\"srcBytes\":2,\"dstPkts\":3,\"dstBytes\":4,\"relativeStart\":0.5,"             \
    "\"protocolInformation\":\"\",\"duration\":0.25,\"trafficDate\":\"" DATE                       \
    "\",\"proto\":\"tcp\"}\n"

/* What the filter does, run after run; after the last it passes its input on. */
enum run {
    PASSES,
    FAILS,      /* with status 1 */
    CRASHES,    /* by SIGSEGV */
    HANGS,      /* until it is killed */
    IS_STOPPED, /* a signal ends it and the tool */
    LATE,       /* its input is written to meanwhile */
    NOT_RUN     /* it cannot be started */
};

static const enum run *runs;
static size_t run_count, run_number;
static enum run running;
static bool stopped, idle;
static int64_t run_until;
static char tries[400];    /* "NAME@SECOND " of each run */
static unsigned delivered; /* samples */

/* The parts of the tool that the test stands in for. */

int64_t backoff_wait(unsigned failures)
{
    return failures * 10 * SECOND;
}

bool stop_asked(void)
{
    return stopped;
}

int64_t stop_time(int fd, int64_t since)
{
    (void)fd;
    return stopped ? since + STOP_PAUSE : INT64_MAX;
}

bool stop_wait_input(void *context, int fd)
{
    (void)context;
    (void)fd;
    return true;
}

bool delivery_is_idle(const struct delivery *delivery)
{
    (void)delivery;
    return idle;
}

enum delivery_state delivery_state(const struct delivery *delivery)
{
    (void)delivery;
    return DELIVERY_IDLE;
}

void delivery_added(struct delivery *delivery)
{
    (void)delivery;
    delivered++;
}

static void note_try(int fd)
{
    char link[64], path[PATH_MAX];
    size_t length = strlen(tries);
    ssize_t got;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    got = readlink(link, path, sizeof path - 1);
    need(got > 0, "readlink");
    path[got] = '\0';
    snprintf(tries + length, sizeof tries - length, "%s%s@%lld", length ? " " : "",
             strrchr(path, '/') + 1, (long long)(shown_monotonic / SECOND - 1));
}

static void copy(int in, int out)
{
    char buffer[4096];
    ssize_t got;

    while ((got = pread(in, buffer, sizeof buffer, lseek(out, 0, SEEK_END))) > 0)
        need(write(out, buffer, (size_t)got) == got, "write");
}

enum result child_start(struct child *child, const char *command, int in, int out)
{
    char path[64];
    int fd;

    (void)command;
    note_try(in);
    running = run_number < run_count ? runs[run_number] : PASSES;
    run_number++;
    *child = (struct child){.fd = 0};
    errno = ENOENT;
    if (running == NOT_RUN)
        return RESULT_SYSTEM;
    copy(in, out);
    if (running == LATE) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", in);
        fd = open(path, O_WRONLY | O_APPEND);
        need(fd >= 0 && write(fd, RECORD, strlen(RECORD)) > 0 && close(fd) == 0, "append");
    }
    return RESULT_OK;
}

void child_kill(struct child *child)
{
    (void)child;
    ok(running == HANGS || running == IS_STOPPED, "only what does not end is killed");
    running = CRASHES;
}

int child_end(struct child *child)
{
    (void)child;
    return running == FAILS ? 1 << 8 : running == CRASHES ? SIGSEGV : 0;
}

/* Waits by setting the clock. */
static bool wait_until(void *context, int fd, int64_t until)
{
    (void)context;
    if (fd >= 0 && running != HANGS && running != IS_STOPPED)
        return true;
    stopped = stopped || (fd >= 0 && running == IS_STOPPED) ||
              (fd < 0 && until > 0 && shown_monotonic >= run_until);
    if (until > shown_monotonic)
        shown_monotonic = until;
    return false;
}

/* The tests. */

static struct spool *spool;
static struct intake intake;

static void begin(void)
{
    remove_folder();
    need(mkdir(folder, 0700) == 0 && mkdir(path_of("in"), 0700) == 0, "mkdir");
    need(spool_init(&spool, path_of("spool")) == RESULT_OK, "spool_init");
    intake = (struct intake){0};
    delivered = 0;
}

static void put(const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "in/%s", name);
    put_file(path_of(path), RECORD, strlen(RECORD));
}

static unsigned count(const char *path)
{
    DIR *listing = opendir(path);
    unsigned found = 0;
    struct dirent *dirent;

    need(listing, "opendir");
    while ((dirent = readdir(listing)))
        found += dirent->d_name[0] != '.' || strlen(dirent->d_name) > 2;
    closedir(listing);
    return found;
}

/* Takes files for so many seconds of the clock. The filter does what the list says. */
static int take(const enum run *list, size_t list_count, int64_t seconds)
{
    static char in[PATH_MAX], where[PATH_MAX];
    struct take_options options = {.folder = in,
                                   .filter = "filter",
                                   .spool_path = "spool",
                                   .records_most = 100,
                                   .samples_most = 10,
                                   .go_on = wait_until};
    int status;

    snprintf(in, sizeof in, "%s", path_of("in"));
    snprintf(where, sizeof where, "%s", path_of("said"));
    need(freopen(where, "w", stderr), "freopen");
    runs = list;
    run_count = list_count;
    run_number = 0;
    tries[0] = '\0';
    stopped = false;
    shown_monotonic = SECOND;
    run_until = (seconds + 1) * SECOND;
    status = take_run(&options, spool, NULL, &intake);
    shown_monotonic = 0;
    fflush(stderr);
    let_fail(CALL_FSYNC, 0, 0);
    return status;
}

/* What was said, with the names of files, but without their folder. */
static const char *said(void)
{
    static char text[4096];
    const char *p = text_at(path_of("said"));
    size_t length = 0;

    while (*p && length < sizeof text - 1) {
        if (strncmp(p, folder, strlen(folder)) == 0)
            p += strlen(folder) + 1;
        text[length++] = *p++;
    }
    text[length] = '\0';
    return text;
}

static void end(unsigned files, unsigned samples)
{
    is_int(count(path_of("in")), files, "files that are left");
    is_int(count(path_of("spool")), samples, "samples, and nothing else in the spool");
    is_int(delivered, samples, "samples that are delivered");
    spool_destroy(&spool);
}

#define FAILED(name, how)                                                                          \
    "flowupload: in/" name ".sf: " how "; the file stays, and is tried again\n"
#define STATUS_1 "the filter ended with status 1"

/* Two failures in a row say nothing of the filter: no other file waits. */
static void test_failures_apart(void)
{
    static const enum run list[] = {FAILS, FAILS, PASSES, FAILS, FAILS, PASSES};

    begin();
    for (const char *name = "a.sf\0b.sf\0c.sf\0d.sf\0e.sf\0f.sf\0"; *name; name += 5)
        put(name);
    is_int(take(list, 6, 5), EX_OK, "a filter that fails on some files");
    is_str(tries, "a.sf@0 b.sf@0 c.sf@0 d.sf@0 e.sf@0 f.sf@0", "the others do not wait");
    is_int(intake.filter_failures, 4, "failures are counted");
    is_int(intake.files, 2, "and files");
    is_int(intake.samples, 2, "and samples");
    is_int(intake.records, 2, "and records");
    is_int(intake.bad_files, 0, "none is bad");
    is_str(said(),
           FAILED("a", STATUS_1) FAILED("b", STATUS_1) FAILED("d", STATUS_1) FAILED("e", STATUS_1),
           "each is said");
    end(4, 2);
}

/* After three it waits between files, longer each time, up to a minute. */
static void test_failures_in_a_row(void)
{
    static const enum run list[] = {FAILS, FAILS, FAILS, FAILS, FAILS, FAILS, FAILS, FAILS};
    static const enum run others[] = {NOT_RUN, CRASHES, NOT_RUN, PASSES};

    begin();
    for (const char *name = "a.sf\0b.sf\0c.sf\0d.sf\0"; *name; name += 5)
        put(name);
    is_int(take(list, 8, 235), EX_OK, "a filter that fails on all files");
    is_str(tries, "a.sf@0 b.sf@0 c.sf@0 d.sf@30 a.sf@70 b.sf@120 c.sf@180 d.sf@240",
           "all of them wait");
    is_str(said(),
           FAILED("a", STATUS_1) FAILED("b", STATUS_1) FAILED("c", STATUS_1) FAILED("d", STATUS_1),
           "each is said once");
    end(4, 0);
    begin();
    for (const char *name = "a.sf\0b.sf\0c.sf\0d.sf\0"; *name; name += 5)
        put(name);
    is_int(take(others, 4, 25), EX_OK, "a filter that cannot be run is the same");
    is_str(tries, "a.sf@0 b.sf@0 c.sf@0 d.sf@30 a.sf@30 b.sf@30 c.sf@30",
           "once it runs, none waits");
    is_str(said(),
           FAILED("a", "the filter cannot be started: No such file or directory")
               FAILED("b", "the filter was ended by signal 11 (Segmentation fault)")
                   FAILED("c", "the filter cannot be started: No such file or directory"),
           "what is said");
    end(0, 4);
}

static void test_hanging(void)
{
    static const enum run list[] = {HANGS}, stop[] = {IS_STOPPED};

    begin();
    put("a.sf");
    is_int(take(list, 1, 3611), EX_OK, "a filter that hangs");
    is_str(tries, "a.sf@0 a.sf@3610", "it is run for an hour, and later again");
    is_str(said(),
           "flowupload: in/a.sf: the filter has not ended for a minute; it is killed after an "
           "hour\n" FAILED("a", "the filter had not ended after an hour, and was killed"),
           "what is said");
    is_int(intake.filter_failures, 1, "it has failed");
    end(0, 1);
    begin();
    put("a.sf");
    is_int(take(stop, 1, 9), EX_OK, "a filter that runs while a signal comes");
    is_int(run_number, 1, "no other is run");
    is_str(said(), "", "that is not said");
    is_int(intake.filter_failures, 0, "nor is it a failure");
    end(1, 0);
}

static void test_changed(void)
{
    static const enum run list[] = {LATE, FAILS, LATE};

    begin();
    put("a.sf");
    put("b.sf");
    put("c.sf");
    is_int(take(list, 3, 11), EX_OK, "files that are written to while they are read");
    is_str(tries, "a.sf@0 b.sf@0 c.sf@0 a.sf@1 c.sf@1 b.sf@10",
           "they are read again as soon as the folder is");
    is_int(intake.records, 5, "as a whole");
    is_str(said(), FAILED("b", STATUS_1), "nothing is said of them");
    end(0, 3);
}

static void test_unread(void)
{
    begin();
    put("a.sf");
    let_fail(CALL_READ, 1, EIO);
    is_int(take(NULL, 0, 11), EX_OK, "a file that cannot be read");
    is_str(tries, "a.sf@0 a.sf@10", "it is tried again");
    is_int(intake.files, 1, "it counts once");
    end(0, 1);
}

#define NO_SPACE                                                                                   \
    "flowupload: spool: no space is left there; files stay where they are until there is\n"
#define AGAIN "flowupload: spool: files are taken again\n"

/* While there is no room, a file is tried every five seconds. */
static void test_full(void)
{
    static const int errors[] = {ENOSPC, EDQUOT};

    for (size_t i = 0; i < 2; i++) {
        begin();
        put("a.sf");
        put("b.sf");
        let_fail(CALL_PWRITE, 0xb, errors[i]); /* twice, and once more */
        is_int(take(NULL, 0, 14), EX_OK, "a full disk");
        is_str(tries, "a.sf@0 a.sf@5 a.sf@10 b.sf@10 b.sf@15", "the same file is tried again");
        is_str(said(), NO_SPACE AGAIN NO_SPACE AGAIN, "it is said when that begins and ends");
        is_int(intake.records, 2, "each record is counted once");
        end(0, 2);
    }
    begin();
    put("a.sf");
    let_fail(CALL_FSYNC, 1, ENOSPC);
    is_int(take(NULL, 0, 4), EX_OK, "a disk that is full when the sample is synced");
    is_str(said(), NO_SPACE AGAIN, "is the same");
    end(0, 1);
}

/* Nothing is left to be sent, so no room will come of it: other files go first. */
static void test_too_large(void)
{
    begin();
    put("a.sf");
    put("b.sf");
    idle = true;
    let_fail(CALL_PWRITE, 5, ENOSPC);
    is_int(take(NULL, 0, 31), EX_OK, "a file that is too large");
    is_str(tries, "a.sf@0 b.sf@5 a.sf@10 a.sf@30", "does not keep others");
    is_str(said(), NO_SPACE AGAIN, "it is said once");
    idle = false;
    end(0, 2);
}

static void test_few_descriptors(void)
{
    static const int errors[] = {EMFILE, ENFILE};
    char want[200];

    for (size_t i = 0; i < 2; i++) {
        begin();
        put("a.sf");
        let_fail(CALL_PWRITE, 3, errors[i]);
        is_int(take(NULL, 0, 9), EX_OK, "too many open files");
        is_str(tries, "a.sf@0 a.sf@5 a.sf@10", "it is tried again");
        snprintf(want, sizeof want, "flowupload: spool: no file is taken for now: %s\n" AGAIN,
                 strerror(errors[i]));
        is_str(said(), want, "it is said once, and that it is over");
        end(0, 1);
    }
}

static void test_broken_disk(void)
{
    begin();
    put("a.sf");
    let_fail(CALL_PWRITE, 1, EIO);
    is_int(take(NULL, 0, 9), EX_IOERR, "a disk that is broken ends it");
    is_str(said(), "flowupload: spool: cannot write samples: Input/output error\n",
           "which is said");
    end(1, 0);
    begin();
    put("a.sf");
    let_fail(CALL_FSYNC, 1, EIO);
    is_int(take(NULL, 0, 9), EX_IOERR, "as one that cannot be synced");
    end(1, 0);
}

int main(void)
{
    common_init("flowupload");
    make_folder("take");
    test_failures_apart();
    test_failures_in_a_row();
    test_hanging();
    test_changed();
    test_unread();
    test_full();
    test_too_large();
    test_few_descriptors();
    test_broken_disk();
    remove_folder();
    return done();
}
