/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an entry of a list is about, as lists write it: a name, an address, a network, a port.
 *
 *     name  name:port  .name  *.name  address  address:port  [address]:port  address/bits  :port
 */
#ifndef SECFLOW_INDICATOR_H
#define SECFLOW_INDICATOR_H

#include "base/library.h"
#include "know/known.h"

enum indicator {
    INDICATOR_OK,
    INDICATOR_OTHER, /* of a kind that flows tell nothing of: a URL, a hash, a mail address */
    INDICATOR_BAD
};

/*
 * Reads it into a key. Names are folded to the form that they have in flows, international ones to
 * ASCII (IDNA 2008, RFC 5891). *scope is changed where the text says itself how far it holds.
 */
enum indicator indicator_read(const char *text, size_t length, struct known_key *key,
                              enum known_scope *scope);

library_fn indicator_libidn2;

#endif
