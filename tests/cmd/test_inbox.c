/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory that flowupload takes files from: which come next, which stay, and the messages.
 */
#include "../../cmd/inbox.h"

#include "../folder.h"

#include "base/clock.h"
#include "send/backoff.h"

#include <sys/file.h>

/* LATER_MAX of the module, and LEAST_MAX. */
#define MANY 1024

static char said[4096];
static unsigned messages;

/* What flowupload would print. */
void complain(const char *file, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(said, sizeof said, format, args);
    va_end(args);
    need(strncmp(file, folder, strlen(folder)) == 0, "a message of the folder");
    messages++;
}

/* The path given to an inbox must outlive it. */
static struct inbox *begin(void)
{
    static char path[PATH_MAX];
    struct inbox *inbox;

    remove_tree(AT_FDCWD, path_of("in"));
    need(mkdir(path_of("in"), 0700) == 0, "mkdir");
    snprintf(path, sizeof path, "%s", path_of("in"));
    need(inbox_init(&inbox, path) == RESULT_OK, "inbox_init");
    messages = 0;
    return inbox;
}

static void put(const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "in/%s", name);
    put_file(path_of(path), "x\n", 2);
}

static bool is_left(const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "in/%s", name);
    return is_there(path_of(path));
}

/* The name of the next file, "" if there is none. */
static const char *next(struct inbox *inbox, int64_t now, struct inbox_file *file)
{
    return inbox_next(inbox, now, file) == RESULT_OK ? file->name : "";
}

static void test_order(void)
{
    struct inbox *inbox = begin();
    struct inbox_file file;

    put("b.sf");
    put("c.sf");
    put("a.sf.gz");
    put(".d.sf");
    is_str(next(inbox, 0, &file), "a.sf.gz", "the least name first");
    inbox_remove(inbox, &file, 0);
    ok(!is_left("a.sf.gz"), "it is removed");
    put("0.sf");
    is_str(next(inbox, 0, &file), "b.sf", "then the next one, whatever came meanwhile");
    inbox_keep(inbox, &file);
    ok(is_left("b.sf"), "it is kept");
    is_str(next(inbox, SECOND, &file), "0.sf", "after which the folder is read anew");
    inbox_remove(inbox, &file, SECOND);
    is_str(next(inbox, SECOND, &file), "b.sf", "it is there again");
    inbox_remove(inbox, &file, SECOND);
    is_str(next(inbox, SECOND, &file), "c.sf", "and the last one");
    inbox_remove(inbox, &file, SECOND);
    is_str(next(inbox, SECOND, &file), "", "then there is none");
    is_int(inbox_deadline(inbox), 2 * SECOND, "until a second after the folder was read");
    put("e.sf");
    is_str(next(inbox, 2 * SECOND - 1, &file), "", "before that it is not");
    is_str(next(inbox, 2 * SECOND, &file), "e.sf", "then it is");
    inbox_remove(inbox, &file, 2 * SECOND);
    is_int(messages, 0, "nothing is said");
    inbox_destroy(&inbox);
}

/* The directory is locked while files are taken, and only then. */
static void test_lock(void)
{
    struct inbox *inbox = begin();
    struct inbox_file file;
    int fd = open(path_of("in"), O_RDONLY | O_DIRECTORY);

    put("a.sf");
    put("b.sf");
    need(fd >= 0 && flock(fd, LOCK_EX) == 0, "flock");
    is_str(next(inbox, 0, &file), "", "none is taken while another process takes them");
    is_int(messages, 0, "which is not said");
    flock(fd, LOCK_UN);
    is_str(next(inbox, SECOND, &file), "a.sf", "then they are");
    ok(flock(fd, LOCK_EX | LOCK_NB) < 0, "it is locked meanwhile");
    inbox_keep(inbox, &file);
    ok(flock(fd, LOCK_EX | LOCK_NB) == 0, "not while one that was kept waits");
    flock(fd, LOCK_UN);
    while (*next(inbox, 2 * SECOND, &file))
        inbox_remove(inbox, &file, 2 * SECOND);
    ok(flock(fd, LOCK_EX | LOCK_NB) == 0, "nor where none is left");
    close(fd);
    inbox_destroy(&inbox);
}

/* More files than are listed at once still come in order and without a pause. */
static void test_many(void)
{
    struct inbox *inbox = begin();
    struct inbox_file file;
    char name[32], last[32] = "";
    unsigned count = 0, disorder = 0;

    for (unsigned i = 0; i < MANY + 300; i++) {
        snprintf(name, sizeof name, "%04u.sf", i * 7 % (MANY + 300));
        put(name);
    }
    while (*next(inbox, 5, &file)) {
        disorder += strcmp(last, file.name) >= 0;
        snprintf(last, sizeof last, "%.16s", file.name);
        inbox_remove(inbox, &file, 5);
        count++;
    }
    is_int(count, MANY + 300, "all of many files, at once");
    is_int(disorder, 0, "in order");
    inbox_destroy(&inbox);
}

static void put_off(struct inbox *inbox, int64_t now, const char *name, unsigned times)
{
    struct inbox_file file;

    is_str(next(inbox, now, &file), name, "%s is tried", name);
    is_int(inbox_was_put_off(inbox, &file), times > 1, "whether it was put off before");
    is_int(inbox_put_off(inbox, &file, now), times, "it is put off: time %u", times);
}

