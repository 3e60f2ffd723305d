/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reassembles fragmented datagrams of DNS over UDP: at most DNSFRAGMENT_MAX at a time, with
 * DNSFRAGMENT_BYTES_MAX bytes in all, and another eighth of that to record which bytes have come.
 * New ones displace the oldest.
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
 * Takes a fragment, the first of its datagram before others, and reports the names of a message
 * that it completes. Results as of dns_read, or RESULT_NO_MEMORY.
 */
MUST_CHECK enum result dnsfragment_read(struct dnsfragment *dnsfragment,
                                        const struct packet *packet, dns_answer_fn *answer,
                                        void *context);

#endif
