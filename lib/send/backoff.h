/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long to wait before retrying a failed request: exponential backoff with full jitter, so that
 * many senders do not come back at the same time.
 */
#ifndef SECFLOW_BACKOFF_H
#define SECFLOW_BACKOFF_H

#include <stdint.h>

/* Microseconds. */
#define BACKOFF_FIRST INT64_C(1000000)
#define BACKOFF_MOST (INT64_C(600) * 1000000)

/*
 * The wait after this many failures in a row, at least 1: random, up to BACKOFF_FIRST after the
 * first, up to twice as much after each further one, and never more than BACKOFF_MOST.
 */
int64_t backoff_wait(unsigned failures);

#endif
