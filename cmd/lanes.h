/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two lanes, this thread and another one, for the lines of a large input. They take turns at pieces
 * of what was read, and what becomes of these is written in their order. Where a line is not a
 * record, or anything else fails, a piece ends: from there on the caller goes on as without lanes,
 * up to the next piece.
 */
#ifndef SECFLOW_LANES_H
#define SECFLOW_LANES_H

#include "annotate.h"
#include "secflows.h"

struct lanes;

/*
 * Starts the other thread. RESULT_NO_MEMORY, RESULT_SYSTEM: there is none, *lanes is NULL, and all
 * goes without.
 */
MUST_CHECK enum result lanes_init(struct lanes **lanes, struct annotator *annotator);
void lanes_destroy(struct lanes **lanes);

/*
 * Works on the whole lines that secflows->in shows, writes what becomes of them, and counts that.
 * Afterwards the other thread rests. *until: where in the input to call it again, as
 * lookahead_offset counts. RESULT_SYSTEM: from the output.
 */
MUST_CHECK enum result lanes_go(struct lanes *lanes, struct secflows *secflows,
                                struct output *output, uint64_t *until);

/* To be called before the input is read on, or another one begins; lanes may be NULL. */
void lanes_forget(struct lanes *lanes);

#endif
