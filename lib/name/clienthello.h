/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ClientHello of TLS (RFC 8446 section 4.1.2) and its server_name (RFC 6066 section 3).
 *
 * Part of the sni module.
 */
#ifndef SECFLOW_CLIENTHELLO_H
#define SECFLOW_CLIENTHELLO_H

#include "name/hello.h"

/* True if the first bytes of a TCP stream may be a TLS record with a ClientHello; cheap. */
bool clienthello_begins(const uint8_t *bytes, size_t length);

/* Reads the first bytes of a TCP stream: one message in TLS records. */
enum hello_verdict clienthello_read(const uint8_t *bytes, size_t length, struct hello *hello);

/* Reads a handshake message that is not in records, as in CRYPTO frames of QUIC. */
enum hello_verdict clienthello_read_message(const uint8_t *bytes, size_t length,
                                            struct hello *hello);

#endif
