/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A temporary directory for a unit test, and whole files in it.
 */
#ifndef SECFLOW_TESTS_FOLDER_H
#define SECFLOW_TESTS_FOLDER_H

#include "tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[PATH_MAX - 600];

/* Under $TMPDIR, or /tmp. */
static inline void make_folder(const char *name)
{
    const char *temporary = getenv("TMPDIR");

    if (!temporary || !*temporary)
        temporary = "/tmp";
    need((size_t)snprintf(folder, sizeof folder, "%s/%s.XXXXXX", temporary, name) < sizeof folder,
         "$TMPDIR is too long");
    need(mkdtemp(folder), "mkdtemp");
}

/* The path of a file in the directory; valid until the fourth call after this. */
static inline const char *path_of(const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof *paths, "%s/%.512s", folder, name);
    return path;
}

/* Removes whatever is at the path, recursively. */
static inline void remove_tree(int at, const char *path)
{
    int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *dirent;

    while (listing && (dirent = readdir(listing)))
        if (strcmp(dirent->d_name, ".") != 0 && strcmp(dirent->d_name, "..") != 0)
            remove_tree(dirfd(listing), dirent->d_name);
    if (listing)
        closedir(listing);
    unlinkat(at, path, listing ? AT_REMOVEDIR : 0);
}

static inline void remove_folder(void)
{
    remove_tree(AT_FDCWD, folder);
}

/* No file may grow above this; RLIM_INFINITY: as before. A test ignores SIGXFSZ, and its own output
 * must fit meanwhile. */
static inline void limit_files(rlim_t most)
{
    struct rlimit limit;

    fflush(stdout);
    need(getrlimit(RLIMIT_FSIZE, &limit) == 0, "getrlimit");
    limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
    need(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
}

static inline void put_file(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "w");

    need(file && fwrite(bytes, 1, length, file) == length && fclose(file) == 0, "write a file");
}

/* The text of the file, "(none)" if it does not exist; valid until the next call. */
static inline const char *text_at(const char *path)
{
    static char text[1 << 16];
    FILE *file = fopen(path, "r");
    size_t length;

    if (!file)
        return "(none)";
    length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

/* How many descriptors the test has open. */
static inline unsigned open_files(void)
{
    unsigned count = 0;

    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static inline bool is_there(const char *path)
{
    struct stat stat;

    return lstat(path, &stat) == 0;
}

#endif
