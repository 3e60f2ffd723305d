/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spool: files on their way through it, leftovers of dead processes, and files of others.
 */
#include "../calls.h"
#include "../folder.h"
#include "base/clock.h"
#include "send/spool.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

/* A new, empty spool in the directory. */
static struct spool *new_spool(void)
{
    struct spool *spool = NULL;

    remove_tree(AT_FDCWD, path_of("spool"));
    need(spool_init(&spool, path_of("spool")) == RESULT_OK, "spool_init");
    return spool;
}

/* The path of a file in the spool. */
static const char *spool_path(const char *name)
{
    char below[1024];

    snprintf(below, sizeof below, "spool/%s", name);
    return path_of(below);
}

static void put_text(const char *name, const char *text)
{
    put_file(spool_path(name), text, strlen(text));
}

static const char *text_of(const char *name)
{
    return text_at(spool_path(name));
}

/* Begins a file and writes the text to it. */
static void begin(struct spool *spool, enum spool_kind kind, const char *file_name,
                  const struct spool_file *companion, const char *text, struct spool_file *file)
{
    need(spool_create(spool, kind, file_name, companion, file) == RESULT_OK, "spool_create");
    need(write(file->fd, text, strlen(text)) == (ssize_t)strlen(text), "write");
}

static void add(struct spool *spool, enum spool_kind kind, const char *file_name, const char *text)
{
    struct spool_file file;

    begin(spool, kind, file_name, NULL, text, &file);
    need(spool_commit(spool, &file) == RESULT_OK, "spool_commit");
}

/* The name of the first entry after a name, or "(none)". */
static const char *next_name(struct spool *spool, const char *after)
{
    static struct spool_entry entry;
    enum result result = spool_next(spool, after, &entry);

    return result == RESULT_OK ? entry.name : result == RESULT_END ? "(none)" : "(failed)";
}

static const char *fd_text(int fd)
{
    static char text[4096];
    ssize_t got = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);

    if (got < 0)
        return "(none)";
    text[got] = '\0';
    close(fd);
    return text;
}

static unsigned mode_of(const char *path)
{
    struct stat stat;

    return lstat(path, &stat) == 0 ? (unsigned)stat.st_mode & 07777 : 0;
}

static int count_files(const char *path)
{
    DIR *listing = opendir(path);
    int count = -2; /* . and .. */

    need(listing, "opendir");
    while (readdir(listing))
        count++;
    closedir(listing);
    return count;
}

/* A process that does something, then lives until it is ended. */
struct living {
    pid_t pid;
    int keep;
};

static struct living start(struct spool *spool, void (*task)(struct spool *spool))
{
    int ready[2], keep[2];
    struct living living;
    char byte = 0;

    need(pipe(ready) == 0 && pipe(keep) == 0, "pipe");
    fflush(stdout);
    living.pid = fork();
    need(living.pid >= 0, "fork");
    if (living.pid == 0) {
        close(keep[1]);
        task(spool);
        if (write(ready[1], "", 1) == 1 && read(keep[0], &byte, 1) == 0)
            _exit(0);
        _exit(1);
    }
    close(ready[1]);
    close(keep[0]);
    living.keep = keep[1];
    need(read(ready[0], &byte, 1) == 1, "a process that began");
    close(ready[0]);
    return living;
}

static void end(struct living living)
{
    int status;

    kill(living.pid, SIGKILL);
    need(waitpid(living.pid, &status, 0) == living.pid, "waitpid");
    close(living.keep);
}

/* Directories. */

static void test_init(void)
{
    static const char *const paths[] = {"one", "two/three/four", "five/six/"};
    mode_t mask = umask(0);
    struct spool *spool = NULL;

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        is_int(spool_init(&spool, path_of(paths[i])), RESULT_OK, "makes %s", paths[i]);
        spool_destroy(&spool);
        ok(!spool, "destroying clears the pointer");
        spool_destroy(&spool);
        is_int(spool_init(&spool, path_of(paths[i])), RESULT_OK, "opens %s", paths[i]);
        spool_destroy(&spool);
    }
    umask(mask);
    is_int(mode_of(path_of("one")), 0700, "the mode of a folder");
    is_int(mode_of(path_of("two")), 0700, "and of those above it");
    is_int(mode_of(path_of("two/three")), 0700, "each of them");
    is_int(mode_of(path_of("two/three/four")), 0700, "and its own");
    need(chmod(path_of("one"), 0750) == 0, "chmod");
    is_int(spool_init(&spool, path_of("one")), RESULT_OK, "a folder that was there");
    is_int(mode_of(path_of("one")), 0750, "keeps its mode");
    spool_destroy(&spool);
}

static void test_init_relative(void)
{
    struct spool *spool = NULL;

    need(chdir(folder) == 0, "chdir");
    is_int(spool_init(&spool, "near/by"), RESULT_OK, "a path from here");
    need(chdir("/") == 0, "chdir");
    ok(is_there(path_of("near/by")), "is made here");
    add(spool, SPOOL_RECORDS, "a", "a\n");
    is_int(count_files(path_of("near/by")), 1, "and stays where it was opened");
    spool_destroy(&spool);
}

static void test_init_fails(void)
{
    static char too_long[PATH_MAX + 8];
    struct spool *spool = NULL;

    put_file(path_of("file"), "", 0);
    errno = 0;
    is_int(spool_init(&spool, path_of("file")), RESULT_SYSTEM, "a file is no folder");
    is_int(errno, ENOTDIR, "errno says so");
    errno = 0;
    is_int(spool_init(&spool, path_of("file/below")), RESULT_SYSTEM, "nothing is below a file");
    is_int(errno, ENOTDIR, "errno says so");
    memset(too_long, 'x', sizeof too_long - 1);
    errno = 0;
    is_int(spool_init(&spool, too_long), RESULT_SYSTEM, "too long a path");
    is_int(errno, ENAMETOOLONG, "errno says so");
    ok(!spool, "there is no spool");
}

/* Others could send with this one's key. Group access is fine, except for root. */
static void test_init_open(void)
{
    static const mode_t modes[] = {0777, 01777, 0702, 0770, 02770, 0755, 0700};
    bool root = geteuid() == 0;

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        bool everyone = (modes[i] & 2) != 0, group = (modes[i] & 020) != 0;
        struct spool *spool = NULL;

        need(chmod(path_of("one"), modes[i]) == 0, "chmod");
        is_int(spool_init(&spool, path_of("one")),
               everyone || (group && root) ? RESULT_INVALID : RESULT_OK, "a folder of mode %o",
               (unsigned)modes[i]);
        spool_destroy(&spool);
    }
}

/* Forbidden to a plain user, but not to root. */
static void test_init_denied(void)
{
    bool root = geteuid() == 0;
    struct spool *spool = NULL;

    need(mkdir(path_of("denied"), 0500) == 0, "mkdir");
    errno = 0;
    is_int(spool_init(&spool, path_of("denied")), root ? RESULT_OK : RESULT_SYSTEM,
           "a folder that cannot be written");
    ok(root || errno == EACCES, "errno says so");
    spool_destroy(&spool);
    errno = 0;
    is_int(spool_init(&spool, path_of("denied/below")), root ? RESULT_OK : RESULT_SYSTEM,
           "a folder in it");
    ok(root || errno == EACCES, "errno says so");
    spool_destroy(&spool);
}

/* Words and names. */

static void test_kinds(void)
{
    static const char *const words[] = {"records", "pcap", "pcapng", "secflow", "zeek", "dns"};
    static const char *const others[] = {"", "Records", "record", "records ", "pcapn", "zeekx"};
    enum spool_kind kind;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        is_str(spool_kind_word((enum spool_kind)i), words[i], "the word for kind %zu", i);
        kind = i == 0 ? SPOOL_DNS : SPOOL_RECORDS;
        ok(spool_kind_find(words[i], &kind), "%s is a kind", words[i]);
        is_int(kind, i, "it is that one");
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ok(!spool_kind_find(others[i], &kind), "'%s' is none", others[i]);
}

