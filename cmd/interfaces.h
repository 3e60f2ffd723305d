/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interfaces that flowcap can capture from.
 */
#ifndef SECFLOW_INTERFACES_H
#define SECFLOW_INTERFACES_H

#include "live/capture.h"

/* Space for as many comma-separated names as can be captured from. */
#define INTERFACES_TEXT (CAPTURE_INTERFACES * 16)

/*
 * Adds the argument of -i, one name or several separated by commas, to the names. Returns EX_OK, or
 * an exit status.
 */
MUST_CHECK int add_interfaces(char names[INTERFACES_TEXT], const char *argument);

/* Lists the interfaces on standard output, one per line. Returns a status. */
int list_interfaces(void);

/* Prints the problem, that no interface has this name, and which interfaces exist. */
void interface_missing(const char *name, const char *problem);

#endif
