/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shows what is in a spool, as text or JSON, and moves rejected samples back. Needs neither a
 * collector nor the sender's lock. Returns statuses of sysexits.h after printing a message.
 */
#ifndef SECFLOW_STATUS_H
#define SECFLOW_STATUS_H

#include "common.h"
#include "send/spool.h"

/* Writes to standard output; changes nothing. */
MUST_CHECK int status_show(const char *path, bool json);

/* Moves rejected samples back into delivery, in an open spool or in the one at a path. */
MUST_CHECK int status_retry(struct spool *spool, const char *path);
MUST_CHECK int status_retry_at(const char *path);

#endif