static void test_file_names(void)
{
    static const struct {
        const char *name;
        bool good;
    } cases[] = {
        {"a", true},      {".", true},      {"a b", true},  {"caf\xc3\xa9", true}, {"\xff", true},
        {"a.b..c", true}, {"%s\\\"", true}, {"", false},    {"/", false},          {"a/b", false},
        {"a/", false},    {"a\nb", false},  {"\t", false},  {"\x1f", false},       {"\x01", false},
        {"a\x7f", false}, {"\x7f", false},  {"\x80", true},
    };
    char name[SPOOL_FILE_NAME_MAX + 2];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = strlen(cases[i].name) + 1;
        uint8_t *copy = exact_copy(cases[i].name, length);

        is_int(spool_is_file_name((const char *)copy), cases[i].good, "file name %zu", i);
        exact_free(copy, length);
    }
    memset(name, 'x', sizeof name);
    name[SPOOL_FILE_NAME_MAX] = '\0';
    ok(spool_is_file_name(name), "the longest");
    name[SPOOL_FILE_NAME_MAX] = 'x';
    name[SPOOL_FILE_NAME_MAX + 1] = '\0';
    ok(!spool_is_file_name(name), "one too long");
}

static void test_clean_names(void)
{
    static const struct {
        const char *name, *clean;
    } names[] = {
        {"a.sf", "a.sf"},
        {"a/b", "a_b"},
        {"a\nb\x1b[31m\x7f", "a_b_[31m_"},
        {"", "_"},
        {"x.answer", "x_answer"},
        {".answer", "_answer"},
        {"\xc3\xa9", "\xc3\xa9"},
        {"answer", "answer"},
    };
    char clean[SPOOL_FILE_NAME_MAX + 1], name[300];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        spool_clean_name(names[i].name, clean);
        is_str(clean, names[i].clean, "clean name %zu", i);
        ok(spool_is_file_name(clean), "it is one");
    }
    for (size_t i = 0; i < sizeof name - 1; i++)
        name[i] = i % 2 ? '\xa9' : '\xc3';
    name[sizeof name - 1] = '\0';
    spool_clean_name(name, clean);
    is_int(clean[0], '\xc3', "a long name begins with a whole character");
    ok(spool_is_file_name(clean), "and is one");
}

/* Files, from beginning to end. */

static void check_entry(struct spool *spool, enum spool_kind kind, int64_t before,
                        const struct spool_file *file)
{
    struct spool_entry entry = {.kind = SPOOL_DNS};

    is_int(spool_next(spool, "", &entry), RESULT_OK, "it is there");
    is_str(entry.name, file->name + 1, "under its name");
    is_int(entry.kind, kind, "its kind");
    ok(entry.time >= before && entry.time <= clock_wall(), "its time");
    is_int(entry.bytes, 6, "its bytes");
    is_str(entry.name + entry.file_name, "name.x", "its file name");
    is_str(fd_text(spool_open_entry(spool, &entry)), "a\nb\nc\n", "its content");
    is_int(mode_of(spool_path(entry.name)), 0600, "is the owner's alone");
    is_str(next_name(spool, entry.name), "(none)", "it is the only one");
    is_int(spool_remove(spool, &entry), RESULT_OK, "it is removed");
    ok(!is_there(spool_path(entry.name)), "and gone");
    is_str(next_name(spool, ""), "(none)", "the spool is empty");
    is_int(spool_open_entry(spool, &entry), -1, "it cannot be opened");
    is_int(spool_remove(spool, &entry), RESULT_OK, "to remove it again is no failure");
}

static void test_life(void)
{
    mode_t mask = umask(0);

    for (int kind = SPOOL_RECORDS; kind < SPOOL_DNS; kind++) {
        struct spool *spool = new_spool();
        int64_t before = clock_wall();
        struct spool_file file = {.fd = -1};

        begin(spool, (enum spool_kind)kind, "name.x", NULL, "a\nb\nc\n", &file);
        ok(file.name[0] == '.', "%s: begins with a dot", spool_kind_word((enum spool_kind)kind));
        ok(is_there(spool_path(file.name)), "is there");
        ok(!is_there(spool_path(file.name + 1)), "but not complete");
        is_str(next_name(spool, ""), "(none)", "nor listed");
        is_int(spool_commit(spool, &file), RESULT_OK, "is complete");
        is_int(file.fd, -1, "is closed");
        ok(!is_there(spool_path(file.name)), "has another name");
        check_entry(spool, (enum spool_kind)kind, before, &file);
        spool_destroy(&spool);
    }
    umask(mask);
}

static void test_commit_fails(void)
{
    struct spool *spool = new_spool();
    struct spool_file file;

    begin(spool, SPOOL_RECORDS, "a", NULL, "a\n", &file);
    need(unlink(spool_path(file.name)) == 0, "unlink");
    errno = 0;
    is_int(spool_commit(spool, &file), RESULT_SYSTEM, "a file that somebody removed");
    is_int(errno, ENOENT, "errno says so");
    is_str(fd_text(dup(file.fd)), "a\n", "it stays open");
    put_text(file.name, "b\n");
    is_int(spool_commit(spool, &file), RESULT_OK, "it can be tried again");
    spool_destroy(&spool);
}

static void test_unsynced(void)
{
    struct spool *spool = new_spool();
    struct spool_file file;
    int pipes[2];

    begin(spool, SPOOL_RECORDS, "a", NULL, "a\n", &file);
    need(pipe(pipes) == 0 && dup2(pipes[1], file.fd) == file.fd, "pipe");
    errno = 0;
    is_int(spool_commit(spool, &file), RESULT_UNSYNCED, "a file that cannot be synced");
    is_int(errno, EINVAL, "errno says why: here it is a pipe");
    is_int(count_files(path_of("spool")), 1, "it is not complete");
    spool_discard(spool, &file);
    is_int(count_files(path_of("spool")), 0, "it can be discarded");
    close(pipes[0]);
    close(pipes[1]);
    spool_destroy(&spool);
}

static void test_discard(void)
{
    struct spool *spool = new_spool();
    struct spool_file file;
    int fd;

    begin(spool, SPOOL_PCAP, "a", NULL, "a", &file);
    fd = file.fd;
    spool_discard(spool, &file);
    is_int(file.fd, -1, "what is discarded is closed");
    ok(fcntl(fd, F_GETFD) < 0, "indeed");
    is_int(count_files(path_of("spool")), 0, "and gone");
    spool_destroy(&spool);
}

/* Of SPOOL_COPY: records once it is complete, and nothing before. */
static void test_copy(void)
{
    struct spool *spool = new_spool();
    struct spool_entry entry;
    struct spool_file file;

    begin(spool, SPOOL_COPY, "a.copy.b", NULL, "a\n", &file);
    is_int(spool_next(spool, "", &entry), RESULT_END, "a copy that is not complete is not listed");
    is_int(spool_commit(spool, &file), RESULT_OK, "a copy is complete");
    is_int(spool_next(spool, "", &entry), RESULT_OK, "it is listed then");
    is_int(entry.kind, SPOOL_RECORDS, "as records");
    is_str(entry.name + entry.file_name, "a.copy.b", "under its name");
    is_str(text_of(entry.name), "a\n", "with what was written");
    is_int(count_files(path_of("spool")), 1, "and nothing else is there");
    spool_destroy(&spool);
}

/* Names as used when a file is sent. */
static void test_odd_names(void)
{
    static const char *const names[] = {
        "a",    "a.b..c", ".", "..",       ".hidden", " ",        "\xff\xfe",  "caf\xc3\xa9",
        "%s%n", "-rf",    "*", "a'b\"c\\", "records", "1.2.zeek", "0.0.0.0.0", "answer",
    };
    char longest[SPOOL_FILE_NAME_MAX + 1];
    size_t count = sizeof names / sizeof *names;

    memset(longest, 'x', sizeof longest - 1);
    longest[SPOOL_FILE_NAME_MAX] = '\0';
    for (size_t i = 0; i <= count; i++) {
        const char *name = i < count ? names[i] : longest;
        struct spool *spool = new_spool();
        struct spool_entry entry;

        add(spool, SPOOL_PCAPNG, name, "text");
        is_int(spool_next(spool, "", &entry), RESULT_OK, "odd name %zu", i);
        is_int(entry.kind, SPOOL_PCAPNG, "does not change the kind");
        is_str(entry.name + entry.file_name, name, "and comes back");
        is_str(fd_text(spool_open_entry(spool, &entry)), "text", "its content");
        is_int(spool_reject(spool, &entry, "no", 2), RESULT_OK, "it is rejected");
        is_int(count_files(spool_path("rejected")), 2, "with its answer");
        spool_destroy(&spool);
    }
}

