/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of an HTTP/1 request, and its Host field (RFC 9112 section 3.2).
 *
 * Part of the sni module.
 */
#ifndef SECFLOW_HTTPREQUEST_H
#define SECFLOW_HTTPREQUEST_H

#include "name/hello.h"

/* True if the first bytes of a TCP stream may be the method of a request; cheap. */
bool httprequest_begins(const uint8_t *bytes, size_t length);

/*
 * Reads the first bytes of a TCP stream, up to the Host field. A request to a proxy, whose target
 * is not a path, does not name the other end: HELLO_NONE.
 */
enum hello_verdict httprequest_read(const uint8_t *bytes, size_t length, struct hello *hello);

#endif