static void test_put_off(void)
{
    struct inbox *inbox = begin();
    int64_t now = 0;

    put("a.sf");
    for (unsigned i = 1; i <= 3; i++, now += BACKOFF_MOST)
        put_off(inbox, now, "a.sf", i);
    need(rename(path_of("in/a.sf"), path_of("in/b.sf")) == 0, "rename");
    put_off(inbox, now, "b.sf", 1);
    now += BACKOFF_MOST;
    put_file(path_of("in/b.sf"), "more\n", 5); /* the same file with another time */
    put_off(inbox, now, "b.sf", 1);
    put("new");
    need(rename(path_of("in/new"), path_of("in/b.sf")) == 0, "rename");
    now += SECOND;
    put_off(inbox, now, "b.sf", 1);
    is_int(messages, 0, "who puts it off says so");
    inbox_destroy(&inbox);
}

/* After many failures in a row, files are not retried immediately. */
static void test_backoff(void)
{
    enum { FILES = 20, FAILURES = 10 };
    struct inbox *inbox = begin();
    struct inbox_file file;
    char name[32];
    int64_t now = 0;
    unsigned again = 0;

    for (unsigned i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "%04u.sf", i);
        put(name);
    }
    for (unsigned i = 0; i < FAILURES; i++, now += BACKOFF_MOST)
        while (*next(inbox, now, &file))
            inbox_put_off(inbox, &file, now);
    now -= BACKOFF_MOST - SECOND; /* a second after the last ones */
    while (*next(inbox, now, &file)) {
        inbox_put_off(inbox, &file, now);
        again++;
    }
    ok(again < FILES, "they are not all tried again after a second");
    inbox_destroy(&inbox);
}

/* So many files that cannot be taken that no others are. */
static void test_too_many(void)
{
    struct inbox *inbox = begin();
    struct inbox_file file;
    char name[32];

    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "b%04u.sf", i);
        put(name);
    }
    while (*next(inbox, 0, &file)) {
        inbox_put_off(inbox, &file, 0);
        inbox_put_off(inbox, &file, 10 * BACKOFF_MOST); /* only the number matters */
    }
    is_int(messages, 1, "it is said, once");
    is_str(said,
           "1024 files of it cannot be taken; no others are, until one of these can be or is moved "
           "away",
           "that no others are taken");
    put("a.sf");
    is_str(next(inbox, SECOND, &file), "", "no other one is");
    is_int(messages, 1, "which is not said again");
    unlink(path_of("in/b0007.sf"));
    is_str(next(inbox, 2 * SECOND, &file), "a.sf", "until one has gone");
    inbox_put_off(inbox, &file, 10 * BACKOFF_MOST);
    put("c.sf");
    is_str(next(inbox, 3 * SECOND, &file), "", "another one is too much again");
    is_int(messages, 2, "which is said again");
    inbox_destroy(&inbox);
}

static void test_set_aside(void)
{
    struct inbox *inbox = begin();
    struct inbox_file file;

    put("a.sf");
    put("a.sf.bad");
    is_str(next(inbox, 0, &file), "a.sf", "a bad file");
    inbox_set_aside(inbox, &file, "it is bad", 0);
    is_str(said, "it is bad; it is kept as a.sf-2.bad", "is kept under another name");
    ok(!is_left("a.sf") && is_left("a.sf-2.bad"), "indeed");
    put("a.sf");
    is_str(next(inbox, SECOND, &file), "a.sf", "another one of its name is taken");
    unlink(path_of("in/a.sf"));
    put("a.sf");
    inbox_remove(inbox, &file, SECOND);
    ok(is_left("a.sf"), "one that got the name meanwhile is not removed for it");
    is_str(next(inbox, 2 * SECOND, &file), "a.sf", "but taken");
    unlink(path_of("in/a.sf"));
    messages = 0;
    inbox_set_aside(inbox, &file, "it is bad", 2 * SECOND);
    is_int(messages, 0, "one that has gone is not told of");
    inbox_destroy(&inbox);
}

static void test_folder(void)
{
    struct inbox *inbox = begin();
    struct inbox_file file;

    put("a.sf");
    is_str(next(inbox, 0, &file), "a.sf", "a file");
    inbox_keep(inbox, &file);
    need(rename(path_of("in"), path_of("away")) == 0, "rename");
    for (int i = 1; i <= 3; i++)
        is_str(next(inbox, i * SECOND, &file), "", "none where the folder has gone");
    is_int(messages, 1, "which is said once");
    is_str(said,
           "no files can be taken from it: No such file or directory; will retry each "
           "second",
           "with the reason");
    need(rename(path_of("away"), path_of("in")) == 0, "rename");
    is_str(next(inbox, 4 * SECOND, &file), "a.sf", "the file again");
    is_str(said, "files can be taken from it now", "which is said, too");
    is_int(messages, 2, "once");
    inbox_remove(inbox, &file, 4 * SECOND);
    inbox_destroy(&inbox);
}

int main(void)
{
    make_folder("inbox");
    test_order();
    test_lock();
    test_many();
    test_put_off();
    test_backoff();
    test_too_many();
    test_set_aside();
    test_folder();
    remove_folder();
    return done();
}
