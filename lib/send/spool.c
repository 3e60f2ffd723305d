/* SPDX-License-Identifier: Apache-2.0 */
#include "send/spool.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/least.h"
#include "base/number.h"
#include "send/lockholder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIME_DIGITS 16

/* Seconds allowed for moving a file and its companion by hand. */
#define ALONE_MOST 3600

struct spool {
    int folder; /* -1: could not be opened */
    int lock;   /* -1: not held */
    bool gives; /* this is root, and new files go to the directory's owner, who is not */
    uid_t owner;
    gid_t group;
    unsigned created;
    uint64_t committed;
    struct least *list; /* the first entries after list_after; NULL: not read yet */
    char list_after[NAME_MAX + 1];
};

static const char rejected[] = "rejected", answer_suffix[] = ".answer";
static const char *const kind_words[] = {"records", "pcap", "pcapng", "secflow",
                                         "zeek",    "dns",  "copy"};

#define KINDS (sizeof kind_words / sizeof *kind_words)

const char *spool_kind_word(enum spool_kind kind)
{
    return kind_words[kind];
}

bool spool_kind_find(const char *word, enum spool_kind *kind)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(word, kind_words[i]) == 0) {
            *kind = (enum spool_kind)i;
            return true;
        }
    }
    return false;
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

static bool is_answer(const char *name)
{
    size_t length = strlen(name), suffix = sizeof answer_suffix - 1;

    return length >= suffix && strcmp(name + length - suffix, answer_suffix) == 0;
}

bool spool_is_file_name(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < length; i++)
        if (name[i] == '/' || is_control(name[i]))
            return false;
    return length > 0 && length <= SPOOL_FILE_NAME_MAX && !is_answer(name);
}

void spool_clean_name(const char *name, char clean[SPOOL_FILE_NAME_MAX + 1])
{
    size_t length = strlen(name);

    if (length > SPOOL_FILE_NAME_MAX) {
        name += length - SPOOL_FILE_NAME_MAX;
        while (((unsigned char)*name & 0xc0) == 0x80) /* the rest of a UTF-8 character */
            name++;
    }
    snprintf(clean, SPOOL_FILE_NAME_MAX + 1, "%s", *name ? name : "_");
    for (char *p = clean; *p; p++)
        if (*p == '/' || is_control(*p))
            *p = '_';
    if (is_answer(clean))
        *strrchr(clean, '.') = '_';
}

/* A new directory is durable once its parent is synced. */
static void sync_parent(const char *path)
{
    char parent[PATH_MAX];
    char *slash;
    int fd;

    snprintf(parent, sizeof parent, "%s", path);
    slash = strrchr(parent, '/');
    if (slash)
        slash[slash == parent] = '\0';
    fd = open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

static int make_folder(const char *path)
{
    if (mkdir(path, 0700) < 0)
        return errno == EEXIST ? 0 : -1;
    sync_parent(path);
    return 0;
}

/* Creates the directory and missing parents. */
static int make_folders(const char *path)
{
    char copy[PATH_MAX];
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof copy) {
        errno = length == 0 ? ENOENT : ENAMETOOLONG;
        return -1;
    }
    memcpy(copy, path, length + 1);
    for (char *slash = copy; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        make_folder(copy); /* if this fails, so does the last one */
        *slash = '/';
    }
    return make_folder(copy);
}

static enum result find_owner(struct spool *spool)
{
    bool root = geteuid() == 0;
    struct stat stat;

    if (fstat(spool->folder, &stat) < 0)
        return RESULT_SYSTEM;
    spool->gives = root && stat.st_uid != 0;
    spool->owner = stat.st_uid;
    spool->group = stat.st_gid;
    return (stat.st_mode & (root ? S_IWGRP | S_IWOTH : S_IWOTH)) != 0 ? RESULT_INVALID : RESULT_OK;
}

/* Gives what was created to the owner. False: see errno. */
static bool give(const struct spool *spool, int fd)
{
    return !spool->gives || fchown(fd, spool->owner, spool->group) == 0;
}

enum result spool_init(struct spool **spool, const char *path)
{
    struct spool *new = calloc(1, sizeof *new);
    enum result result = RESULT_SYSTEM;
    int saved;

