/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First fragments, remembered so that the later ones, which have no transport header, find their
 * flow (RFC 791 section 3.2, RFC 8200 section 4.5). A fixed number of them: the newest displace
 * older ones. A datagram is forgotten FRAGMENT_TIME after its first one, for its number may be that
 * of another then.
 */
#ifndef SECFLOW_FRAGMENT_H
#define SECFLOW_FRAGMENT_H

#include "packet/decode.h"

#define FRAGMENT_TIME INT64_C(120000000) /* microseconds of packets' time */

struct fragment_table;

/* RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result fragment_table_init(struct fragment_table **table);
void fragment_table_destroy(struct fragment_table **table);

/* Remembers the transport fields of the packet as those of the datagram that ip begins. */
void fragment_table_add(struct fragment_table *table, const struct ip_header *ip,
                        const struct packet *packet);

/* Fills them in for a later fragment. False: its first one was not seen, or long ago. */
bool fragment_table_find(const struct fragment_table *table, const struct ip_header *ip,
                         struct packet *packet);

#endif
