/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS over TCP (RFC 7766): each message has its length in two bytes in front, and begins and ends
 * wherever in segments.
 *
 * What has come of a message is kept until it is whole, of DNSTCP_STREAMS_MAX connections and
 * DNSTCP_BYTES_MAX in all, beside an eighth of it for which bytes these are. A message of which a
 * segment is missing is lost; those behind it are read once a segment begins with one again. Where
 * the SYN was not seen, a segment that can begin with a message is taken to do so.
 */
#ifndef SECFLOW_DNSTCP_H
#define SECFLOW_DNSTCP_H

#include "name/dns.h"
#include "packet/packet.h"

#define DNSTCP_STREAMS_MAX 1024u
#define DNSTCP_BYTES_MAX (4u << 20)

struct dnstcp;

/* RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result dnstcp_init(struct dnstcp **dnstcp);
void dnstcp_destroy(struct dnstcp **dnstcp);

/*
 * Takes a segment of who answers, and tells what the messages say that are whole with it. Out of
 * order, the same may be told twice. RESULT_OK; RESULT_NO_MEMORY; else what answer returned.
 */
MUST_CHECK enum result dnstcp_read(struct dnstcp *dnstcp, const struct packet *packet,
                                   dns_answer_fn *answer, void *context);

#endif
