/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nfdump prints: JSON (an array, or objects one after another, over lines or not) and CSV with
 * the names of the columns in its first line. Its times are local and have no zone.
 *
 * Part of the ipfixlog module: a flow becomes the values of a record.
 */
#ifndef SECFLOW_NFDUMP_H
#define SECFLOW_NFDUMP_H

#include "base/lookahead.h"
#include "log/ipfixread.h"

struct nfdump;

/* True if the bytes begin one of these. */
bool nfdump_begins(const uint8_t *bytes, size_t length);

/* zone: as in log_options; it and the lookahead must outlive it. RESULT_NO_MEMORY. */
MUST_CHECK enum result nfdump_init(struct nfdump **nfdump, struct lookahead *in, const char *zone);
void nfdump_destroy(struct nfdump **nfdump);

/*
 * The next flow; *last: its end, *domain: its exporter. RESULT_END: no more; in->result says why.
 * RESULT_DAMAGED: nfdump_problem says how; the next call continues behind it. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result nfdump_next(struct nfdump *nfdump, struct ipfix_values *values,
                                   int64_t *last, uint32_t *domain);

const char *nfdump_problem(const struct nfdump *nfdump);

#endif
