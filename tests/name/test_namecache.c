/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name cache: what is read, what is written, and that a bad file is left unchanged.
 */
#include "../folder.h"
#include "../tap.h"
#include "base/clock.h"
#include "name/namecache.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/wait.h>

static char *path;

static struct names *new_names(void)
{
    struct names *names = NULL;

    need(names_init(&names, SIZE_MAX) == RESULT_OK, "names_init");
    return names;
}

/* Noon of 2023-11-14, and of other days. */
#define DAY (86400 * SECOND)
#define NOW (INT64_C(19675) * DAY + DAY / 2)

static enum result learn(const char *into, const struct names *learned)
{
    struct namecache_keep keep = {.now = NOW, .age = 30};

    return namecache_learn(into, learned, &keep);
}

static void add(struct names *names, const char *text, const char *name, int64_t time)
{
    struct address address;

    need(address_parse(text, &address), text);
    need(names_add(names, &address, name, strlen(name), time) == RESULT_OK, "names_add");
}

/* The name at time 0, "(none)", or "(after)" if it was not given at time 0. */
static const char *name_of(struct names *names, const char *text)
{
    static char name[1300];
    struct name_ref found = {0};
    struct address address;

    need(address_parse(text, &address), text);
    if (!names_find(names, &address, 0, &found))
        return "(none)";
    if (!found.before)
        return "(after)";
    snprintf(name, sizeof name, "%.*s", (int)found.length, found.text);
    return name;
}

/* Good lines are read whatever else is there. */
static void test_load(void)
{
#define GOOD "192.0.2.1 a.example\n"
    static const struct {
        const char *text;
        size_t bad_line; /* 0: none */
        const char *address, *want;
    } cases[] = {
        {"", 0, "192.0.2.1", "(none)"},
        {GOOD, 0, "192.0.2.1", "a.example"},
        {"192.0.2.1 a.example", 0, "192.0.2.1", "a.example"},
        {GOOD "192.0.2.2 b.example", 0, "192.0.2.2", "b.example"},
        {GOOD "2001:db8::1 six.example\n", 0, "2001:db8::1", "six.example"},
        {GOOD "192.0.2.1 newer.example\n", 0, "192.0.2.1", "newer.example"},
        {GOOD "192.0.2.2 esc\\032aped\\.x\n", 0, "192.0.2.2", "esc\\032aped\\.x"},
        {GOOD "\n", 2, "192.0.2.1", "a.example"},
        {"\n" GOOD, 1, "192.0.2.1", "a.example"},
        {"# comment\n" GOOD, 1, "192.0.2.1", "a.example"},
        {GOOD "192.0.2.2\n" GOOD "bad line\n", 2, "192.0.2.1", "a.example"},
        {GOOD "192.0.2.2 \n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2 b c\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2 b.example \n", 2, "192.0.2.2", "(none)"},
        {GOOD " 192.0.2.2 b\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2  b\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2\tb\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2 b\r\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2 b\x7f\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2 b\xc3\xa4\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.256 b\n192.0.2.2 b\n", 2, "192.0.2.2", "b"},
        {GOOD "192.0.2.0/24 b\n", 2, "192.0.2.0", "(none)"},
        {GOOD "host b\n", 2, "192.0.2.1", "a.example"},
        {GOOD "192.0.2.2 b\nbad", 3, "192.0.2.2", "b"},
        {GOOD "192.0.2.2 b 2023-11-14\n", 0, "192.0.2.2", "b"},
        {GOOD "192.0.2.2 b 2024-02-29", 0, "192.0.2.2", "b"},
        {GOOD "192.0.2.2 b 9999-12-31\n", 0, "192.0.2.2", "b"},
        {GOOD "192.0.2.2 b 2023-02-29\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2 b 2023-00-01\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2 b 2023-13-01\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2 b 2023-11-00\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2 b 1969-12-31\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2 b 2023-11-1\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2 b 2023-11-141\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2 b 2023/11/14\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2 b  2023-11-14\n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2 b 2023-11-14 \n", 2, "192.0.2.2", "(none)"},
        {GOOD "192.0.2.2  2023-11-14\n", 2, "192.0.2.2", "(none)"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct names *names = new_names();
        size_t bad_line = 0;

        put_file(path, cases[i].text, strlen(cases[i].text));
        is_int(namecache_load(path, names, &bad_line),
               cases[i].bad_line ? RESULT_DAMAGED : RESULT_OK, "load row %zu", i);
        is_int(bad_line, cases[i].bad_line, "its bad line");
        is_str(name_of(names, cases[i].address), cases[i].want, "its name of %s", cases[i].address);
        names_destroy(&names);
    }
}

static void test_load_nul(void)
{
    static const char text[] = "192.0.2.1 a\n192.0.2.2 b\0c\n192.0.2.3 d\n";
    struct names *names = new_names();
    size_t bad_line = 0;

    put_file(path, text, sizeof text - 1);
    is_int(namecache_load(path, names, &bad_line), RESULT_DAMAGED, "a NUL in a line");
    is_int(bad_line, 2, "tells the line");
    is_str(name_of(names, "192.0.2.2"), "(none)", "which is not read");
    is_str(name_of(names, "192.0.2.1"), "a", "the one before it is");
    is_str(name_of(names, "192.0.2.3"), "d", "the one behind it is");
    names_destroy(&names);
}

/* Lines longer than any name count as one line, and those after them are read. */
static void test_load_long(void)
{
    static const size_t lengths[] = {1023, 1100, 1150, 1190, 1198, 1199, 1200, 1201, 2398, 9000};
    static char text[10000];

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct names *names = new_names();
        size_t bad_line = 0, at = (size_t)sprintf(text, "192.0.2.2 ");
        enum result result;
        bool fits = lengths[i] <= 1023;

        memset(text + at, 'x', lengths[i]);
        sprintf(text + at + lengths[i], "\nbad\n192.0.2.3 behind\n");
        put_file(path, text, strlen(text));
        result = namecache_load(path, names, &bad_line);
        is_int(result, RESULT_DAMAGED, "a name of %zu bytes, then a bad line", lengths[i]);
        if (fits)
            is_int(strlen(name_of(names, "192.0.2.2")), lengths[i], "it is read");
        if (strcmp(name_of(names, "192.0.2.2"), "(none)") == 0)
            is_int(bad_line, 1, "it is the bad line");
        else
            is_int(bad_line, 2, "the bad line is the one behind it");
        is_str(name_of(names, "192.0.2.3"), "behind", "the line behind both is read");
        names_destroy(&names);
    }
}

