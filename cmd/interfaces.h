/*
 * Which interfaces there are for flowcap.
 */
#ifndef SECFLOW_INTERFACES_H
#define SECFLOW_INTERFACES_H

/* Lists them on standard output, a line each. Returns a status. */
int list_interfaces(void);

/* Says that there is none of this name, and which there are. */
void interface_missing(const char *name);

#endif
