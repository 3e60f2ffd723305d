/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command that files go through before they are read, as with split(1) --filter: the shell runs
 * it with the file on its standard input, and what it writes on its standard output is read
 * instead.
 *
 * It has none of the tool's descriptors and the usual signals, and is in a process group of its
 * own, all of which is ended with it.
 */
#ifndef SECFLOW_CHILD_H
#define SECFLOW_CHILD_H

#include "base/result.h"

#include <sys/types.h>

struct child {
    pid_t pid;
    int fd; /* can be read, says poll(2), once the command has ended */
};

/* Starts a command on the two descriptors. RESULT_SYSTEM: errno says why not. */
MUST_CHECK enum result child_start(struct child *child, const char *command, int in, int out);

/*
 * Waits for its end, and ends what it has left running. Returns its status as waitpid(2) has it. To
 * end a command that does not by itself, child_kill it first.
 */
int child_end(struct child *child);
void child_kill(struct child *child);

#endif