static void test_load_missing(void)
{
    struct names *names = new_names();
    size_t bad_line = 7;

    unlink(path);
    is_int(namecache_load(path, names, &bad_line), RESULT_OK, "no file is an empty one");
    is_str(text_at(path), "(none)", "and none is made");
    errno = 0;
    is_int(namecache_load(folder, names, &bad_line), RESULT_SYSTEM, "a folder is no file");
    is_int(errno, EISDIR, "errno says so");
    names_destroy(&names);
}

/* The file before, what was learned, and the file after. */
static void test_learn(void)
{
#define TODAY " 2023-11-14\n"
    static const struct {
        const char *title, *before; /* NULL: no file */
        struct {
            const char *address, *name;
        } learned[6];
        const char *want;
    } cases[] = {
        {"into no file", NULL, {{"192.0.2.1", "a"}}, "192.0.2.1 a" TODAY},
        {"into an empty file", "", {{"192.0.2.1", "a"}}, "192.0.2.1 a" TODAY},
        {"replaces",
         "192.0.2.1 old 2023-11-10\n192.0.2.2 kept 2023-11-10\n",
         {{"192.0.2.1", "new"}},
         "192.0.2.1 new" TODAY "192.0.2.2 kept 2023-11-10\n"},
        {"sees again",
         "192.0.2.1 a 2023-11-13\n192.0.2.2 kept 2023-11-13\n",
         {{"192.0.2.1", "a"}},
         "192.0.2.1 a" TODAY "192.0.2.2 kept 2023-11-13\n"},
        {"merges",
         "192.0.2.3 a 2023-11-01\n192.0.2.200 b 2023-11-02\n::1 c 2023-11-03\n",
         {{"192.0.2.10", "d"}, {"2001:db8::1", "f"}, {"10.0.0.1", "e"}},
         "10.0.0.1 e" TODAY "192.0.2.3 a 2023-11-01\n192.0.2.10 d" TODAY
         "192.0.2.200 b 2023-11-02\n::1 c 2023-11-03\n2001:db8::1 f" TODAY},
        {"sorts, and takes what has no day for today's",
         "192.0.2.200 b\n192.0.2.3 a 2023-11-03\n::1 c\n",
         {{"192.0.2.10", "d"}, {"2001:db8::1", "f"}, {"10.0.0.1", "e"}, {"192.0.2.3", "g"}},
         "10.0.0.1 e" TODAY "192.0.2.3 g" TODAY "192.0.2.10 d" TODAY "192.0.2.200 b" TODAY
         "::1 c" TODAY "2001:db8::1 f" TODAY},
        {"not what had two names",
         "192.0.2.1 old 2023-11-10\n",
         {{"192.0.2.1", "x"}, {"192.0.2.1", "y"}, {"192.0.2.2", "z"}},
         "192.0.2.1 old 2023-11-10\n192.0.2.2 z" TODAY},
        {"nothing but what had two names",
         "192.0.2.1 old 2023-11-10\n",
         {{"192.0.2.1", "x"}, {"192.0.2.1", "y"}},
         "192.0.2.1 old 2023-11-10\n"},
        {"what had one name twice",
         "",
         {{"192.0.2.1", "x"}, {"192.0.2.1", "x"}},
         "192.0.2.1 x" TODAY},
        {"the later of two lines",
         "192.0.2.1 a\n192.0.2.1 b\n",
         {{"::1", "c"}},
         "192.0.2.1 b" TODAY "::1 c" TODAY},
        {"of two lines that of the later day",
         "192.0.2.1 a 2023-11-10\n192.0.2.1 b 2023-11-09\n",
         {{"::1", "c"}},
         "192.0.2.1 a 2023-11-10\n::1 c" TODAY},
        {"behind a last line without a newline",
         "192.0.2.1 a 2023-11-10",
         {{"192.0.2.2", "b"}},
         "192.0.2.1 a 2023-11-10\n192.0.2.2 b" TODAY},
        {"writes addresses its own way",
         "2001:DB8:0:0:0:0:0:1 a 2023-11-10\n",
         {{"2001:db8::2", "b"}},
         "2001:db8::1 a 2023-11-10\n2001:db8::2 b" TODAY},
        {"nothing", "192.0.2.1 a\n", {{NULL, NULL}}, "192.0.2.1 a\n"},
        {"nothing into no file", NULL, {{NULL, NULL}}, "(none)"},
        {"escapes", "", {{"192.0.2.1", "a\\032b\\\\c\"%s"}}, "192.0.2.1 a\\032b\\\\c\"%s" TODAY},
        {"what was not seen for 30 days stays, for 31 it leaves",
         "192.0.2.1 a 2023-10-14\n192.0.2.2 b 2023-10-15\n192.0.2.3 c 1970-01-01\n",
         {{"192.0.2.9", "z"}},
         "192.0.2.2 b 2023-10-15\n192.0.2.9 z" TODAY},
        {"what is too old leaves though nothing is new",
         "192.0.2.1 a 2023-10-14\n192.0.2.9 z" TODAY,
         {{"192.0.2.9", "z"}},
         "192.0.2.9 z" TODAY},
        {"it may be seen again on its last day",
         "192.0.2.1 a 2023-10-14\n",
         {{"192.0.2.1", "a"}},
         "192.0.2.1 a" TODAY},
        {"a day that has yet to come counts as today, and stays",
         "192.0.2.1 a 2099-01-01\n192.0.2.3 c 2023-11-15\n192.0.2.4 d 2023-11-15\n",
         {{"192.0.2.2", "b"}, {"192.0.2.3", "c"}, {"192.0.2.4", "e"}},
         "192.0.2.1 a 2099-01-01\n192.0.2.2 b" TODAY
         "192.0.2.3 c 2023-11-15\n192.0.2.4 e 2023-11-15\n"},
        {"of a file that is not sorted what is too old leaves",
         "192.0.2.9 z 2023-10-14\n192.0.2.1 a 2023-10-15\n192.0.2.5 c 2099-01-01\n",
         {{"192.0.2.2", "b"}},
         "192.0.2.1 a 2023-10-15\n192.0.2.2 b" TODAY "192.0.2.5 c" TODAY},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct names *learned = new_names();

        unlink(path);
        if (cases[i].before)
            put_file(path, cases[i].before, strlen(cases[i].before));
        for (size_t j = 0; j < 6 && cases[i].learned[j].address; j++)
            add(learned, cases[i].learned[j].address, cases[i].learned[j].name, 1000 + (int64_t)j);
        is_int(learn(path, learned), RESULT_OK, "learns: %s", cases[i].title);
        is_str(text_at(path), cases[i].want, "the file: %s", cases[i].title);
        is_int(learn(path, learned), RESULT_OK, "learns again: %s", cases[i].title);
        is_str(text_at(path), cases[i].want, "which changes nothing: %s", cases[i].title);
        names_destroy(&learned);
    }
#undef TODAY
}

