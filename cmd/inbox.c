/* SPDX-License-Identifier: Apache-2.0 */
#include "inbox.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/least.h"
#include "base/text.h"
#include "send/backoff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Files that are put off; bounds memory. */
#define LATER_MAX 1024u

/* How often the directory is read. */
#define LOOK_AFTER SECOND

/* A file that is put off. If its state changes, it counts as another file. */
struct later {
    char name[NAME_MAX + 1];
    ino_t inode;
    struct timespec changed;
    unsigned failures;
    int64_t next; /* when it will be tried again */
    bool taken;   /* but it could not be removed */
};

struct inbox {
    const char *path;
    int folder; /* -1 while no file may be taken */
    int64_t look_at;
    int problem; /* errno, already reported; 0: none */
    bool said_many;
    struct least names;
    size_t at; /* the next of these */
    size_t later_count;
    struct later later[LATER_MAX];
};

enum result inbox_init(struct inbox **inbox, const char *path)
{
    struct inbox *new = calloc(1, sizeof *new);

    if (!new)
        return RESULT_NO_MEMORY;
    new->path = path;
    new->folder = -1;
    *inbox = new;
    return RESULT_OK;
}

static void close_folder(struct inbox *inbox)
{
    if (inbox->folder >= 0)
        close(inbox->folder);
    inbox->folder = -1;
    inbox->at = inbox->names.count = 0;
}

void inbox_destroy(struct inbox **inbox)
{
    if (*inbox)
        close_folder(*inbox);
    free(*inbox);
    *inbox = NULL;
}

static bool is_wanted(const char *name)
{
    size_t length = strlen(name);

    return name[0] != '.' &&
           (text_ends_in(name, length, ".sf") || text_ends_in(name, length, ".sf.gz") ||
            text_ends_in(name, length, ".sf.zst"));
}

static struct later *find_later(struct inbox *inbox, const char *name)
{
    for (size_t i = 0; i < inbox->later_count; i++)
        if (strcmp(inbox->later[i].name, name) == 0)
            return &inbox->later[i];
    return NULL;
}

