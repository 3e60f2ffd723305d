#include "namecache.h"

#include "grow.h"

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

/* More than the longest line: an address, a space, a name with every byte escaped. */
#define LINE_MAX_BYTES 1100u

/*
 * Reads a line without its newline, which the last one may lack. Of a longer one the rest is
 * skipped; it has LINE_MAX_BYTES then. False at the end of the file.
 */
static bool read_line(FILE *file, char line[LINE_MAX_BYTES + 1], size_t *length)
{
    int c = getc(file);

    if (c == EOF)
        return false;
    for (*length = 0; c != EOF && c != '\n'; c = getc(file))
        if (*length < LINE_MAX_BYTES)
            line[(*length)++] = (char)c;
    line[*length] = '\0';
    return true;
}

/* Splits a line where it is one; the name must be what dns_read would make of one. */
static bool parse_line(char *line, size_t length, struct address *address, char **name)
{
    char *space = memchr(line, ' ', length);

    if (!space || length == LINE_MAX_BYTES)
        return false;
    *name = space + 1;
    if (*name == line + length)
        return false;
    for (const char *p = *name; p < line + length; p++)
        if (*p <= ' ' || *p > '~')
            return false;
    return address_read(line, (size_t)(space - line), address);
}

static enum result load_lines(FILE *file, struct names *names, size_t *bad_line)
{
    char line[LINE_MAX_BYTES + 1], *name;
    struct address address;
    enum result result = RESULT_OK;
    size_t bad = 0, length;

    for (size_t number = 1; result == RESULT_OK && read_line(file, line, &length); number++) {
        if (parse_line(line, length, &address, &name))
            result = names_add(names, &address, name, strlen(name), 0);
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

/* Opens a regular file: a device or a pipe is no cache, and must not be replaced by one. */
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

enum result namecache_load(const char *path, struct names *names, size_t *bad_line)
{
    int fd = open_cache(path, O_RDONLY);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    enum result result;

    if (fd < 0)
        return errno == ENOENT ? RESULT_OK : RESULT_SYSTEM;
    if (!file) {
        close(fd);
        return RESULT_NO_MEMORY;
    }
    result = load_lines(file, names, bad_line);
    fclose(file);
    return result;
}

/*
 * Opens and locks the file that path names now; another process may have replaced the one that was
 * opened while this one waited for its lock. -1: errno says why.
 */
static int lock_cache(const char *path)
{
    for (;;) {
        int fd = open_cache(path, O_RDWR | O_CREAT);
        struct stat opened, named;

        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_EX) == 0 && fstat(fd, &opened) == 0) {
            if (stat(path, &named) == 0 && opened.st_ino == named.st_ino &&
                opened.st_dev == named.st_dev)
                return fd;
            close(fd);
        } else if (errno != EINTR) {
            int saved = errno;

            close(fd);
            errno = saved;
            return -1;
        } else {
            close(fd);
        }
    }
}

/* The lines of a cache that is written. */
struct entries {
    struct entry {
        struct address address;
        struct name_ref name;
    } * list;
    size_t count, capacity;
};

static enum result collect(void *context, const struct address *address,
                           const struct name_ref *name, bool only_one)
{
    struct entries *entries = context;
    struct entry *grown = grow(entries->list, entries->count, &entries->capacity, sizeof *grown);

    (void)only_one;
    if (!grown)
        return RESULT_NO_MEMORY;
    entries->list = grown;
    entries->list[entries->count++] = (struct entry){*address, *name};
    return RESULT_OK;
}

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;

    return address_compare(&a->address, &b->address);
}

static enum result write_entries(FILE *file, const struct entries *entries)
{
    char text[ADDRESS_TEXT];

    for (size_t i = 0; i < entries->count; i++) {
        const struct name_ref *name = &entries->list[i].name;

        address_format(&entries->list[i].address, text);
        fprintf(file, "%s %.*s\n", text, (int)name->length, name->text);
    }
    return fflush(file) == 0 && !ferror(file) && fsync(fileno(file)) == 0 ? RESULT_OK
                                                                          : RESULT_SYSTEM;
}

/* A rename is durable once its folder is; some folders cannot be synced, which undoes nothing. */
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

/* Root gives the file back to its owner; who may not do so keeps it, which is no failure. */
static bool keep_owner(int fd, const struct stat *old)
{
    return fchown(fd, old->st_uid, old->st_gid) == 0 || errno == EPERM;
}

/* Writes a temporary file beside path, of the mode of the locked one, and renames it. */
static enum result replace(const char *path, int locked, const struct entries *entries)
{
    char temporary[PATH_MAX];
    struct stat old;
    enum result result = RESULT_SYSTEM;
    FILE *file = NULL;
    int fd, saved;

    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary) {
        errno = ENAMETOOLONG;
        return RESULT_SYSTEM;
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return RESULT_SYSTEM;
    if (fstat(locked, &old) == 0 && keep_owner(fd, &old) && fchmod(fd, old.st_mode & 07777) == 0)
        file = fdopen(fd, "w");
    if (file) {
        result = write_entries(file, entries);
        if (fclose(file) != 0)
            result = RESULT_SYSTEM;
    } else {
        close(fd);
    }
    if (result == RESULT_OK && rename(temporary, path) == 0) {
        sync_folder(path);
        return RESULT_OK;
    }
    saved = errno;
    unlink(temporary);
    errno = saved;
    return RESULT_SYSTEM;
}

/* Carries the names of single-named addresses over. */
static enum result learn_one(void *context, const struct address *address,
                             const struct name_ref *name, bool only_one)
{
    struct names *merged = context;

    return only_one ? names_add(merged, address, name->text, name->length, 0) : RESULT_OK;
}

enum result namecache_learn(const char *path, struct names *learned)
{
    char *real = realpath(path, NULL); /* a symbolic link stays one */
    struct names *merged = NULL;
    struct entries entries = {0};
    enum result result = real || errno == ENOENT ? names_init(&merged, SIZE_MAX) : RESULT_SYSTEM;
    size_t bad_line;
    int locked, saved;

    if (real)
        path = real;
    locked = result == RESULT_OK ? lock_cache(path) : -1;
    if (result == RESULT_OK)
        result = locked < 0 ? RESULT_SYSTEM : namecache_load(path, merged, &bad_line);
    if (result == RESULT_OK)
        result = names_each(learned, learn_one, merged);
    if (result == RESULT_OK)
        result = names_each(merged, collect, &entries);
    if (result == RESULT_OK && entries.count > 0) {
        qsort(entries.list, entries.count, sizeof *entries.list, compare_entries);
        result = replace(path, locked, &entries);
    }
    saved = errno;
    if (locked >= 0)
        close(locked);
    free(entries.list);
    free(real);
    names_destroy(&merged);
    errno = saved;
    return result;
}
