/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growable text, and JSON strings (RFC 8259) in it.
 */
#ifndef SECFLOW_TEXT_H
#define SECFLOW_TEXT_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

/* Zeroed: empty. */
struct text {
    char *bytes; /* no final NUL */
    size_t length, capacity;
};

void text_destroy(struct text *text);

/* Makes room for so many more bytes at the end. RESULT_NO_MEMORY. */
MUST_CHECK enum result text_reserve(struct text *text, size_t more);

/* These append to the text. RESULT_NO_MEMORY. */
MUST_CHECK enum result text_put(struct text *text, const char *bytes, size_t length);
MUST_CHECK enum result text_put_string(struct text *text, const char *string);
__attribute__((format(printf, 2, 3))) MUST_CHECK enum result text_print(struct text *text,
                                                                        const char *format, ...);

/*
 * Appends what can be read from a non-blocking descriptor: a small file, or a pipe that has a
 * writer and ends. RESULT_SYSTEM: see errno; EFBIG: more than `most` bytes; ETIMEDOUT: nothing came
 * for 5 seconds.
 */
MUST_CHECK enum result text_read(struct text *text, int fd, size_t most);

/*
 * The length of the UTF-8 character (RFC 3629) at the start of the bytes, of which there is at
 * least one; 0 if they do not start with one.
 */
size_t text_character(const char *bytes, size_t left);

/*
 * The same, but if all of the bytes are the beginning of a character, a length of more than `left`.
 */
size_t text_character_begun(const char *bytes, size_t left);

/* How many bytes of a UTF-8 text are at most that many and end with a whole character. */
size_t text_cut(const char *bytes, size_t length, size_t most);

/* Bytes of the longest JSON escape of an ASCII character. */
#define TEXT_ESCAPE_MAX 6u

/*
 * Appends a JSON string, in quotes. Control characters, which include C1 and those that change the
 * direction of a line, are escaped. Bytes that are not UTF-8 become U+FFFD.
 */
MUST_CHECK enum result text_put_json(struct text *text, const char *bytes, size_t length);

/*
 * Replaces bytes by others wherever they occur, literally or with any ASCII characters escaped as
 * in a JSON string (RFC 8259), as / may be; length is not 0.
 */
MUST_CHECK enum result text_replace(struct text *text, const char *bytes, size_t length,
                                    const char *other);

/*
 * Makes text safe to print: control characters, which a terminal would obey, and bytes that are not
 * UTF-8 become \xNN. Writes as many whole characters as fit, and a final NUL.
 */
void text_escape(const char *bytes, size_t length, char *escaped, size_t room);

/* True if the bytes end with `ending` and are longer than it. */
bool text_ends_in(const char *bytes, size_t length, const char *ending);

#endif
