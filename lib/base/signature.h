/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recognizes, by its first bytes, a file of the wrong kind, for messages that help.
 */
#ifndef SECFLOW_SIGNATURE_H
#define SECFLOW_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum signature_kind {
    SIGNATURE_CAPTURE,
    SIGNATURE_ZEEK,
    SIGNATURE_EVE,
    SIGNATURE_VPC,
    SIGNATURE_NETFLOW,
    SIGNATURE_SECFLOWS,
    SIGNATURE_BEACONS, /* flowbeacon's lines; who wants them wants Secflows, too */
    SIGNATURE_JSON,    /* any other */
    SIGNATURE_OTHER
};

#define SIGNATURE_TEXT 160

/*
 * Writes what the bytes are, and the command line that turns them into what the reader wants: "a
 * capture; use: pcap2flow FILE | flowlabel". reader: the tool's name. False if they are of no known
 * kind, or of the kind that the reader wants; where that is JSON, any JSON may be. Readers of
 * Secflows want an object on each line, and are told of JSON that has another shape.
 */
bool signature_tell(const uint8_t *bytes, size_t length, enum signature_kind wanted,
                    const char *reader, char text[SIGNATURE_TEXT]);

#endif
