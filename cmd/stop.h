/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ending in order on SIGHUP, SIGINT and SIGTERM, for tools that read what others write.
 *
 * Who stops a pipeline tells all of it at once, and its beginning may have much to write then. So a
 * pipe or socket is read on to its end, or until nothing has come for STOP_PAUSE. Anything else, a
 * file say, is left where it stands: it will still be there. A second signal changes nothing, as
 * some send two at once; a third has its usual effect. What was ignored from the start stays so.
 */
#ifndef SECFLOW_STOP_H
#define SECFLOW_STOP_H

#include "common.h"

#include <stdint.h>

/* Microseconds. */
#define STOP_PAUSE (INT64_C(5) * 1000000)

/* Once in a process. Returns EX_OK, or a status, which has been said. */
MUST_CHECK int stop_init(void);

/* A descriptor to poll for POLLIN, which it has until stop_asked is called. */
int stop_descriptor(void);

/* Whether a signal has come. */
bool stop_asked(void);

/*
 * When to end reading a descriptor, for which has been waited since then: INT64_MAX while nothing
 * asks to stop, 0 where it is not read on at all. -1 is any pipe. Monotonic microseconds.
 */
int64_t stop_time(int fd, int64_t since);

/* Waits until the descriptor can be read. False: it is not to be read any more. */
bool stop_wait(int fd);

/* The same, as input_set_wait wants it; the context does not matter. */
bool stop_wait_input(void *context, int fd);

#endif