static void test_order(void)
{
    static const char *const names[] = {
        "1700000000000003.1.0.records.c", "0000000000000009.1.0.pcap.z",
        "1700000000000001.99.7.zeek.a", "1700000000000002.5.0.secflow.b"};
    static const int64_t times[] = {9, 1700000000000001, 1700000000000002, 1700000000000003};
    struct spool *spool = new_spool();
    struct spool_entry entry = {.name = ""};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put_text(names[i], "x");
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        is_int(spool_next(spool, entry.name, &entry), RESULT_OK, "the next, by age");
        is_int(entry.time, times[i], "its time");
    }
    is_str(next_name(spool, entry.name), "(none)", "there are no more");
    is_str(next_name(spool, ""), names[1], "and from the beginning");
    is_str(next_name(spool, names[3]), names[0], "and behind the third");
    is_str(next_name(spool, names[2]), names[3], "and behind one before it");
    is_str(next_name(spool, "1700000000000002"), names[3], "and behind what is no name");
    spool_destroy(&spool);
}

/* Several files of one process are named by age. */
static void test_order_made(void)
{
    struct spool *spool = new_spool();
    struct spool_entry entry = {.name = ""};
    size_t wrong = 0, count = 0;
    int64_t before = 0;

    for (int i = 0; i < 30; i++)
        add(spool, SPOOL_RECORDS, "same", "a\n");
    for (; spool_next(spool, entry.name, &entry) == RESULT_OK; count++) {
        wrong += entry.time < before;
        before = entry.time;
    }
    is_int(count, 30, "files of one name are all there");
    is_int(wrong, 0, "by age");
    spool_destroy(&spool);
}

/* More than are listed at once, and one more that comes meanwhile. */
static void test_many(void)
{
    enum { MANY = 2500 };
    struct spool *spool = new_spool();
    struct spool_entry entry = {.name = ""};
    size_t count = 0, wrong = 0, total = 0;
    uint64_t bytes = 0;

    for (int i = 0; i < MANY; i++) {
        char name[64];

        snprintf(name, sizeof name, "%016d.1.0.records.x", 1 + i * 7919 % MANY);
        put_text(name, "ab");
    }
    is_int(spool_total(spool, &total, &bytes), RESULT_OK, "the total");
    is_int(total, MANY, "of files");
    is_int(bytes, 2 * MANY, "of bytes");
    while (spool_next(spool, entry.name, &entry) == RESULT_OK) {
        wrong += entry.time != (int64_t)++count || entry.bytes != 2;
        if (count == 1500)
            put_text("0000000000002501.1.0.records.x", "ab");
    }
    is_int(count, MANY + 1, "each is found");
    is_int(wrong, 0, "in order");
    spool_destroy(&spool);
}

/* In the order of sending: the oldest again and again, then the next ones. */
static void test_many_removed(void)
{
    enum { MANY = 1100, OLDEST = 80 };
    struct spool *spool = new_spool();
    struct spool_entry entry = {.name = ""};
    size_t wrong = 0, count = 0;

    for (int i = 0; i < MANY; i++) {
        char name[64];

        snprintf(name, sizeof name, "%016d.1.0.records.x", 1 + i * 7919 % MANY);
        put_text(name, "");
    }
    while (spool_next(spool, count < OLDEST ? "" : entry.name, &entry) == RESULT_OK) {
        wrong += entry.time != (int64_t)++count;
        wrong += spool_remove(spool, &entry) != RESULT_OK;
    }
    is_int(count, MANY, "each is removed");
    is_int(wrong, 0, "in order");
    is_int(count_files(path_of("spool")), 0, "none is left");
    spool_destroy(&spool);
}

/* Zeek's logs. */

static void test_companion(void)
{
    struct spool *spool = new_spool();
    struct spool_file zeek, dns, again;
    struct spool_entry entry;
    size_t count = 0;
    uint64_t bytes = 0;

    begin(spool, SPOOL_ZEEK, "conn.log", NULL, "conn", &zeek);
    begin(spool, SPOOL_DNS, "other.log", &zeek, "dns..", &dns);
    ok(strstr(zeek.name, ".zeek.conn.log"), "a Zeek log");
    ok(strstr(dns.name, ".dns.conn.log"), "its companion is called as it is");
    is_int(strncmp(zeek.name, dns.name, (size_t)(strstr(dns.name, ".dns") - dns.name)), 0,
           "all the way to its kind");
    errno = 0;
    is_int(spool_create(spool, SPOOL_DNS, "x", &zeek, &again), RESULT_SYSTEM, "there is one only");
    is_int(errno, EEXIST, "errno says so");
    is_int(spool_commit(spool, &dns), RESULT_OK, "it is complete first");
    is_str(next_name(spool, ""), "(none)", "and not listed");
    is_int(spool_commit(spool, &zeek), RESULT_OK, "then the other");
    is_int(spool_next(spool, "", &entry), RESULT_OK, "which is");
    is_int(entry.kind, SPOOL_ZEEK, "its kind");
    is_int(entry.bytes, 9, "the bytes of both");
    is_int(spool_total(spool, &count, &bytes), RESULT_OK, "the total");
    is_int(count, 1, "of one file");
    is_int(bytes, 9, "has the bytes of both");
    is_str(fd_text(spool_open_entry(spool, &entry)), "conn", "the log");
    is_str(fd_text(spool_open_companion(spool, &entry)), "dns..", "its companion");
    is_str(next_name(spool, entry.name), "(none)", "there is nothing else");
    is_int(spool_remove(spool, &entry), RESULT_OK, "they are removed");
    is_int(count_files(path_of("spool")), 0, "both of them");
    spool_destroy(&spool);
}

static void test_no_companion(void)
{
    struct spool *spool = new_spool();
    struct spool_entry entry;

    add(spool, SPOOL_ZEEK, "conn.log", "conn");
    is_int(spool_next(spool, "", &entry), RESULT_OK, "a Zeek log alone");
    is_int(entry.bytes, 4, "its bytes");
    errno = 0;
    is_int(spool_open_companion(spool, &entry), -1, "has no companion");
    is_int(errno, ENOENT, "errno says so");
    is_int(spool_remove(spool, &entry), RESULT_OK, "it is removed");
    add(spool, SPOOL_ZEEK, "conn.log", "conn");
    need(spool_next(spool, "", &entry) == RESULT_OK, "spool_next");
    is_int(spool_reject(spool, &entry, "", 0), RESULT_OK, "or rejected");
    is_int(count_files(spool_path("rejected")), 2, "with its answer");
    spool_destroy(&spool);
}

/* The lock. */

static void take_lock(struct spool *unused)
{
    struct spool *spool = NULL;

    (void)unused;
    if (spool_init(&spool, path_of("spool")) != RESULT_OK || spool_lock(spool) != RESULT_OK)
        _exit(2);
}

static void test_lock(void)
{
    struct spool *spool = new_spool(), *other = NULL;
    struct living living = start(spool, take_lock);

    is_int(spool_lock(spool), RESULT_END, "another process has the lock");
    is_int(spool_lock(spool), RESULT_END, "still");
    spool_unlock(spool);
    is_int(spool_lock(spool), RESULT_END, "to give up what one has not changes nothing");
    end(living);
    is_int(spool_lock(spool), RESULT_OK, "it died");
    need(spool_init(&other, path_of("spool")) == RESULT_OK, "spool_init");
    is_int(spool_lock(other), RESULT_END, "a second one cannot have it");
    spool_unlock(spool);
    is_int(spool_lock(other), RESULT_OK, "until it is given up");
    spool_destroy(&other);
    is_int(spool_lock(spool), RESULT_OK, "or destroyed");
    is_str(next_name(spool, ""), "(none)", "its file is no entry");
    spool_destroy(&spool);
}

