/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS over UDP in datagrams that came in fragments, which are put together: DNSFRAGMENT_MAX of them
 * at a time, of DNSFRAGMENT_BYTES_MAX bytes in all, beside an eighth of it for which bytes these
 * are. The latest take the place of the oldest.
 */
#ifndef SECFLOW_DNSFRAGMENT_H
#define SECFLOW_DNSFRAGMENT_H

#include "name/dns.h"
#include "packet/packet.h"

#define DNSFRAGMENT_MAX 256u
#define DNSFRAGMENT_BYTES_MAX (1u << 20)

struct dnsfragment;

/* RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result dnsfragment_init(struct dnsfragment **dnsfragment);
void dnsfragment_destroy(struct dnsfragment **dnsfragment);

/*
 * Takes a fragment, the first of its datagram before others, and tells what the message says that
 * is whole with it. Results as of dns_read, or RESULT_NO_MEMORY.
 */
MUST_CHECK enum result dnsfragment_read(struct dnsfragment *dnsfragment,
                                        const struct packet *packet, dns_answer_fn *answer,
                                        void *context);

#endif
