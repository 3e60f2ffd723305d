/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the first message of a client says of the server that it asks for, whatever its protocol.
 *
 * clienthello.h and httprequest.h read it.
 */
#ifndef SECFLOW_HELLO_H
#define SECFLOW_HELLO_H

#include "name/hostname.h"

struct hello {
    struct hostname name;
    bool cut;           /* there is more of it, which may offer what follows */
    bool ech;           /* it offers Encrypted Client Hello (RFC 9849): the name may be a front's */
    uint8_t ech_config; /* the config_id of that offer */
};

enum hello_verdict {
    HELLO_WHOLE, /* all that matters was there, with or without a name */
    HELLO_CUT,   /* it goes on behind the bytes; what they say stands already */
    HELLO_NONE   /* not such a message, or one that contradicts itself; the result is void */
};

#endif
