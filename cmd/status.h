/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies in a spool, for people or as JSON, and the way back for what was rejected. Neither
 * needs a collector, or the lock of whoever sends. Statuses are of sysexits.h, and have been said.
 */
#ifndef SECFLOW_STATUS_H
#define SECFLOW_STATUS_H

#include "common.h"
#include "send/spool.h"

/* Writes to standard output; nothing is touched. */
MUST_CHECK int status_show(const char *path, bool json);

/* Moves what was rejected back, in a spool that is open, or in that of a path. */
MUST_CHECK int status_retry(struct spool *spool, const char *path);
MUST_CHECK int status_retry_at(const char *path);

#endif
