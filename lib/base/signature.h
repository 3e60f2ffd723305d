/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a file is that a reader cannot read, by its first bytes: for messages that help.
 */
#ifndef SECFLOW_SIGNATURE_H
#define SECFLOW_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum signature_kind {
    SIGNATURE_CAPTURE,
    SIGNATURE_LOG,
    SIGNATURE_SECFLOWS,
    SIGNATURE_JSON, /* some other */
    SIGNATURE_OTHER
};

#define SIGNATURE_TEXT 160

/*
 * Writes what these bytes are, and the command line that leads from them to what the reader wants:
 * "a capture; use: pcap2flow FILE | flowlabel". reader: the tool's name. False where they are none
 * of those that are known, or what the reader wants, which any JSON may be where that is JSON.
 */
bool signature_tell(const uint8_t *bytes, size_t length, enum signature_kind wanted,
                    const char *reader, char text[SIGNATURE_TEXT]);

#endif