static bool is_regular(const struct inbox *inbox, const char *name, struct stat *stat)
{
    return fstatat(inbox->folder, name, stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(stat->st_mode);
}

static bool is_same(const struct later *later, const struct stat *stat)
{
    return later->inode == stat->st_ino && later->changed.tv_sec == stat->st_ctim.tv_sec &&
           later->changed.tv_nsec == stat->st_ctim.tv_nsec;
}

/* Forgets files that were put off and are gone or have changed. */
static void forget_gone(struct inbox *inbox)
{
    size_t kept = 0;
    struct stat stat;

    for (size_t i = 0; i < inbox->later_count; i++)
        if (is_regular(inbox, inbox->later[i].name, &stat) && is_same(&inbox->later[i], &stat))
            inbox->later[kept++] = inbox->later[i];
    inbox->later_count = kept;
    if (kept < LATER_MAX)
        inbox->said_many = false;
}

static bool may_be_taken(struct inbox *inbox, const char *name, int64_t now)
{
    const struct later *later = find_later(inbox, name);
    struct stat stat;

    if (later)
        return now >= later->next;
    return inbox->later_count < LATER_MAX && is_regular(inbox, name, &stat);
}

struct listing {
    struct inbox *inbox;
    int64_t now;
};

static enum result list_wanted(void *context, const char *name)
{
    struct listing *listing = context;

    if (is_wanted(name) && may_be_taken(listing->inbox, name, listing->now))
        least_add(&listing->inbox->names, name);
    return RESULT_OK;
}

/* Opens the directory if files can be removed from it and nobody else takes them. */
static bool open_folder(struct inbox *inbox)
{
    inbox->folder = open(inbox->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (inbox->folder < 0 || faccessat(inbox->folder, ".", W_OK | X_OK, AT_EACCESS) < 0)
        return false;
    return flock(inbox->folder, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

/* Reports once that no files can be taken, and once that they can be again. */
static void tell_folder(struct inbox *inbox, int problem)
{
    if (problem == EWOULDBLOCK) /* another process takes files */
        problem = 0;
    if (problem == inbox->problem)
        return;
    inbox->problem = problem;
    if (problem != 0)
        complain(inbox->path, "no files can be taken from it: %s; will retry each second",
                 strerror(problem));
    else
        complain(inbox->path, "files can be taken from it now");
}

static void tell_many(struct inbox *inbox)
{
    if (inbox->later_count == LATER_MAX && !inbox->said_many) {
        complain(inbox->path,
                 "%u files of it cannot be taken; no others are, until one of these can be or is "
                 "moved away",
                 LATER_MAX);
        inbox->said_many = true;
    }
}

/* Reads the directory. */
static void look(struct inbox *inbox, int64_t now)
{
    bool good = open_folder(inbox);

    if (good) {
        forget_gone(inbox);
        good = files_each(inbox->folder, list_wanted,
                          &(struct listing){.inbox = inbox, .now = now}) == RESULT_OK;
    }
    tell_folder(inbox, good ? 0 : errno);
    tell_many(inbox);
    if (!good)
        inbox->names.count = 0;
    inbox->look_at = inbox->names.count == LEAST_MAX ? now : now + LOOK_AFTER;
}

/* Puts a file off and returns its entry; NULL: too many are put off. */
static struct later *add_later(struct inbox *inbox, const struct inbox_file *file, int64_t now)
{
    struct later *later = find_later(inbox, file->name);

    if (!later && inbox->later_count == LATER_MAX)
        return NULL;
    if (!later || !is_same(later, &file->stat)) {
        if (!later)
            later = &inbox->later[inbox->later_count++];
        *later = (struct later){.inode = file->stat.st_ino, .changed = file->stat.st_ctim};
        snprintf(later->name, sizeof later->name, "%s", file->name);
    }
    later->failures++;
    later->next = now + backoff_wait(later->failures);
    return later;
}

static void close_file(struct inbox_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

unsigned inbox_put_off(struct inbox *inbox, struct inbox_file *file, int64_t now)
{
    const struct later *later = add_later(inbox, file, now);

    close_file(file);
    return later ? later->failures : 1;
}

bool inbox_was_put_off(struct inbox *inbox, const struct inbox_file *file)
{
    const struct later *later = find_later(inbox, file->name);

    return later && is_same(later, &file->stat);
}

void inbox_keep(struct inbox *inbox, struct inbox_file *file)
{
    close_file(file);
    close_folder(inbox);
}

/* True if the file no longer has its name: it was moved, and another may have the name now. */
static bool has_gone(const struct inbox *inbox, const struct inbox_file *file)
{
    struct stat stat;

    if (fstatat(inbox->folder, file->name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT;
    return stat.st_ino != file->stat.st_ino || stat.st_dev != file->stat.st_dev;
}

void inbox_remove(struct inbox *inbox, struct inbox_file *file, int64_t now)
{
    struct later *later;
    int error;

    if (!has_gone(inbox, file) && unlinkat(inbox->folder, file->name, 0) < 0 && errno != ENOENT) {
        error = errno;
        later = add_later(inbox, file, now);
        if (later && !later->taken)
            complain(file->path,
                     "it was taken, but cannot be removed: %s; remove it, or it will be taken "
                     "again when flowupload is started again",
                     strerror(error));
        if (later)
            later->taken = true;
    }
    close_file(file);
}

/* Renames the file to the first free name of NAME.bad, NAME-2.bad and so on. */
static bool rename_bad(const struct inbox *inbox, const char *name, char bad[NAME_MAX + 1])
{
    int length = (int)strlen(name);

    for (unsigned i = 1; i < 1000; i++) {
        if (i == 1)
            snprintf(bad, NAME_MAX + 1, "%.*s.bad", length > 240 ? 240 : length, name);
        else
            snprintf(bad, NAME_MAX + 1, "%.*s-%u.bad", length > 240 ? 240 : length, name, i);
        if (files_rename_new(inbox->folder, name, bad) == 0)
            return true;
        if (errno != EEXIST)
            return false;
    }
    return false;
}

void inbox_set_aside(struct inbox *inbox, struct inbox_file *file, const char *why, int64_t now)
{
    char bad[NAME_MAX + 1];
    struct later *later;

    if (!has_gone(inbox, file)) {
        if (rename_bad(inbox, file->name, bad))
            complain(file->path, "%s; it is kept as %s", why, bad);
        else
            complain(file->path, "%s; it cannot be renamed: %s", why, strerror(errno));
        later = add_later(inbox, file, now);
        if (later)
            later->next = INT64_MAX; /* even if it still has its name, it is not read again */
    }
    close_file(file);
}

/*
 * Opens a file without blocking on anything else of that name. False: it is not to be taken, or
 * cannot be.
 */
static bool open_file(struct inbox *inbox, const char *name, int64_t now, struct inbox_file *file)
{
    const struct later *later = find_later(inbox, name);
    int error;

    snprintf(file->name, sizeof file->name, "%s", name);
    snprintf(file->path, sizeof file->path, "%s/%s", inbox->path, name);
    file->fd = -1;
    if (!is_regular(inbox, name, &file->stat))
        return false;
    if (later && later->taken && is_same(later, &file->stat)) {
        inbox_remove(inbox, file, now);
        return false;
    }
    file->fd = files_open(inbox->folder, name, O_RDONLY);
    if (file->fd >= 0 && fstat(file->fd, &file->stat) == 0)
        return true;
    error = errno;
    if (error != ENOENT && inbox_put_off(inbox, file, now) == 1)
        complain(file->path, "cannot open: %s; will retry", strerror(error));
    close_file(file);
    return false;
}

enum result inbox_next(struct inbox *inbox, int64_t now, struct inbox_file *file)
{
    if (inbox->at == inbox->names.count) {
        close_folder(inbox);
        if (now < inbox->look_at)
            return RESULT_END;
        look(inbox, now);
    }
    while (inbox->at < inbox->names.count)
        if (open_file(inbox, least_name(&inbox->names, inbox->at++), now, file))
            return RESULT_OK;
    close_folder(inbox);
    return RESULT_END;
}

int64_t inbox_deadline(const struct inbox *inbox)
{
    return inbox->at < inbox->names.count ? 0 : inbox->look_at;
}