/* Leftovers of dead processes. */

#define LEFT ".1700000000000001.4242.7."

/* Bytes before and after a last newline; newline false: none. */
static void test_recover_lines(void)
{
    static const struct {
        size_t before, behind;
        bool newline;
    } cases[] = {
        {0, 0, false},   {0, 1, false},      {0, 4096, false}, {0, 9000, false}, {0, 0, true},
        {1, 0, true},    {1, 1, true},       {0, 4094, true},  {0, 4095, true},  {0, 4096, true},
        {0, 4097, true}, {4095, 0, true},    {4096, 0, true},  {4096, 1, true},  {5, 9000, true},
        {9000, 5, true}, {9000, 9000, true},
    };
    static const char name[] = LEFT "records.a";
    static char text[20000];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t whole = cases[i].newline ? cases[i].before + 1 : 0, count = 7;
        struct spool *spool = new_spool();

        memset(text, 'x', sizeof text);
        text[0] = cases[i].newline ? '\n' : 'x'; /* an earlier one, if there is space */
        text[cases[i].before] = cases[i].newline ? '\n' : 'x';
        put_file(spool_path(name), text, whole + cases[i].behind);
        is_int(spool_recover(spool, &count), RESULT_OK, "records that were left, %zu", i);
        is_int(count, cases[i].newline, "whether they are completed");
        ok(!is_there(spool_path(name)), "they are not left");
        is_int(is_there(spool_path(name + 1)), cases[i].newline, "whether they are there");
        text[whole] = '\0';
        if (whole > 0)
            is_str(text_of(name + 1), text, "their whole lines");
        is_int(spool_recover(spool, &count), RESULT_OK, "again");
        is_int(count, 0, "there is nothing to do");
        spool_destroy(&spool);
    }
}

static void test_recover_kinds(void)
{
    static const char *const names[] = {LEFT "pcap.a", LEFT "pcapng.a", LEFT "secflow.a",
                                        LEFT "zeek.a", LEFT "dns.a",    LEFT "copy.a"};
    struct spool *spool = new_spool();
    size_t count = 7;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put_text(names[i], "a\nb\n");
    put_text("1700000000000001.1.1.pcap.b", "b");
    put_text("1700000000000002.1.1.records.c", "c");
    is_int(spool_recover(spool, &count), RESULT_OK, "what is left of files that are no records");
    is_int(count, 0, "is not completed");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ok(!is_there(spool_path(names[i])) && !is_there(spool_path(names[i] + 1)), "%s is removed",
           names[i]);
    is_str(text_of("1700000000000001.1.1.pcap.b"), "b", "what was complete stays");
    is_str(text_of("1700000000000002.1.1.records.c"), "c", "as it is");
    spool_destroy(&spool);
}

static void write_records(struct spool *spool)
{
    struct spool_file file;

    begin(spool, SPOOL_RECORDS, "child", NULL, "one\ntwo\nthr", &file);
}

static void test_recover_living(void)
{
    struct spool *spool = new_spool();
    struct living living = start(spool, write_records);
    struct spool_file own;
    struct spool_entry entry;
    size_t count = 7;

    begin(spool, SPOOL_RECORDS, "own", NULL, "own\n", &own);
    is_int(spool_recover(spool, &count), RESULT_OK, "while another process writes, and this one");
    is_int(count, 0, "nothing is completed");
    is_int(count_files(path_of("spool")), 2, "nothing is removed");
    end(living);
    is_int(spool_recover(spool, &count), RESULT_OK, "the other died");
    is_int(count, 1, "what it left is completed");
    is_int(spool_next(spool, "", &entry), RESULT_OK, "and listed");
    is_str(entry.name + entry.file_name, "child", "under its name");
    is_str(fd_text(spool_open_entry(spool, &entry)), "one\ntwo\n", "with its whole lines");
    is_int(entry.bytes, 8, "which are its bytes");
    ok(is_there(spool_path(own.name)), "what is being written stays");
    is_int(spool_commit(spool, &own), RESULT_OK, "and can be completed");
    is_str(text_of(own.name + 1), "own\n", "as ever");
    spool_destroy(&spool);
}

static void test_recover_many(void)
{
    struct spool *spool = new_spool();
    size_t count = 7, listed = 0;
    uint64_t bytes = 0;

    for (int i = 0; i < 50; i++) {
        char name[64];

        snprintf(name, sizeof name, ".%016d.1.%d.records.x", 50 - i, i);
        put_text(name, i % 2 ? "a\nb" : "a");
    }
    is_int(spool_recover(spool, &count), RESULT_OK, "many that were left");
    is_int(count, 25, "of which half have a line");
    is_int(spool_total(spool, &listed, &bytes), RESULT_OK, "the total");
    is_int(listed, 25, "counts those");
    is_int(bytes, 50, "and their bytes");
    spool_destroy(&spool);
}

static void test_recover_companions(void)
{
    struct spool *spool = new_spool();
    struct spool_file zeek, dns;
    size_t count = 7;

    put_text("1700000000000001.1.1.dns.orphan", "x");
    put_text("1700000000000002.1.1.dns.both", "x");
    put_text("1700000000000002.1.1.zeek.both", "x");
    begin(spool, SPOOL_ZEEK, "writing", NULL, "x", &zeek);
    begin(spool, SPOOL_DNS, "writing", &zeek, "x", &dns);
    need(spool_commit(spool, &dns) == RESULT_OK, "spool_commit");
    is_int(spool_recover(spool, &count), RESULT_OK, "companions");
    is_int(count, 0, "are not completed");
    ok(is_there(spool_path("1700000000000001.1.1.dns.orphan")), "an orphan is given an hour");
    ok(is_there(spool_path("1700000000000002.1.1.dns.both")), "one that is not alone stays");
    ok(is_there(spool_path(dns.name + 1)), "as does one whose log is being written");
    is_int(spool_commit(spool, &zeek), RESULT_OK, "until that is complete");
    is_int(spool_recover(spool, &count), RESULT_OK, "again");
    ok(is_there(spool_path(dns.name + 1)), "and then, too");
    spool_destroy(&spool);
}

/* The log was not completed: nothing is left of either. */
static void test_recover_half(void)
{
    struct spool *spool = new_spool();
    size_t count = 7;

    put_text(LEFT "zeek.a", "x\n");
    put_text((LEFT "dns.a") + 1, "x\n");
    is_int(spool_recover(spool, &count), RESULT_OK, "a log that was left, and its companion");
    is_int(count, 0, "is not completed");
    is_int(count_files(path_of("spool")), 0, "both are removed");
    spool_destroy(&spool);
}

/* Rejected entries. */

static void test_reject(void)
{
    static const struct {
        const char *answer;
        size_t length;
    } cases[] = {{"because", 7}, {"", 0}, {"a\nb\xff\n", 5}, {"cut off here", 7}};
    struct spool *spool = new_spool();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *copy = exact_copy(cases[i].answer, cases[i].length);
        char path[512], want[64];
        struct spool_entry entry;

        add(spool, SPOOL_RECORDS, "name", "record\n");
        need(spool_next(spool, "", &entry) == RESULT_OK, "spool_next");
        is_int(spool_reject(spool, &entry, (const char *)copy, cases[i].length), RESULT_OK,
               "rejected %zu", i);
        is_str(next_name(spool, ""), "(none)", "it waits no longer");
        snprintf(path, sizeof path, "rejected/%s", entry.name);
        is_str(text_of(path), "record\n", "it is kept");
        strcat(path, ".answer");
        snprintf(want, sizeof want, "%.*s", (int)cases[i].length, cases[i].answer);
        is_str(text_of(path), want, "with the answer");
        is_int(mode_of(spool_path(path)), 0600, "the owner's alone");
        exact_free(copy, cases[i].length);
    }
    is_int(mode_of(spool_path("rejected")), 0700, "as is the folder");
    is_int(count_files(spool_path("rejected")), 8, "which has all");
    spool_destroy(&spool);
}

