/*
 * What a file is that a reader cannot read, by its first bytes: for messages that help.
 */
#ifndef SECFLOW_SIGNATURE_H
#define SECFLOW_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

/* "xz-compressed; decompress it first", say; NULL when it is none of those that are known. */
const char *signature_find(const uint8_t *bytes, size_t length);

#endif
