/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inflates gzip members (RFC 1952). ISA-L inflates their content where the build has it, in a
 * fraction of the time, else zlib.
 */
#ifndef SECFLOW_INFLATE_H
#define SECFLOW_INFLATE_H

#include "base/library.h"
#include "base/result.h"

#include <stddef.h>
#include <stdint.h>

struct inflater;

/* What is to be inflated, and where to; less than 4 GiB each. */
struct inflating {
    const uint8_t *in;
    size_t in_left;
    uint8_t *out;
    size_t out_left;
};

MUST_CHECK enum result inflater_init(struct inflater **inflater);
void inflater_destroy(struct inflater **inflater);

/* Call it before each member. */
void inflater_begin(struct inflater *inflater);

/*
 * Takes and gives as many bytes as it can, and moves on what the piece points to. RESULT_END: the
 * member is whole. RESULT_OK: it goes on; where out_left is 0, perhaps without further input.
 * RESULT_DAMAGED, see inflater_problem; RESULT_NO_MEMORY.
 */
MUST_CHECK enum result inflater_inflate(struct inflater *inflater, struct inflating *piece);

/* What is wrong with a damaged member; a constant. */
const char *inflater_problem(const struct inflater *inflater);

/* What inflates: ISA-L or zlib. */
library_fn inflater_library;

#endif
