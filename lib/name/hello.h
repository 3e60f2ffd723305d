/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first message of a client, and the server that it asks for: the server_name of a TLS
 * ClientHello (RFC 8446, RFC 6066 section 3) and the Host of an HTTP/1 request (RFC 9112
 * section 3.2).
 *
 * Part of the sni module; zeeklog uses its host names.
 */
#ifndef SECFLOW_HELLO_H
#define SECFLOW_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HELLO_NAME_MAX 253u

struct hello {
    char name[HELLO_NAME_MAX]; /* a host name in lower case, no NUL */
    uint8_t length;            /* 0: no name */
    bool cut;                  /* there is more of it, which may offer what follows */
    bool ech;           /* it offers Encrypted Client Hello (RFC 9849): the name may be a front's */
    uint8_t ech_config; /* the config_id of that offer */
};

enum hello_verdict {
    HELLO_WHOLE, /* all that matters was there, with or without a name */
    HELLO_CUT,   /* it goes on behind the bytes; what they say stands already */
    HELLO_NONE   /* not a hello, or one that contradicts itself; the result is void */
};

/* Whether the first length bytes can be a request or a TLS record with a ClientHello; cheap. */
bool hello_begins(const uint8_t *bytes, size_t length);

/*
 * Reads the first bytes of a TCP stream: TLS records, or a request. A request to a proxy, whose
 * target is not a path, does not name the other end.
 */
enum hello_verdict hello_read(const uint8_t *bytes, size_t length, struct hello *hello);

/* Reads a handshake message that is not in records, as in CRYPTO frames of QUIC. */
enum hello_verdict hello_read_message(const uint8_t *bytes, size_t length, struct hello *hello);

/*
 * Takes a host name, in any case, with or without its final dot, and leaves the rest as it is;
 * false where it is none (RFC 1123 section 2.1, and with underscores), or an address (the URL
 * Standard's "ends in a number": 127.1 and 0x7f000001 are some).
 */
bool hello_set_name(struct hello *hello, const char *name, size_t length);

/* The same for the value of a Host field: a port and the spaces around are cut off. */
bool hello_set_host(struct hello *hello, const char *host, size_t length);

#endif
