/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names out of DNS responses: RFC 1035, 3596 (AAAA), 9460 (HTTPS and SVCB), 5936 and 1995 (zone
 * transfers).
 *
 * A message is read as hostile input. One that is cut off, loops, follows more than 127 pointers
 * for one name or counts wrongly gives nothing. The work grows with the bytes of the message and
 * those of the names that are told, whatever pointers do.
 */
#ifndef SECFLOW_DNS_H
#define SECFLOW_DNS_H

#include "packet/address.h"

/* Room for the longest name as text: 255 bytes on the wire, each as \DDD, and the final NUL. */
#define DNS_NAME_TEXT 1024

/*
 * Writes a byte of a label as names have it, and returns the place behind, at most 4 bytes further:
 * lower case, only printable ASCII but the space, other bytes as \DDD, a backslash as \\. A dot is
 * written as it is, which inside of a label needs a backslash in front.
 */
char *dns_put_byte(char *p, uint8_t byte);

/*
 * Told of each address and its name, in the message's order; the name is made of such bytes,
 * without the final dot, ended by NUL, and the caller's only during the call.
 */
typedef enum result dns_answer_fn(void *context, const struct address *address, const char *name,
                                  size_t length);

/*
 * Reads one message. RESULT_OK, also for what is no response; RESULT_DAMAGED for a message that
 * does not parse, of which nothing was told; else what answer returned, which stops the reading.
 */
MUST_CHECK enum result dns_read(const uint8_t *message, size_t length, dns_answer_fn *answer,
                                void *context);

#endif