static void test_reject_companion(void)
{
    struct spool *spool = new_spool();
    struct spool_entry entry;

    put_text("1700000000000002.1.1.dns.a", "dns");
    put_text("1700000000000002.1.1.zeek.a", "zeek");
    need(spool_next(spool, "", &entry) == RESULT_OK, "spool_next");
    is_int(spool_reject(spool, &entry, "no", 2), RESULT_OK, "a log and its companion");
    is_str(text_of("rejected/1700000000000002.1.1.zeek.a"), "zeek", "the log");
    is_str(text_of("rejected/1700000000000002.1.1.dns.a"), "dns", "its companion");
    is_str(text_of("rejected/1700000000000002.1.1.zeek.a.answer"), "no", "the answer");
    is_int(count_files(path_of("spool")), 1, "nothing else is in the spool");
    errno = 0;
    is_int(spool_reject(spool, &entry, "no", 2), RESULT_SYSTEM, "what is not there");
    is_int(errno, ENOENT, "errno says so");
    spool_destroy(&spool);
}

/* The longest name that the directory can hold: the name of its answer is cut. */
static void test_reject_longest(void)
{
    struct spool *spool = new_spool();
    struct spool_entry entry;
    char name[NAME_MAX + 1];

    memset(name, 'x', sizeof name);
    name[NAME_MAX] = '\0';
    memcpy(name, "1700000000000002.1.1.records.", 29);
    put_text(name, "x\n");
    is_str(next_name(spool, ""), name, "the longest name is found");
    need(spool_next(spool, "", &entry) == RESULT_OK, "spool_next");
    is_int(spool_reject(spool, &entry, "no", 2), RESULT_OK, "and rejected");
    is_int(count_files(spool_path("rejected")), 2, "with its answer");
    spool_destroy(&spool);
}

/* Files that are not the spool's own. */

static const char *const foreign[] = {
    "README",
    ".profile",
    "name.with.very.many.dots",
    "1700000000000001.1.0.unknown.x",
    "1700000000000001.1.0.Records.x",
    "1700000000000001.1.0.averyveryverylongword.x",
    "1700000000000001.1.0..x",
    "1700000000000001.1.0.records",
    "170000000000001.1.0.records.x",
    "17000000000000001.1.0.records.x",
    "170000000000000x.1.0.records.x",
    "1700000000000001.x.0.records.x",
    "1700000000000001.1.x.records.x",
    "1700000000000001..0.records.x",
    "1700000000000001.1..records.x",
    "x1700000000000001.1.0.records.x",
    "-000000000000001.1.0.records.x",
    "+700000000000001.1.0.records.x",
    "1700000000000001.1.0x.records.x",
    "1700000000000001.+1.0.records.x",
    "1700000000000001.1. 0.records.x",
    "1700000000000001.1.0.records.",
    "1700000000000001.1.0.records.x.answer",
    "..1700000000000001.1.0.records.x",
    ".1700000000000001.1.0.unknown.x",
    ".1700000000000001.1.0.records",
    ".170000000000001.1.0.records.x",
};

static void test_foreign(void)
{
    struct spool *spool = new_spool();
    size_t count = 7;
    uint64_t bytes = 7;

    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        put_text(foreign[i], "text\n");
    need(mkdir(spool_path("folder"), 0700) == 0 && mkdir(spool_path(".folder"), 0700) == 0,
         "mkdir");
    is_str(next_name(spool, ""), "(none)", "other files are not listed");
    is_int(spool_recover(spool, &count), RESULT_OK, "they are not recovered");
    is_int(count, 0, "none of them");
    is_int(spool_total(spool, &count, &bytes), RESULT_OK, "they are not in the total");
    is_int(count, 0, "of files");
    is_int(bytes, 0, "of bytes");
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        is_str(text_of(foreign[i]), "text\n", "%s stays", foreign[i]);
    spool_destroy(&spool);
}

static void link_to(const char *target, const char *name)
{
    need(symlink(path_of(target), spool_path(name)) == 0, "symlink");
}

static void test_links(void)
{
    struct spool *spool = new_spool();
    struct spool_entry entry = {.name = "1700000000000001.1.0.zeek.x", .kind = SPOOL_ZEEK};

    put_file(path_of("outside"), "outside", 7);
    link_to("outside", "1700000000000001.1.0.zeek.x");
    link_to("outside", "1700000000000001.1.0.dns.x");
    errno = 0;
    is_int(spool_open_entry(spool, &entry), -1, "a link is not opened");
    is_int(errno, ELOOP, "errno says so");
    errno = 0;
    is_int(spool_open_companion(spool, &entry), -1, "nor as a companion");
    is_int(errno, ELOOP, "errno says so");
    is_int(spool_remove(spool, &entry), RESULT_OK, "it is removed");
    is_int(count_files(path_of("spool")), 0, "with its companion");
    is_str(text_at(path_of("outside")), "outside", "and what it leads to stays");
    spool_destroy(&spool);
}

static void test_link_recovered(void)
{
    struct spool *spool = new_spool();
    size_t count;

    put_file(path_of("outside"), "one\ntwo", 7);
    put_text(LEFT "records.a", "a\n");
    link_to("outside", LEFT "records.b");
    need(mkdir(spool_path(LEFT "records.c"), 0700) == 0, "mkdir");
    put_text(LEFT "records.d", "a\n");
    is_int(spool_recover(spool, &count), RESULT_OK, "among a link and a folder");
    is_int(count, 2, "what is left is recovered");
    is_str(text_at(path_of("outside")), "one\ntwo", "what it leads to stays");
    spool_destroy(&spool);
}

static void test_link_rejected(void)
{
    static const char name[] = "1700000000000001.1.0.pcap.x";
    struct spool *spool = new_spool();
    struct spool_entry entry;

    need(mkdir(path_of("elsewhere"), 0700) == 0, "mkdir");
    link_to("elsewhere", "rejected");
    put_text(name, "text");
    need(spool_next(spool, "", &entry) == RESULT_OK, "spool_next");
    is_int(spool_reject(spool, &entry, "no", 2), RESULT_SYSTEM, "the folder is a link");
    is_str(text_of(name), "text", "the file stays");
    is_int(count_files(path_of("elsewhere")), 0, "nothing is put elsewhere");
    need(unlink(spool_path("rejected")) == 0 && mkdir(spool_path("rejected"), 0700) == 0, "mkdir");
    put_file(path_of("outside"), "outside", 7);
    link_to("outside", "rejected/1700000000000001.1.0.pcap.x.answer");
    is_int(spool_reject(spool, &entry, "no", 2), RESULT_OK, "the answer is a link");
    is_str(text_at(path_of("outside")), "outside", "what it leads to stays");
    is_str(text_of("rejected/1700000000000001.1.0.pcap.x"), "text", "the file is moved");
    spool_destroy(&spool);
}

static void test_total(void)
{
    struct spool *spool = new_spool();
    struct spool_file file;
    size_t count = 7;
    uint64_t bytes = 7;

    is_int(spool_total(spool, &count, &bytes), RESULT_OK, "an empty spool");
    ok(count == 0 && bytes == 0, "has nothing");
    add(spool, SPOOL_RECORDS, "a", "12345\n");
    add(spool, SPOOL_PCAP, "b", "1");
    add(spool, SPOOL_SECFLOW, "c", "");
    begin(spool, SPOOL_RECORDS, "d", NULL, "not yet\n", &file);
    is_int(spool_total(spool, &count, &bytes), RESULT_OK, "some files");
    is_int(count, 3, "those that are complete");
    is_int(bytes, 7, "their bytes");
    spool_discard(spool, &file);
    spool_destroy(&spool);
}

