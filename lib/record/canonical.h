/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the first fields of a line that stand there as recordwrite.h writes them: in their order,
 * with no blanks, escapes, exponents, or characters beyond ASCII. Nearly all lines are so, and this
 * takes a third of the time that reading any JSON takes.
 */
#ifndef SECFLOW_CANONICAL_H
#define SECFLOW_CANONICAL_H

#include "base/json.h"
#include "record/record.h"

#define CANONICAL_FIELDS 12u

struct canonical {
    struct json_member members[CANONICAL_FIELDS]; /* as json_members gives them, but for the id */
    unsigned count;                               /* of them: ten to twelve */
    size_t end;                                   /* of the last one in the line */
};

/*
 * Reads the fields src to duration, and then trafficDate and proto if they follow. Fills in the
 * counts and times of the record that they give. False: the line is written otherwise, or is
 * damaged.
 */
bool canonical_read(struct canonical *canonical, const char *line, size_t length,
                    struct record *record);

#endif
