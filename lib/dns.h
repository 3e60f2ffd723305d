/*
 * Names out of DNS responses: RFC 1035, 3596 (AAAA), 9460 (HTTPS and SVCB).
 *
 * A message is read as hostile input. One that is cut off, loops, follows more than 127 pointers
 * for one name or counts wrongly gives nothing.
 */
#ifndef SECFLOW_DNS_H
#define SECFLOW_DNS_H

#include "address.h"

/* Room for the longest name as text: 255 bytes on the wire, each as \DDD, and the final NUL. */
#define DNS_NAME_TEXT 1024

/*
 * Told of each address and its name, in the message's order; the name is lower case, without the
 * final dot, only printable ASCII but the space (other bytes are \DDD, a dot or backslash inside a
 * label \. and \\), ended by NUL, and the caller's only during the call.
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
