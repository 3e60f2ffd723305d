/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory that files are taken from: which file is next, and which are put off.
 *
 * A file counts if it is regular and its name ends in .sf, .sf.gz or .sf.zst and does not begin
 * with a dot, as the name of a file still being written does. Files come in order of name, since
 * names begin with a time. The directory is opened anew for each reading, so it may come and go. It
 * is locked while files are taken, so that two processes never take the same one.
 *
 * A file that cannot be taken is reported once and put off, longer each time, until it changes. All
 * times are monotonic microseconds.
 */
#ifndef SECFLOW_INBOX_H
#define SECFLOW_INBOX_H

#include "common.h"

#include <limits.h>
#include <sys/stat.h>

struct inbox;

/* A file to be taken. */
struct inbox_file {
    int fd;
    struct stat stat; /* when it was opened */
    char name[NAME_MAX + 1];
    char path[PATH_MAX + NAME_MAX + 2]; /* for messages */
};

/* The path remains the caller's. */
MUST_CHECK enum result inbox_init(struct inbox **inbox, const char *path);
void inbox_destroy(struct inbox **inbox);

/* The next file, opened. RESULT_END: there is none before inbox_deadline. */
MUST_CHECK enum result inbox_next(struct inbox *inbox, int64_t now, struct inbox_file *file);
int64_t inbox_deadline(const struct inbox *inbox);

/* What became of a file. Each of these closes it. */

/* All of it is stored elsewhere: removes it. If that fails, the file is not taken again. */
void inbox_remove(struct inbox *inbox, struct inbox_file *file, int64_t now);

/* Renames it to NAME.bad and prints why. If that fails, the file is not taken again. */
void inbox_set_aside(struct inbox *inbox, struct inbox_file *file, const char *why, int64_t now);

/* Puts it off, longer each time. Returns how often that has happened to this file: 1 at first. */
unsigned inbox_put_off(struct inbox *inbox, struct inbox_file *file, int64_t now);

/* True if the file has been put off before. */
bool inbox_was_put_off(struct inbox *inbox, const struct inbox_file *file);

/* Leaves it as the next file. */
void inbox_keep(struct inbox *inbox, struct inbox_file *file);

#endif
