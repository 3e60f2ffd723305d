/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the fields of a line that most lines have, where they stand there as the tools write them:
 * in their order, with no blanks, escapes, exponents, or characters beyond ASCII. This takes a
 * third of the time that reading any JSON takes.
 */
#ifndef SECFLOW_CANONICAL_H
#define SECFLOW_CANONICAL_H

#include "base/json.h"
#include "record/record.h"

/* The fields that recordwrite.h writes first, up to sensor. */
#define CANONICAL_FIRST 13u

#define CANONICAL_CATEGORY CANONICAL_FIRST
#define CANONICAL_FLOW_ID (CANONICAL_FIRST + 1u)
#define CANONICAL_FIELDS (CANONICAL_FIRST + 2u)

struct canonical {
    struct json_member members[CANONICAL_FIELDS]; /* as json_members gives them, but for the id */
    unsigned there;                               /* a bit for each one that was read */
    size_t first_end; /* where in the line the first fields end that were read */
    size_t end;       /* where all do */
};

/*
 * Reads the fields src to duration, and then those of trafficDate, proto, sensor, flowCategory and
 * flowId that follow. Fills in the counts and times of the record that they give. False: the line
 * is written otherwise, or is damaged.
 */
bool canonical_read(struct canonical *canonical, const char *line, size_t length,
                    struct record *record);

#endif
