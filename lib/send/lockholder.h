/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds who holds the flock(2) lock of a file, without trying to take it.
 */
#ifndef SECFLOW_LOCKHOLDER_H
#define SECFLOW_LOCKHOLDER_H

#include "base/result.h"

#include <sys/types.h>

/*
 * The process that holds an exclusive lock, from /proc/locks. RESULT_END: none that this process
 * can see. RESULT_SYSTEM: it cannot be found out; see errno.
 */
MUST_CHECK enum result lock_holder(int fd, pid_t *holder);

#endif
