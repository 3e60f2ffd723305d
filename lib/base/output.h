/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A descriptor written to in large pieces, which end where the caller says that they may: what is
 * flushed are whole lines, if whole lines were put in.
 *
 * All that returns a result returns RESULT_SYSTEM on failure: errno says why it cannot be written.
 */
#ifndef SECFLOW_OUTPUT_H
#define SECFLOW_OUTPUT_H

#include "base/result.h"

#include <stddef.h>

#define OUTPUT_BYTES (128u * 1024)

/* Writes all of it. RESULT_SYSTEM: errno says why it cannot be written. */
typedef enum result output_write_fn(void *context, const char *bytes, size_t length);

struct output {
    int fd;                 /* the caller's */
    output_write_fn *write; /* NULL: to fd */
    void *context;
    size_t used;
    char buffer[OUTPUT_BYTES];
};

void output_init(struct output *output, int fd);

/* From now on a function writes. */
void output_redirect(struct output *output, output_write_fn *write, void *context);

MUST_CHECK enum result output_flush(struct output *output);

/*
 * Reserves space for bytes, at most OUTPUT_BYTES, to be written at output->buffer + output->used by
 * the caller, who adds to used.
 */
MUST_CHECK static inline enum result output_reserve(struct output *output, size_t bytes)
{
    return OUTPUT_BYTES - output->used >= bytes ? RESULT_OK : output_flush(output);
}

/* Puts bytes in, any number of them. */
MUST_CHECK enum result output_put(struct output *output, const char *bytes, size_t length);

#endif
