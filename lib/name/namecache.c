/* SPDX-License-Identifier: Apache-2.0 */
#include "name/namecache.h"

#include "base/calendar.h"
#include "base/clock.h"
#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* "2026-11-28" */
#define DAY_TEXT 10u

/* More than the longest line: an address, a name with every byte escaped, a day, and spaces. */
#define LINE_MAX_BYTES 1100u

/* Appended to the cache's name while it is written. */
#define NEW_SUFFIX ".secflow-new"

#define LOCK_RETRY (SECOND / 20)

/* Memory limit for a file that is not sorted. */
#define SORTED_BYTES (NAMECACHE_MOST * 4)

/* Most symbolic links to follow. */
#define LINKS_MOST 40

/* A line of the file. */
struct line {
    char text[LINE_MAX_BYTES + 1];
    struct address address;
    const char *name; /* in the text, without a NUL */
    size_t length;    /* of the name */
    int64_t day;      /* since 1970; -1: none */
};

/*
 * Reads a line without its newline, which the last one may lack. Skips the rest of a longer one,
 * which then has LINE_MAX_BYTES. False at the end of the file.
 */
static bool read_line(FILE *file, char line[LINE_MAX_BYTES + 1], size_t *length)
{
    int c = getc_unlocked(file);

    if (c == EOF)
        return false;
    for (*length = 0; c != EOF && c != '\n'; c = getc_unlocked(file))
        if (*length < LINE_MAX_BYTES)
            line[(*length)++] = (char)c;
    line[*length] = '\0';
    return true;
}

static void format_day(int64_t day, char text[DAY_TEXT + 1])
{
    struct date date = calendar_date(day);

    snprintf(text, DAY_TEXT + 1, "%04u-%02u-%02u", (unsigned)date.year % 10000,
             (unsigned)date.month % 100, (unsigned)date.day % 100);
}

/* -1: not a day. */
static int64_t parse_day(const char text[DAY_TEXT])
{
    static const char form[] = "0000-00-00";
    int numbers[3] = {0};
    int64_t day;

    for (unsigned i = 0, number = 0; i < DAY_TEXT; i++) {
        if (form[i] == '-' ? text[i] != '-' : !is_digit(text[i]))
            return -1;
        if (form[i] == '-')
            number++;
        else
            numbers[number] = numbers[number] * 10 + text[i] - '0';
    }
    return calendar_day((struct date){numbers[0], numbers[1], numbers[2]}, &day) ? day : -1;
}

/* Splits a line, if it is valid: the name must be one that dns_read could give. */
static bool parse_line(struct line *line, size_t length)
{
    char *space = memchr(line->text, ' ', length), *end;

    if (!space || length == LINE_MAX_BYTES)
        return false;
    line->name = end = space + 1;
    line->day = -1;
    while (*end > ' ' && *end <= '~')
        end++;
    line->length = (size_t)(end - line->name);
    if (*end == ' ' && end + 1 + DAY_TEXT == line->text + length) {
        line->day = parse_day(end + 1);
        end = line->day < 0 ? end : line->text + length;
    }
    return line->length > 0 && end == line->text + length &&
           address_read(line->text, (size_t)(space - line->text), &line->address);
}

/* Days since 1970. An unknown day, or one in the future, is today. */
static int64_t day_by(int64_t day, int64_t today)
{
    return day < 0 || day > today ? today : day;
}

/* The time of the names is their day, or today if that is earlier. */
static enum result load_lines(FILE *file, struct names *names, int64_t today, size_t *bad_line)
{
    struct line line;
    enum result result = RESULT_OK;
    size_t bad = 0, length;

    for (size_t number = 1; result == RESULT_OK && read_line(file, line.text, &length); number++) {
        if (parse_line(&line, length))
            result =
                names_add(names, &line.address, line.name, line.length, day_by(line.day, today));
        else if (bad == 0)
            bad = number;
    }
    if (result == RESULT_OK && ferror(file))
        result = RESULT_SYSTEM;
    if (result == RESULT_OK && bad > 0) {
        *bad_line = bad;
        result = RESULT_DAMAGED;
    }
    return result;
}

