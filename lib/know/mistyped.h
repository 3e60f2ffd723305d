/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and words of lists and rules that were mistyped, and what was probably meant.
 */
#ifndef SECFLOW_MISTYPED_H
#define SECFLOW_MISTYPED_H

#include "base/json.h"
#include "record/record.h"

#define MISTYPED_PROBLEM 256

/*
 * True if a key of the object is none of these, but hardly different from one; the problem says so.
 * Other keys say nothing. The object has been read with json_read.
 */
bool mistyped_key(struct record_text object, const struct json_key *keys, size_t count,
                  char problem[MISTYPED_PROBLEM]);

/* True if the word is neither a relevance nor empty; the problem says so. */
bool mistyped_relevance(struct record_text word, char problem[MISTYPED_PROBLEM]);

/* True if the word is no category of label.h, but near one; the problem says so. */
bool mistyped_category(struct record_text word, char problem[MISTYPED_PROBLEM]);

#endif
