/* SPDX-License-Identifier: Apache-2.0 */
#include "live/windows.h"

#include "base/calendar.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/least.h"
#include "base/number.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define INTERFACE_MAX 64u
#define NAME_SIZE 128u /* including a dot and a number */
#define BASE_SIZE 112u /* without the number and the suffix */

/* YYYYMMDDTHHMMSSZ- */
#define TIME_LENGTH 17u

/* The most files of one window and interface. */
#define SAME_MOST 10000u

/* Maintaining the directory may take this fraction of the thread's time. */
#define TIDY_SHARE 20

static const char suffix[] = ".sf", aside[] = ".bad";

#define SUFFIX_LENGTH (sizeof suffix - 1)
#define ASIDE_LENGTH (sizeof aside - 1)

struct file {
    int folder, fd;       /* -1: not open */
    char name[NAME_SIZE]; /* in the directory, with its dot */
    bool synced;          /* or that was tried */
    bool unsynced;        /* it failed, and is counted */
};

struct windows {
    struct windows_options options;
    char interface[INTERFACE_MAX + 1];
    int64_t start; /* of the current window, in seconds */
    struct file file;
    struct clock_watch clock;
    bool recovered; /* files of dead writers were dealt with */
    int64_t tidy_at;
    struct windows_counts counts;
    struct least listed; /* the oldest files that may be removed */
};

static bool is_kept(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '.' ||
           c == '-' || c == '_';
}

static void clean_interface(const char *interface, char clean[INTERFACE_MAX + 1])
{
    snprintf(clean, INTERFACE_MAX + 1, "%s", *interface ? interface : "_");
    for (char *p = clean; *p; p++)
        if (!is_kept(*p))
            *p = '_';
}

/* Formats a name with its dot; the number is included from 2 on. */
static void format_name(const char *base, unsigned number, char name[NAME_SIZE])
{
    if (number < 2)
        snprintf(name, NAME_SIZE, "%s%s", base, suffix);
    else
        snprintf(name, NAME_SIZE, "%s-%u%s", base, number, suffix);
}

/* The name for the window's file, with a dot and without the suffix. */
static void format_base(const struct windows *windows, char base[BASE_SIZE])
{
    struct date date = calendar_date(windows->start / DAY_SECONDS);
    int second = (int)(windows->start % DAY_SECONDS);

    snprintf(base, BASE_SIZE, ".%04d%02d%02dT%02d%02d%02dZ-%s", date.year, date.month, date.day,
             second / 3600, second / 60 % 60, second % 60, windows->interface);
}

static int two_digits(const char *p)
{
    return is_digit(p[0]) && is_digit(p[1]) ? (p[0] - '0') * 10 + p[1] - '0' : -10000;
}

/* The length of a name without what flowupload appends to a bad file: .bad, or -2.bad. */
static size_t own_length(const char *name)
{
    size_t length = strlen(name), digits;

    if (!text_ends_in(name, length, aside))
        return length;
    length -= ASIDE_LENGTH;
    for (digits = length; digits > 1 && is_digit(name[digits - 1]);)
        digits--;
    return digits < length && name[digits - 1] == '-' ? digits - 1 : length;
}

/* True if a name, without a dot, is one of ours; sets its time in microseconds. */
static bool parse_name(const char *name, int64_t *time)
{
    size_t length = own_length(name);
    struct date date;
    int64_t day;
    int hour, minute, second;

    if (length <= TIME_LENGTH + SUFFIX_LENGTH || strlen(name) >= NAME_SIZE - 1 || name[8] != 'T' ||
        name[15] != 'Z' || name[16] != '-' || !text_ends_in(name, length, suffix))
        return false;
    for (const char *p = name + TIME_LENGTH; *p; p++)
        if (!is_kept(*p))
            return false;
    date = (struct date){.year = two_digits(name) * 100 + two_digits(name + 2),
                         .month = two_digits(name + 4),
                         .day = two_digits(name + 6)};
    hour = two_digits(name + 9);
    minute = two_digits(name + 11);
    second = two_digits(name + 13);
    if (!calendar_day(date, &day) || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 59)
        return false;
    *time = (day * DAY_SECONDS + hour * 3600 + minute * 60 + second) * SECOND;
    return true;
}

