/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remembers first fragments, so that later ones, which lack a transport header, find their flow
 * (RFC 791 section 3.2, RFC 8200 section 4.5). The number is fixed; new ones displace older ones. A
 * datagram is forgotten FRAGMENT_TIME after its first fragment, since its identification may be
 * reused then.
 */
#ifndef SECFLOW_FRAGMENT_H
#define SECFLOW_FRAGMENT_H

#include "packet/decode.h"

#define FRAGMENT_TIME INT64_C(120000000) /* microseconds of packet time */

struct fragment_table;

/* RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result fragment_table_init(struct fragment_table **table);
void fragment_table_destroy(struct fragment_table **table);

/* Remembers the packet's transport fields for the datagram that begins with ip. */
void fragment_table_add(struct fragment_table *table, const struct ip_header *ip,
                        const struct packet *packet);

/* Fills them in for a later fragment. False: its first fragment was not seen, or too long ago. */
bool fragment_table_find(const struct fragment_table *table, const struct ip_header *ip,
                         struct packet *packet);

#endif