/* The file's inode number, which changes when it is written anew. */
static uint64_t file_number(void)
{
    struct stat stat_of;

    need(stat(path, &stat_of) == 0, "stat");
    return stat_of.st_ino;
}

/*
 * As days go by, a file is written once a day for names seen again, and not at all if nothing is
 * new.
 */
static void test_unchanged(void)
{
    struct namecache_keep keep = {.now = NOW, .age = 30};
    struct names *learned = new_names();
    uint64_t number;

    unlink(path);
    add(learned, "192.0.2.1", "a", 1);
    add(learned, "2001:db8::1", "b", 1);
    is_int(namecache_learn(path, learned, &keep), RESULT_OK, "learns");
    number = file_number();
    keep.now += DAY / 4;
    is_int(namecache_learn(path, learned, &keep), RESULT_OK, "the same on the same day");
    is_int(file_number(), (long long)number, "changes nothing, and the file is left alone");
    keep.now += DAY;
    is_int(namecache_learn(path, learned, &keep), RESULT_OK, "the same on the next day");
    is_str(text_at(path), "192.0.2.1 a 2023-11-15\n2001:db8::1 b 2023-11-15\n", "is noted");
    number = file_number();
    keep.now = DAY;
    is_int(namecache_learn(path, learned, &keep), RESULT_OK, "the same when the clock is wrong");
    is_int(file_number(), (long long)number, "changes nothing");
    names_destroy(&learned);
}