/* Opens a regular file: a device or a pipe is not a cache and must not be replaced by one. */
static int open_cache(const char *path, int flags)
{
    int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC, 0600);
    struct stat stat;

    if (fd >= 0 && fstat(fd, &stat) == 0 && !S_ISREG(stat.st_mode)) {
        close(fd);
        errno = S_ISDIR(stat.st_mode) ? EISDIR : EINVAL;
        fd = -1;
    }
    return fd;
}

/* The stream owns the descriptor, or it is closed: NULL, see errno. */
static FILE *open_stream(int fd, const char *mode)
{
    FILE *file = fdopen(fd, mode);

    if (!file) {
        close(fd);
        errno = ENOMEM;
    }
    return file;
}

enum result namecache_load(const char *path, struct names *names, size_t *bad_line)
{
    int fd = open_cache(path, O_RDONLY);
    FILE *file = fd < 0 ? NULL : open_stream(fd, "r");
    enum result result;

    if (!file)
        return fd < 0 && errno == ENOENT ? RESULT_OK : RESULT_SYSTEM;
    result = load_lines(file, names, 0, bad_line);
    fclose(file);
    return result;
}

/* True if the open file is the one that path names. */
static bool is_current(int fd, const char *path)
{
    struct stat opened, named;

    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

/*
 * Opens and locks the file that path names now; another process may have replaced the one opened
 * first while this one waited for its lock. NULL: see errno.
 */
static FILE *lock_cache(const char *path, int64_t wait)
{
    int64_t deadline = clock_monotonic() + wait;
    struct timespec pause = {.tv_nsec = LOCK_RETRY * 1000};

    for (;;) {
        int fd = open_cache(path, O_RDWR | O_CREAT), error;

        if (fd < 0)
            return NULL;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            if (is_current(fd, path))
                return open_stream(fd, "r");
            close(fd);
            continue;
        }
        error = errno;
        close(fd);
        errno = error;
        if (error != EINTR && (error != EWOULDBLOCK || clock_monotonic() >= deadline))
            return NULL;
        nanosleep(&pause, NULL);
    }
}

/*
 * A rename is durable once its directory is synced. Some directories cannot be synced, which does
 * no harm.
 */
