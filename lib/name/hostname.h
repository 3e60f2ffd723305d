/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host names as clients and logs give them: in any case, with or without the final dot; and how to
 * recognize what is not one.
 */
#ifndef SECFLOW_HOSTNAME_H
#define SECFLOW_HOSTNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOSTNAME_MAX 253u

struct hostname {
    char text[HOSTNAME_MAX]; /* in lower case, without the final dot, no NUL */
    uint8_t length;          /* 0: no name */
};

/*
 * Takes a host name. False, leaving no name, if the text is not one (RFC 1123 section 2.1, plus
 * underscores), or is an address (the URL Standard's "ends in a number", as do 127.1 and
 * 0x7f000001).
 */
bool hostname_set(struct hostname *name, const char *text, size_t length);

/* The same for the value of a Host field: cuts off a port and surrounding spaces. */
bool hostname_set_host(struct hostname *name, const char *host, size_t length);

#endif