static void lock_file(int fd)
{
    need(fd >= 0 && flock(fd, LOCK_EX) == 0, "flock");
}

/* A process that holds the lock for long, or has died, stops nobody. */
static void test_locked(void)
{
    static const char before[] = "192.0.2.1 a 2023-11-01\n";
    struct namecache_keep keep = {.now = NOW, .age = 30};
    struct names *learned = new_names();
    int64_t since;
    int fd;

    put_file(path, before, strlen(before));
    add(learned, "192.0.2.2", "b", 5);
    lock_file(fd = open(path, O_RDONLY | O_CLOEXEC));
    errno = 0;
    is_int(namecache_learn(path, learned, &keep), RESULT_SYSTEM, "another has the lock");
    is_int(errno, EWOULDBLOCK, "errno says so");
    is_str(text_at(path), before, "and the file is left as it is");
    keep.wait = SECOND / 5;
    since = clock_monotonic();
    errno = 0;
    is_int(namecache_learn(path, learned, &keep), RESULT_SYSTEM, "and has it for longer");
    is_int(errno, EWOULDBLOCK, "errno says so");
    ok(clock_monotonic() - since >= keep.wait, "it was waited for");
    close(fd);
    is_int(namecache_learn(path, learned, &keep), RESULT_OK, "the lock is free");
    is_str(text_at(path), "192.0.2.1 a 2023-11-01\n192.0.2.2 b 2023-11-14\n", "it has learned");
    names_destroy(&learned);
}

/* The locked file may no longer be the one at the path. */
static void test_replaced_while_waiting(void)
{
    struct namecache_keep keep = {.now = NOW, .age = 30, .wait = 60 * SECOND};
    struct names *learned = new_names();
    const char *other = path_of("other");
    pid_t child;
    int fd, status;

    put_file(path, "192.0.2.1 a 2023-11-01\n", 23);
    put_file(other, "192.0.2.3 c 2023-11-01\n", 23);
    add(learned, "192.0.2.2", "b", 5);
    lock_file(fd = open(path, O_RDONLY | O_CLOEXEC));
    child = fork();
    need(child >= 0, "fork");
    if (child == 0)
        _exit(namecache_learn(path, learned, &keep) == RESULT_OK ? 0 : 1);
    usleep(100000);
    need(rename(other, path) == 0, "rename");
    close(fd);
    need(waitpid(child, &status, 0) == child, "waitpid");
    is_int(status, 0, "the file is replaced while its lock is waited for");
    is_str(text_at(path), "192.0.2.2 b 2023-11-14\n192.0.2.3 c 2023-11-01\n",
           "the new one has learned");
    names_destroy(&learned);
}