/* Creates the only entry, with the text; its name. */
static struct spool_entry only_entry(struct spool *spool, const char *text)
{
    struct spool_entry entry;

    add(spool, SPOOL_RECORDS, "a.sf", text);
    need(spool_next(spool, "", &entry) == RESULT_OK, "spool_next");
    return entry;
}

static void test_parts(void)
{
    static const struct {
        uint64_t most, start;
    } parts[] = {{0, 0}, {99, 0}, {14, 0}, {13, 2}, {12, 2}, {11, 5},
                 {9, 5}, {8, 9},  {5, 9},  {4, 9},  {1, 9},  {UINT64_MAX, 0}};
    struct spool *spool = new_spool();
    struct spool_entry entry = only_entry(spool, "1\n22\n333\n4444\n");
    uint64_t start;
    int fd = spool_open_entry(spool, &entry);

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        is_int(spool_find_part(fd, parts[i].most, &start), RESULT_OK, "a part of %d bytes",
               (int)parts[i].most);
        is_int(start, parts[i].start, "begins where a line does");
    }
    close(fd);
    is_int(spool_remove_part(spool, &entry, 9), RESULT_OK, "a part is removed");
    is_str(text_of(entry.name), "1\n22\n333\n", "the rest stays");
    spool_destroy(&spool);
}

/* Lines far longer than what is read at once. */
static void test_long_parts(void)
{
    struct spool *spool = new_spool();
    char *text = malloc(100003);
    struct spool_entry entry;
    uint64_t start;
    int fd;

    need(text, "no memory");
    memset(text, 'x', 100002);
    text[1] = text[50000] = text[100001] = '\n';
    text[100002] = '\0';
    entry = only_entry(spool, text);
    fd = spool_open_entry(spool, &entry);
    for (unsigned most = 1; most < 50001; most += 9999) {
        is_int(spool_find_part(fd, most, &start), RESULT_OK, "a part shorter than a line");
        is_int(start, 50001, "is all of that line");
    }
    is_int(spool_find_part(fd, 50001, &start), RESULT_OK, "a part as long as a line");
    is_int(start, 50001, "is that line");
    is_int(spool_find_part(fd, 100000, &start), RESULT_OK, "a part of two long lines");
    is_int(start, 2, "is both");
    close(fd);
    free(text);
    spool_destroy(&spool);
}

static void test_reject_part(void)
{
    struct spool *spool = new_spool();
    struct spool_entry entry = only_entry(spool, "1\n22\n333\n");
    DIR *listing;
    struct dirent *dirent;
    char aside[NAME_MAX + 16] = "";

    is_int(spool_reject_part(spool, &entry, 5, "no", 2), RESULT_OK, "a part is put aside");
    is_str(text_of(entry.name), "1\n22\n", "the rest stays");
    is_int(count_files(spool_path("rejected")), 2, "a file and its answer");
    listing = opendir(spool_path("rejected"));
    need(listing, "opendir");
    while ((dirent = readdir(listing)))
        if (dirent->d_name[0] != '.' && !strstr(dirent->d_name, ".answer"))
            snprintf(aside, sizeof aside, "rejected/%s", dirent->d_name);
    closedir(listing);
    is_str(text_of(aside), "333\n", "what was put aside");
    ok(strncmp(aside + 9, entry.name, 16) == 0, "it is as old");
    strcat(aside, ".answer");
    is_str(text_of(aside), "no", "its answer");
    spool_destroy(&spool);
}

/* A file system that fills up takes only a part of what is written. */
static void test_reject_part_full(void)
{
    struct spool *spool = new_spool();
    struct spool_entry entry = only_entry(spool, "1\n22\n333\n");

    signal(SIGXFSZ, SIG_IGN);
    limit_files(2);
    errno = 0;
    is_int(spool_reject_part(spool, &entry, 5, "no", 2), RESULT_SYSTEM, "only half fits");
    is_int(errno, EFBIG, "errno says why");
    is_int(count_files(spool_path("rejected")), 0, "the half is removed");
    is_str(text_of(entry.name), "1\n22\n333\n", "nothing is taken away");
    limit_files(4);
    is_int(spool_reject_part(spool, &entry, 5, "too long", 8), RESULT_OK, "the part fits");
    is_int(count_files(spool_path("rejected")), 1, "half an answer is removed");
    limit_files(RLIM_INFINITY);
    signal(SIGXFSZ, SIG_DFL);
    spool_destroy(&spool);
}

#define MADE_1 "1735689600000001.1.0.records.a"
#define MADE_2 "1735689600000002.1.0.records.b"
#define MADE_3 "1735689600000003.1.0.records.c"
#define MADE_UNSET "0000000000000001.1.0.records.x"

/* Two rejected and two waiting entries of 10 bytes each; an answer of 2. */
static struct spool *spool_to_trim(void)
{
    struct spool *spool = new_spool();
    struct spool_entry entry;

    put_text(MADE_1, "1........\n");
    put_text(MADE_2, "2........\n");
    for (int i = 0; i < 2; i++) {
        need(spool_next(spool, "", &entry) == RESULT_OK, "spool_next");
        need(spool_reject(spool, &entry, "no", i == 0 ? 2 : 0) == RESULT_OK, "spool_reject");
    }
    put_text(MADE_1, "3........\n");
    put_text(MADE_3, "4........\n");
    return spool;
}