static int open_folder(const struct windows *windows)
{
    return open(windows->options.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void close_file(struct file *file)
{
    if (file->fd >= 0)
        files_close(file->fd);
    if (file->folder >= 0)
        files_close(file->folder);
    file->fd = file->folder = -1;
}

static void discard_file(struct file *file)
{
    int saved = errno;

    unlinkat(file->folder, file->name, 0);
    errno = saved;
    close_file(file);
}

enum result windows_init(struct windows **windows, const struct windows_options *options)
{
    struct windows *new = calloc(1, sizeof *new);
    int folder;

    if (!new)
        return RESULT_NO_MEMORY;
    new->options = *options;
    new->file.folder = new->file.fd = -1;
    clean_interface(options->interface, new->interface);
    folder = open_folder(new);
    if (folder >= 0 && faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) == 0) {
        close(folder);
        *windows = new;
        return RESULT_OK;
    }
    if (folder >= 0)
        files_close(folder);
    free(new);
    return RESULT_SYSTEM;
}

/*
 * Creates a file of that name and locks it. RESULT_END: the name is taken, or a process that looks
 * for files of dead writers got the lock first and removes the file.
 */
static enum result make_file(struct file *file)
{
    enum result result = RESULT_END;
    struct stat stat;

    file->fd = openat(file->folder, file->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (file->fd < 0)
        return errno == EEXIST ? RESULT_END : RESULT_SYSTEM;
    if (flock(file->fd, LOCK_EX | LOCK_NB) == 0 && fstat(file->fd, &stat) == 0)
        result = stat.st_nlink > 0 ? RESULT_OK : RESULT_END;
    else if (errno != EWOULDBLOCK)
        result = RESULT_SYSTEM;
    if (result == RESULT_SYSTEM) {
        discard_file(file);
    } else if (result == RESULT_END) {
        close(file->fd);
        file->fd = -1;
    }
    return result;
}

/* Begins the file of a window, under a name of its own. */
static enum result begin_file(const struct windows *windows, const char *base, struct file *file)
{
    enum result result = RESULT_END;

    file->synced = file->unsynced = false;
    file->fd = -1;
    file->folder = open_folder(windows);
    if (file->folder < 0)
        return RESULT_SYSTEM;
    for (unsigned number = 1; number <= SAME_MOST && result == RESULT_END; number++) {
        format_name(base, number, file->name);
        result = make_file(file);
    }
    if (result == RESULT_OK)
        return result;
    if (result == RESULT_END)
        errno = EEXIST;
    close_file(file);
    return RESULT_SYSTEM;
}

/* The name of a file, with its dot and without the suffix. */
static void find_base(const struct file *file, char base[BASE_SIZE])
{
    snprintf(base, BASE_SIZE, "%.*s", (int)(strlen(file->name) - SUFFIX_LENGTH), file->name);
}

/* The file, or the whole directory, was removed; its content is still there: writes it again. */
static enum result restore_file(struct windows *windows, struct file *file)
{
    struct file new;
    char base[BASE_SIZE];
    enum result result;

    find_base(file, base);
    result = begin_file(windows, base, &new);
    if (result != RESULT_OK)
        return result;
    if (!files_copy(file->fd, 0, new.fd)) {
        discard_file(&new);
        return RESULT_SYSTEM;
    }
    close_file(file);
    *file = new;
    return RESULT_OK;
}

/* RESULT_END: the file is no longer in the directory. */
static enum result name_file(const struct file *file)
{
    char base[BASE_SIZE], name[NAME_SIZE];

    find_base(file, base);
    for (unsigned number = 1; number <= SAME_MOST; number++) {
        format_name(base, number, name);
        if (files_rename_new(file->folder, file->name, name + 1) == 0)
            return RESULT_OK;
        if (errno != EEXIST)
            break;
    }
    return errno == ENOENT ? RESULT_END : RESULT_SYSTEM;
}

/* Syncs a file or its directory. If that fails, the file is not written again, but counted. */
static void sync_file(struct windows *windows, struct file *file, int fd)
{
    if (fsync(fd) == 0)
        return;
    windows->counts.sync_error = errno;
    windows->counts.unsynced += !file->unsynced;
    file->unsynced = true;
}

/* Completes a file and closes it. */
static enum result complete_file(struct windows *windows, struct file *file)
{
    enum result result;
    struct stat stat;

    if (!file->synced)
        sync_file(windows, file, file->fd);
    file->synced = true;
    result = name_file(file);
    if (result == RESULT_END && fstat(file->fd, &stat) == 0 && stat.st_nlink == 0) {
        result = restore_file(windows, file);
        return result == RESULT_OK ? complete_file(windows, file) : result;
    }
    if (result == RESULT_SYSTEM) /* otherwise it has its name, or one that somebody gave it */
        return result;
    sync_file(windows, file, file->folder);
    close_file(file);
    windows->counts.written++;
    return RESULT_OK;
}

enum result windows_end(struct windows *windows)
{
    return windows->file.fd < 0 ? RESULT_OK : complete_file(windows, &windows->file);
}

enum result windows_begin(struct windows *windows, const struct window *window)
{
    int64_t start = (window->start >= 0 ? window->start : window->sample_start) / SECOND;
    enum result result = start == windows->start ? RESULT_OK : windows_end(windows);

    if (result == RESULT_OK)
        windows->start = start;
    return result;
}

enum result windows_write(struct windows *windows, const char *bytes, size_t length, size_t *wrote)
{
    char base[BASE_SIZE];
    ssize_t some;

    *wrote = 0;
    if (length == 0)
        return RESULT_OK;
    format_base(windows, base);
    if (windows->file.fd < 0 && begin_file(windows, base, &windows->file) != RESULT_OK)
        return RESULT_SYSTEM;
    some = write(windows->file.fd, bytes, length);
    if (some < 0)
        return errno == EINTR ? RESULT_OK : RESULT_SYSTEM;
    *wrote = (size_t)some;
    return RESULT_OK;
}

/* Completes the whole lines of a file. RESULT_END: there were none, and it was removed. */
static enum result complete_lines(struct windows *windows, struct file *file)
{
    off_t size = files_whole_lines(file->fd);

    if (size == 0)
        discard_file(file);
    if (size <= 0)
        return size == 0 ? RESULT_END : RESULT_SYSTEM;
    return ftruncate(file->fd, size) == 0 ? complete_file(windows, file) : RESULT_SYSTEM;
}

void windows_destroy(struct windows **windows)
{
    struct windows *old = *windows;

    if (!old)
        return;
    if (old->file.fd >= 0 && complete_lines(old, &old->file) == RESULT_SYSTEM)
        close_file(&old->file); /* the next process tries again */
    free(old);
    *windows = NULL;
}

/* True if the name still belongs to the file, and the file has not been renamed already. */
static bool was_left(const struct file *file)
{
    struct stat open, named;

    return fstat(file->fd, &open) == 0 && open.st_nlink == 1 &&
           fstatat(file->folder, file->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

/* Removes the dotted name of a file that already has its final one as a hard link. */
static void remove_link(const struct file *file)
{
    struct stat stat;

    if (fstat(file->fd, &stat) == 0 && stat.st_nlink > 1)
        unlinkat(file->folder, file->name, 0);
}

struct look {
    struct windows *windows;
    int folder;
    uint64_t bytes; /* of all files */
    int64_t before; /* older files may be removed */
    char newest[NAME_SIZE];
};

static enum result recover_name(void *context, const char *name)
{
    struct look *look = context;
    struct file file = {.fd = -1};
    int64_t time;

    if (name[0] != '.' || !parse_name(name + 1, &time) || !text_ends_in(name, strlen(name), suffix))
        return RESULT_OK;
    snprintf(file.name, sizeof file.name, "%.*s", (int)sizeof file.name - 1, name);
    file.folder = openat(look->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    file.fd = file.folder < 0 ? -1 : files_open(file.folder, name, O_RDWR);
    if (file.fd >= 0 && flock(file.fd, LOCK_EX | LOCK_NB) == 0) {
        if (!was_left(&file))
            remove_link(&file);
        else if (complete_lines(look->windows, &file) == RESULT_OK)
            look->windows->counts.recovered++;
    }
    close_file(&file);
    return RESULT_OK;
}

static uint64_t file_bytes(const struct look *look, const char *name)
{
    struct stat stat;

    return fstatat(look->folder, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 ? (uint64_t)stat.st_size
                                                                        : 0;
}

static enum result look_at_name(void *context, const char *name)
{
    struct look *look = context;
    int64_t time;

    if (!parse_name(name, &time))
        return RESULT_OK;
    if (strcmp(name, look->newest) > 0)
        snprintf(look->newest, sizeof look->newest, "%s", name);
    if (look->before == INT64_MAX)
        look->bytes += file_bytes(look, name);
    if (look->before == INT64_MAX || (time >= CLOCK_LEAST && time < look->before))
        least_add(&look->windows->listed, name);
    return RESULT_OK;
}

/* Removes what has to go from the list. True if everything listed is gone. */
static bool remove_listed(struct look *look, uint64_t *count)
{
    struct windows *windows = look->windows;
    bool by_bytes = look->before == INT64_MAX;
    bool all = windows->listed.count > 0;

    for (size_t i = 0; i < windows->listed.count; i++) {
        const char *name = least_name(&windows->listed, i);
        uint64_t bytes = by_bytes ? file_bytes(look, name) : 0;

        if (strcmp(name, look->newest) == 0 ||
            (by_bytes && look->bytes <= windows->options.keep_bytes))
            return false;
        if (unlinkat(look->folder, name, 0) == 0) {
            ++*count;
            look->bytes -= bytes < look->bytes ? bytes : look->bytes;
        } else if (errno != ENOENT) {
            windows->counts.remove_error = errno;
            all = false;
        }
    }
    return all;
}

/*
 * Removes files older than before; or if that is INT64_MAX, the oldest until the limit of bytes is
 * met.
 */
static void trim(struct windows *windows, int folder, int64_t before, uint64_t *count)
{
    struct look look;

    do {
        look = (struct look){.windows = windows, .folder = folder, .before = before};
        windows->listed.count = 0;
    } while (files_each(folder, look_at_name, &look) == RESULT_OK && remove_listed(&look, count));
}

void windows_tidy(struct windows *windows)
{
    const struct windows_options *options = &windows->options;
    int64_t began = clock_monotonic(), wall = clock_wall();
    int folder = began < windows->tidy_at ? -1 : open_folder(windows);

    if (folder < 0)
        return;
    if (!windows->recovered)
        windows->recovered =
            files_each(folder, recover_name,
                       &(struct look){.windows = windows, .folder = folder}) == RESULT_OK;
    if (options->keep > 0 && clock_knows_age(&windows->clock, wall, options->keep))
        trim(windows, folder, wall - options->keep, &windows->counts.removed_age);
    if (options->keep_bytes > 0)
        trim(windows, folder, INT64_MAX, &windows->counts.removed_bytes);
    close(folder);
    windows->tidy_at = clock_monotonic();
    windows->tidy_at += TIDY_SHARE * (windows->tidy_at - began);
}

void windows_count(const struct windows *windows, struct windows_counts *counts)
{
    *counts = windows->counts;
}
