/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set of local addresses: those that the IANA special-purpose registries call not globally
 * reachable (RFC 6890, RFC 8190; entries as of 2025-10-09), multicast, broadcast, site-local (RFC
 * 3879), and added networks. Entries marked "N/A" in the registries count like the block around
 * them.
 */
#ifndef SECFLOW_LOCALITY_H
#define SECFLOW_LOCALITY_H

#include "packet/address.h"

struct locality;

MUST_CHECK enum result locality_init(struct locality **locality);
void locality_destroy(struct locality **locality);

/* Adds "ADDRESS/BITS" or a single address. RESULT_INVALID: the text is neither. */
MUST_CHECK enum result locality_add(struct locality *locality, const char *network);

bool locality_has(const struct locality *locality, const struct address *address);

#endif
