/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long to wait before a failed request is tried again: exponential backoff with full jitter, so
 * that many senders do not come back at the same time.
 */
#ifndef SECFLOW_BACKOFF_H
#define SECFLOW_BACKOFF_H

#include <stdint.h>

/* Microseconds. */
#define BACKOFF_FIRST INT64_C(1000000)
#define BACKOFF_MOST (INT64_C(600) * 1000000)

/*
 * The wait after so many failures in a row, 1 or more: anything up to BACKOFF_FIRST after the first
 * one, twice as much after each, and at most BACKOFF_MOST.
 */
int64_t backoff_wait(unsigned failures);

#endif
