/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a collector repeats of a secret does not get into messages and files.
 */
#ifndef SECFLOW_REDACT_H
#define SECFLOW_REDACT_H

#include "base/text.h"

#include <stdbool.h>

/*
 * Puts *** in the place of each secret, and of the URL's query and longer values in it.
 * secrets ends with NULL, or is NULL. Of a text that is cut off goes the end, too, which may be the
 * beginning of a secret.
 */
MUST_CHECK enum result redact(struct text *text, const char *const *secrets, const char *url,
                              bool cut_off);

#endif
