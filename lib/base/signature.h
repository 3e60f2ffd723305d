/*
 * What a file is that a reader cannot read, by its first bytes: for messages that help.
 */
#ifndef SECFLOW_SIGNATURE_H
#define SECFLOW_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

enum signature_kind { SIGNATURE_ARCHIVE, SIGNATURE_CAPTURE, SIGNATURE_LOG };

/*
 * "xz-compressed; use xz -dc FILE, and a pipe", say; NULL when it is none of those that are known.
 * What the reader itself reads is not among them.
 */
const char *signature_find(const uint8_t *bytes, size_t length, enum signature_kind own);

#endif
