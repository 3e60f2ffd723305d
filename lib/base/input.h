/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file or standard input as bytes. gzip (also with several members) and Zstandard are recognized
 * by content and decompressed. A few bytes of Zstandard can ask for any window; one above 32 MiB,
 * as zstd -20 uses, counts as damage, and input_problem says what to do.
 */
#ifndef SECFLOW_INPUT_H
#define SECFLOW_INPUT_H

#include "base/library.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input;

/*
 * Opens path, or standard input for "-". A pipe without a writer yet is waited for only when it is
 * read. RESULT_SYSTEM: see errno.
 */
MUST_CHECK enum result input_open(struct input **input, const char *path);

/* The same for a descriptor, from its current offset. With RESULT_OK the input owns it. */
MUST_CHECK enum result input_open_fd(struct input **input, int fd);
void input_close(struct input **input);

/*
 * Reads up to size bytes; with RESULT_OK, *got is more than 0. RESULT_END, RESULT_SYSTEM, or
 * RESULT_DAMAGED, which is final: the compressed data are damaged, see input_problem.
 */
MUST_CHECK enum result input_read(struct input *input, void *buffer, size_t size, size_t *got);

/*
 * From now on, calls wait before each read of the descriptor that could block. If wait returns
 * false, nothing is read: RESULT_SYSTEM with errno ECANCELED.
 */
void input_set_wait(struct input *input, bool (*wait)(void *context, int fd), void *context);

/*
 * Lets a thread read ahead, and decompress, as soon as a lookahead reads on in a regular file that
 * is large: of 8 blocks or more, compressed of 1 or more. block: its bytes; 0: never.
 */
void input_read_ahead(struct input *input, size_t block);

/* For the lookahead: starts the thread if there is to be one. False: there is none. */
bool input_start_ahead(struct input *input);

/* True if that thread has been started. */
bool input_reads_ahead(const struct input *input);

/*
 * The same for input_start_ahead, in place of input_read: the bytes to keep, at most AHEAD_KEPT of
 * the last ones, come first in *bytes, which is valid until the next call, and *got more follow.
 * Calls wait before each block. If the result is not RESULT_OK, *bytes is unchanged and the last
 * ones remain valid.
 */
MUST_CHECK enum result input_next(struct input *input, const uint8_t *kept, size_t length,
                                  uint8_t **bytes, size_t *got);

/* What was wrong; owned by the input. */
const char *input_problem(const struct input *input);

/* True if the path is a regular file, which can be opened again from its start. */
bool input_is_regular(const struct input *input);

/* Bytes of the file read so far, and its size; size 0: unknown. */
void input_progress(const struct input *input, uint64_t *done, uint64_t *size);

library_fn input_zlib; /* or what inflates gzip in its place */
library_fn input_zstd;

#endif
