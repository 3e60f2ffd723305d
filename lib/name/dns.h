/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names from DNS responses: RFC 1035, 3596 (AAAA), 9460 (HTTPS and SVCB), 5936 and 1995 (zone
 * transfers).
 *
 * Messages are hostile input. One that is cut off, loops, follows more than 127 pointers for one
 * name or has wrong counts gives nothing. The work grows with the bytes of the message and of the
 * names reported, whatever pointers do.
 */
#ifndef SECFLOW_DNS_H
#define SECFLOW_DNS_H

#include "packet/address.h"

/* Space for the longest name as text: 255 bytes on the wire, each as \DDD, and a NUL. */
#define DNS_NAME_TEXT 1024

/*
 * Writes a byte of a label in the form of names, at most 4 bytes, and returns the end of it: lower
 * case; printable ASCII except the space as it is, a backslash as \\, other bytes as \DDD. A dot is
 * written as it is: within a label, write a backslash before it.
 */
char *dns_put_byte(char *p, uint8_t byte);

/*
 * Called for each address and its name, in the message's order. The name is in the form above,
 * without the final dot, NUL-terminated, and valid during the call only.
 */
typedef enum result dns_answer_fn(void *context, const struct address *address, const char *name,
                                  size_t length);

/*
 * Reads one message. RESULT_OK, also if it is not a response; RESULT_DAMAGED if it does not parse,
 * in which case answer was not called; otherwise what answer returned, which stops reading.
 */
MUST_CHECK enum result dns_read(const uint8_t *message, size_t length, dns_answer_fn *answer,
                                void *context);

#endif
