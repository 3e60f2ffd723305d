/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What directories share whose files must survive crashes of processes and machines: spools
 * (spool.h) and kept windows (windows.h).
 */
#ifndef SECFLOW_FILES_H
#define SECFLOW_FILES_H

#include "base/result.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>

/* True if errno means that there is no space at present. */
static inline bool files_is_full(int error)
{
    return error == ENOSPC || error == EDQUOT;
}

/* True if errno means that too many files are open at present. */
static inline bool files_too_many(int error)
{
    return error == EMFILE || error == ENFILE;
}

/* Preserves errno. */
void files_close(int fd);

/*
 * Calls each for every name in a directory until a call does not return RESULT_OK, and returns that
 * result. RESULT_SYSTEM also if the directory cannot be read: see errno.
 */
MUST_CHECK enum result files_each(int folder, enum result (*each)(void *context, const char *name),
                                  void *context);

/*
 * Opens a regular file. Anything else of that name, such as a FIFO or a symbolic link, is refused
 * without waiting or following. -1: see errno.
 */
int files_open(int folder, const char *name, int flags);

/*
 * Renames a file within a directory, failing with EEXIST if the new name exists. If the file system
 * cannot do that atomically, the file briefly has both names. -1: see errno.
 */
int files_rename_new(int folder, const char *from, const char *to);

/* Writes all the bytes, which a file system that fills up takes only in part. False: see errno. */
bool files_write(int fd, const void *bytes, size_t length);

/* Appends what a file has from an offset on. False: see errno. */
bool files_copy(int from, off_t start, int to);

/*
 * How many bytes of a file left by a writer are whole lines, up to the first NUL: a machine crash
 * leaves NULs in place of bytes that had not reached the disk. -1: it cannot be read; see errno.
 */
off_t files_whole_lines(int fd);

#endif
