/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What folders have in common whose files must survive what happens to processes and machines:
 * spools (spool.h), and those of windows (windows.h).
 */
#ifndef SECFLOW_FILES_H
#define SECFLOW_FILES_H

#include "base/result.h"

#include <sys/types.h>

/* Leaves errno as it is. */
void files_close(int fd);

/*
 * Calls each with every name in a folder, until one does not answer RESULT_OK, whose answer it
 * returns. RESULT_SYSTEM, too: the folder cannot be read, errno says why.
 */
MUST_CHECK enum result files_each(int folder, enum result (*each)(void *context, const char *name),
                                  void *context);

/*
 * Opens a regular file; whatever else has its name, such as a FIFO or a link, is neither waited for
 * nor followed. -1: errno says why not.
 */
int files_open(int folder, const char *name, int flags);

/*
 * Gives a file of a folder a name that no other has there: EEXIST otherwise. Where the file system
 * cannot do that at once, the file has both names for a moment. -1: errno says why not.
 */
int files_rename_new(int folder, const char *from, const char *to);

/*
 * How much of a file that a writer has left are whole lines, up to the first NUL: a machine that
 * stops leaves NULs in place of bytes that had not come to the disk. -1: it cannot be read, errno
 * says why.
 */
off_t files_whole_lines(int fd);

#endif
