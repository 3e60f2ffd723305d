/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of logs share inside.
 */
#ifndef SECFLOW_LOGPARTS_H
#define SECFLOW_LOGPARTS_H

#include "base/lookahead.h"
#include "log/log.h"

/* Notes a problem of the current line, as printf does. Returns RESULT_DAMAGED. */
__attribute__((format(printf, 2, 3))) enum result log_damaged(struct log *log, const char *format,
                                                              ...);

/* The input cannot be read further: notes why, or sets errno, and returns what next answers. */
enum result log_cannot_read(struct log *log, const struct lookahead *in);

/*
 * Whether a text can be passed on as it is: a word, printable and without quotes, of at most so
 * many bytes; but not "-", which some programs make of what is not set.
 */
bool log_is_word(const char *text, size_t length, size_t most);

/* The byte of the \xNN that begins the text; -1 when none does. */
int log_escape(const char *p, const char *end);

#endif
