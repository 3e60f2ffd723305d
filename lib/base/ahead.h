/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading ahead: a thread reads the next blocks of an input while the caller works on the last one.
 * Where blocks can be read in any order, a caller that would wait for one reads a later one itself.
 */
#ifndef SECFLOW_AHEAD_H
#define SECFLOW_AHEAD_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At most so many bytes of the last block go before the next one. */
#define AHEAD_KEPT (1024u * 1024)

/*
 * Reads up to size bytes, as input_read does; at: bytes before them, from where reading ahead
 * began. Any result but RESULT_OK is the last one. *done: bytes of the file up to their end.
 */
typedef enum result ahead_read_fn(void *context, uint64_t at, uint8_t *bytes, size_t size,
                                  size_t *got, uint64_t *done);

/* The most that it is asked for at once where blocks are read in order. */
#define AHEAD_READ (128u * 1024)

struct ahead;

/*
 * Starts the thread; from now on, what read uses is the thread's. *ahead, NULL before, is set
 * before it starts. size: of a block. any_order: read works at any place, in two threads at once.
 * RESULT_NO_MEMORY, RESULT_SYSTEM: there is no thread.
 */
MUST_CHECK enum result ahead_init(struct ahead **ahead, size_t size, bool any_order,
                                  ahead_read_fn *read, void *context);

/* Waits until the thread has finished its current read, and ends it. */
void ahead_destroy(struct ahead **ahead);

/*
 * Waits for the next block, puts a copy of what is to be kept right before it, and returns the last
 * block, which may hold what is kept. RESULT_OK: *bytes begins with the kept, and *got bytes
 * follow. Otherwise it is the end, *got is 0, and the last block stays: the result of reading, and
 * errno.
 */
MUST_CHECK enum result ahead_next(struct ahead *ahead, const uint8_t *kept, size_t length,
                                  uint8_t **bytes, size_t *got);

/* After that: bytes of the file that were read for the blocks up to the last one. */
uint64_t ahead_done(const struct ahead *ahead);

#endif
