/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder that files are taken from: which of them are next, and which stay for a while.
 *
 * A file of it is a regular one whose name ends in .sf, .sf.gz or .sf.zst, and does not begin with
 * a dot, as that of one that is still written does. Those of the least names come first: names
 * begin with a time. The folder is opened anew each time that it is read, so it may come and go,
 * and is locked while files of it are taken, so that two processes never take the same one.
 *
 * What cannot be taken is told of once and put off, for longer each time, until something of it
 * changes. All times are monotonic microseconds.
 */
#ifndef SECFLOW_INBOX_H
#define SECFLOW_INBOX_H

#include "common.h"

#include <limits.h>
#include <sys/stat.h>

struct inbox;

/* A file that is to be taken. */
struct inbox_file {
    int fd;
    struct stat stat; /* when it was opened */
    char name[NAME_MAX + 1];
    char path[PATH_MAX + NAME_MAX + 2]; /* for messages */
};

/* The path stays the caller's. */
MUST_CHECK enum result inbox_init(struct inbox **inbox, const char *path);
void inbox_destroy(struct inbox **inbox);

/* The next file, opened. RESULT_END: there is none before inbox_deadline. */
MUST_CHECK enum result inbox_next(struct inbox *inbox, int64_t now, struct inbox_file *file);
int64_t inbox_deadline(const struct inbox *inbox);

/* What became of a file. Each closes it. */

/* All of it is elsewhere: removes it. Where that fails it is not taken again. */
void inbox_remove(struct inbox *inbox, struct inbox_file *file, int64_t now);

/* It is kept as NAME.bad, and says why. Where that fails it is not taken again, either. */
void inbox_set_aside(struct inbox *inbox, struct inbox_file *file, const char *why, int64_t now);

/* It stays for longer each time. Returns how often that was so with this file, 1 at first. */
unsigned inbox_put_off(struct inbox *inbox, struct inbox_file *file, int64_t now);

/* Whether that has been so already. */
bool inbox_was_put_off(struct inbox *inbox, const struct inbox_file *file);

/* It stays, and is the next one again. */
void inbox_keep(struct inbox *inbox, struct inbox_file *file);

#endif
