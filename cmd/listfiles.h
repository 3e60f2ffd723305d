/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a path that an option names: itself, or those of a directory and the directories in
 * it, in the order of their names. Names that begin with a dot are left out, as are FIFOs, sockets
 * and devices in directories.
 */
#ifndef SECFLOW_LISTFILES_H
#define SECFLOW_LISTFILES_H

#include "base/result.h"

struct list_files {
    enum result (*file)(void *context, const char *path);
    /* A directory that cannot be read, and why. */
    enum result (*unreadable)(void *context, const char *path, const char *why);
    void *context;
};

/* Calls file for each, until a call does not return RESULT_OK, and returns that result. */
MUST_CHECK enum result list_files(const char *path, const struct list_files *files);

#endif
