/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who holds the lock of a file, as flock(2) takes it, without a try to take it.
 */
#ifndef SECFLOW_LOCKHOLDER_H
#define SECFLOW_LOCKHOLDER_H

#include "base/result.h"

#include <sys/types.h>

/*
 * The process that holds a lock which excludes others, by /proc/locks. RESULT_END: none that this
 * process can see. RESULT_SYSTEM: errno says why nobody knows.
 */
MUST_CHECK enum result lock_holder(int fd, pid_t *holder);

#endif
