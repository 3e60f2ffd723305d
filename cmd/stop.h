/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orderly exit on SIGHUP, SIGINT and SIGTERM, for tools that read what others write.
 *
 * A signal to a pipeline reaches all of its processes at once, and those at its start may still
 * have much to write. So a pipe or socket is read on to its end, or until nothing has come for
 * STOP_PAUSE. Anything else, such as a file, is not read further: it will still be there. A second
 * signal changes nothing, since some senders send two at once; a third has its default effect.
 * Signals ignored from the start stay ignored.
 */
#ifndef SECFLOW_STOP_H
#define SECFLOW_STOP_H

#include "common.h"

#include <stdbool.h>
#include <stdint.h>

/* Microseconds. */
#define STOP_PAUSE (INT64_C(5) * 1000000)

/*
 * From now on SIGHUP does not end the tool, but asks it to read again what it has read from files.
 * Call it before they are read, and before stop_init.
 */
void stop_spare_hangup(void);

/* True if SIGHUP has come since the last call. */
bool stop_hangup(void);

/* Call it once per process. Returns EX_OK, or a status after printing a message. */
MUST_CHECK int stop_init(void);

/* A descriptor to poll: POLLIN is set from the signal until stop_asked is called. */
int stop_descriptor(void);

/* True if a signal has come. */
bool stop_asked(void);

/*
 * When to stop reading a descriptor that has been waited for since then: INT64_MAX if no signal has
 * come, 0 if it is not to be read on at all. fd -1 stands for any pipe. Monotonic microseconds.
 */
int64_t stop_time(int fd, int64_t since);

/* Waits until the descriptor is readable. False: it is not to be read any more. */
bool stop_wait(int fd);

/* The same, for input_set_wait; ignores the context. */
bool stop_wait_input(void *context, int fd);

#endif
