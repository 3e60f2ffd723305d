/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shell command that filters files before they are read, as in split(1) --filter: the file is its
 * standard input, and its standard output is read instead of the file.
 *
 * It inherits none of the tool's descriptors, has the default signal handling, and runs in a
 * process group of its own, all of which ends with it.
 */
#ifndef SECFLOW_CHILD_H
#define SECFLOW_CHILD_H

#include "base/result.h"

#include <sys/types.h>

struct child {
    pid_t pid;
    int fd; /* poll(2) reports it readable once the command has ended */
};

/* Starts a command on the two descriptors. RESULT_SYSTEM: see errno. */
MUST_CHECK enum result child_start(struct child *child, const char *command, int in, int out);

/*
 * Waits for the command to end, then ends any processes that it left running. Returns its status as
 * waitpid(2) does. Call child_kill first for a command that does not end by itself.
 */
int child_end(struct child *child);
void child_kill(struct child *child);

#endif
