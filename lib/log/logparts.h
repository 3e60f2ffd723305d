/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the readers of logs, internally.
 */
#ifndef SECFLOW_LOGPARTS_H
#define SECFLOW_LOGPARTS_H

#include "base/lookahead.h"
#include "log/log.h"
#include "name/dns.h"

/* Records a problem of the current line, formatted like printf. Returns RESULT_DAMAGED. */
__attribute__((format(printf, 2, 3))) enum result log_damaged(struct log *log, const char *format,
                                                              ...);

/*
 * For input that cannot be read further: records why, or sets errno, and returns what next returns
 * then.
 */
enum result log_cannot_read(struct log *log, const struct lookahead *in);

/*
 * True for a text that can be passed on unchanged: a word, printable, without quotes, of limited
 * length; but not "-", which some programs write for unset values.
 */
bool log_is_word(const char *text, size_t length, size_t most);

/*
 * Writes the name in a query in the form of dns.h. \xNN in it stands for a byte and, if backslashes
 * are doubled, \\ for one. False: not a name.
 */
bool log_put_name(const char *text, size_t length, bool doubled, char name[DNS_NAME_TEXT],
                  size_t *name_length);

/* The byte of the \xNN at the start of the text; -1: there is none. */
int log_escape(const char *p, const char *end);

#endif
