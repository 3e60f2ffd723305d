/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the first message of a client says about the server that it wants, in any protocol.
 *
 * Read by clienthello.h and httprequest.h.
 */
#ifndef SECFLOW_HELLO_H
#define SECFLOW_HELLO_H

#include "name/hostname.h"

struct hello {
    struct hostname name;
    bool cut;           /* incomplete; the rest may contain the offer below */
    bool ech;           /* it offers Encrypted Client Hello (RFC 9849): the name may be a front's */
    uint8_t ech_config; /* the config_id of the offer */
};

enum hello_verdict {
    HELLO_WHOLE, /* everything that matters was there, with or without a name */
    HELLO_CUT,   /* continues after these bytes; what they say is already valid */
    HELLO_NONE   /* not such a message, or one that contradicts itself; the result is void */
};

#endif
