/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Community ID v1, seed 0: an id for a flow that is the same across tools
 * (github.com/corelight/community-id-spec).
 */
#ifndef SECFLOW_COMMUNITYID_H
#define SECFLOW_COMMUNITYID_H

#include "packet/address.h"

/* "1:", 28 characters of base64, and a NUL. */
#define COMMUNITYID_TEXT 31

/*
 * Formats the id of a packet's tuple. For ICMP and ICMPv6, the ports are the message's type and
 * code.
 */
void communityid_format(const struct address *src, const struct address *dst, uint8_t proto,
                        uint16_t sport, uint16_t dport, char text[COMMUNITYID_TEXT]);

#endif
