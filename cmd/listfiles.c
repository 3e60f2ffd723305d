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

/* A directory that is being read, and the one that it lies in. */
struct place {
    const struct place *outer;
    dev_t device;
    ino_t inode;
};

static enum result read_path(const char *path, const struct list_files *files,
                             const struct place *outer);

static int depth_of(const struct place *place)
{
    int depth = 0;

    for (; place; place = place->outer)
        depth++;
    return depth;
}

/* Whether it is read already: a link can lead to a directory that it lies in. */
static bool is_within(const struct stat *stat_of, const struct place *place)
{
    while (place && (place->device != stat_of->st_dev || place->inode != stat_of->st_ino))
        place = place->outer;
    return place != NULL;
}

static enum result read_directory(const char *path, const struct list_files *files,
                                  const struct place *place)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_shown, alphasort);
    bool deep = depth_of(place) > DEPTH_MOST;
    enum result result = RESULT_OK;

    if (count < 0 || deep)
        result = files->unreadable(files->context, path,
                                   count < 0 ? strerror(errno) : "it is too deep in others");
    for (int i = 0; i < count; i++) {
        char inside[PATH_MAX];
        int length = snprintf(inside, sizeof inside, "%s%s%s", path,
                              path[strlen(path) - 1] == '/' ? "" : "/", entries[i]->d_name);

        if (result == RESULT_OK && !deep && length < PATH_MAX)
            result = read_path(inside, files, place);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return result;
}

static enum result read_path(const char *path, const struct list_files *files,
                             const struct place *outer)
{
    struct stat stat_of;
    bool there = stat(path, &stat_of) == 0;

    if (there && S_ISDIR(stat_of.st_mode)) {
        const struct place place = {outer, stat_of.st_dev, stat_of.st_ino};

        return is_within(&stat_of, outer) ? RESULT_OK : read_directory(path, files, &place);
    }
    /* A pipe that somebody names has a writer; one that lies in a directory may never get one. */
    if (there && outer && !S_ISREG(stat_of.st_mode))
        return RESULT_OK;
    return files->file(files->context, path);
}

enum result list_files(const char *path, const struct list_files *files)
{
    return read_path(path, files, NULL);
}
