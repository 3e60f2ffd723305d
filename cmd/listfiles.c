/* SPDX-License-Identifier: Apache-2.0 */
#include "listfiles.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Directories within directories. */
#define DEPTH_MOST 8

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static enum result read_path(const char *path, const struct list_files *files, int depth);

static enum result read_directory(const char *path, const struct list_files *files, int depth)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_shown, alphasort);
    enum result result = RESULT_OK;

    if (count < 0 || depth == DEPTH_MOST)
        result = files->unreadable(files->context, path,
                                   count < 0 ? strerror(errno) : "it is too deep in others");
    for (int i = 0; i < count; i++) {
        char inside[PATH_MAX];
        int length = snprintf(inside, sizeof inside, "%s%s%s", path,
                              path[strlen(path) - 1] == '/' ? "" : "/", entries[i]->d_name);

        if (result == RESULT_OK && depth < DEPTH_MOST && length < PATH_MAX)
            result = read_path(inside, files, depth + 1);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return result;
}

static enum result read_path(const char *path, const struct list_files *files, int depth)
{
    struct stat stat_of;
    bool there = stat(path, &stat_of) == 0;

    if (there && S_ISDIR(stat_of.st_mode))
        return read_directory(path, files, depth);
    /* A pipe that somebody names has a writer; one that lies in a directory may never get one. */
    if (there && depth > 0 && !S_ISREG(stat_of.st_mode))
        return RESULT_OK;
    return files->file(files->context, path);
}

enum result list_files(const char *path, const struct list_files *files)
{
    return read_path(path, files, 0);
}