/* Links stay links, even one to a missing file; leftovers of a killed writer are removed. */
static void test_links(void)
{
    static const char *const targets[] = {"real", "./real", NULL /* from the root */};
    const char *real = path_of("real"), *link = path_of("link"), *first = path_of("first");
    struct names *learned = new_names();
    struct stat stat_of;

    add(learned, "192.0.2.2", "b", 5);
    for (size_t i = 0; i < 6; i++) {
        const char *target = targets[i / 2];

        unlink(real);
        unlink(link);
        if (i % 2 == 1)
            put_file(real, "192.0.2.1 a 2023-11-01\n", 23);
        need(symlink(target ? target : real, link) == 0, "symlink");
        is_int(learn(link, learned), RESULT_OK, "a link to %s", i % 2 ? "a file" : "nothing");
        ok(lstat(link, &stat_of) == 0 && S_ISLNK(stat_of.st_mode), "stays a link");
        is_str(text_at(real),
               i % 2 ? "192.0.2.1 a 2023-11-01\n192.0.2.2 b 2023-11-14\n"
                     : "192.0.2.2 b 2023-11-14\n",
               "and what it leads to has learned");
    }
    need(symlink("link", first) == 0, "symlink");
    unlink(real);
    is_int(learn(first, learned), RESULT_OK, "a link to a link");
    is_str(text_at(real), "192.0.2.2 b 2023-11-14\n", "is followed");
    unlink(link);
    need(symlink("first", link) == 0, "symlink");
    errno = 0;
    is_int(learn(first, learned), RESULT_SYSTEM, "links in a circle");
    is_int(errno, ELOOP, "errno says so");
    unlink(first);
    unlink(link);
    unlink(real);
    put_file(path_of("cache.secflow-new"), "left", 4);
    put_file(path, "192.0.2.1 a 2023-11-01\n", 23);
    is_int(learn(path, learned), RESULT_OK, "learns beside what a killed process left");
    is_str(text_at(path), "192.0.2.1 a 2023-11-01\n192.0.2.2 b 2023-11-14\n", "it has learned");
    names_destroy(&learned);
}

/* A file that grows too large loses its oldest days first. */
static void test_most(void)
{
    enum { PER_DAY = 200000 };
    struct names *learned = new_names(), *loaded = new_names();
    size_t bad_line, today = 0, yesterday = 0, before = 0;
    FILE *file = fopen(path, "w");
    struct stat stat_of;

    need(file, "fopen");
    for (unsigned i = 0; i < 3 * PER_DAY; i++) {
        static const char *const days[] = {"2023-11-12", "2023-11-14", "2023-11-13"};

        fprintf(file, "10.%u.%u.%u %050u %s\n", i >> 16, i >> 8 & 255, i & 255, i, days[i % 3]);
    }
    need(fclose(file) == 0, "fclose");
    add(learned, "192.0.2.2", "b", 5);
    is_int(learn(path, learned), RESULT_OK, "learns into a file that is too large");
    need(stat(path, &stat_of) == 0, "stat");
    ok(stat_of.st_size <= (off_t)NAMECACHE_MOST && stat_of.st_size > (off_t)NAMECACHE_MOST - 200,
       "it has just the size that it may have: %lld", (long long)stat_of.st_size);
    is_int(namecache_load(path, loaded, &bad_line), RESULT_OK, "loads it");
    for (unsigned i = 0; i < 3 * PER_DAY; i++) {
        char address[32];

        snprintf(address, sizeof address, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
        *(i % 3 == 0   ? &before
          : i % 3 == 1 ? &today
                       : &yesterday) += strcmp(name_of(loaded, address), "(none)") != 0;
    }
    is_int(today, PER_DAY, "all of today are there");
    is_int(yesterday, PER_DAY, "and of yesterday");
    ok(before > 0 && before < PER_DAY, "of the day before as many as there is room for: %zu",
       before);
    is_str(name_of(loaded, "192.0.2.2"), "b", "and what was learned");
    unlink(path);
    names_destroy(&learned);
    names_destroy(&loaded);
}

static void test_learn_bad_file(void)
{
    static const char *const texts[] = {"192.0.2.9 z\nbad line\n192.0.2.1 a\n", "\n", "bad"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct names *learned = new_names();
        struct stat before, after;

        put_file(path, texts[i], strlen(texts[i]));
        need(stat(path, &before) == 0, "stat");
        add(learned, "192.0.2.2", "b", 5);
        is_int(learn(path, learned), RESULT_DAMAGED, "a bad file %zu", i);
        is_str(text_at(path), texts[i], "is left as it is");
        ok(stat(path, &after) == 0 && before.st_ino == after.st_ino, "and was not replaced");
        names_destroy(&learned);
    }
}

static void test_mode(void)
{
    static const mode_t modes[] = {0600, 0644, 0640, 0664};
    struct stat stat_of;

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct names *learned = new_names();

        put_file(path, "192.0.2.1 a\n", 12);
        need(chmod(path, modes[i]) == 0, "chmod");
        add(learned, "192.0.2.2", "b", 5);
        is_int(learn(path, learned), RESULT_OK, "learns into mode %o", modes[i]);
        need(stat(path, &stat_of) == 0, "stat");
        is_int(stat_of.st_mode & 07777, modes[i], "mode %o is kept", modes[i]);
        names_destroy(&learned);
        unlink(path);
    }
}

