/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file, or standard input, as bytes: gzip (several members too) and Zstandard are recognised by
 * content and inflated on the way. A few bytes of Zstandard can ask for any window; one larger than
 * 32 MiB, what zstd -20 uses, is damage whose words name the way out.
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
 * Opens path, "-" for standard input; a pipe that nobody writes to yet is waited for only when it
 * is read. RESULT_SYSTEM: errno says why it cannot be read.
 */
MUST_CHECK enum result input_open(struct input **input, const char *path);

/* The same of a descriptor, from where it stands; it becomes the input's with RESULT_OK. */
MUST_CHECK enum result input_open_fd(struct input **input, int fd);
void input_close(struct input **input);

/*
 * Reads up to size bytes; *got is more than 0 with RESULT_OK. RESULT_END, RESULT_SYSTEM;
 * RESULT_DAMAGED, for good: the compressed data are, input_problem says how.
 */
MUST_CHECK enum result input_read(struct input *input, void *buffer, size_t size, size_t *got);

/*
 * From now on wait is called before each read of the descriptor, which could block. Where it
 * returns false nothing is read: RESULT_SYSTEM, with the errno ECANCELED.
 */
void input_set_wait(struct input *input, bool (*wait)(void *context, int fd), void *context);

/* What was wrong; owned by the input. */
const char *input_problem(const struct input *input);

/* Whether the path can be opened again and then begins anew: it is a regular file. */
bool input_is_regular(const struct input *input);

/* Bytes of the file read so far, and its size; a size of 0: not known. */
void input_progress(const struct input *input, uint64_t *done, uint64_t *size);

library_fn input_zlib, input_zstd;

#endif
