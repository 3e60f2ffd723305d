/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffered writing to a descriptor. Flushes only between additions, so whole lines are written if
 * whole lines were added.
 *
 * Functions that return a result return RESULT_SYSTEM on failure; see errno.
 */
#ifndef SECFLOW_OUTPUT_H
#define SECFLOW_OUTPUT_H

#include "base/result.h"

#include <stddef.h>
#include <stdint.h>

#define OUTPUT_BYTES (128u * 1024)

/* Writes all of the bytes. RESULT_SYSTEM: see errno. */
typedef enum result output_write_fn(void *context, const char *bytes, size_t length);

struct output {
    int fd;                 /* the caller's */
    output_write_fn *write; /* NULL: write to fd */
    void *context;
    size_t used;
    char *buffer;          /* own, or the thread's */
    struct behind *behind; /* NULL: there is no thread */
    uint64_t after;        /* bytes to write before there is one; 0: there is to be none */
    char own[OUTPUT_BYTES];
};

void output_init(struct output *output, int fd);

/* From now on, write is called in place of write(2). */
void output_redirect(struct output *output, output_write_fn *write, void *context);

/*
 * Lets a thread write full buffers to the descriptor while the caller goes on, once 8 blocks of so
 * many bytes were written; 0: never. A failure may show only a few buffers later, at the latest in
 * output_flush, and then every later call fails.
 */
void output_write_behind(struct output *output, size_t block);

/*
 * Waits until the thread has written what it has, and ends it; what was not passed to it is lost.
 * Only then close the descriptor.
 */
void output_end(struct output *output);

/* Writes all that was added. */
MUST_CHECK enum result output_flush(struct output *output);

/* Makes the buffer empty: what is in it is written now or, by the thread, soon. */
MUST_CHECK enum result output_pass(struct output *output);

/*
 * Makes space for at most OUTPUT_BYTES bytes. The caller writes them at output->buffer +
 * output->used and then adds to used.
 */
MUST_CHECK static inline enum result output_reserve(struct output *output, size_t bytes)
{
    return OUTPUT_BYTES - output->used >= bytes ? RESULT_OK : output_pass(output);
}

/* Adds any number of bytes. */
MUST_CHECK enum result output_put(struct output *output, const char *bytes, size_t length);

/*
 * The same for bytes in a buffer that malloc has made, of OUTPUT_BYTES. Where a thread writes, they
 * are not copied: the caller gets another such buffer in its place.
 */
MUST_CHECK enum result output_exchange(struct output *output, char **buffer, size_t length);

#endif