static void test_new_file_mode(void)
{
    struct names *learned = new_names();
    struct stat stat_of;
    mode_t mask = umask(0);

    add(learned, "192.0.2.2", "b", 5);
    is_int(learn(path, learned), RESULT_OK, "makes a new file");
    umask(mask);
    need(stat(path, &stat_of) == 0, "stat");
    is_int(stat_of.st_mode & 07777, 0600, "that is the owner's alone");
    names_destroy(&learned);
}

static void test_learn_fails(void)
{
    struct names *learned = new_names();

    add(learned, "192.0.2.2", "b", 5);
    errno = 0;
    is_int(learn("/nonexistent/folder/cache", learned), RESULT_SYSTEM, "no folder");
    is_int(errno, ENOENT, "errno says so");
    errno = 0;
    is_int(learn(folder, learned), RESULT_SYSTEM, "a folder is no file");
    is_int(errno, EISDIR, "errno says so");
    names_destroy(&learned);
}

/*
 * Names of a cache are found before and after a time, and one that learned many can be read back.
 */
static void test_round_trip(void)
{
    enum { MANY = 3000 };
    struct names *learned = new_names(), *loaded = new_names();
    size_t bad_line = 0;
    int wrong = 0;

    unlink(path);
    for (int i = 0; i < 2 * MANY; i++) {
        char address[32], name[32];
        int host = i * 7919 % MANY;

        snprintf(address, sizeof address, i & 1 ? "2001:db8::%x" : "10.1.%d.%d",
                 i & 1 ? host : host / 256, host % 256);
        snprintf(name, sizeof name, "n%d", host);
        add(learned, address, name, i);
    }
    is_int(learn(path, learned), RESULT_OK, "learns many");
    is_int(namecache_load(path, loaded, &bad_line), RESULT_OK, "loads them");
    for (int host = 0; host < MANY; host += 2) {
        char address[32], name[32];

        snprintf(address, sizeof address, "10.1.%d.%d", host / 256, host % 256);
        snprintf(name, sizeof name, "n%d", host);
        wrong += strcmp(name_of(loaded, address), name) != 0;
    }
    is_int(wrong, 0, "each has its name, at time 0");
    names_destroy(&learned);
    names_destroy(&loaded);
}

static void test_nothing_left(void)
{
    unlink(path);
    is_int(rmdir(folder), 0, "no temporary file is left behind");
}

int main(void)
{
    make_folder("test_namecache");
    path = strdup(path_of("cache"));
    need(path, "no memory");
    test_load();
    test_load_nul();
    test_load_long();
    test_load_missing();
    test_learn();
    test_unchanged();
    test_locked();
    test_replaced_while_waiting();
    test_links();
    test_most();
    test_learn_bad_file();
    test_mode();
    test_new_file_mode();
    test_learn_fails();
    test_round_trip();
    test_nothing_left();
    free(path);
    return done();
}
