/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extended fields of a record that its other fields tell: srcIp to communityId.
 */
#ifndef SECFLOW_EXTEND_H
#define SECFLOW_EXTEND_H

#include "record/recordread.h"

/*
 * Fills in, where they are missing, the parts of a record that has all that record_read_rest fills
 * in. They stand in the text, which is the caller's, until it changes. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result record_extend(const struct record *record, struct record_parts *parts,
                                     struct text *text);

#endif