static void sync_folder(const char *path)
{
    char copy[PATH_MAX];
    int fd;

    snprintf(copy, sizeof copy, "%s", path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* Root gives the file back to its owner; others need not be able to. */
static bool keep_owner(int fd, const struct stat *old)
{
    return fchown(fd, old->st_uid, old->st_gid) == 0 || errno == EPERM;
}

/*
 * Follows symbolic links, which are kept, to their file, which may not exist. real: PATH_MAX bytes.
 * RESULT_SYSTEM: see errno.
 */
static enum result follow_links(const char *path, char *real)
{
    char target[PATH_MAX], copy[PATH_MAX];

    if (snprintf(real, PATH_MAX, "%s", path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return RESULT_SYSTEM;
    }
    for (int links = 0; links < LINKS_MOST; links++) {
        ssize_t length = readlink(real, target, sizeof target - 1);

        if (length < 0)
            return errno == EINVAL || errno == ENOENT ? RESULT_OK : RESULT_SYSTEM;
        target[length] = '\0';
        memcpy(copy, real, sizeof copy);
        if (snprintf(real, PATH_MAX, "%s%s%s", target[0] == '/' ? "" : dirname(copy),
                     target[0] == '/' ? "" : "/", target) >= PATH_MAX) {
            errno = ENAMETOOLONG;
            return RESULT_SYSTEM;
        }
    }
    errno = ELOOP;
    return RESULT_SYSTEM;
}

/*
 * Merges the file with what was learned, in order of addresses, in two passes. The first sums up
 * the bytes of each day, and finds out whether anything changes.
 */
struct merge {
    const struct namecache_keep *keep;
    int64_t today; /* days since 1970 */
    char today_text[DAY_TEXT + 1];
    FILE *in;                 /* the file, if it is sorted */
    struct line line;         /* its next line */
    bool more;                /* there is one */
    bool damaged, disordered; /* the file is */
    struct names *sorted;     /* everything in a file that is not sorted; otherwise NULL */
    FILE *out;                /* NULL in the first pass */
    size_t *weights;          /* bytes of names not seen for that many days */
    uint32_t age_most;        /* names not seen for longer leave, also for lack of space */
    size_t room;              /* for names not seen for exactly that long */
    bool changes;
};

static enum result put_line(struct merge *merge, const struct address *address, const char *name,
                            size_t length, int64_t day)
{
    char text[ADDRESS_TEXT], day_text[DAY_TEXT + 1];
    size_t bytes = address_format(address, text) + length + DAY_TEXT + strlen("  \n");
    int64_t age = merge->today - day_by(day, merge->today);

    if (age > merge->age_most) {
        merge->changes = true;
        return RESULT_OK;
    }
    if (!merge->out) {
        merge->weights[age] += bytes;
        return RESULT_OK;
    }
    if (age == merge->age_most && bytes > merge->room)
        return RESULT_OK;
    if (age == merge->age_most)
        merge->room -= bytes;
    if (day >= 0 && day != merge->today)
        format_day(day, day_text);
    return fprintf(merge->out, "%s %.*s %s\n", text, (int)length, name,
                   day >= 0 && day != merge->today ? day_text : merge->today_text) < 0
               ? RESULT_SYSTEM
               : RESULT_OK;
}

/* Reads the next line of the file. */
static enum result next_line(struct merge *merge)
{
    struct address last = merge->line.address;
    bool first = !merge->more;
    size_t length;

    merge->more = read_line(merge->in, merge->line.text, &length);
    if (merge->more && !parse_line(&merge->line, length))
        merge->damaged = true;
    else if (merge->more && !first && address_compare(&last, &merge->line.address) >= 0)
        merge->disordered = true;
    merge->more = merge->more && !merge->damaged && !merge->disordered;
    return ferror(merge->in) ? RESULT_SYSTEM : RESULT_OK;
}

/* Keeps the line of the file and reads the next. */
static enum result keep_line(struct merge *merge)
{
    const struct line *line = &merge->line;
    enum result result = put_line(merge, &line->address, line->name, line->length, line->day);

    return result == RESULT_OK ? next_line(merge) : result;
}

/*
 * A names_each_fn: merges a learned address in its place. The later of two days is kept, so that a
 * slow clock does not make a name look old once it is set.
 */
static enum result take_learned(void *context, const struct address *address,
                                const struct name_ref *name, bool only_one)
{
    struct merge *merge = context;
    const struct line *line = &merge->line;
    enum result result = RESULT_OK;
    bool is_known;
    int order = 1;

    if (!only_one)
        return RESULT_OK;
    while (result == RESULT_OK && merge->more &&
           (order = address_compare(&line->address, address)) < 0)
        result = keep_line(merge);
    if (result != RESULT_OK)
        return result;
    is_known = merge->more && order == 0;
    if (!is_known || line->day < merge->today || line->length != name->length ||
        memcmp(line->name, name->text, name->length) != 0)
        merge->changes = true;
    result = put_line(merge, address, name->text, name->length,
                      is_known && line->day > merge->today ? line->day : merge->today);
    return result == RESULT_OK && is_known ? next_line(merge) : result;
}

/* The same for the whole of a file that was not sorted. */
static enum result take_sorted(void *context, const struct address *address,
                               const struct name_ref *name, bool only_one)
{
    (void)only_one;
    return put_line(context, address, name->text, name->length, name->time);
}

static enum result merge_once(struct merge *merge, const struct names *learned)
{
    enum result result;

    if (merge->sorted)
        return names_each(merge->sorted, take_sorted, merge);
    rewind(merge->in);
    merge->more = false;
    result = next_line(merge);
    if (result == RESULT_OK)
        result = names_each(learned, take_learned, merge);
    while (result == RESULT_OK && merge->more)
        result = keep_line(merge);
    return result;
}

/* A names_each_fn: adds what was learned to the names of the file. */
static enum result add_learned(void *context, const struct address *address,
                               const struct name_ref *name, bool only_one)
{
    const struct merge *merge = context;

    return only_one ? names_add(merge->sorted, address, name->text, name->length, merge->today)
                    : RESULT_OK;
}

/* Reads all of an unsorted file into memory. */
static enum result sort_all(struct merge *merge, const struct names *learned)
{
    enum result result = names_init(&merge->sorted, SORTED_BYTES);
    size_t bad_line;

    rewind(merge->in);
    if (result == RESULT_OK)
        result = load_lines(merge->in, merge->sorted, merge->today, &bad_line);
    if (result == RESULT_OK)
        result = names_each(learned, add_learned, merge);
    merge->changes = true;
    return result;
}

/* Chooses what to drop for lack of space: the oldest days. */
static void choose_age(struct merge *merge)
{
    uint64_t sum = 0;
    uint32_t age = 0;

    while (age <= merge->keep->age && sum + merge->weights[age] <= NAMECACHE_MOST)
        sum += merge->weights[age++];
    if (age > merge->keep->age)
        return;
    merge->age_most = age;
    merge->room = (size_t)(NAMECACHE_MOST - sum);
    merge->changes = true;
}

/* The first pass, which finds out what to write. */
static enum result weigh(struct merge *merge, const struct names *learned)
{
    size_t ages = (size_t)merge->keep->age + 1;
    enum result result;

    merge->weights = calloc(ages, sizeof *merge->weights);
    if (!merge->weights)
        return RESULT_NO_MEMORY;
    result = merge_once(merge, learned);
    if (result == RESULT_OK && merge->damaged)
        return RESULT_DAMAGED;
    if (result == RESULT_OK && merge->disordered) {
        memset(merge->weights, 0, ages * sizeof *merge->weights);
        result = sort_all(merge, learned);
        if (result == RESULT_OK)
            result = merge_once(merge, learned);
    }
    if (result == RESULT_OK)
        choose_age(merge);
    return result;
}

static enum result write_merged(struct merge *merge, const struct names *learned)
{
    enum result result = merge_once(merge, learned);

    if (result != RESULT_OK)
        return result;
    return fflush(merge->out) == 0 && fsync(fileno(merge->out)) == 0 ? RESULT_OK : RESULT_SYSTEM;
}

/*
 * Writes a new file beside path, with the mode of the locked one, and renames it. Locks the new
 * file too, which may be the leftover of a killed process.
 */
static enum result replace(const char *path, struct merge *merge, const struct names *learned)
{
    char new[PATH_MAX];
    struct stat old;
    enum result result = RESULT_SYSTEM;
    int fd, saved;

    if (snprintf(new, sizeof new, "%s" NEW_SUFFIX, path) >= (int)sizeof new) {
        errno = ENAMETOOLONG;
        return RESULT_SYSTEM;
    }
    unlink(new);
    fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return RESULT_SYSTEM;
    merge->out = open_stream(fd, "w");
    if (merge->out && fstat(fileno(merge->in), &old) == 0 && keep_owner(fd, &old) &&
        fchmod(fd, old.st_mode & 07777) == 0)
        result = write_merged(merge, learned);
    if (merge->out && fclose(merge->out) != 0 && result == RESULT_OK)
        result = RESULT_SYSTEM;
    if (result == RESULT_OK && rename(new, path) < 0)
        result = RESULT_SYSTEM;
    saved = errno;
    if (result == RESULT_OK)
        sync_folder(path);
    else
        unlink(new);
    errno = saved;
    return result;
}

enum result namecache_learn(const char *path, const struct names *learned,
                            const struct namecache_keep *keep)
{
    struct merge merge = {.keep = keep,
                          .today = keep->now / SECOND / DAY_SECONDS,
                          .age_most = keep->age,
                          .room = SIZE_MAX};
    char real[PATH_MAX];
    enum result result = follow_links(path, real);
    int saved;

    if (result != RESULT_OK || names_count(learned) == 0)
        return result;
    format_day(merge.today, merge.today_text);
    merge.in = lock_cache(real, keep->wait);
    if (!merge.in)
        return RESULT_SYSTEM;
    result = weigh(&merge, learned);
    if (result == RESULT_OK && merge.changes)
        result = replace(real, &merge, learned);
    saved = errno;
    fclose(merge.in);
    names_destroy(&merge.sorted);
    free(merge.weights);
    errno = saved;
    return result;
}
