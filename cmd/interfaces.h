/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which interfaces there are for flowcap.
 */
#ifndef SECFLOW_INTERFACES_H
#define SECFLOW_INTERFACES_H

#include "live/capture.h"

/* Room for the names of as many as can be captured from, with commas between them. */
#define INTERFACES_TEXT (CAPTURE_INTERFACES * 16)

/*
 * Adds the argument of an -i to the names; it may be several names with commas, too. Returns EX_OK,
 * or a status to end with.
 */
MUST_CHECK int add_interfaces(char names[INTERFACES_TEXT], const char *argument);

/* Lists them on standard output, a line each. Returns a status. */
int list_interfaces(void);

/* Says that there is none of the name, which the problem tells, and which there are. */
void interface_missing(const char *name, const char *problem);

#endif