    if (!new)
        return RESULT_NO_MEMORY;
    new->lock = -1;
    new->folder = make_folders(path) < 0 ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (new->folder >= 0 && faccessat(new->folder, ".", W_OK | X_OK, AT_EACCESS) == 0)
        result = find_owner(new);
    if (result == RESULT_OK) {
        *spool = new;
        return RESULT_OK;
    }
    saved = errno;
    spool_destroy(&new);
    errno = saved;
    return result;
}

/* A spool of an open directory, or for -1 none; see errno. */
static enum result look_at(struct spool **spool, int folder)
{
    struct spool *new = folder < 0 ? NULL : calloc(1, sizeof *new);

    if (!new) {
        if (folder < 0)
            return RESULT_SYSTEM;
        close(folder);
        return RESULT_NO_MEMORY;
    }
    new->lock = -1;
    new->folder = folder;
    *spool = new;
    return RESULT_OK;
}

enum result spool_look(struct spool **spool, const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder >= 0 && faccessat(folder, ".", X_OK, AT_EACCESS) < 0) {
        files_close(folder);
        return RESULT_SYSTEM;
    }
    return look_at(spool, folder);
}

void spool_destroy(struct spool **spool)
{
    struct spool *old = *spool;

    if (!old)
        return;
    spool_unlock(old);
    if (old->folder >= 0)
        close(old->folder);
    free(old->list);
    free(old);
    *spool = NULL;
}

/* The dot with that number in a name; NULL if there are fewer. */
static const char *find_dot(const char *name, unsigned number)
{
    const char *dot = strchr(name, '.');

    while (dot && --number > 0)
        dot = strchr(dot + 1, '.');
    return dot;
}

/* Skips digits, at least one and at most `most`, and the dot after them. */
static bool skip_number(const char **p, unsigned most)
{
    const char *start = *p;

    while (is_digit(**p) && *p < start + most)
        ++*p;
    return *p > start && *(*p)++ == '.';
}

/* Splits a name, given without a leading dot. False: not a name of a spool. */
static bool parse_name(const char *name, struct spool_entry *entry)
{
    const char *p = name, *end = find_dot(name, 4);
    size_t length = strlen(name);
    char word[16];

    if (!end || end[1] == '\0' || length > NAME_MAX || is_answer(end + 1) ||
        !skip_number(&p, TIME_DIGITS) || p != name + TIME_DIGITS + 1 || !skip_number(&p, 20) ||
        !skip_number(&p, 20) || (size_t)(end - p) >= sizeof word)
        return false;
    snprintf(word, sizeof word, "%.*s", (int)(end - p), p);
    if (!spool_kind_find(word, &entry->kind))
        return false;
    memcpy(entry->name, name, length + 1);
    entry->time = strtoll(name, NULL, 10);
    entry->file_name = (size_t)(end + 1 - name);
    return true;
}

/* The same name with another kind; with or without a leading dot. */
static void rename_kind(const char *name, enum spool_kind kind, char renamed[NAME_MAX + 1])
{
    const char *word = find_dot(name + 1, 3), *end = find_dot(name + 1, 4);

    snprintf(renamed, NAME_MAX + 1, "%.*s.%s%s", (int)(word - name), name, kind_words[kind], end);
}

/* The name of a file once it is complete. */
static void complete_name(const char *name, char complete[NAME_MAX + 1])
{
    struct spool_entry entry;

    if (parse_name(name + 1, &entry) && entry.kind == SPOOL_COPY)
        rename_kind(name + 1, SPOOL_RECORDS, complete);
    else
        snprintf(complete, NAME_MAX + 1, "%s", name + 1);
}

/* The name of the companion of a file. */
static void companion_name(const char *name, char companion[NAME_MAX + 1])
{
    rename_kind(name, SPOOL_DNS, companion);
}

static void make_name(struct spool *spool, enum spool_kind kind, const char *file_name,
                      char name[NAME_MAX + 1])
{
    snprintf(name, NAME_MAX + 1, ".%016" PRId64 ".%ld.%u.%s.%.*s", clock_wall(), (long)getpid(),
             spool->created++, kind_words[kind], (int)SPOOL_FILE_NAME_MAX, file_name);
}

void spool_discard(struct spool *spool, struct spool_file *file)
{
    unlinkat(spool->folder, file->name, 0);
    close(file->fd);
    file->fd = -1;
}

