/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS over TCP (RFC 7766): each message follows its length in two bytes, and may begin and end
 * anywhere in segments.
 *
 * Incomplete messages are kept, of at most DNSTCP_STREAMS_MAX connections and DNSTCP_BYTES_MAX
 * bytes in all, and another eighth of that to record which bytes have come. A message with a
 * missing segment is lost; those after it are read again from a segment that begins with a message.
 * If the SYN was not seen, a segment that can begin with a message is assumed to.
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
 * Takes a segment from the answering side and reports the names of messages that it completes. With
 * segments out of order, a message may be reported twice. RESULT_OK; RESULT_NO_MEMORY; otherwise
 * what answer returned.
 */
MUST_CHECK enum result dnstcp_read(struct dnstcp *dnstcp, const struct packet *packet,
                                   dns_answer_fn *answer, void *context);

#endif