static void test_trim_bytes(void)
{
    static const struct {
        uint64_t most, rejected, waiting;
        const char *left;
    } cases[] = {{42, 0, 0, MADE_1}, {41, 1, 0, MADE_1},  {30, 1, 0, MADE_1},
                 {29, 2, 0, MADE_1}, {20, 2, 0, MADE_1},  {19, 2, 1, MADE_3},
                 {10, 2, 1, MADE_3}, {9, 2, 2, "(none)"}, {0, 2, 2, "(none)"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spool *spool = spool_to_trim();
        struct spool_trimmed trimmed = {0};

        is_int(spool_trim_bytes(spool, cases[i].most, NULL, &trimmed), RESULT_OK, "to %d bytes",
               (int)cases[i].most);
        is_int(trimmed.rejected, cases[i].rejected, "what was put aside goes first");
        is_int(trimmed.waiting, cases[i].waiting, "then what waits");
        is_str(next_name(spool, ""), cases[i].left, "the oldest first");
        is_int(count_files(spool_path("rejected")),
               trimmed.rejected == 0   ? 4
               : trimmed.rejected == 1 ? 2
                                       : 0,
               "with its answer");
        spool_destroy(&spool);
    }
}

/* An entry being sent stays, and another goes in its place. */
static void test_trim_spared(void)
{
    struct spool *spool = spool_to_trim();
    struct spool_trimmed trimmed = {0};

    is_int(spool_trim_bytes(spool, 10, MADE_1, &trimmed), RESULT_OK, "to 10 bytes, one spared");
    is_int(trimmed.rejected, 2, "what was put aside goes, though it has that name");
    is_int(trimmed.waiting, 1, "and one that waits");
    is_str(next_name(spool, ""), MADE_1, "the spared one stays");
    is_str(next_name(spool, MADE_1), "(none)", "the other does not");
    is_int(spool_trim_age(spool, INT64_MAX - 1, MADE_1, &trimmed), RESULT_OK, "by age");
    is_str(next_name(spool, ""), MADE_1, "it stays");
    is_int(spool_trim_age(spool, INT64_MAX - 1, NULL, &trimmed), RESULT_OK, "none spared");
    is_str(next_name(spool, ""), "(none)", "it goes");
    spool_destroy(&spool);
}

static void test_trim_age(void)
{
    static const struct {
        int64_t before;
        uint64_t rejected, waiting;
    } cases[] = {{CLOCK_LEAST + 1, 0, 0},
                 {CLOCK_LEAST + 2, 1, 1},
                 {CLOCK_LEAST + 3, 2, 1},
                 {CLOCK_LEAST + 4, 2, 2}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spool *spool = spool_to_trim();
        struct spool_trimmed trimmed = {0};

        put_text(MADE_UNSET, "of a clock that was not set\n");
        is_int(spool_trim_age(spool, cases[i].before, NULL, &trimmed), RESULT_OK, "by age");
        is_int(trimmed.rejected, cases[i].rejected, "of what was put aside");
        is_int(trimmed.waiting, cases[i].waiting, "of what waits");
        is_str(next_name(spool, ""), MADE_UNSET, "not what has no age");
        spool_destroy(&spool);
    }
}

/* Something other than a file with the name of an entry is not waited for. */
static void test_special(void)
{
    struct spool *spool = new_spool();
    struct spool_entry entry;
    size_t count;

    need(mkfifo(spool_path(MADE_1), 0600) == 0 && mkfifo(spool_path("." MADE_2), 0600) == 0,
         "mkfifo");
    put_text("." MADE_3, "left\n");
    need(spool_next(spool, "", &entry) == RESULT_OK, "spool_next");
    is_int(spool_open_entry(spool, &entry), -1, "a pipe is not opened");
    is_int(spool_recover(spool, &count), RESULT_OK, "one that is not complete is passed over");
    is_int(count, 1, "what is a file is completed");
    spool_destroy(&spool);
}

/* Rejected entries move back. */
#define LOG "1735689600000004.1.0.zeek.d"
#define LOG_DNS "1735689600000004.1.0.dns.d"

static struct spool *spool_to_retry(void)
{
    struct spool *spool = new_spool();
    struct spool_entry entry;

    put_text(MADE_1, "1\n");
    put_text(LOG, "log");
    put_text(LOG_DNS, "dns");
    while (spool_next(spool, "", &entry) == RESULT_OK)
        need(spool_reject(spool, &entry, "no", 2) == RESULT_OK, "spool_reject");
    return spool;
}

static void test_retry(void)
{
    struct spool *spool = spool_to_retry();
    struct spool_retried retried = {0};
    size_t count;

    is_int(count_files(spool_path("rejected")), 5, "two entries were rejected");
    is_int(spool_retry(spool, &retried), RESULT_OK, "they are moved back");
    is_int(retried.moved, 2, "both");
    is_int(retried.kept, 0, "none is kept");
    is_int(count_files(spool_path("rejected")), 0, "nothing is left there");
    is_str(text_of(MADE_1), "1\n", "one waits");
    is_str(text_of(LOG), "log", "the other, too");
    is_str(text_of(LOG_DNS), "dns", "with its companion");
    is_int(spool_retry(spool, &retried), RESULT_OK, "once more");
    is_int(retried.moved, 2, "there are no more");
    put_text("rejected/" MADE_1, "another\n");
    is_int(spool_retry(spool, &retried), RESULT_OK, "where a file of that name waits");
    is_int(retried.kept, 1, "it is kept");
    is_str(text_of("rejected/" MADE_1), "another\n", "where it was");
    is_str(text_of(MADE_1), "1\n", "as is that which waits");
    is_int(spool_recover(spool, &count), RESULT_OK, "recovery");
    is_int(count_files(spool_path("rejected")), 1, "changes nothing of that");
    need(unlink(spool_path(LOG_DNS)) == 0, "unlink");
    put_text("rejected/" LOG, "other log");
    put_text("rejected/" LOG_DNS, "other dns");
    is_int(spool_retry(spool, &retried), RESULT_OK, "where a log of that name waits");
    is_str(text_of("rejected/" LOG_DNS), "other dns", "the companion stays with its log");
    need(unlink(spool_path(LOG)) == 0, "unlink");
    put_text(LOG_DNS, "other dns");
    is_int(spool_retry(spool, &retried), RESULT_OK, "where the companion was moved already");
    is_str(text_of(LOG), "other log", "its log follows");
    spool_destroy(&spool);
    spool = new_spool();
    is_int(spool_retry(spool, &retried), RESULT_OK, "a spool where nothing was ever rejected");
    is_int(count_files(path_of("spool")), 0, "stays as it is");
    spool_destroy(&spool);
}

/* It takes no lock that a sending process has, whatever that does. */
static void test_retry_beside(void)
{
    struct spool *spool = spool_to_retry(), *other = NULL;
    struct spool_retried retried = {0};

    need(spool_lock(spool) == RESULT_OK, "spool_lock");
    need(spool_look(&other, path_of("spool")) == RESULT_OK, "spool_look");
    is_int(spool_retry(other, &retried), RESULT_OK, "while another has the spool's lock");
    is_int(retried.moved, 2, "all is moved");
    is_str(next_name(spool, ""), MADE_1, "where the other finds it");
    spool_destroy(&other);
    spool_destroy(&spool);
}

/* Moving back is durable before it is reported. */
static void test_retry_unsynced(void)
{
    for (unsigned failing = 0; failing < 4; failing++) {
        struct spool *spool = spool_to_retry();
        struct spool_retried retried = {0};

        let_fail(CALL_FSYNC, failing, EIO);
        is_int(spool_retry(spool, &retried), failing ? RESULT_SYSTEM : RESULT_OK,
               "both folders are synced");
        if (failing)
            is_int(errno, EIO, "the reason");
        else
            is_int(calls_made[CALL_FSYNC], 2, "each once");
        is_int(retried.moved, 2, "all is moved");
        let_fail(CALL_FSYNC, 0, 0);
        spool_destroy(&spool);
    }
}

static int locked_out;

static void try_to_lock(int aside)
{
    int fd = openat(aside, ".", O_RDONLY | O_DIRECTORY);

    need(fd >= 0, "openat");
    locked_out = flock(fd, LOCK_EX | LOCK_NB) < 0 ? errno : 0;
    close(fd);
}

/* The folder of the rejected is locked, so that nobody else moves or deletes something there. */
static void test_retry_locks(void)
{
    struct spool *spool = spool_to_retry();
    struct spool_retried retried = {0};

    let_fail(CALL_FLOCK, 1, ENOLCK);
    is_int(spool_retry(spool, &retried), RESULT_SYSTEM, "a folder that cannot be locked");
    is_int(errno, ENOLCK, "the reason");
    is_int(retried.moved, 0, "nothing is moved");
    let_fail(CALL_FLOCK, 1, EINTR);
    before_call[CALL_RENAME] = try_to_lock;
    is_int(spool_retry(spool, &retried), RESULT_OK, "a wait for the lock that is interrupted");
    is_int(locked_out, EWOULDBLOCK, "the folder is locked meanwhile");
    is_int(retried.moved, 2, "all is moved");
    before_call[CALL_RENAME] = NULL;
    is_int(spool_retry(spool, &retried), RESULT_OK, "then it is free again");
    let_fail(CALL_FLOCK, 0, 0);
    spool_destroy(&spool);
}

static void remove_first(int unused)
{
    (void)unused;
    need(unlink(spool_path("rejected/" MADE_1)) == 0, "unlink");
}

static void test_retry_fails(void)
{
    struct spool *spool = spool_to_retry();
    struct spool_retried retried = {0};

    let_fail(CALL_RENAME, 1, EIO);
    is_int(spool_retry(spool, &retried), RESULT_SYSTEM, "an entry that cannot be moved");
    is_int(errno, EIO, "the reason");
    is_int(retried.moved + retried.kept, 0, "it is not counted");
    is_int(count_files(spool_path("rejected")), 5, "all of it is still there");
    let_fail(CALL_RENAME, 2, EIO);
    is_int(spool_retry(spool, &retried), RESULT_SYSTEM, "a companion that cannot be moved");
    is_int(count_files(spool_path("rejected")), 3, "its log stays with it");
    let_fail(CALL_RENAME, 0, 0);
    spool_destroy(&spool);
    spool = spool_to_retry();
    retried.moved = 0;
    before_call[CALL_RENAME] = remove_first;
    is_int(spool_retry(spool, &retried), RESULT_OK, "an entry that somebody removes just then");
    is_int(retried.moved, 1, "the other one is moved");
    is_int(retried.kept, 0, "none is kept");
    spool_destroy(&spool);
}

/* Not all file systems can rename without replacing. */
static void test_retry_plain(void)
{
    static const int errors[] = {EINVAL, ENOSYS};

    for (size_t i = 0; i < 2; i++) {
        struct spool *spool = spool_to_retry();
        struct spool_retried retried = {0};

        put_text(MADE_1, "another\n");
        let_fail(CALL_RENAME, UINT32_MAX, errors[i]);
        is_int(spool_retry(spool, &retried), RESULT_OK, "on a simple file system");
        is_int(retried.kept, 1, "what waits is not replaced");
        is_str(text_of(MADE_1), "another\n", "it is as it was");
        is_str(text_of("rejected/" MADE_1), "1\n", "as is the other one");
        is_int(retried.moved, 1, "the rest is moved");
        is_str(text_of(LOG), "log", "a log");
        is_str(text_of(LOG_DNS), "dns", "with its companion");
        let_fail(CALL_RENAME, 0, 0);
        spool_destroy(&spool);
    }
}

/* What a process leaves if killed while it moves something. */
static void test_recover_aside(void)
{
    static const struct {
        const char *moved, *to, *what; /* of those that spool_to_retry makes, all in rejected */
        const char *waits, *companion; /* where things are in the end */
        int aside;
    } cases[] = {
        {"rejected/" LOG, LOG, "rejected by half", LOG, LOG_DNS, 2},
        {"rejected/" LOG_DNS, LOG_DNS, "moved back by half", "rejected/" LOG, LOG_DNS, 4},
        {"rejected/" MADE_1, MADE_1, "moved back without its answer", MADE_1, "rejected/" LOG_DNS,
         3},
        {"rejected/" LOG, "gone", "deleted by half", "gone", NULL, 2},
        {"rejected/" MADE_1, "rejected/." MADE_1, "copied by half", "rejected/" LOG,
         "rejected/" LOG_DNS, 3},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spool *spool = spool_to_retry();
        char from[512], to[512];
        size_t count;

        snprintf(from, sizeof from, "%s", spool_path(cases[i].moved));
        snprintf(to, sizeof to, "%s", spool_path(cases[i].to));
        need(rename(from, to) == 0, "rename");
        is_int(spool_recover(spool, &count), RESULT_OK, "%s", cases[i].what);
        is_int(count, 0, "nothing was completed");
        ok(access(spool_path(cases[i].waits), F_OK) == 0, "it is in its place");
        if (cases[i].companion)
            ok(access(spool_path(cases[i].companion), F_OK) == 0, "its companion, too");
        is_int(count_files(spool_path("rejected")), cases[i].aside, "what is left aside");
        spool_destroy(&spool);
    }
}

/* A companion that has been alone for long stays while its log is among the rejected. */
static void test_recover_retried(void)
{
    struct spool *spool = spool_to_retry();
    struct spool_retried retried = {0};
    char from[512];

    snprintf(from, sizeof from, "%s", spool_path("rejected/" LOG_DNS));
    need(rename(from, spool_path(LOG_DNS)) == 0, "rename");
    is_int(spool_retry(spool, &retried), RESULT_OK, "moved back, once more");
    is_int(retried.moved, 2, "all of it");
    is_str(text_of(LOG_DNS), "dns", "with the companion that was there");
    spool_destroy(&spool);
}

static void test_look_over(void)
{
    struct spool *spool = spool_to_retry(), *looking = NULL, *aside = NULL;
    struct spool_survey survey;
    struct spool_entry entry;
    pid_t holder = 0;

    put_text(MADE_2, "22\n");
    put_text(MADE_3, "333\n");
    put_text("." MADE_1, "4444\n");
    put_text("foreign", "not counted");
    is_int(spool_look(&looking, path_of("nowhere")), RESULT_SYSTEM, "a spool that is not there");
    ok(access(path_of("nowhere"), F_OK) < 0, "it is not made");
    need(spool_look(&looking, path_of("spool")) == RESULT_OK, "spool_look");
    is_int(spool_look_over(looking, &survey), RESULT_OK, "a look");
    is_int(survey.waiting.samples, 2, "what waits");
    is_int(survey.waiting.bytes, 7, "its bytes");
    is_int(survey.waiting.oldest, 1735689600000002, "the oldest");
    is_int(survey.writing.samples, 1, "what is being written");
    is_int(survey.writing.bytes, 5, "its bytes");
    is_int(survey.rejected.samples, 2, "what was rejected");
    is_int(survey.rejected.bytes, 8, "its bytes");
    is_int(survey.rejected.oldest, 1735689600000001, "the oldest");
    is_int(survey.bytes, 24, "all with the answers");
    need(spool_open_rejected(looking, &aside) == RESULT_OK, "spool_open_rejected");
    is_int(spool_next(aside, "", &entry), RESULT_OK, "what was rejected is listed");
    is_str(entry.name, MADE_1, "the oldest first");
    is_str(fd_text(spool_open_answer(aside, &entry)), "no", "with its reason");
    is_int(spool_next(aside, entry.name, &entry), RESULT_OK, "the next");
    is_int(entry.bytes, 6, "a log with its companion");
    spool_destroy(&aside);
    if (access("/proc/locks", R_OK) == 0) {
        is_int(spool_holder(looking, &holder), RESULT_END, "nobody has the lock");
        need(spool_lock(spool) == RESULT_OK, "spool_lock");
        is_int(spool_holder(looking, &holder), RESULT_OK, "somebody has");
        is_int(holder, getpid(), "this process");
    }
    spool_destroy(&looking);
    spool_destroy(&spool);
}

static uid_t owner_of(const char *path)
{
    struct stat stat;

    return lstat(path, &stat) == 0 ? stat.st_uid : (uid_t)-1;
}

static void test_owner(void)
{
    struct spool *spool = new_spool();
    struct spool_entry entry;
    char below[1024];

    spool_destroy(&spool);
    if (geteuid() != 0 || chown(path_of("spool"), 1234, 1234) < 0) {
        printf("# not root: what root makes is not looked at\n");
        return;
    }
    need(spool_init(&spool, path_of("spool")) == RESULT_OK, "spool_init");
    entry = only_entry(spool, "1\n2\n");
    is_int(owner_of(spool_path(entry.name)), 1234, "a file is the folder's owner's");
    is_int(spool_reject_part(spool, &entry, 2, "no", 2), RESULT_OK, "a part is put aside");
    is_int(spool_reject(spool, &entry, "no", 2), RESULT_OK, "the rest is, too");
    is_int(owner_of(spool_path("rejected")), 1234, "its folder");
    snprintf(below, sizeof below, "rejected/%s", entry.name);
    is_int(owner_of(spool_path(below)), 1234, "what was put aside");
    strcat(below, ".answer");
    is_int(owner_of(spool_path(below)), 1234, "its answer");
    spool_destroy(&spool);
}

int main(void)
{
    unsigned open_before;

    make_folder("test_spool");
    open_before = open_files();
    test_init();
    test_init_relative();
    test_init_fails();
    test_init_open();
    test_init_denied();
    test_kinds();
    test_file_names();
    test_clean_names();
    test_life();
    test_commit_fails();
    test_unsynced();
    test_discard();
    test_copy();
    test_odd_names();
    test_order();
    test_order_made();
    test_many();
    test_many_removed();
    test_companion();
    test_no_companion();
    test_lock();
    test_recover_lines();
    test_recover_kinds();
    test_recover_living();
    test_recover_many();
    test_recover_companions();
    test_recover_half();
    test_reject();
    test_reject_companion();
    test_reject_longest();
    test_foreign();
    test_links();
    test_link_recovered();
    test_link_rejected();
    test_total();
    test_parts();
    test_long_parts();
    test_reject_part();
    test_reject_part_full();
    test_trim_bytes();
    test_trim_spared();
    test_trim_age();
    test_retry();
    test_retry_beside();
    test_retry_unsynced();
    test_retry_locks();
    test_retry_fails();
    test_retry_plain();
    test_recover_aside();
    test_recover_retried();
    test_look_over();
    test_special();
    test_owner();
    remove_folder();
    is_int(open_files(), open_before, "no file is left open");
    return done();
}
