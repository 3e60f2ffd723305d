/*
 * The name cache: what is read, what is written, and that a bad file is left as it is.
 */
#include "folder.h"
#include "namecache.h"
#include "tap.h"

#include <errno.h>

static const char *path;

static struct names *new_names(void)
{
    struct names *names = NULL;

    need(names_init(&names, SIZE_MAX) == RESULT_OK, "names_init");
    return names;
}

static void add(struct names *names, const char *text, const char *name, int64_t time)
{
    struct address address;

    need(address_parse(text, &address), text);
    need(names_add(names, &address, name, strlen(name), time) == RESULT_OK, "names_add");
}

/* The name at time 0, "(none)", or "(after)" where it was not given at time 0. */
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

/* The lines that are good are read whatever else there is. */
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

/* Lines longer than any name: they count as one line, and those behind them are read. */
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

/* What the file said before, what was learned, what it says then. */
static void test_learn(void)
{
    static const struct {
        const char *title, *before; /* NULL: no file */
        struct {
            const char *address, *name;
        } learned[6];
        const char *want;
    } cases[] = {
        {"into no file", NULL, {{"192.0.2.1", "a"}}, "192.0.2.1 a\n"},
        {"into an empty file", "", {{"192.0.2.1", "a"}}, "192.0.2.1 a\n"},
        {"replaces",
         "192.0.2.1 old\n192.0.2.2 kept\n",
         {{"192.0.2.1", "new"}},
         "192.0.2.1 new\n192.0.2.2 kept\n"},
        {"merges and sorts",
         "192.0.2.200 b\n192.0.2.3 a\n::1 c\n",
         {{"192.0.2.10", "d"}, {"2001:db8::1", "f"}, {"10.0.0.1", "e"}},
         "10.0.0.1 e\n192.0.2.3 a\n192.0.2.10 d\n192.0.2.200 b\n::1 c\n2001:db8::1 f\n"},
        {"not what had two names",
         "192.0.2.1 old\n",
         {{"192.0.2.1", "x"}, {"192.0.2.1", "y"}, {"192.0.2.2", "z"}},
         "192.0.2.1 old\n192.0.2.2 z\n"},
        {"what had one name twice", "", {{"192.0.2.1", "x"}, {"192.0.2.1", "x"}}, "192.0.2.1 x\n"},
        {"the later of two lines",
         "192.0.2.1 a\n192.0.2.1 b\n",
         {{"::1", "c"}},
         "192.0.2.1 b\n::1 c\n"},
        {"behind a last line without a newline",
         "192.0.2.1 a",
         {{"192.0.2.2", "b"}},
         "192.0.2.1 a\n192.0.2.2 b\n"},
        {"writes addresses its own way",
         "2001:DB8:0:0:0:0:0:1 a\n",
         {{"2001:db8::2", "b"}},
         "2001:db8::1 a\n2001:db8::2 b\n"},
        {"nothing", "192.0.2.1 a\n", {{NULL, NULL}}, "192.0.2.1 a\n"},
        {"escapes", "", {{"192.0.2.1", "a\\032b\\\\c\"%s"}}, "192.0.2.1 a\\032b\\\\c\"%s\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct names *learned = new_names();

        unlink(path);
        if (cases[i].before)
            put_file(path, cases[i].before, strlen(cases[i].before));
        for (size_t j = 0; j < 6 && cases[i].learned[j].address; j++)
            add(learned, cases[i].learned[j].address, cases[i].learned[j].name, 1000 + (int64_t)j);
        is_int(namecache_learn(path, learned), RESULT_OK, "learns: %s", cases[i].title);
        is_str(text_at(path), cases[i].want, "the file: %s", cases[i].title);
        is_int(namecache_learn(path, learned), RESULT_OK, "learns again: %s", cases[i].title);
        is_str(text_at(path), cases[i].want, "which changes nothing: %s", cases[i].title);
        names_destroy(&learned);
    }
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
        is_int(namecache_learn(path, learned), RESULT_DAMAGED, "a bad file %zu", i);
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
        is_int(namecache_learn(path, learned), RESULT_OK, "learns into mode %o", modes[i]);
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
    is_int(namecache_learn(path, learned), RESULT_OK, "makes a new file");
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
    is_int(namecache_learn("/nonexistent/folder/cache", learned), RESULT_SYSTEM, "no folder");
    is_int(errno, ENOENT, "errno says so");
    errno = 0;
    is_int(namecache_learn(folder, learned), RESULT_SYSTEM, "a folder is no file");
    is_int(errno, EISDIR, "errno says so");
    names_destroy(&learned);
}

/* What a cache holds is found before and after a time, and one that learned many reads back. */
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
    is_int(namecache_learn(path, learned), RESULT_OK, "learns many");
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
    path = path_of("cache");
    test_load();
    test_load_nul();
    test_load_long();
    test_load_missing();
    test_learn();
    test_learn_bad_file();
    test_mode();
    test_new_file_mode();
    test_learn_fails();
    test_round_trip();
    test_nothing_left();
    return done();
}