enum result spool_create(struct spool *spool, enum spool_kind kind, const char *file_name,
                         const struct spool_file *companion, struct spool_file *file)
{
    struct stat stat;

    file->renamed = false;
    for (;;) {
        if (companion)
            companion_name(companion->name, file->name);
        else
            make_name(spool, kind, file_name, file->name);
        file->fd = openat(spool->folder, file->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (file->fd < 0)
            return RESULT_SYSTEM;
        if (flock(file->fd, LOCK_EX) < 0 || fstat(file->fd, &stat) < 0 || !give(spool, file->fd)) {
            int saved = errno;

            spool_discard(spool, file);
            errno = saved;
            return RESULT_SYSTEM;
        }
        if (stat.st_nlink > 0)
            return RESULT_OK;
        close(file->fd); /* before it was locked, spool_recover took it for a dead writer's */
    }
}

static uint64_t fd_bytes(int fd)
{
    struct stat stat;

    return fstat(fd, &stat) == 0 ? (uint64_t)stat.st_size : 0;
}

uint64_t spool_committed(const struct spool *spool)
{
    return spool->committed;
}

enum result spool_commit(struct spool *spool, struct spool_file *file)
{
    char complete[NAME_MAX + 1];

    if (!file->renamed) {
        if (fsync(file->fd) < 0)
            return RESULT_UNSYNCED; /* only once: a second fsync would report success */
        complete_name(file->name, complete);
        if (renameat(spool->folder, file->name, spool->folder, complete) < 0)
            return RESULT_SYSTEM;
        file->renamed = true;
    }
    if (fsync(spool->folder) < 0)
        return RESULT_SYSTEM;
    spool->committed += fd_bytes(file->fd);
    close(file->fd);
    file->fd = -1;
    return RESULT_OK;
}

enum result spool_lock(struct spool *spool)
{
    int fd = openat(spool->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return RESULT_SYSTEM;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        files_close(fd);
        return errno == EWOULDBLOCK ? RESULT_END : RESULT_SYSTEM;
    }
    spool->lock = fd;
    return RESULT_OK;
}

void spool_unlock(struct spool *spool)
{
    if (spool->lock >= 0)
        close(spool->lock);
    spool->lock = -1;
}

enum result spool_holder(const struct spool *spool, pid_t *holder)
{
    return lock_holder(spool->folder, holder);
}

struct call {
    struct spool *spool;
    enum result (*each)(struct spool *spool, const char *name, void *context);
    void *context;
};

static enum result call_each(void *context, const char *name)
{
    const struct call *call = context;

    return call->each(call->spool, name, call->context);
}

/* Calls each for every file name in the directory until a call does not return RESULT_OK. */
static enum result
each_name(struct spool *spool,
          enum result (*each)(struct spool *spool, const char *name, void *context), void *context)
{
    return files_each(spool->folder, call_each, &(struct call){spool, each, context});
}

static bool parse_complete(const char *name, struct spool_entry *entry)
{
    return name[0] != '.' && parse_name(name, entry) && entry->kind != SPOOL_DNS &&
           entry->kind != SPOOL_COPY;
}

static enum result list_name(struct spool *spool, const char *name, void *context)
{
    struct spool_entry entry;

    (void)context;
    if (strcmp(name, spool->list_after) > 0 && parse_complete(name, &entry))
        least_add(spool->list, name);
    return RESULT_OK;
}

static enum result read_list(struct spool *spool, const char *after)
{
    if (!spool->list && !(spool->list = malloc(sizeof *spool->list)))
        return RESULT_NO_MEMORY;
    snprintf(spool->list_after, sizeof spool->list_after, "%s", after);
    spool->list->count = 0;
    return each_name(spool, list_name, NULL);
}

static uint64_t file_bytes(struct spool *spool, const char *name)
{
    struct stat stat;

    return fstatat(spool->folder, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 ? (uint64_t)stat.st_size
                                                                         : 0;
}

static uint64_t entry_bytes(struct spool *spool, const struct spool_entry *entry)
{
    char companion[NAME_MAX + 1];
    uint64_t bytes = file_bytes(spool, entry->name);

    if (entry->kind == SPOOL_ZEEK) {
        companion_name(entry->name, companion);
        bytes += file_bytes(spool, companion);
    }
    return bytes;
}

enum result spool_next(struct spool *spool, const char *after, struct spool_entry *entry)
{
    size_t at = spool->list ? least_after(spool->list, after) : 0;

    if (!spool->list || at == spool->list->count || after[0] == '\0' ||
        strcmp(after, spool->list_after) < 0) {
        enum result result = read_list(spool, after);

        if (result != RESULT_OK)
            return result;
        at = 0;
    }
    if (at == spool->list->count || !parse_complete(least_name(spool->list, at), entry))
        return RESULT_END;
    entry->bytes = entry_bytes(spool, entry);
    return RESULT_OK;
}

int spool_open_entry(struct spool *spool, const struct spool_entry *entry)
{
    return files_open(spool->folder, entry->name, O_RDONLY);
}

int spool_open_companion(struct spool *spool, const struct spool_entry *entry)
{
    char companion[NAME_MAX + 1];

    companion_name(entry->name, companion);
    return files_open(spool->folder, companion, O_RDONLY);
}

enum result spool_remove(struct spool *spool, const struct spool_entry *entry)
{
    char companion[NAME_MAX + 1];

    if (unlinkat(spool->folder, entry->name, 0) < 0 && errno != ENOENT)
        return RESULT_SYSTEM;
    if (entry->kind == SPOOL_ZEEK) {
        companion_name(entry->name, companion);
        unlinkat(spool->folder, companion, 0); /* spool_recover does so too */
    }
    return fsync(spool->folder) < 0 ? RESULT_SYSTEM : RESULT_OK;
}

static void name_answer(const char *name, char answer[NAME_MAX + 1])
{
    snprintf(answer, NAME_MAX + 1, "%.*s%s", NAME_MAX - 7, name, answer_suffix);
}

/* An entry is better moved without the answer than not at all: the disk may be full. */
static void write_answer(const struct spool *spool, int folder, const char *name,
                         const char *answer, size_t length)
{
    char answer_name[NAME_MAX + 1];
    int fd;

    name_answer(name, answer_name);
    unlinkat(folder, answer_name, 0); /* whatever has that name, do not write through it */
    fd = openat(folder, answer_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (!files_write(fd, answer, length) || !give(spool, fd))
        unlinkat(folder, answer_name, 0);
    close(fd);
}

static enum result move_entry(struct spool *spool, const struct spool_entry *entry, int folder)
{
    char companion[NAME_MAX + 1];

    if (entry->kind == SPOOL_ZEEK) {
        companion_name(entry->name, companion);
        if (renameat(spool->folder, companion, folder, companion) < 0 && errno != ENOENT)
            return RESULT_SYSTEM;
    }
    return renameat(spool->folder, entry->name, folder, entry->name) < 0 || fsync(folder) < 0 ||
                   fsync(spool->folder) < 0
               ? RESULT_SYSTEM
               : RESULT_OK;
}

/* Opens the subdirectory of rejected files; -1: see errno. */
static int find_rejected(const struct spool *spool)
{
    return openat(spool->folder, rejected, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/*
 * Moving files in or out of the subdirectory of rejected files, or deleting them there, requires
 * its lock, held until the directory is closed, so that nobody sees half of what belongs together.
 * False: see errno.
 */
static bool lock_rejected(int folder)
{
    while (flock(folder, LOCK_EX) < 0)
        if (errno != EINTR)
            return false;
    return true;
}

/* The same, but creates and locks it; root also gives it to the owner. */
static int open_rejected(const struct spool *spool)
{
    int folder;

    if (mkdirat(spool->folder, rejected, 0700) < 0 && errno != EEXIST)
        return -1;
    folder = find_rejected(spool);
    if (folder >= 0 && (!lock_rejected(folder) || !give(spool, folder))) {
        files_close(folder);
        return -1;
    }
    return folder;
}

enum result spool_reject(struct spool *spool, const struct spool_entry *entry, const char *answer,
                         size_t length)
{
    enum result result;
    int folder = open_rejected(spool);

    if (folder < 0)
        return RESULT_SYSTEM;
    write_answer(spool, folder, entry->name, answer, length);
    result = move_entry(spool, entry, folder);
    files_close(folder);
    return result;
}

static bool exists(const struct spool *spool, const char *name)
{
    return faccessat(spool->folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

enum result spool_open_rejected(const struct spool *spool, struct spool **aside)
{
    int folder = find_rejected(spool);

    if (folder < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? RESULT_END : RESULT_SYSTEM;
    return look_at(aside, folder);
}

/* The same, as a locked spool. */
static enum result open_aside(const struct spool *spool, struct spool **aside)
{
    enum result result = spool_open_rejected(spool, aside);

    if (result != RESULT_OK || lock_rejected((*aside)->folder))
        return result;
    spool_destroy(aside);
    return RESULT_SYSTEM;
}

int spool_open_answer(struct spool *aside, const struct spool_entry *entry)
{
    char answer[NAME_MAX + 1];

    name_answer(entry->name, answer);
    return files_open(aside->folder, answer, O_RDONLY);
}

/* Moves a file, failing with EEXIST if the name exists. Not all file systems can do so. */
static int move_new(const struct spool *from, const struct spool *to, const char *name)
{
    if (renameat2(from->folder, name, to->folder, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (exists(to, name)) {
        errno = EEXIST;
        return -1;
    }
    return renameat(from->folder, name, to->folder, name);
}

/*
 * The companion goes first, since the log may be sent as soon as it is there; the answer goes last.
 */
static enum result retry_entry(struct spool *spool, struct spool *aside,
                               const struct spool_entry *entry, struct spool_retried *retried)
{
    char other[NAME_MAX + 1];

    if (entry->kind == SPOOL_ZEEK && !exists(spool, entry->name)) {
        companion_name(entry->name, other);
        if (move_new(aside, spool, other) < 0 && errno != ENOENT && errno != EEXIST)
            return RESULT_SYSTEM;
    }
    if (move_new(aside, spool, entry->name) == 0) {
        name_answer(entry->name, other);
        unlinkat(aside->folder, other, 0);
        retried->moved++;
        return RESULT_OK;
    }
    retried->kept += errno == EEXIST;
    return errno == EEXIST || errno == ENOENT ? RESULT_OK : RESULT_SYSTEM;
}

enum result spool_retry(struct spool *spool, struct spool_retried *retried)
{
    struct spool *aside = NULL;
    struct spool_entry entry = {.name = ""};
    enum result result = open_aside(spool, &aside);

    while (result == RESULT_OK && (result = spool_next(aside, entry.name, &entry)) == RESULT_OK)
        result = retry_entry(spool, aside, &entry, retried);
    if (result == RESULT_END)
        result = RESULT_OK;
    if (result == RESULT_OK && aside && (fsync(spool->folder) < 0 || fsync(aside->folder) < 0))
        result = RESULT_SYSTEM;
    spool_destroy(&aside);
    return result;
}

/* Where the first line at or after a place begins; the size if there is none. */
static enum result find_line(int fd, uint64_t from, uint64_t size, uint64_t *start)
{
    char buffer[16 * 1024];
    ssize_t got;

    *start = from;
    if (from == 0)
        return RESULT_OK;
    for (uint64_t at = from - 1; at < size; at += (uint64_t)got) {
        const char *newline;

        got = pread(fd, buffer, sizeof buffer, (off_t)at);
        if (got <= 0)
            return RESULT_SYSTEM;
        newline = memchr(buffer, '\n', (size_t)got);
        if (newline) {
            *start = at + (uint64_t)(newline + 1 - buffer);
            return RESULT_OK;
        }
    }
    *start = size;
    return RESULT_OK;
}

/* Where the last line begins. */
static enum result find_last_line(int fd, uint64_t size, uint64_t *start)
{
    char buffer[16 * 1024];

    *start = 0;
    for (uint64_t end = size - 1; end > 0;) { /* before its own newline */
        size_t length = end < sizeof buffer ? (size_t)end : sizeof buffer;
        const char *newline;

        end -= length;
        if (pread(fd, buffer, length, (off_t)end) != (ssize_t)length)
            return RESULT_SYSTEM;
        newline = memrchr(buffer, '\n', length);
        if (newline) {
            *start = end + (uint64_t)(newline + 1 - buffer);
            return RESULT_OK;
        }
    }
    return RESULT_OK;
}

enum result spool_find_part(int fd, uint64_t most, uint64_t *start)
{
    struct stat stat;
    enum result result;
    uint64_t size;

    *start = 0;
    if (fstat(fd, &stat) < 0)
        return RESULT_SYSTEM;
    size = (uint64_t)stat.st_size;
    if (most == 0 || size <= most)
        return RESULT_OK;
    result = find_line(fd, size - most, size, start);
    return result == RESULT_OK && *start == size ? find_last_line(fd, size, start) : result;
}

enum result spool_remove_part(struct spool *spool, const struct spool_entry *entry, uint64_t start)
{
    int fd = files_open(spool->folder, entry->name, O_WRONLY);
    enum result result = RESULT_OK;

    if (fd < 0)
        return RESULT_SYSTEM;
    if (ftruncate(fd, (off_t)start) < 0 || fsync(fd) < 0)
        result = RESULT_SYSTEM;
    files_close(fd);
    return result;
}

/* Copies a part into the directory, under a new name without its dot only once it is whole. */
static enum result save_part(struct spool *spool, const struct spool_entry *entry, uint64_t start,
                             int folder, char name[NAME_MAX + 1])
{
    int from = spool_open_entry(spool, entry), to = -1;
    enum result result = RESULT_SYSTEM;
    char dotted[NAME_MAX + 1];

    make_name(spool, entry->kind, entry->name + entry->file_name, dotted);
    memcpy(dotted + 1, entry->name, TIME_DIGITS);
    snprintf(name, NAME_MAX + 1, "%s", dotted + 1);
    if (from >= 0)
        to = openat(folder, dotted, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to >= 0) {
        if (give(spool, to) && files_copy(from, (off_t)start, to) && fsync(to) == 0 &&
            renameat(folder, dotted, folder, name) == 0)
            result = RESULT_OK;
        else
            unlinkat(folder, dotted, 0);
        files_close(to);
    }
    if (from >= 0)
        files_close(from);
    return result;
}

enum result spool_reject_part(struct spool *spool, const struct spool_entry *entry, uint64_t start,
                              const char *answer, size_t length)
{
    char name[NAME_MAX + 1];
    int folder = open_rejected(spool);
    enum result result;

    if (folder < 0)
        return RESULT_SYSTEM;
    result = save_part(spool, entry, start, folder, name);
    if (result == RESULT_OK) {
        write_answer(spool, folder, name, answer, length);
        result = fsync(folder) < 0 || fsync(spool->folder) < 0
                     ? RESULT_SYSTEM
                     : spool_remove_part(spool, entry, start);
    }
    files_close(folder);
    return result;
}

/* For a log, also removes its companion, complete or not. */
static void remove_unfinished(struct spool *spool, const char *name, enum spool_kind kind)
{
    char companion[NAME_MAX + 1];

    unlinkat(spool->folder, name, 0);
    if (kind != SPOOL_ZEEK)
        return;
    companion_name(name, companion);
    unlinkat(spool->folder, companion, 0);
    unlinkat(spool->folder, companion + 1, 0);
}

/* Completes a file of a dead writer and sets *completed, or removes it. */
static enum result recover_file(struct spool *spool, struct spool_file *file, enum spool_kind kind,
                                bool *completed)
{
    off_t size = kind == SPOOL_RECORDS ? files_whole_lines(file->fd) : 0;
    enum result result = RESULT_OK;

    *completed = size > 0;
    if (size == 0)
        remove_unfinished(spool, file->name, kind);
    else if (size < 0)
        *completed = false; /* an unreadable file must not keep the others from being sent */
    else if (ftruncate(file->fd, size) < 0)
        result = RESULT_SYSTEM;
    else
        result = spool_commit(spool, file);
    if (file->fd >= 0)
        files_close(file->fd);
    return result;
}

static enum result recover_unfinished(struct spool *spool, const char *name, enum spool_kind kind,
                                      size_t *count)
{
    struct spool_file file;
    bool completed = false;
    enum result result = RESULT_OK;

    file.renamed = false;
    snprintf(file.name, sizeof file.name, "%s", name);
    file.fd = files_open(spool->folder, name, O_RDWR);
    if (file.fd < 0)
        return RESULT_OK; /* completed meanwhile, or not left by a writer */
    if (flock(file.fd, LOCK_EX | LOCK_NB) == 0 &&
        faccessat(spool->folder, name, F_OK, 0) == 0) /* otherwise it has just been completed */
        result = recover_file(spool, &file, kind, &completed);
    else
        close(file.fd);
    if (completed && result == RESULT_OK)
        ++*count;
    return result;
}

/* The context of recover_name. */
struct recovery {
    struct spool *other; /* the spool's subdirectory of rejected files, or the reverse */
    size_t *count;
};

/*
 * A companion that has been alone for a while: its file was never completed, or was removed. If
 * that is among the rejected, spool_retry is moving it now, or died doing so.
 */
static void recover_companion(struct spool *spool, const struct spool_entry *companion,
                              const struct spool *aside)
{
    char name[NAME_MAX + 2] = ".";
    struct stat stat;

    rename_kind(companion->name, SPOOL_ZEEK, name + 1);
    /* Check in this order, since it may be moved or completed just now. */
    if ((!aside || !exists(aside, name + 1)) && !exists(spool, name) && !exists(spool, name + 1) &&
        fstatat(spool->folder, companion->name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
        clock_wall() / 1000000 - stat.st_ctime > ALONE_MOST)
        unlinkat(spool->folder, companion->name, 0);
}

static enum result recover_name(struct spool *spool, const char *name, void *context)
{
    struct recovery *recovery = context;
    struct spool_entry entry;

    if (name[0] == '.')
        return parse_name(name + 1, &entry)
                   ? recover_unfinished(spool, name, entry.kind, recovery->count)
                   : RESULT_OK;
    if (parse_name(name, &entry) && entry.kind == SPOOL_DNS)
        recover_companion(spool, &entry, recovery->other);
    return RESULT_OK;
}

/* The entry that an answer belongs to. */
static bool parse_answer(const char *name, struct spool_entry *entry)
{
    char answered[NAME_MAX + 1];

    if (!is_answer(name))
        return false;
    snprintf(answered, sizeof answered, "%.*s", (int)(strlen(name) - (sizeof answer_suffix - 1)),
             name);
    return parse_name(answered, entry);
}

/*
 * Cleans up rejected files: an incompletely copied part, which is still in the spool; an answer
 * whose entry was moved back; a companion whose log was not moved, or is gone.
 */
static enum result recover_aside(struct spool *aside, const char *name, void *context)
{
    struct recovery *recovery = context;
    char log[NAME_MAX + 1];
    struct spool_entry entry;

    if ((name[0] == '.' && parse_name(name + 1, &entry)) ||
        (parse_answer(name, &entry) && !exists(aside, entry.name))) {
        unlinkat(aside->folder, name, 0);
    } else if (parse_name(name, &entry) && entry.kind == SPOOL_DNS) {
        rename_kind(name, SPOOL_ZEEK, log);
        if (!exists(aside, log) && exists(recovery->other, log))
            move_new(aside, recovery->other, name);
        else if (!exists(aside, log))
            unlinkat(aside->folder, name, 0);
    }
    return RESULT_OK;
}

enum result spool_recover(struct spool *spool, size_t *count)
{
    struct spool *aside = NULL;
    enum result result = open_aside(spool, &aside);

    *count = 0;
    if (result == RESULT_NO_MEMORY) /* other failures must not stop delivery */
        return result;
    result = each_name(spool, recover_name, &(struct recovery){aside, count});
    if (result == RESULT_OK && aside)
        result = each_name(aside, recover_aside, &(struct recovery){spool, count});
    spool_destroy(&aside);
    return result;
}

/* One directory: the spool's, or that of rejected files. */
struct trim {
    uint64_t bytes; /* of all files */
    uint64_t most;
    int64_t before;     /* INT64_MAX: trim by bytes */
    const char *spared; /* a waiting entry to keep; or NULL */
    uint64_t *count;
};

/* True if a file belongs to a spool: an entry, complete or not, or an answer. */
static bool is_own(const char *name)
{
    struct spool_entry entry;

    return parse_name(name[0] == '.' ? name + 1 : name, &entry) || parse_answer(name, &entry);
}

static enum result add_bytes(struct spool *spool, const char *name, void *context)
{
    struct trim *trim = context;

    if (is_own(name))
        trim->bytes += file_bytes(spool, name);
    return RESULT_OK;
}

/* Deletes what has to go from a directory, the oldest first. */
static enum result trim_folder(struct spool *spool, const char *spared, struct trim *trim)
{
    bool by_bytes = trim->before == INT64_MAX;
    struct spool_entry entry = {.name = ""};
    char other[NAME_MAX + 1];
    enum result result;
    uint64_t bytes;

    while ((result = spool_next(spool, entry.name, &entry)) == RESULT_OK) {
        if (by_bytes ? trim->bytes <= trim->most : entry.time >= trim->before)
            break;
        if ((!by_bytes && entry.time < CLOCK_LEAST) || (spared && strcmp(entry.name, spared) == 0))
            continue;
        name_answer(entry.name, other);
        bytes = entry.bytes + file_bytes(spool, other);
        if (unlinkat(spool->folder, entry.name, 0) < 0 && errno != ENOENT)
            continue; /* such as a directory of that name */
        unlinkat(spool->folder, other, 0);
        companion_name(entry.name, other);
        if (entry.kind == SPOOL_ZEEK)
            unlinkat(spool->folder, other, 0);
        trim->bytes -= bytes < trim->bytes ? bytes : trim->bytes;
        ++*trim->count;
    }
    return result == RESULT_END ? RESULT_OK : result;
}

/* Trims rejected entries first, then waiting ones. */
static enum result trim_all(struct spool *spool, struct trim *trim, struct spool_trimmed *trimmed)
{
    struct spool *aside = NULL;
    enum result result = open_aside(spool, &aside);

    if (result != RESULT_OK && result != RESULT_END)
        return result;
    result = each_name(spool, add_bytes, trim);
    if (result == RESULT_OK && aside)
        result = each_name(aside, add_bytes, trim);
    trim->count = &trimmed->rejected;
    if (result == RESULT_OK && aside)
        result = trim_folder(aside, NULL, trim);
    trim->count = &trimmed->waiting;
    if (result == RESULT_OK)
        result = trim_folder(spool, trim->spared, trim);
    spool_destroy(&aside);
    if (result == RESULT_OK && trimmed->waiting > 0 && fsync(spool->folder) < 0)
        result = RESULT_SYSTEM;
    return result;
}

enum result spool_trim_age(struct spool *spool, int64_t before, const char *spared,
                           struct spool_trimmed *trimmed)
{
    return trim_all(spool, &(struct trim){.before = before, .spared = spared}, trimmed);
}

enum result spool_trim_bytes(struct spool *spool, uint64_t most, const char *spared,
                             struct spool_trimmed *trimmed)
{
    return trim_all(spool, &(struct trim){.most = most, .before = INT64_MAX, .spared = spared},
                    trimmed);
}

struct total {
    size_t count;
    uint64_t bytes;
};

static enum result add_name(struct spool *spool, const char *name, void *context)
{
    struct total *total = context;
    struct spool_entry entry;

    if (parse_complete(name, &entry)) {
        total->count++;
        total->bytes += entry_bytes(spool, &entry);
    }
    return RESULT_OK;
}

enum result spool_total(struct spool *spool, size_t *count, uint64_t *bytes)
{
    struct total total = {0};
    enum result result = each_name(spool, add_name, &total);

    *count = total.count;
    *bytes = total.bytes;
    return result;
}

/* Counts in one directory: complete files, and incomplete ones. */
struct looking {
    struct spool_survey *survey;
    struct spool_part *complete, *unfinished;
};

static enum result look_over_name(struct spool *spool, const char *name, void *context)
{
    struct looking *looking = context;
    struct spool_part *part = name[0] == '.' ? looking->unfinished : looking->complete;
    uint64_t bytes = is_own(name) ? file_bytes(spool, name) : 0;
    struct spool_entry entry;

    looking->survey->bytes += bytes;
    if (!parse_name(name[0] == '.' ? name + 1 : name, &entry))
        return RESULT_OK;
    part->bytes += bytes;
    if (entry.kind == SPOOL_DNS)
        return RESULT_OK;
    if (part->samples++ == 0 || entry.time < part->oldest)
        part->oldest = entry.time;
    return RESULT_OK;
}

enum result spool_look_over(struct spool *spool, struct spool_survey *survey)
{
    struct spool_part none = {0};
    struct spool *aside = NULL;
    enum result result = spool_open_rejected(spool, &aside);

    *survey = (struct spool_survey){0};
    if (result != RESULT_OK && result != RESULT_END)
        return result;
    result = each_name(spool, look_over_name,
                       &(struct looking){survey, &survey->waiting, &survey->writing});
    if (result == RESULT_OK && aside)
        result =
            each_name(aside, look_over_name, &(struct looking){survey, &survey->rejected, &none});
    spool_destroy(&aside);
    return result;
}
