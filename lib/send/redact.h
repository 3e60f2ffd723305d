/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps secrets that a collector repeats out of messages and files.
 */
#ifndef SECFLOW_REDACT_H
#define SECFLOW_REDACT_H

#include "base/text.h"

#include <stdbool.h>

/*
 * Replaces each secret, the URL's query and the longer values in it by ***. secrets ends with NULL,
 * or is NULL. If the text was cut off, also removes an end that may be the beginning of a secret.
 */
MUST_CHECK enum result redact(struct text *text, const char *const *secrets, const char *url,
                              bool cut_off);

#endif
